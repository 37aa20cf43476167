import type { ChannelReason, ChannelState, ChannelTransition } from './channel.ts';
import { OldestOpen } from './channels-open.ts';
import type { Expr } from './expression.ts';
import type { MilestoneCode } from './milestone.ts';
import { afterWithoutQuiet, type QuietHours } from './quiet-hours.ts';
import type { DurationMs, EpochMs } from './time.ts';

/** What the configuration says of a source, as far as hearing is concerned. */
export interface ChannelSource {
  readonly name: string;
  /** Who speaks through it; `from-messages`: known only as they speak. */
  readonly partners: readonly string[] | 'from-messages';
  /** Milestones whose happening it would tell. */
  readonly proves: readonly MilestoneCode[];
  /** Quieter than this: blind. Absent: silence is never suspicious, and never proof either. */
  readonly expectEveryMs?: DurationMs;
  /** Nobody asks it then: what is expected is expected afterwards. Nothing of that time is proved, or assumed. */
  readonly quietHours?: QuietHours;
  /** How long a partner may take to report what happened; taken off every watermark. */
  readonly reportingLagMs: DurationMs;
  readonly bestEffort: boolean;
  /** Shipments it speaks of; absent: all. */
  readonly serves?: Expr;
  /** What proves that it was heard: `messages` and `heartbeats` any message or heartbeat, `polls` only a complete poll. */
  readonly provenBy: 'messages' | 'polls' | 'heartbeats';
}

/** Partner name of the channel that stands for partners not heard of yet. */
export const EVERY_PARTNER = '*';

/** Readable, since people meet it; source names have no slash. */
export const channelIdOf = (source: string, partner: string): string => `${source}/${partner}`;

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

/** What was held up during a silence comes in within this time of the first word, or within `expect_every` where that is shorter. */
const BACKLOG_SETTLES_MS: DurationMs = 10 * 60_000;
const NEVER = Number.NEGATIVE_INFINITY;
const ENDLESS = Number.POSITIVE_INFINITY;

/** One source speaking for one partner. */
export class Channel {
  readonly id: string;
  readonly source: string;
  readonly partner: string;
  readonly deadLetters = new OldestOpen();
  readonly unmatchedByMilestone = new Map<MilestoneCode, OldestOpen>();
  /** Log time of the last sign of life. */
  heardAt: EpochMs = NEVER;
  /** When silence becomes suspicious. */
  deadline: EpochMs = ENDLESS;
  readonly #config: ChannelSource;
  #provedUntil: EpochMs = NEVER;
  /** Time of the oldest dead letter of the source that may be this partner's. */
  #heldBack: EpochMs = ENDLESS;
  /** After a silence: signs of life before this moment may be the head of a backlog and prove nothing yet. */
  #settlesAt: EpochMs = NEVER;
  #status: ChannelState['status'] = 'never-heard';
  #reason: ChannelReason = 'never-heard';
  #state: ChannelState | undefined;

  constructor(config: ChannelSource, partner: string) {
    this.#config = config;
    this.source = config.name;
    this.partner = partner;
    this.id = channelIdOf(config.name, partner);
  }

  get watermark(): EpochMs {
    return this.#limit(ENDLESS);
  }

  /** Forgets the cached state after something it is made of changed. */
  changed(): void {
    this.#state = undefined;
  }

  holdBack(at: EpochMs): void {
    this.#heldBack = at;
    this.changed();
  }

  unmatched(milestone: MilestoneCode): OldestOpen {
    let open = this.unmatchedByMilestone.get(milestone);
    if (open === undefined) {
      open = new OldestOpen();
      this.unmatchedByMilestone.set(milestone, open);
    }
    return open;
  }

  oldestUnmatched(): EpochMs {
    let oldest = ENDLESS;
    for (const open of this.unmatchedByMilestone.values()) oldest = Math.min(oldest, open.oldest);
    return oldest;
  }

  forgetUnmatched(until: EpochMs): readonly string[] {
    return [...this.unmatchedByMilestone.values()].flatMap((open) => open.closeUntil(until));
  }

  state(milestone?: MilestoneCode): ChannelState {
    this.#state ??= this.#build();
    const cap =
      milestone === undefined ? ENDLESS : (this.unmatchedByMilestone.get(milestone)?.oldest ?? ENDLESS);
    return cap < this.#provedUntil ? { ...this.#state, watermark: this.#limit(cap) } : this.#state;
  }

  /**
   * A sign of life at `at` that proves everything up to `until`. After a silence a partner first tells what it could not tell: until
   * that has had time to come in, nothing of the gap is proved. A complete poll has read it all and needs no such time.
   *
   * ```text
   *   heard ── silent ───────────── back ──(settles)── next message: proved up to here
   *   watermark stays at the last proof before the silence ─┘
   * ```
   */
  prove(until: EpochMs, at: EpochMs): ChannelTransition | undefined {
    const { expectEveryMs = 0, provenBy } = this.#config;
    const isBack = this.#status === 'blind' && this.#reason === 'expected-not-heard';
    if (isBack && provenBy !== 'polls') this.#settlesAt = at + Math.min(expectEveryMs, BACKLOG_SETTLES_MS);
    if (at >= this.#settlesAt) this.#provedUntil = Math.max(this.#provedUntil, until);
    this.heardAt = Math.max(this.heardAt, at);
    this.deadline = this.#expiry(this.heardAt);
    this.changed();
    if (this.#status === 'hearing') return undefined;
    return this.#become('hearing', this.#status === 'never-heard' ? 'first-heard' : 'heard-again', at, at);
  }

  /** What was expected did not come. */
  expire(now: EpochMs): ChannelTransition {
    const since = this.heardAt === NEVER ? this.deadline - (this.#config.expectEveryMs ?? 0) : this.heardAt;
    this.deadline = ENDLESS;
    return this.heardAt === NEVER
      ? this.#become('never-heard', 'never-heard', since, now)
      : this.#become('blind', 'expected-not-heard', since, now);
  }

  /** When silence becomes suspicious does not change: people are told the same, however often the process started. */
  restart(at: EpochMs): ChannelTransition | undefined {
    if (this.#status !== 'hearing') return undefined;
    return this.#become('blind', 'restarted', this.heardAt, at);
  }

  expectFirst(at: EpochMs): void {
    if (this.heardAt === NEVER) this.deadline = this.#expiry(at);
  }

  /** Partners are known now: this stand-in is asked no more, and its alert is over. */
  replaced(at: EpochMs): ChannelTransition | undefined {
    this.deadline = ENDLESS;
    if (this.#status === 'hearing') return undefined;
    this.heardAt = Math.max(this.heardAt, at);
    return this.#become('hearing', 'first-heard', at, at);
  }

  dump(): SavedChannel {
    return {
      source: this.source,
      partner: this.partner,
      status: this.#status,
      reason: this.#reason,
      ...(this.#provedUntil !== NEVER && { provedUntil: this.#provedUntil }),
      ...(this.heardAt !== NEVER && { heardAt: this.heardAt }),
      ...(this.#settlesAt !== NEVER && { settlesAt: this.#settlesAt }),
      ...(this.deadline !== ENDLESS && { deadline: this.deadline }),
    };
  }

  load(saved: SavedChannel): void {
    this.#status = saved.status;
    this.#reason = saved.reason;
    this.#provedUntil = saved.provedUntil ?? NEVER;
    this.heardAt = saved.heardAt ?? NEVER;
    this.#settlesAt = saved.settlesAt ?? NEVER;
    this.deadline = saved.deadline ?? ENDLESS;
    this.changed();
  }

  #expiry(at: EpochMs): EpochMs {
    const { expectEveryMs, quietHours } = this.#config;
    if (expectEveryMs === undefined) return ENDLESS;
    return quietHours === undefined ? at + expectEveryMs : afterWithoutQuiet(quietHours, at, expectEveryMs);
  }

  /** A dead letter or an unmatched event tells of what happened before it came, within the reporting lag like any other message. */
  #limit(cap: EpochMs): EpochMs {
    return (
      Math.min(this.#provedUntil, this.deadLetters.oldest, this.#heldBack, cap) - this.#config.reportingLagMs
    );
  }

  #build(): ChannelState {
    const { watermark } = this;
    const hearing = this.#status === 'hearing';
    const { expectEveryMs } = this.#config;
    return {
      id: this.id,
      source: this.source,
      partner: this.partner,
      watermark,
      assumedUntil: hearing && expectEveryMs !== undefined ? this.heardAt + expectEveryMs : watermark,
      status: this.#status,
      ...(this.#status === 'blind' && { blindSince: this.heardAt }),
      ...(this.#reason === 'restarted' && { restarted: true }),
      bestEffort: this.#config.bestEffort,
    };
  }

  #become(
    status: ChannelState['status'],
    reason: ChannelReason,
    from: EpochMs,
    at: EpochMs,
  ): ChannelTransition {
    this.#status = status;
    this.#reason = reason;
    this.changed();
    return {
      channelId: this.id,
      source: this.source,
      partner: this.partner,
      status,
      from,
      at,
      watermark: this.watermark,
      bestEffort: this.#config.bestEffort,
      reason,
    };
  }
}
