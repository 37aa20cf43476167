import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import type { Config } from '../../agent/config.ts';
import { loadProject, type Project } from '../../agent/config-load.ts';
import type { ClickHouseEngine } from '../../agent/engines/clickhouse.ts';
import type { NatsEngine } from '../../agent/engines/nats.ts';
import { openLog } from '../../agent/log/jetstream-log.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { eventually, freshDatabase, withClickHouse, withNats, withTempDir } from './engines.ts';
import { seeded } from './random.ts';
import { type TrafficMessage, traffic } from './traffic.ts';

type Test = Parameters<typeof withNats>[0];

/** What a receiver got: the bytes that came under each idempotency key. */
export interface Received {
  readonly bodies: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What outlives every incarnation of an agent: the servers, its files, and those who hear from it. */
export interface World {
  readonly nats: NatsEngine;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly project: Project;
  readonly config: Config;
  readonly received: Received;
  /** Streams and how many records they hold. */
  readonly ends: Readonly<Record<string, number>>;
  /** Connection of the test's own. */
  readonly connection: NatsConnection;
}

export const DAY_ONE = Date.UTC(2026, 5, 1);
export const STORY_RULES = `
calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
  release: { title: Release, when: 'mode == "sea"', from: arrived at destination, to: customs.released, within: 24bh, warn: 8bh before, calendar: nl, pause_while: customs.hold, wait_for_feeds: 2h, notify: desk }
  transit: { title: Transit, from: departed at origin, to: arrived at destination, within: 5d, warn: 12h before, wait_for_feeds: 1h, notify: [desk, gathered] }
  duty: { title: Duty, from: duty.assessed, to: duty.posted, within: 2bd, calendar: nl, notify: desk }
  hold: { title: Hold, kind: dwell, state: customs.hold, longer_than: 1bd, calendar: nl, notify: gathered }
`;

export interface WorldOptions {
  readonly messages: number;
  readonly seed?: number;
  readonly clickhouse?: ClickHouseEngine;
  /** More lines of the configuration. */
  readonly settings?: string;
  /** Publish the traffic, and let time pass after it, at once; else the test does. */
  readonly publish?: boolean;
}

/** Traffic as it must be survived: a fifth twice, a fifth late, a twentieth corrected, a few that nobody can read. */
export function hardTraffic(messages: number, seed = 1): TrafficMessage[] {
  const random = seeded(seed + 1);
  const all = traffic({
    seed,
    messages,
    duplicates: 0.2,
    outOfOrder: 0.2,
    revisions: 0.05,
    startAt: DAY_ONE,
    everyMs: Math.round(600_000_000 / messages) * 3,
  });
  return all.map((message) =>
    random() < 0.002
      ? { ...message, body: message.body.replace('"occurredAt":"2026', '"occurredAt":"not ') }
      : message,
  );
}

/** A world with traffic in a stream of somebody else's, and a moment long after it. */
export async function makeWorld(t: Test, options: WorldOptions): Promise<World> {
  const dataDir = await withTempDir(t);
  const nats = await withNats(t);
  const clickhouse = options.clickhouse ?? (await withClickHouse(t));
  const database = freshDatabase('story');
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  t.teardown(() => connection.close());
  const configFile = join(dataDir, 'laytime.yaml');
  await mkdir(join(dataDir, 'data'), { recursive: true });
  writeFileSync(join(dataDir, 'rules.yaml'), STORY_RULES);
  writeFileSync(
    configFile,
    `timezone: Europe/Berlin
nats: { url: "${nats.url}" }
clickhouse: { url: "${clickhouse.url}", database: ${database} }
data_dir: data
sources:
  hub: { nats: { stream: HUB, subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 12h }
rules: [rules.yaml]
notify:
  desk: { nats: laytime.told.desk }
  gathered: { nats: laytime.told.gathered, group_by: [rule], group_wait: 1s }
${options.settings ?? ''}
`,
  );
  const project = loadProject(configFile, { env: () => undefined, year: 2026, cwd: dataDir });
  if (project.config === undefined) throw new Error(project.problems.map((each) => each.message).join('\n'));
  const received = await receiver(connection);
  const ends = await fill(connection, hardTraffic(options.messages, options.seed), options.publish ?? true);
  return {
    nats,
    clickhouse,
    database,
    dataDir: join(dataDir, 'data'),
    configFile,
    project,
    config: project.config,
    received,
    ends,
    connection,
  };
}

async function receiver(connection: NatsConnection): Promise<Received> {
  const bodies = new Map<string, Set<string>>();
  connection.subscribe('laytime.told.>', {
    callback: (error, message) => {
      if (error !== null) return;
      const key = message.headers?.get('Idempotency-Key') ?? '';
      const known = bodies.get(key);
      if (known === undefined) bodies.set(key, new Set([message.string()]));
      else known.add(message.string());
    },
  });
  await connection.flush();
  return { bodies };
}

async function fill(
  connection: NatsConnection,
  messages: readonly TrafficMessage[],
  publish: boolean,
): Promise<Record<string, number>> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'HUB', subjects: ['hub.>'] });
  if (publish) {
    publishAll(connection, messages);
    await connection.flush();
    await eventually('the traffic is in its stream', async () => {
      const { state } = await manager.streams.info('HUB');
      return state.messages === messages.length;
    });
    await timePasses(connection, messages);
  }
  return { HUB: messages.length, LAYTIME_LOG: 1 };
}

/** Lets forty days pass after the last message: whatever is still to fall due does. */
export async function timePasses(
  connection: NatsConnection,
  messages: readonly TrafficMessage[],
): Promise<void> {
  const log = await openLog(connection, { injectedClock: true });
  const last = messages.at(-1)?.observedAt ?? DAY_ONE;
  await log.append({ kind: 'tick', id: 'end', observedAt: last + 40 * 86_400_000, body: {} });
  await log.close();
}

/** Publishes traffic with the times at which it was observed. */
export function publishAll(connection: NatsConnection, messages: readonly TrafficMessage[]): void {
  for (const { observedAt, body } of messages) {
    const named = headers();
    named.set('Laytime-Observed-At', String(observedAt));
    connection.publish('hub.events', body, { headers: named });
  }
}

/** A client of the world's ClickHouse. */
export const clientOf = (world: World) => embeddedClient(world.clickhouse.url);
