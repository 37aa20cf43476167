import type { AlertMemory } from '../../rules/alert.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import { covers } from '../store/floor.ts';
import type { AlertRecord } from './outcome.ts';

/**
 * What the alert log had told when the log was read up to somewhere. A judge that gets its memory back from stored facts must
 * remember what was told up to there and nothing later: what comes after it will derive again, under the same numbers.
 *
 * ```text
 *   log      e1 ── e2 ──┆floor┆── e3 ── e4 ── kill -9
 *   alerts        #1    ┆     ┆   #2    #3                remembered: #1
 * ```
 */
export class Told {
  readonly #history = new Map<string, AlertRecord[]>();

  /** Takes a record of the alert log; oldest first. */
  take(record: AlertRecord): void {
    const { alertId } = record.change;
    const known = this.#history.get(alertId);
    if (known === undefined) this.#history.set(alertId, [record]);
    else known.push(record);
  }

  /** The last change of an alert that the log up to `positions` and `logTime` brought about. */
  lastUpTo(alertId: string, positions: Positions, logTime: EpochMs): AlertMemory | undefined {
    return this.#history.get(alertId)?.findLast((record) => isWithin(record, positions, logTime))?.change
      .after;
  }

  clear(): void {
    this.#history.clear();
  }
}

function isWithin({ change, after }: AlertRecord, positions: Positions, logTime: EpochMs): boolean {
  if (change.at > logTime) return false;
  if (after === undefined) return true;
  // A record brings its changes about after what was read before it: up to here means that record is within, too.
  return covers(positions, after);
}
