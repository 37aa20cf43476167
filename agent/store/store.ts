import type { Positions } from '../log/log.ts';
import type { JudgeBatch } from '../track/outcome.ts';
import type { Moment } from './floor.ts';

/**
 * The store's reader of the log. It takes the judge's batches while it keeps up; when ClickHouse is away and the queue
 * is full it lets them go, and later reads the log again from its floor (see README.md).
 */
export interface StoreWriter {
  /** Never blocks. `false`: not taken; the store is behind and will catch up from the log. */
  offer(batch: JudgeBatch): boolean;
  /** Positions of the last `commits` row: everything up to there is in ClickHouse. */
  floor(): Positions;
  /** The last commit from which a judge can be rebuilt; the log must keep what comes after it. */
  wholeFloor(): Moment;
  onFloor(listener: (floor: Positions) => void): void;
  /** Resolves when everything offered so far is committed. */
  flush(): Promise<void>;
  /** Commits what it can within `limitMs`, then lets go. */
  stop(limitMs: number): Promise<void>;
}

/** What the store needs of the judge to catch up: map the log again, ask whom an event speaks of now, and re-emit what is current. */
export interface CatchUpSource {
  /** Batches of facts re-read from the log after `from`, up to the judge's own position; derived rows are current ones. */
  reread(from: Positions, signal: AbortSignal): AsyncIterable<JudgeBatch>;
  /** True when the store missed something since that the log's records alone do not give back: another round is needed. */
  hasMissed?(): boolean;
}
