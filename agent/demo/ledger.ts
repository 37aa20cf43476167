import type { EpochMs } from '../../rules/time.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Hearsay, NaiveAlarm } from './naive.ts';
import { HOUR, MINUTE } from './shipment.ts';
import { isBreached, isLate, type TrueClock } from './truth.ts';

/** What was told about clocks, as it was told. */
export class AlertLedger {
  readonly #byClock = new Map<string, AlertRecord[]>();
  readonly #raised = new Set<string>();
  readonly #resolved = new Set<string>();
  readonly #withdrawn = new Set<string>();

  take(records: readonly AlertRecord[]): void {
    for (const record of records) {
      const { alertId, kind } = record.change;
      if (kind === 'resolved') this.#resolved.add(alertId);
      else if (kind === 'withdrawn') this.#withdrawn.add(alertId);
      else this.#raised.add(alertId);
      if (record.clockId === '') continue;
      const known = this.#byClock.get(record.clockId);
      if (known === undefined) this.#byClock.set(record.clockId, [record]);
      else known.push(record);
    }
  }

  /** Alerts, each counted once in each of these: warnings and breaches that were raised, that ended, that were taken back. */
  get counts(): { readonly raised: number; readonly resolved: number; readonly withdrawn: number } {
    return { raised: this.#raised.size, resolved: this.#resolved.size, withdrawn: this.#withdrawn.size };
  }

  /** Breaches that were told as certain, of promises that were kept. */
  falseAlerts(clocks: readonly TrueClock[]): readonly AlertRecord[] {
    const kept = new Map(clocks.map((clock) => [clock.clockId, clock]));
    return [...this.#byClock].flatMap(([clockId, records]) => {
      const clock = kept.get(clockId);
      if (clock !== undefined && isLate(clock)) return [];
      return records.filter(({ change }) => change.after.status === 'firing' && change.after.confirmed);
    });
  }

  /**
   * Promises that were broken, and of which nobody was told although it could be known: at the end of the rule's patience with the feeds
   * the start had been heard of and the end had not.
   */
  missedAlerts(clocks: readonly TrueClock[], hearsay: Hearsay, now: EpochMs): readonly TrueClock[] {
    return clocks.filter((clock) => {
      if (!isBreached(clock, now)) return false;
      const { rule, shipment, startAt, startMark, endMarks, dueAt } = clock;
      const start = hearsay.first(shipment.index, [startMark], startAt);
      if (start === undefined) return false;
      // Polls and steps of time delay what is heard.
      const toldBy = Math.max(dueAt, start.at + 3 * HOUR) + rule.waitForFeedsMs + MINUTE;
      if (toldBy >= now) return false;
      const end = hearsay.first(shipment.index, endMarks);
      if (canBePutRight(rule) && end !== undefined && end.at <= toldBy) return false;
      return !this.toldOf(clock);
    });
  }

  /** Whether anybody was told that a promise is broken. */
  toldOf({ clockId }: TrueClock): boolean {
    return (this.#byClock.get(clockId) ?? []).some(({ change }) => change.after.status === 'firing');
  }
}

/** What happened in the wrong order, or too often, stays so whatever comes after it. */
const canBePutRight = ({ kind }: TrueClock['rule']): boolean => kind !== 'sequence' && kind !== 'count';

/** False alarms of the naive checker until `now`. */
export const naiveFalseAlerts = (alarms: readonly NaiveAlarm[], now: EpochMs): readonly NaiveAlarm[] =>
  alarms.filter(({ at, isFalse }) => isFalse && at <= now);
