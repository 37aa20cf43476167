import { join } from 'node:path';
import { backtest } from '../../agent/backtest/backtest.ts';
import { systemClock } from '../../agent/clock.ts';
import { startClickHouse } from '../../agent/engines/clickhouse.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { migrate } from '../../agent/store/migrate.ts';
import type { StoreReader } from '../../agent/store/query.ts';
import { countFacts, type Period, readLives, readWaited } from '../../agent/store/stored-history.ts';
import { createStoreWriter } from '../../agent/store/writer.ts';
import { buildJudge } from '../../agent/track/build.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { hubSettings, rulesOf } from '../support/judge.ts';
import { perCpuSecond, perSecond } from './project.ts';
import { eventsOf, hundredRules, hundredRulesSettings } from './rules.ts';

/** Read from ClickHouse and judged. */
interface Speed {
  readonly eventsPerSecond: number;
  /** CPU of the process that judges, without ClickHouse's. */
  readonly eventsPerCpuSecond: number;
}

export interface Backtested {
  readonly events: number;
  readonly shipments: number;
  /** A file that tries one rule for every country, beside those in force; the quicker of two rounds. */
  readonly oneRuleTried: Speed;
  /** A file that changes all hundred: both sides are judged. */
  readonly hundredRulesChanged: Speed;
}

const DATABASE = 'laytime';
/** Every shipment is there so many times: a long history without the time that it takes to judge one. */
const COPIES = 8;
const ONE =
  'rules:\n  tried: { from: arrived at destination, to: customs.released, within: 40h, notify: desk }\n';
const ALL = hundredRules().replaceAll('54bh', '45bh').replaceAll('9bd', '8bd').replaceAll('24bh', '16bh');

/** A stored history, judged under rules in force and rules tried. */
export async function measureBacktest(dir: string, messages: number): Promise<Backtested> {
  const judge = hundredRulesSettings();
  const engine = await startClickHouse({ dataDir: join(dir, 'history') });
  const client = embeddedClient(engine.url);
  try {
    const store: StoreReader = { client, database: DATABASE, maxSeconds: 600 };
    const period = await fill(store, eventsOf(messages, judge));
    const total = await countFacts(store, period);
    const waited = await readWaited(store, period);
    let shipments = 0;
    const speedOf = async (rules: string): Promise<Speed> => {
      const tried = rulesOf(rules);
      const began = performance.now();
      const cpu = process.cpuUsage();
      const result = await backtest({
        ...{ judge, tried, names: new Set(tried.rules.map(({ name }) => name)) },
        history: {
          ...{ ...period, total, waited, lives: readLives(store, period, total) },
          hearings: [{ source: 'hub', partner: 'hub', status: 'hearing', since: period.from }],
          firstTold: async function* () {},
          namesOf: async () => new Map(),
        },
      });
      shipments = result.shipments;
      return {
        eventsPerSecond: perSecond(total, performance.now() - began),
        eventsPerCpuSecond: perCpuSecond(total, cpu),
      };
    };
    const rounds = [await speedOf(ONE), await speedOf(ONE)].sort(
      (a, b) => b.eventsPerSecond - a.eventsPerSecond,
    );
    return {
      ...{ events: total, shipments, oneRuleTried: rounds[0]! },
      hundredRulesChanged: await speedOf(ALL),
    };
  } finally {
    await client.close();
    await engine.stop();
  }
}

/** Stores what a judge without rules makes of the events, merged as what is old is; when they were observed. */
async function fill({ client, database }: StoreReader, events: readonly ShipmentEvent[]): Promise<Period> {
  await migrate({ client, database });
  const level = Promise.withResolvers<void>();
  const writer = createStoreWriter({
    ...{ client, database, epoch: 1, judgeFrom: {}, now: systemClock.now, sleep: systemClock.sleep },
    onFault: ({ kind }) => (kind === 'level' ? level.resolve() : undefined),
  });
  await level.promise;
  const judge = buildJudge(hubSettings({ rules: 'rules: {}' }));
  for (const [i, event] of events.entries()) {
    judge.recall(event);
    if (i % 5000 !== 4999 && i !== events.length - 1) continue;
    judge.parts.positions = { [event.raw.stream]: event.raw.sequence };
    writer.offer(judge.drain());
    await writer.flush();
  }
  await writer.stop(60_000);
  await copyShipments({ client, database });
  return { from: events[0]!.observedAt, to: events.at(-1)!.observedAt };
}

/** Adds copies of every shipment with events of their own, and merges the tables as those of old history are. */
async function copyShipments({ client, database }: StoreReader): Promise<void> {
  const ids = `SELECT event_id FROM ${database}.links_log WHERE length(shipment_id) = 22`;
  for (let copy = 1; copy < COPIES; copy += 1) {
    await client.command({
      query: `INSERT INTO ${database}.links_log
        SELECT concat(l.event_id, '${copy}'), concat(l.shipment_id, '${copy}'), l.at, l.linked, l.version
        FROM ${database}.links_log AS l WHERE length(l.shipment_id) = 22`,
    });
    await client.command({
      query: `INSERT INTO ${database}.events_log SELECT * REPLACE (concat(e.event_id, '${copy}') AS event_id)
        FROM ${database}.events_log AS e WHERE e.event_id IN (${ids})`,
    });
  }
  for (const table of ['events_log', 'links_log'])
    await client.command({ query: `OPTIMIZE TABLE ${database}.${table} FINAL` });
}
