import type { Occurrence } from './event.ts';
import type { DurationMs, EpochMs } from './time.ts';

export type ClockState =
  | 'waiting'
  | 'running'
  | 'paused'
  | 'at-risk'
  | 'met'
  | 'met-late'
  | 'breached'
  | 'unknown'
  | 'withdrawn'
  | 'waived'
  | 'not-applicable';

/** Why a clock is in its state. Every value appears in rules/README.md. */
export type VerdictReason =
  | 'start-not-seen'
  | 'condition-not-met'
  | 'within-budget'
  | 'hold-open'
  | 'warn-reached'
  | 'done-in-time'
  | 'done-in-time-reported-late'
  | 'done-within-precision'
  | 'done-late'
  | 'deadline-passed-proved'
  | 'deadline-passed-awaiting-proof'
  | 'deadline-passed-channel-blind'
  | 'wait-for-feeds-passed'
  | 'replanned-impossible'
  | 'start-retracted'
  | 'rule-removed'
  | 'operator-waived'
  | 'outside-calendar'
  | 'date-unreadable'
  | 'heard-of'
  | 'heard-after-silence'
  | 'no-longer-active'
  | 'under-way'
  | 'in-order'
  | 'out-of-order'
  | 'values-agree'
  | 'values-differ'
  | 'not-comparable'
  | 'declared-once'
  | 'declared-twice'
  | 'within-count'
  | 'count-reached'
  | 'feed-heard'
  | 'feed-silent'
  | 'feed-slow';

/** How sure a breach is: proved by every channel that could tell, or not. */
export type Confidence = 'proved' | 'unconfirmed';

/** The judgement of one clock at one moment of log time. A pure value; equal inputs give equal verdicts. */
export interface Verdict {
  /** hashId('clock', rule name, shipment id, start occurrence): survives rule edits. */
  readonly clockId: string;
  readonly rule: string;
  readonly ruleVersion: string;
  readonly shipmentId: string;
  readonly occurrence: Occurrence;
  readonly state: ClockState;
  readonly reason: VerdictReason;
  /** Present when state is breached or unknown. */
  readonly confidence?: Confidence;
  /** When the clock started; for a `before` rule, when the date that its deadline hangs on became known. */
  readonly startAt?: EpochMs;
  readonly warnAt?: EpochMs;
  readonly dueAt?: EpochMs;
  /** When the end milestone happened (latest possible instant for a date-only fact when late, earliest when in time). */
  readonly endAt?: EpochMs;
  /** Elapsed time past `dueAt`, at `endAt` or, while open, at the time of judging. */
  readonly lateMs?: DurationMs;
  /** Ids of the events this rests on: start, end, holds, plan. */
  readonly evidence: readonly string[];
  /** Ids of channels whose silence this verdict waits on; the clock must be judged again when one of them moves past `dueAt`. */
  readonly awaitingChannels: readonly string[];
  /** The next moment at which, nothing new being heard, the verdict may change; undefined when it cannot. */
  readonly nextAt?: EpochMs;
}
