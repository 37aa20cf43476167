import { join } from 'node:path';
import { backtest, type History } from '../../agent/backtest/backtest.ts';
import type { Life } from '../../agent/backtest/life.ts';
import { systemClock } from '../../agent/clock.ts';
import { startClickHouse } from '../../agent/engines/clickhouse.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { migrate } from '../../agent/store/migrate.ts';
import type { StoreReader } from '../../agent/store/query.ts';
import { countFacts, readLives, readWaited } from '../../agent/store/stored-history.ts';
import { createStoreWriter } from '../../agent/store/writer.ts';
import { buildJudge } from '../../agent/track/build.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { hubSettings, rulesOf } from '../support/judge.ts';
import { perCpuSecond, perSecond } from './project.ts';
import { eventsOf, hundredRules, hundredRulesSettings } from './rules.ts';

/** Events per second of the clock, read from ClickHouse and judged; and per second of CPU, in memory. */
interface Speed {
  readonly eventsPerSecond: number;
  readonly inMemoryEventsPerCpuSecond: number;
}

export interface Backtested {
  readonly events: number;
  readonly shipments: number;
  /** A file that tries one rule for every country, beside those in force. */
  readonly oneRuleTried: Speed;
  /** A file that changes all hundred: both sides are judged. */
  readonly hundredRulesChanged: Speed;
}

const DATABASE = 'laytime';

/** A stored history, judged under rules in force and rules tried. */
export async function measureBacktest(dir: string, messages: number): Promise<Backtested> {
  const judge = hundredRulesSettings();
  const events = eventsOf(messages, judge);
  const engine = await startClickHouse({ dataDir: join(dir, 'history') });
  const client = embeddedClient(engine.url);
  try {
    const store: StoreReader = { client, database: DATABASE, maxSeconds: 600 };
    await fill(store, events);
    const period = { from: events[0]!.observedAt, to: events.at(-1)!.observedAt };
    const lives: (readonly Life[])[] = [];
    const total = await countFacts(store, period);
    for await (const batch of readLives(store, period, total)) lives.push(batch);
    const waited = await readWaited(store, period);
    const run = async (rules: string, from: History['lives']) => {
      const tried = rulesOf(rules);
      return backtest({
        ...{ judge, tried, names: new Set(tried.rules.map(({ name }) => name)) },
        history: {
          ...{ ...period, total, waited, lives: from },
          hearings: [{ source: 'hub', partner: 'hub', status: 'hearing', since: period.from }],
          firstTold: async function* () {},
          namesOf: async () => new Map(),
        },
      });
    };
    const speedOf = async (rules: string): Promise<Speed> => {
      const cpu = process.cpuUsage();
      await run(rules, fromMemory(lives));
      const inMemoryEventsPerCpuSecond = perCpuSecond(total, cpu);
      const began = performance.now();
      await run(rules, readLives(store, period, total));
      return { eventsPerSecond: perSecond(total, performance.now() - began), inMemoryEventsPerCpuSecond };
    };
    return {
      events: total,
      shipments: lives.reduce((sum, batch) => sum + batch.length, 0),
      oneRuleTried: await speedOf(
        'rules:\n  tried: { from: arrived at destination, to: customs.released, within: 40h, notify: desk }\n',
      ),
      hundredRulesChanged: await speedOf(
        hundredRules().replaceAll('54bh', '45bh').replaceAll('9bd', '8bd').replaceAll('24bh', '16bh'),
      ),
    };
  } finally {
    await client.close();
    await engine.stop();
  }
}

async function* fromMemory(lives: readonly (readonly Life[])[]): AsyncGenerator<readonly Life[]> {
  yield* lives;
}

/** Stores what a judge without rules makes of the events. */
async function fill({ client, database }: StoreReader, events: readonly ShipmentEvent[]): Promise<void> {
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
}
