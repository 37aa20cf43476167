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
import type { Log } from '../../agent/log/log.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { eventually, freshDatabase, withClickHouse, withNats, withTempDir } from './engines.ts';
import { DAY_ONE, hardTraffic, type Said } from './flow-traffic.ts';

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
role: judge
sources:
  hub: { nats: { stream: HUB, subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 12h }
  erp: { http: "http://127.0.0.1:9/", items: "", map: "builtin:cloudevents", expect_every: 1d }
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
  traffic: readonly Said[],
  publish: boolean,
): Promise<Record<string, number>> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'HUB', subjects: ['hub.>'] });
  if (publish) {
    await publishAll(connection, traffic);
    await timePasses(connection, traffic);
  }
  const toHub = traffic.filter(({ kind }) => kind === 'hub').length;
  return { HUB: toHub, LAYTIME_LOG: traffic.length - toHub + 1 };
}

/** Lets forty days pass after the last message: whatever is still to fall due does. */
export async function timePasses(connection: NatsConnection, traffic: readonly Said[]): Promise<void> {
  const log = await openLog(connection, { injectedClock: true });
  const last = traffic.at(-1)?.observedAt ?? DAY_ONE;
  await log.append({ kind: 'tick', id: 'end', observedAt: last + 40 * 86_400_000, body: {} });
  await log.close();
}

/** Publishes traffic with the times at which it was observed; resolves when it is in its streams. */
export async function publishAll(connection: NatsConnection, traffic: readonly Said[]): Promise<void> {
  const manager = await jetstreamManager(connection);
  const before = (await manager.streams.info('HUB')).state.last_seq;
  let now = DAY_ONE;
  const log = await openLog(connection, { injectedClock: true, stampWith: () => now });
  const durable: Promise<unknown>[] = [];
  let toHub = 0;
  for (const said of traffic) {
    now = said.observedAt;
    if (said.kind === 'hub') {
      const named = headers();
      named.set('Laytime-Observed-At', String(now));
      connection.publish('hub.events', said.body, { headers: named });
      toHub += 1;
    } else durable.push(intoOurLog(log, said));
    if (durable.length === 500) await Promise.all(durable.splice(0));
  }
  await Promise.all(durable);
  await connection.flush();
  await eventually('the traffic is in its stream', async () => {
    const { state } = await manager.streams.info('HUB');
    return state.last_seq === before + toHub;
  });
  await log.close();
}

function intoOurLog(log: Log, said: Exclude<Said, { readonly kind: 'hub' }>): Promise<void> {
  const { observedAt } = said;
  if (said.kind === 'operator') return log.append({ kind: 'operator', id: said.body.id, body: said.body });
  if (said.kind === 'proof')
    return log.prove({ source: 'erp', kind: 'poll-complete', provedUntil: said.provedUntil });
  const data = Buffer.from(said.body);
  const contentType = 'application/cloudevents+json';
  return log.deliver([{ source: 'erp', contentType, fetchedAt: observedAt, origin: 'erp', data }]);
}

/** A client of the world's ClickHouse. */
export const clientOf = (world: World) => embeddedClient(world.clickhouse.url);
