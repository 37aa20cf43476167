import { type App, startApp } from '../../agent/app.ts';
import { systemClock } from '../../agent/clock.ts';
import { loadProject } from '../../agent/config-load.ts';
import { covers } from '../../agent/store/floor.ts';
import { Telemetry } from '../../agent/telemetry.ts';
import { DAY_ONE } from './flow-traffic.ts';

/**
 * An agent in a process of its own, for tests that kill it: `node agent-process.ts <laytime.yaml> <positions as JSON>`. Prints
 * `started`, then `done` once it has judged, stored and told everything up to the positions. Time travels in the log, and ten
 * minutes pass with every second, so that snapshots are written.
 */
const [, , configFile = '', ends = '{}'] = process.argv;
const project = loadProject(configFile, { env: () => undefined, year: 2026, cwd: process.cwd() });
if (project.config === undefined) throw new Error('the configuration is not usable');
const app = await startApp({
  project,
  config: project.config,
  clock: { ...systemClock, elapsed: () => systemClock.elapsed() * 600 },
  telemetry: new Telemetry((line) => {
    if (line.level === 'error') process.stderr.write(`${JSON.stringify(line)}\n`);
  }),
  injected: { collect: { ...systemClock, now: () => DAY_ONE } },
});
app.done.catch((error) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
process.stdout.write('started\n');
await untilTold(app, JSON.parse(ends));
process.stdout.write('done\n');
await app.stop();
process.exit(0);

async function untilTold({ judging }: App, until: Readonly<Record<string, number>>): Promise<void> {
  if (judging === undefined) throw new Error('this agent does not judge');
  while (!covers(judging.judge.parts.positions, until)) await new Promise((wake) => setTimeout(wake, 50));
  await judging.store.flush();
  await judging.notifier.idle();
  await judging.store.flush();
}
