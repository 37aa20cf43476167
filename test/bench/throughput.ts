import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { type App, startApp } from '../../agent/app.ts';
import { systemClock } from '../../agent/clock.ts';
import { startNats } from '../../agent/engines/nats.ts';
import { openLog } from '../../agent/log/jetstream-log.ts';
import type { LogRecord } from '../../agent/log/log.ts';
import { migrate } from '../../agent/store/migrate.ts';
import { createStoreWriter } from '../../agent/store/writer.ts';
import { mapRecord } from '../../agent/track/mapper.ts';
import type { JudgeBatch } from '../../agent/track/outcome.ts';
import { hubJudge } from '../support/judge.ts';
import type { TrafficMessage } from '../support/traffic.ts';
import { cpuUsOfProcess } from './process-stat.ts';
import {
  cpuUsEach,
  FIVE_RULES,
  fillStream,
  perSecond,
  quietTelemetry,
  START_AT,
  trafficOf,
  usEach,
  writeProject,
} from './project.ts';

export interface Throughput {
  readonly events: number;
  readonly messageBytes: number;
  readonly judgedEventsPerSecond: number;
  /** From the first record read to the floor at the last one: judged, stored, committed. */
  readonly storedEventsPerSecond: number;
  readonly logReadOnlyEventsPerSecond: number;
  readonly insertOnlyEventsPerSecond: number;
  readonly judgeOnlyEventsPerSecond: number;
  readonly storedToLowestCeilingRatio: number;
  readonly alertChanges: number;
  /** CPU of the agent's process (not of nats-server and ClickHouse); the first three were measured apart. */
  readonly cpuUsPerEvent: {
    readonly logRead: number;
    readonly map: number;
    readonly judge: number;
    readonly encodeAndInsert: number;
    readonly alertLogAndRest: number;
    readonly whole: number;
    /** Of `whole`, the one thread that judges: what bounds the throughput. */
    readonly judgingThread: number;
    /** The embedded ClickHouse, until the floor reached the last event; absent where there is no /proc. */
    readonly clickHouse?: number;
    /** The same without anything beside it, as in `insertOnlyEventsPerSecond`. */
    readonly clickHouseInsertOnly?: number;
  };
}

const BATCH = 1000;

/** The whole agent over a stream of `events` messages, beside what its parts can do alone in the same run. */
export async function measureThroughput(dir: string, events: number): Promise<Throughput> {
  const messages = trafficOf(events);
  const nats = await startNats({ dataDir: join(dir, 'nats') });
  const connection = await connect({ servers: nats.url });
  try {
    await fillStream(connection, messages);
    const read = await readOnly(nats.url, events);
    const { app, ...whole } = await wholeAgent(dir, nats.url, events);
    try {
      // Beside the running agent, which has nothing left to do: the same engines, warm.
      const judged = judgeOnly(messages);
      const inserted = await insertOnly(app, judged.batches, events);
      const { cpuUs: wholeUs, judgingThreadUs, clickHouseUs, ...speeds } = whole;
      const parts = [read.cpuUs, judged.mapUs, judged.judgeUs, inserted.cpuUs];
      const lowest = Math.min(read.perSecond, inserted.perSecond);
      return {
        events,
        messageBytes: Math.round(messages.reduce((sum, { body }) => sum + body.length, 0) / events),
        ...speeds,
        logReadOnlyEventsPerSecond: read.perSecond,
        insertOnlyEventsPerSecond: inserted.perSecond,
        judgeOnlyEventsPerSecond: judged.perSecond,
        storedToLowestCeilingRatio: Math.round((speeds.storedEventsPerSecond / lowest) * 100) / 100,
        cpuUsPerEvent: {
          logRead: read.cpuUs,
          map: judged.mapUs,
          judge: judged.judgeUs,
          encodeAndInsert: inserted.cpuUs,
          alertLogAndRest: Math.round((wholeUs - parts.reduce((sum, us) => sum + us, 0)) * 10) / 10,
          whole: wholeUs,
          judgingThread: judgingThreadUs,
          ...(clickHouseUs !== undefined && { clickHouse: clickHouseUs }),
          ...(inserted.clickHouseUs !== undefined && { clickHouseInsertOnly: inserted.clickHouseUs }),
        },
      };
    } finally {
      await app.stop();
    }
  } finally {
    await connection.close();
    await nats.stop();
  }
}

/** Reading the stream to its end and doing nothing with it. */
async function readOnly(url: string, events: number): Promise<{ perSecond: number; cpuUs: number }> {
  const connection = await connect({ servers: url });
  const log = await openLog(connection, { injectedClock: true });
  const bindings = [{ stream: 'HUB', subjects: [{ filter: 'hub.>', source: 'hub' }] }];
  const reader = await log.read(bindings, {});
  const { signal } = new AbortController();
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  let seen = 0;
  while (seen < events) {
    const { records } = await reader.next({ maxRecords: BATCH, maxWaitMs: 100, signal });
    for (const record of records) if (record.observedAt > 0) seen += 1;
  }
  const result = { perSecond: perSecond(events, performance.now() - began), cpuUs: cpuUsEach(cpu, events) };
  await reader.close();
  await log.close();
  await connection.close();
  return result;
}

interface Whole {
  readonly app: App;
  readonly judgedEventsPerSecond: number;
  readonly storedEventsPerSecond: number;
  readonly alertChanges: number;
  readonly cpuUs: number;
  readonly judgingThreadUs: number;
  readonly clickHouseUs: number | undefined;
}

async function wholeAgent(dir: string, natsUrl: string, events: number): Promise<Whole> {
  const home = join(dir, 'agent');
  mkdirSync(home, { recursive: true });
  const yaml = `
nats: { url: "${natsUrl}" }
clickhouse: embedded
data_dir: data
sources:
  hub: { nats: { stream: HUB, subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 1h }
rules: [rules.yaml]
notify:
  desk: { nats: laytime.notices }
`;
  const { project, config } = writeProject(home, yaml, FIVE_RULES);
  let [seen, alertChanges, began, ended] = [0, 0, 0, 0];
  let [cpu, thread] = [process.cpuUsage(), process.threadCpuUsage()];
  let judged: (() => void) | undefined;
  const allJudged = new Promise<void>((resolve) => {
    judged = resolve;
  });
  const app = await startApp({
    ...{ project, config, clock: systemClock, telemetry: quietTelemetry() },
    injected: { collect: { ...systemClock, now: () => START_AT } },
    onBatch(batch) {
      if (seen === 0)
        [began, cpu, thread] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()];
      seen += batch.records.length;
      alertChanges += batch.alerts.length;
      ended = performance.now();
      if (seen >= events) judged?.();
    },
  });
  const clickHouse = engineWatch(app, events);
  await Promise.race([allJudged, app.done]);
  await app.judging?.store.flush();
  const stored = performance.now();
  return {
    app,
    judgedEventsPerSecond: perSecond(events, ended - began),
    storedEventsPerSecond: perSecond(events, stored - began),
    alertChanges,
    cpuUs: cpuUsEach(cpu, events),
    judgingThreadUs: usEach(process.threadCpuUsage(thread), events),
    clickHouseUs: clickHouse(),
  };
}

/** CPU of the embedded ClickHouse from now until the answer is called, for each of `events`. */
function engineWatch({ engines }: App, events: number): () => number | undefined {
  const used = () => cpuUsOfProcess(engines.store?.engine?.pid ?? 0);
  const before = used();
  return () => {
    const after = used();
    if (before === undefined || after === undefined) return undefined;
    return usEach({ user: after - before, system: 0 }, events);
  };
}

interface Judged {
  readonly batches: readonly JudgeBatch[];
  readonly perSecond: number;
  readonly mapUs: number;
  readonly judgeUs: number;
}

/** Mapping and judging in memory, without log and store. */
function judgeOnly(messages: readonly TrafficMessage[]): Judged {
  const records = messages.map(
    ({ body, observedAt }, i): LogRecord => ({
      ...{
        kind: 'message',
        stream: 'HUB',
        sequence: i + 1,
        subject: 'hub.events',
        observedAt,
        source: 'hub',
      },
      header: () => undefined,
      headers: () => [],
      data: Buffer.from(body),
    }),
  );
  const judge = hubJudge({ rules: FIVE_RULES, channel: { expectEveryMs: 3_600_000 } });
  let cpu = process.cpuUsage();
  for (const record of records) mapRecord(record, judge.parts.sources);
  const mapUs = cpuUsEach(cpu, records.length);
  const batches: JudgeBatch[] = [];
  const began = performance.now();
  cpu = process.cpuUsage();
  for (let from = 0; from < records.length; from += BATCH) {
    for (const record of records.slice(from, from + BATCH)) judge.take(record);
    batches.push(judge.drain());
  }
  const judgeUs = Math.max(0, Math.round((cpuUsEach(cpu, records.length) - mapUs) * 10) / 10);
  return { batches, perSecond: perSecond(records.length, performance.now() - began), mapUs, judgeUs };
}

/** The same rows into an empty database of the same engine, nothing else going on. */
async function insertOnly(
  app: App,
  batches: readonly JudgeBatch[],
  events: number,
): Promise<{ perSecond: number; cpuUs: number; clickHouseUs: number | undefined }> {
  const { engines } = app;
  const database = 'insert_only';
  await migrate({ client: engines.store!.client, database });
  const level = Promise.withResolvers<void>();
  const store = createStoreWriter({
    ...{ client: engines.store!.client, database, epoch: 1, judgeFrom: {} },
    // It must take everything, as fast as it can give it away again.
    limits: { queueRows: Number.MAX_SAFE_INTEGER, queueBytes: Number.MAX_SAFE_INTEGER },
    onFault: (fault) => {
      if (fault.kind === 'level') level.resolve();
      else console.error(JSON.stringify(fault));
    },
    now: systemClock.now,
    sleep: systemClock.sleep,
  });
  await level.promise;
  const clickHouse = engineWatch(app, events);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  for (const batch of batches) {
    store.offer(batch);
    // As in the agent, where a read of the log lies between two batches: inserts go on meanwhile.
    await new Promise((wake) => setImmediate(wake));
  }
  await store.flush();
  const result = {
    perSecond: perSecond(events, performance.now() - began),
    cpuUs: cpuUsEach(cpu, events),
    clickHouseUs: clickHouse(),
  };
  await store.stop(1000);
  return result;
}
