import type { DurationMs, EpochMs } from './time.ts';

/** A half-open interval of time: `from` is in it, `to` is not. */
export interface Window {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Business time of one place, compiled once to sorted open intervals with prefix sums. */
export interface Calendar {
  readonly name: string;
  readonly zone: string;
  /** First and last moment that the compiled intervals cover; outside, calls throw a RangeError that says so. */
  readonly covers: Window;
  /** The earliest moment at which `openMs` of open time have passed since `from`, not counting `pauses` (merged, sorted). */
  addOpen(from: EpochMs, openMs: DurationMs, pauses?: readonly Window[]): EpochMs;
  /** The latest moment from which `openMs` of open time lie before `to`. */
  subtractOpen(to: EpochMs, openMs: DurationMs): EpochMs;
  /** End of the `days`-th open day after the day of `from`; pauses move it by the open days they cover wholly. */
  addOpenDays(from: EpochMs, days: number, pauses?: readonly Window[]): EpochMs;
  subtractOpenDays(to: EpochMs, days: number): EpochMs;
  openMsBetween(from: EpochMs, to: EpochMs): DurationMs;
  /** The open windows counted between two moments, pauses cut out. */
  windows(from: EpochMs, to: EpochMs, pauses?: readonly Window[]): readonly Window[];
}
