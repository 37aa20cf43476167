import type { ClickHouseClient } from '@clickhouse/client';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Judging, startJudging } from '../../agent/app-judging.ts';
import { type Clock, systemClock } from '../../agent/clock.ts';
import { openLog } from '../../agent/log/jetstream-log.ts';
import type { Log } from '../../agent/log/log.ts';
import { covers } from '../../agent/store/floor.ts';
import { Telemetry } from '../../agent/telemetry.ts';
import { eventually } from './engines.ts';
import { DAY_ONE } from './flow-traffic.ts';
import { clientOf, type World } from './flow-world.ts';

/** Where the agent touches the world: the awaits between log, alert publish, send, record and commit. */
export const EDGES = [
  'read',
  'alert',
  'decide',
  'send',
  'record',
  'facts',
  'state',
  'commit',
  'snapshot',
  'floor',
] as const;
export type Edge = (typeof EDGES)[number];

/** The process dies at the n-th use of an edge: before it took effect, or after, without having heard so. */
export interface Kill {
  readonly edge: Edge;
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** ClickHouse goes away (or, with `hangs`, takes what it is given and does not answer), and comes back when everything is judged and told although nothing could be stored. */
export interface Outage {
  /** After so many commits of this life; 0: from the beginning. */
  readonly afterCommits: number;
  readonly hangs?: true;
  /** Really stops it; absent: every insert is refused as if nobody listened. */
  readonly stop?: () => Promise<void>;
  readonly start?: () => Promise<void>;
  readonly whileAway?: (judging: Judging) => Promise<void>;
}

export interface Life {
  readonly kill?: Kill;
  readonly outage?: Outage;
}

class KilledError extends Error {}

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** One process: everything it does to the world goes through here; once dead it does nothing any more. */
class Process {
  readonly died: Promise<void>;
  readonly abort = new AbortController();
  readonly counts = new Map<Edge, number>();
  /** What a real death would take along: timers that would keep the test from ending. */
  readonly remains: (() => Promise<unknown>)[] = [];
  dead = false;
  /** Nothing can be inserted. */
  storeAway = false;
  /** Resolves when the store is back, for those who wait instead of failing. */
  readonly storeBack = Promise.withResolvers<void>();
  #tellDeath: () => void = () => undefined;
  readonly hangs: boolean;
  readonly #kill: Kill | undefined;
  readonly #outage: Outage | undefined;

  constructor({ kill, outage }: Life) {
    this.#kill = kill;
    this.#outage = outage;
    this.storeAway = outage?.afterCommits === 0;
    this.hangs = outage?.hangs ?? false;
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
  }

  /** True when the process dies at this use of the edge. */
  #isLast(edge: Edge): boolean {
    const nth = (this.counts.get(edge) ?? 0) + 1;
    this.counts.set(edge, nth);
    return this.#kill?.edge === edge && this.#kill.nth === nth;
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.abort.abort();
    this.#tellDeath();
  }

  async use<T>(edge: Edge, effect: () => Promise<T>): Promise<T> {
    if (this.dead) return never();
    const last = this.#isLast(edge);
    if (last && this.#kill?.when === 'before') this.die();
    if (this.dead) return never();
    const result = await effect();
    if (last) this.die();
    return this.dead ? never() : result;
  }

  /** Called after a commit of the store. */
  async committed(): Promise<void> {
    if (this.#outage === undefined || this.counts.get('commit') !== this.#outage.afterCommits) return;
    this.storeAway = this.#outage.stop === undefined;
    await this.#outage.stop?.();
  }

  /** For what takes effect without an answer. `done` resolves when it has taken effect. */
  send(edge: Edge, effect: () => void, done: () => Promise<unknown>): void {
    if (this.dead) throw new KilledError();
    const last = this.#isLast(edge);
    if (last && this.#kill?.when === 'before') {
      this.die();
      return;
    }
    effect();
    if (!last) return;
    this.dead = true;
    void done()
      .catch(() => undefined)
      .then(() => {
        this.dead = false;
        this.die();
      });
  }
}

/** Runs an agent until it has read and told everything, or is killed. Says which. */
export async function live(world: World, life: Life = {}): Promise<'done' | 'killed'> {
  const process = new Process(life);
  const connection = watchConnection(await connect({ servers: world.nats.url }), process);
  const client = watchClient(clientOf(world), process);
  const running = run(world, process, connection, client, life.outage);
  const outcome = await Promise.race([running, process.died.then(() => 'killed' as const)]);
  running.catch(() => undefined);
  process.die();
  await connection.close();
  await client.close();
  for (const end of process.remains) await end();
  return outcome;
}

async function run(
  world: World,
  process: Process,
  connection: NatsConnection,
  client: ClickHouseClient,
  outage: Outage | undefined,
): Promise<'done'> {
  const clock = hurriedClock(process);
  const log = watchLog(await openLog(connection, { injectedClock: true, stampWith: () => DAY_ONE }), process);
  const judging = await startJudging(
    {
      project: world.project,
      config: { ...world.config, dataDir: world.dataDir },
      clock,
      telemetry: new Telemetry(() => undefined),
      injected: { collect: clock },
      onBatch: () => {
        clock.passed();
        void process.use('snapshot', async () => undefined);
        if (process.dead) throw new KilledError();
      },
      engines: {
        nats: connection,
        natsUrl: world.nats.url,
        stop: async () => undefined,
      },
      store: { client, url: world.clickhouse.url, database: world.database },
      log,
    },
    process.abort.signal,
  );
  const failed = judging.done.then(never, (error) => {
    if (process.dead) return never<never>();
    throw error;
  });
  const finished = (async () => {
    await eventually(
      'everything is judged',
      () => process.dead || covers(judging.judge.parts.positions, world.ends),
      90_000,
    );
    if (process.dead) return never<void>();
    if (outage !== undefined) {
      await judging.notifier.idle();
      await outage.whileAway?.(judging);
      await outage.start?.();
      process.storeAway = false;
      process.storeBack.resolve();
    }
    await judging.store.flush();
    await judging.notifier.idle();
    await judging.store.flush();
    await connection.flush();
    process.abort.abort();
    await judging.stop();
  })();
  await Promise.race([finished, failed]);
  return 'done' as const;
}

/** Fewer than the agent would take, so that a short story has many batches. */
const RECORDS_AT_ONCE = 80;

/** Waits pass quickly, and a minute passes with every batch: snapshots are written often. */
function hurriedClock(process: Process): Clock & { passed(): void } {
  let elapsed = 0;
  return {
    ...systemClock,
    elapsed: () => elapsed,
    passed: () => {
      elapsed += 150_000;
    },
    sleep: async (ms, signal) => {
      if (process.dead) return never();
      // Longer ones are limits, and the last of many retries.
      await systemClock.sleep(ms > 4_000 ? ms / 10 : Math.min(ms, 25), signal);
      return process.dead && !process.abort.signal.aborted ? never() : undefined;
    },
  };
}

function watchConnection(connection: NatsConnection, process: Process): NatsConnection {
  const publish = connection.publish.bind(connection);
  connection.publish = (subject, payload, options) => {
    const edge = edgeOf(subject, payload);
    if (edge === undefined) publish(subject, payload, options);
    else
      process.send(
        edge,
        () => publish(subject, payload, options),
        () => connection.flush(),
      );
  };
  return connection;
}

function edgeOf(subject: string, payload: unknown): Edge | undefined {
  if (subject.startsWith('laytime.alerts.')) return 'alert';
  if (subject.startsWith('laytime.told.')) return 'send';
  if (!subject.startsWith('laytime.outbox.')) return undefined;
  const text = typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString();
  return text.startsWith('{"kind":"to-send"') ? 'decide' : 'record';
}

function watchClient(client: ClickHouseClient, process: Process): ClickHouseClient {
  const exec = client.exec.bind(client);
  client.exec = ((options: Parameters<typeof exec>[0]) => {
    const table = /INSERT INTO \S+\.(\w+)/.exec(options.query)?.[1];
    if (table === undefined) return exec(options);
    if (process.storeAway && process.hangs) return process.storeBack.promise.then(() => exec(options));
    if (process.storeAway) return Promise.reject(new Error('connect ECONNREFUSED'));
    const edge = table === 'commits' ? 'commit' : table === 'shipments_state' ? 'state' : 'facts';
    return process.use(edge, async () => {
      const result = await exec(options);
      if (edge === 'commit') await process.committed();
      return result;
    });
  }) as typeof client.exec;
  return client;
}

function watchLog(log: Log, process: Process): Log {
  return {
    cursors: log.cursors,
    deliver: (messages) => log.deliver(messages),
    prove: (proof) => log.prove(proof),
    append: (record) => log.append(record),
    redrive: (id, redrive) => log.redrive(id, redrive),
    setFloor: (floor) => process.use('floor', () => log.setFloor(floor)),
    onFault: (listener) => log.onFault(listener),
    close: () => log.close(),
    read: async (bindings, from) => {
      const reader = await log.read(bindings, from);
      process.remains.push(() => reader.close());
      return {
        next: (options) =>
          process.use('read', () => reader.next({ ...options, maxRecords: RECORDS_AT_ONCE })),
        close: () => reader.close(),
      };
    },
  };
}
