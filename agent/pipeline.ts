import { setImmediate as turn } from 'node:timers/promises';
import type { EpochMs } from '../rules/time.ts';
import type { Log, LogReader, Positions } from './log/log.ts';
import type { StoreWriter } from './store/store.ts';
import type { AlertLog } from './track/alert-log.ts';
import type { Judge } from './track/judge.ts';
import type { AlertRecord, JudgeBatch } from './track/outcome.ts';
import { judgeOn } from './track/reassess.ts';

/** Every edge of the flow. Tests inject their own and stop any of them at any await. */
export interface PipelineEdges {
  readonly reader: LogReader;
  readonly log: Pick<Log, 'setFloor'>;
  readonly judge: Judge;
  readonly alertLog: AlertLog;
  readonly store: StoreWriter;
  /** Takes published alert changes; never waits for a receiver. */
  readonly notify: (records: readonly AlertRecord[]) => void;
  /** Notes what the store did not take, for when it catches up. */
  readonly missed: (batch: JudgeBatch, alertSequence: number) => void;
  /** Saves the judge's memory when it is time; resolves with the positions that are now durable locally. */
  readonly snapshot: (judge: Judge) => Promise<Positions | undefined>;
  /** How far log time may pass by the wall clock when everything was read; undefined when time travels in the log. */
  readonly wallTime: () => EpochMs | undefined;
  readonly observe: (batch: JudgeBatch, caughtUp: boolean) => void;
}

/** Records judged between two looks at the clock: bounds how late a due clock can fire under load. */
const MAX_RECORDS = 1000;
/** Clocks that are due and judged before anything else of the process has its turn. */
const MAX_CLOCKS = 100;
/** Idle time after which clocks are looked at without a message. */
const MAX_WAIT_MS = 100;
/** A message may still be on its way when its time has come: log time follows the wall clock at this distance. */
const SETTLE_MS = 250;

/**
 * The whole flow on one page: read in order → judge → publish alert changes → hand to the store and to notify → remember.
 *
 * Nothing is acknowledged here: positions live in the snapshot and in ClickHouse's `commits`, each durable only after what
 * depends on it. A crash at any line repeats at most what is idempotent: alert changes are numbered and guarded, rows have
 * deterministic keys.
 *
 * @throws FencedError when another judge has taken over; any error of the log that retrying cannot mend.
 */
export async function runPipeline(edges: PipelineEdges, signal: AbortSignal): Promise<void> {
  const { reader, judge } = edges;
  /** Many clocks fall due together, when offices close: the process does other things, too, until all are judged. */
  const passTo = async (at: EpochMs): Promise<void> => {
    while (!judge.advance(at, MAX_CLOCKS)) {
      await handOver(edges, false);
      await turn();
    }
  };
  let unjudged = true;
  while (!signal.aborted) {
    const { records, caughtUp } = await reader.next({
      maxRecords: MAX_RECORDS,
      // What rules that came into force change is judged beside the log, and does not wait for it.
      maxWaitMs: unjudged ? 1 : MAX_WAIT_MS,
      signal,
    });
    for (const record of records) {
      await passTo(record.observedAt);
      judge.take(record);
    }
    const wall = edges.wallTime();
    if (caughtUp && wall !== undefined) await passTo(wall - SETTLE_MS);

    unjudged = judgeOn(judge);
    await handOver(edges, caughtUp);
  }
}

/** What was judged: alert changes first, then the rest. */
async function handOver(edges: PipelineEdges, caughtUp: boolean): Promise<void> {
  const { judge, alertLog, store } = edges;
  const batch = judge.drain();
  if (isEmpty(batch)) return;
  const alertsBefore = alertLog.lastSequence;
  await alertLog.publish(batch.alerts);
  edges.notify(batch.alerts);
  if (!store.offer(batch)) edges.missed(batch, alertsBefore);
  edges.observe(batch, caughtUp);
  const durable = await edges.snapshot(judge);
  if (durable !== undefined) await edges.log.setFloor(lowest(durable, store.wholeFloor().positions));
}

/** Time passes, and mostly nothing comes of it. */
const isEmpty = ({ records, alerts, shipments, links, channels }: JudgeBatch): boolean =>
  records.length + alerts.length + shipments.length + links.length + channels.length === 0;

/** The log may forget what is behind the last snapshot and also in ClickHouse with all that a judge can be rebuilt from. */
export function lowest(a: Positions, b: Positions): Positions {
  const floor: Record<string, number> = {};
  for (const [stream, position] of Object.entries(a)) floor[stream] = Math.min(position, b[stream] ?? 0);
  return floor;
}
