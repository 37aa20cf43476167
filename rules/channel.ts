import type { MilestoneCode } from './milestone.ts';
import type { DurationMs, EpochMs } from './time.ts';

/**
 * A channel is one source speaking for one partner. `watermark` is the time up to which we may say "had it been
 * reported on this channel, we would have it": only a proof moves it (a later message, a heartbeat, a complete poll, a
 * scheduled file), less the partner's reporting lag. `assumedUntil` reaches further while `expect_every` has not
 * expired, but an assumption never confirms a breach.
 */
export interface ChannelState {
  readonly id: string;
  readonly source: string;
  readonly partner: string;
  /** Proved heard up to here; `-Infinity` before the first proof. */
  readonly watermark: EpochMs;
  readonly assumedUntil: EpochMs;
  /** The reporting lag that is taken off the watermark; absent when it is not known any more. */
  readonly reportingLagMs?: DurationMs;
  readonly status: 'hearing' | 'blind' | 'never-heard';
  /** When status is blind: since when nothing is proved. */
  readonly blindSince?: EpochMs;
  /** Blind only because the process started again: nobody knows yet whether it is silent. */
  readonly restarted?: true;
  /** True for a plain subject without a stream: a lost message cannot be noticed. */
  readonly bestEffort: boolean;
}

/** Answers which channels can prove a milestone for a shipment, and how far each has been heard for it. */
export interface ChannelView {
  /**
   * Channels that can prove `milestone` for a shipment with these partners and attributes; empty when none is
   * configured (then a breach can only ever be unconfirmed). The watermark of the answer already accounts for unresolved dead letters and
   * unmatched events that could be the proof.
   */
  provers(
    milestone: MilestoneCode,
    shipment: {
      readonly partners: readonly string[];
      readonly attributes: Readonly<Record<string, string | number | boolean>>;
    },
  ): readonly ChannelState[];
}

/** Why a channel is heard or not. Every value appears in rules/README.md. */
export type ChannelReason =
  | 'first-heard'
  | 'heard-again'
  | 'expected-not-heard'
  | 'restarted'
  | 'never-heard';

/** A channel begins or ceases to be heard. */
export interface ChannelTransition {
  readonly channelId: string;
  readonly source: string;
  readonly partner: string;
  readonly status: ChannelState['status'];
  /** Since when it is so: for `blind` the last proof, which is before it was noticed. */
  readonly from: EpochMs;
  /** Log time at which it was noticed. */
  readonly at: EpochMs;
  readonly watermark: EpochMs;
  readonly bestEffort: boolean;
  readonly reason: ChannelReason;
}

/** What one input changed. */
export interface ChannelUpdate {
  readonly transitions: readonly ChannelTransition[];
  readonly moved: readonly ChannelMove[];
  /** The source of a channel whose reporting lag was reckoned again. */
  readonly reckoned?: string;
}

/** A watermark moved: clocks that wait for this channel must be judged again. */
export interface ChannelMove {
  readonly channelId: string;
  /** Its new watermark, milestones with unmatched events aside. */
  readonly watermark: EpochMs;
  /** True when something that held it back was resolved: the watermark of single milestones may have moved more than its own. */
  readonly unblocked: boolean;
}
