import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { headers } from '@nats-io/transport-node';
import type { Config } from '../../agent/config.ts';
import { loadProject, type Project } from '../../agent/config-load.ts';
import { Telemetry } from '../../agent/telemetry.ts';
import { type TrafficMessage, traffic } from '../support/traffic.ts';

/**
 * One rule of each kind, and a second `after`: five clocks for a shipment that lived a whole life. The budgets are such that most
 * are kept, as in life: about one change of an alert for thirteen events.
 */
export const FIVE_RULES = `
calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
  release: { title: Customs release, when: 'mode == "sea"', from: arrived at destination, to: customs.released, within: 54bh, warn: 4bh before, calendar: nl, pause_while: customs.hold, wait_for_feeds: 2h, notify: desk }
  answered: { title: Declaration answered, kind: ack, submitted: customs.filed, answered_by: [customs.accepted, customs.rejected], within: 48h, notify: desk }
  duty: { title: Duty posted, from: duty.assessed, to: duty.posted, within: 9bd, calendar: nl, notify: desk }
  hold: { title: No long hold, kind: dwell, state: customs.hold, longer_than: 4bd, calendar: nl, notify: desk }
  filing: { title: Export filed, kind: before, event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 12h, notify: desk }
`;

export const START_AT = Date.UTC(2026, 5, 1);

/** The traffic of the throughput figures: repeats, late messages and corrections as in the crash tests. */
export const trafficOf = (messages: number): TrafficMessage[] =>
  traffic({
    ...{ seed: 1, messages, duplicates: 0.2, outOfOrder: 0.2, revisions: 0.05 },
    startAt: START_AT,
    everyMs: 30_000,
  });

export interface Loaded {
  readonly project: Project;
  readonly config: Config;
}

/** Writes `laytime.yaml` and `rules.yaml` and loads them as the command line does. */
export function writeProject(dir: string, yaml: string, rules: string): Loaded & { readonly file: string } {
  writeFileSync(join(dir, 'rules.yaml'), rules);
  const file = join(dir, 'laytime.yaml');
  writeFileSync(file, yaml);
  const project = loadProject(file, { env: () => undefined, year: 2026, cwd: dir });
  const wrong = project.problems.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0 || project.config === undefined) throw new Error(JSON.stringify(wrong));
  return { project, config: project.config, file };
}

/** Only what went wrong is said, on standard error. */
export const quietTelemetry = (): Telemetry =>
  new Telemetry((line) => {
    if (line.level === 'error' || line.level === 'warn') console.error(JSON.stringify(line));
  });

/** A stream of somebody else's with these messages, their log time in a header. Resolves when the server has them all. */
export async function fillStream(nats: NatsConnection, messages: readonly TrafficMessage[]): Promise<void> {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'HUB', subjects: ['hub.>'] });
  for (const [i, { body, observedAt }] of messages.entries()) {
    const own = headers();
    own.set('Laytime-Observed-At', String(observedAt));
    nats.publish('hub.events', body, { headers: own });
    if (i % 5000 === 4999) await nats.flush();
  }
  await nats.flush();
  for (;;) {
    const { state } = await manager.streams.info('HUB');
    if (state.messages >= messages.length) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** CPU of this process since `since`, in microseconds for each of `events`, rounded to a tenth. */
export const cpuUsEach = (since: NodeJS.CpuUsage, events: number): number =>
  usEach(process.cpuUsage(since), events);

/** CPU time for each of `events`, in microseconds, rounded to a tenth. */
export const usEach = ({ user, system }: NodeJS.CpuUsage, events: number): number =>
  Math.round(((user + system) / events) * 10) / 10;

export const perSecond = (events: number, ms: number): number => Math.round((events / ms) * 1000);

/** So many a second if a core did nothing else: by the CPU of this process since `since`, whatever others want of the machine. */
export const perCpuSecond = (events: number, since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return Math.round((events / (user + system)) * 1_000_000);
};
