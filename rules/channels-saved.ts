import type { ChannelReason, ChannelState } from './channel.ts';
import type { MilestoneCode } from './milestone.ts';
import type { SavedLag } from './reporting-lag.ts';
import type { EpochMs } from './time.ts';

/** JSON; times that are not known are left out. */
export interface SavedChannel {
  readonly source: string;
  readonly partner: string;
  readonly status: ChannelState['status'];
  readonly reason: ChannelReason;
  readonly provedUntil?: EpochMs;
  readonly heardAt?: EpochMs;
  readonly settlesAt?: EpochMs;
  readonly deadline?: EpochMs;
  /** Absent before the first sign of life, and in older snapshots. */
  readonly lag?: SavedLag;
  /** See {@link Channel.reported}. */
  readonly floor?: EpochMs;
  readonly floors?: readonly (readonly [MilestoneCode, EpochMs])[];
}

/** Everything that `Channels` knows, as JSON. */
export interface SavedChannels {
  readonly startedAt?: EpochMs;
  readonly channels: readonly SavedChannel[];
  readonly deadLetters: readonly { id: string; source: string; partner?: string; at: EpochMs }[];
  readonly unmatched: readonly {
    key: string;
    source: string;
    partner: string;
    milestone: MilestoneCode;
    at: EpochMs;
  }[];
}
