import type { ChannelReason, ChannelState, ChannelTransition } from './channel.ts';
import { OldestOpen } from './channels-open.ts';
import type { SavedChannel } from './channels-saved.ts';
import type { Expr } from './expression.ts';
import type { MilestoneCode } from './milestone.ts';
import { afterWithoutQuiet, type QuietHours } from './quiet-hours.ts';
import { type ObservedLag, type Report, ReportingLag } from './reporting-lag.ts';
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
  /** It is taken from what is seen of each partner, and `reportingLagMs` counts until enough is seen. */
  readonly observedLag?: ObservedLag;
  /** How its messages come; absent: not known. */
  readonly via?: Via;
  readonly bestEffort: boolean;
  /** Shipments it speaks of; absent: all. */
  readonly serves?: Expr;
  /** What proves that it was heard: `messages` and `heartbeats` any message or heartbeat, `polls` only a complete poll. */
  readonly provenBy: 'messages' | 'polls' | 'heartbeats';
}

/** How messages come, as far as people expect a speed of it: asked for or pushed over HTTP; subjects; EDIFACT or X12 by any way; files. */
export const VIAS = ['api', 'messages', 'edi', 'files'] as const;
export type Via = (typeof VIAS)[number];

/** Partner name of the channel that stands for partners not heard of yet. */
export const EVERY_PARTNER = '*';

/** Readable, since people meet it; source names have no slash. */
export const channelIdOf = (source: string, partner: string): string => `${source}/${partner}`;

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
  readonly lag: ReportingLag;
  readonly #config: ChannelSource;
  #provedUntil: EpochMs = NEVER;
  /** Time of the oldest dead letter of the source that may be this partner's. */
  #heldBack: EpochMs = ENDLESS;
  /** After a silence: signs of life before this moment may be the head of a backlog and prove nothing yet. */
  #settlesAt: EpochMs = NEVER;
  #status: ChannelState['status'] = 'never-heard';
  #reason: ChannelReason = 'never-heard';
  #state: ChannelState | undefined;
  /** How far it was heard under a shorter reporting lag, and for milestones that were held back then. */
  #floor: EpochMs = NEVER;
  readonly #floors = new Map<MilestoneCode, EpochMs>();

  constructor(config: ChannelSource, partner: string) {
    this.#config = config;
    this.lag = new ReportingLag(config.reportingLagMs, config.observedLag);
    this.source = config.name;
    this.partner = partner;
    this.id = channelIdOf(config.name, partner);
  }

  get watermark(): EpochMs {
    return this.#limit(ENDLESS, this.#floor);
  }

  get via(): Via | undefined {
    return this.#config.via;
  }

  get isHeard(): boolean {
    return this.heardAt !== NEVER;
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
    if (milestone === undefined) return this.#state;
    const cap = this.unmatchedByMilestone.get(milestone)?.oldest ?? ENDLESS;
    if (cap >= this.#provedUntil) return this.#state;
    return { ...this.#state, watermark: this.#limit(cap, this.#floors.get(milestone) ?? this.#floor) };
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
    if (isBack || this.heardAt === NEVER) this.lag.heardFrom(at);
    if (at >= this.#settlesAt) this.#provedUntil = Math.max(this.#provedUntil, until);
    this.heardAt = Math.max(this.heardAt, at);
    this.deadline = this.#expiry(this.heardAt);
    this.changed();
    if (this.#status === 'hearing') return undefined;
    return this.#become('hearing', this.#status === 'never-heard' ? 'first-heard' : 'heard-again', at, at);
  }

  /**
   * Something that happened was told for the first time. Where the lag is observed it may change: a shorter one moves the watermark ahead
   * (`moved`), under a longer one it stands still, for what was proved stays proved.
   */
  reported(report: Report, at: EpochMs): 'counted' | 'reckoned' | 'moved' {
    if (this.lag.report(report, at) === undefined || !this.lag.isTimeToReckon) return 'counted';
    const allowed = this.lag.reckon();
    if (allowed === undefined) return 'reckoned';
    const before = this.watermark;
    for (const [milestone, open] of this.unmatchedByMilestone) {
      if (open.size === 0) this.#floors.delete(milestone);
      else this.#floors.set(milestone, this.#limit(open.oldest, this.#floors.get(milestone) ?? this.#floor));
    }
    this.#floor = before;
    this.lag.allow(allowed);
    this.changed();
    return this.watermark > before ? 'moved' : 'reckoned';
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
    const lag = this.lag.dump();
    return {
      source: this.source,
      partner: this.partner,
      status: this.#status,
      reason: this.#reason,
      ...(this.#provedUntil !== NEVER && { provedUntil: this.#provedUntil }),
      ...(this.heardAt !== NEVER && { heardAt: this.heardAt }),
      ...(this.#settlesAt !== NEVER && { settlesAt: this.#settlesAt }),
      ...(this.deadline !== ENDLESS && { deadline: this.deadline }),
      ...(lag !== undefined && { lag }),
      ...(this.#floor !== NEVER && { floor: this.#floor }),
      ...(this.#floors.size > 0 && { floors: [...this.#floors] }),
    };
  }

  load(saved: SavedChannel): void {
    this.#status = saved.status;
    this.#reason = saved.reason;
    this.#provedUntil = saved.provedUntil ?? NEVER;
    this.heardAt = saved.heardAt ?? NEVER;
    this.#settlesAt = saved.settlesAt ?? NEVER;
    this.deadline = saved.deadline ?? ENDLESS;
    if (saved.lag !== undefined) this.lag.load(saved.lag);
    this.#floor = saved.floor ?? NEVER;
    for (const [milestone, at] of saved.floors ?? []) this.#floors.set(milestone, at);
    this.changed();
  }

  #expiry(at: EpochMs): EpochMs {
    const { expectEveryMs, quietHours } = this.#config;
    if (expectEveryMs === undefined) return ENDLESS;
    return quietHours === undefined ? at + expectEveryMs : afterWithoutQuiet(quietHours, at, expectEveryMs);
  }

  /** A dead letter or an unmatched event tells of what happened before it came, within the reporting lag like any other message. */
  #limit(cap: EpochMs, floor: EpochMs): EpochMs {
    const until = Math.min(this.#provedUntil, this.deadLetters.oldest, this.#heldBack, cap);
    return Math.max(floor, until - this.lag.allowedMs);
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
      reportingLagMs: this.lag.allowedMs,
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
