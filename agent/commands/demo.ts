import { resolve } from 'node:path';
import { parseBudget } from '../../rules/budget.ts';
import { startDemo } from '../demo/demo.ts';
import { Show } from '../demo/show.ts';
import { introduction, summary } from '../demo/words.ts';
import { formatLogLine } from '../log-line.ts';
import { type Command, type CommandContext, textOption, UsageError } from './command.ts';
import { demoSeeds } from './demo-seeds.ts';

/** `laytime demo`: a simulated world, and the agent that watches it. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'Watch a simulated month of shipments, with everything on this machine',
  usage: '[--for 60s]',
  options: {
    for: { type: 'string', describe: 'end by itself after about so long, with a summary' },
    seed: { type: 'string', describe: 'another world (default: 1)' },
    seeds: {
      type: 'string',
      describe: 'judge so many worlds without engines or waiting, and count what was told falsely or missed',
    },
    shipments: { type: 'string', describe: 'how many (default: 300)' },
    'data-dir': { type: 'string', describe: 'keep everything here (default: a temporary directory)' },
  },
  details:
    'Needs nothing but nats-server and the embedded ClickHouse; both end with it. With --json standard output gets one object\n' +
    'at the end: events, duplicates, shipments, deadLetters, clocks, alerts, lost, falseAlerts, missedAlerts, naiveFalseAlerts;\n' +
    "the last four are reckoned against the simulator's own truth. Exit code 1 when anything was lost, told falsely or missed.",
  run: demo,
};

async function demo(context: CommandContext): Promise<number> {
  const { clock, json, stderr, stdout } = context;
  const seed = numberOption(context, 'seed', 1);
  const shipments = numberOption(context, 'shipments', 300);
  const seeds = numberOption(context, 'seeds', 0);
  if (seeds > 0) return demoSeeds(context, { first: seed, seeds, shipments });
  const print = json ? stderr : stdout;
  const forMs = lengthOption(context, 'for');
  const until = forMs === undefined ? undefined : clock.elapsed() + forMs;
  const dataDir = textOption(context, 'data-dir');
  const show = new Show({ clock, signal: context.signal, print, ...(until !== undefined && { until }) });
  const world = await startDemo({
    ...{ seed, shipments, clock },
    ...(dataDir !== undefined && { dataDir: resolve(context.cwd, dataDir) }),
    onLine: (line) => {
      if (line.level === 'error') stderr(`${formatLogLine(line, new Date(clock.now()), false)}\n`);
    },
    onAlerts: show.take,
  });
  try {
    print(introduction(world, world.apiUrl));
    const result = await show.run(world);
    if (json) stdout(`${JSON.stringify(result)}\n`);
    else print(summary(result));
    return result.lost + result.falseAlerts + result.missedAlerts === 0 ? 0 : 1;
  } finally {
    await world.stop();
  }
}

function lengthOption(context: CommandContext, name: string): number | undefined {
  const text = textOption(context, name);
  if (text === undefined) return undefined;
  const length = parseBudget(text);
  if ('error' in length || length.unit !== 'elapsed')
    throw new UsageError(`--${name} ${text}: write 60s or 5m`);
  return length.ms;
}

function numberOption(context: CommandContext, name: string, absent: number): number {
  const text = textOption(context, name);
  if (text === undefined) return absent;
  if (!/^\d{1,6}$/.test(text) || (name !== 'seed' && Number(text) === 0)) {
    throw new UsageError(`--${name} ${text}: expected a whole number`);
  }
  return Number(text);
}
