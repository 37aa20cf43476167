import type { ChannelMove, ChannelState, ChannelTransition, ChannelUpdate, ChannelView } from './channel.ts';
import { Channel, type ChannelSource, EVERY_PARTNER } from './channels-channel.ts';
import type { SavedChannels } from './channels-saved.ts';
import { type Feed, NOTHING_MOVED, SourceChannels, type Spoken, UpdateOf } from './channels-source.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Report } from './reporting-lag.ts';
import type { DurationMs, EpochMs } from './time.ts';

/** An event that no shipment was found for in this time holds no clock back any more. */
const FORGET_UNMATCHED_AFTER_MS: DurationMs = 30 * 86_400_000;

/**
 * Knows how far each channel has been heard. Pure: a state machine over log time that never reads a clock, so the same
 * log prefix gives the same watermarks live, after a crash and in a test. Inputs must come in log order; times must not go back.
 *
 * ```text
 *   log        ●m1 ──── ●m2 ─────── ✗dead letter ──── ●m3 ──── resolved
 *   watermark  m1       m2          ≤ ✗               ✗        m3          (each less reporting_lag)
 * ```
 */
export class Channels implements ChannelView {
  readonly #sources = new Map<string, SourceChannels>();
  /** Where a dead letter or an unmatched event is counted. */
  readonly #deadLetters = new Map<string, { readonly source: SourceChannels; readonly channel?: Channel }>();
  readonly #unmatched = new Map<string, { readonly channel: Channel; readonly milestone: MilestoneCode }>();
  #startedAt: EpochMs | undefined;
  #nextAt = Number.POSITIVE_INFINITY;

  constructor(sources: readonly ChannelSource[], saved?: SavedChannels) {
    for (const config of sources) this.#sources.set(config.name, new SourceChannels(config));
    if (saved !== undefined) this.#load(saved);
  }

  /** When {@link advance} must be called although nothing is heard; `Infinity` when never. May be earlier than anything happens. */
  nextAt(): EpochMs {
    return this.#nextAt;
  }

  /** Every channel, in the order of configuration. */
  list(): readonly ChannelState[] {
    return this.#known().map((channel) => channel.state());
  }

  /** Every channel as a feed: see {@link Feed}. */
  feeds(): readonly Feed[] {
    return [...this.#sources.values()].flatMap((source) => source.feeds(this.#startedAt));
  }

  /** How many partners speak through a source. */
  partnersOf(sourceName: string): number {
    return this.#sources.get(sourceName)?.partners.size ?? 0;
  }

  provers(milestone: MilestoneCode, shipment: Spoken): readonly ChannelState[] {
    const provers: ChannelState[] = [];
    for (const source of this.#sources.values()) source.provers(milestone, shipment, provers);
    return provers;
  }

  /** A channel as it stands, for a milestone or at all; undefined when there is no such channel. */
  stateOf(channelId: string, milestone?: MilestoneCode): ChannelState | undefined {
    const cut = channelId.indexOf('/');
    const channel = this.#sources.get(channelId.slice(0, cut))?.find(channelId.slice(cut + 1));
    return channel?.state(milestone);
  }

  /** A message of a partner was read and applied. */
  heard(sourceName: string, partner: string, at: EpochMs): ChannelUpdate {
    const source = this.#at(sourceName, at);
    if (source === undefined) return NOTHING_MOVED;
    const update = new UpdateOf(source);
    const channel = this.#channel(source, partner, update);
    // A message says that a poll has begun, not that it was complete.
    if (source.config.provenBy !== 'polls') this.#prove(source, channel, at, at, update);
    return update.done();
  }

  /** Something that happened by `happened` was told for the first time, at `at`: see reporting-lag.ts. Call it after {@link heard}. */
  reported(sourceName: string, partner: string, report: Report, at: EpochMs): ChannelUpdate {
    const source = this.#sources.get(sourceName);
    const channel = source?.partners.get(partner);
    if (source === undefined || channel === undefined) return NOTHING_MOVED;
    const result = channel.reported(report, at);
    if (result === 'counted') return NOTHING_MOVED;
    const update = new UpdateOf(source);
    if (result === 'moved') update.move(channel);
    return { ...update.done(), reckoned: sourceName };
  }

  /** Proof of life: everything that the source published up to `provedUntil` was read before this record. */
  proof(
    { source: name, partner, provedUntil }: { source: string; partner?: string; provedUntil: EpochMs },
    at: EpochMs,
  ): ChannelUpdate {
    const source = this.#at(name, at);
    if (source === undefined) return NOTHING_MOVED;
    const update = new UpdateOf(source);
    // A server's clock that is ahead of ours must not prove the future.
    const until = Math.min(provedUntil, at);
    if (partner !== undefined) this.#prove(source, this.#channel(source, partner, update), until, at, update);
    else {
      source.provedUntil = Math.max(source.provedUntil, until);
      for (const channel of source.partners.values()) this.#prove(source, channel, until, at, update);
      if (source.everyPartner) this.#prove(source, source.everyPartner, until, at, update);
    }
    return update.done();
  }

  /** A message that could not be read: it might have been any proof, so the channel's watermark stays before it until it is resolved. */
  deadLetter(id: string, sourceName: string, partner: string | undefined, at: EpochMs): ChannelUpdate {
    const source = this.#at(sourceName, at);
    if (source === undefined || this.#deadLetters.has(id)) return NOTHING_MOVED;
    const channel = partner === undefined ? undefined : source.partners.get(partner);
    this.#deadLetters.set(id, channel === undefined ? { source } : { source, channel });
    const update = new UpdateOf(source);
    if (channel === undefined) {
      source.deadLetters.add(id, at);
      source.holdBack();
    } else {
      channel.deadLetters.add(id, at);
      channel.changed();
      // Unreadable, but somebody is there.
      if (source.config.provenBy !== 'polls') this.#prove(source, channel, at, at, update);
    }
    return update.done();
  }

  resolveDeadLetter(id: string): ChannelUpdate {
    const found = this.#deadLetters.get(id);
    if (found === undefined) return NOTHING_MOVED;
    this.#deadLetters.delete(id);
    const update = new UpdateOf(found.source);
    if (found.channel !== undefined) {
      found.channel.deadLetters.close(id);
      update.unblock(found.channel);
    } else {
      found.source.deadLetters.close(id);
      found.source.holdBack();
      for (const channel of found.source.all()) update.unblock(channel);
    }
    return update.done();
  }

  /** An event that no shipment is known for: it might be the proof for any shipment that waits for this milestone. */
  unmatched(
    key: string,
    sourceName: string,
    partner: string,
    milestone: MilestoneCode,
    at: EpochMs,
  ): ChannelUpdate {
    const source = this.#at(sourceName, at);
    if (source === undefined || this.#unmatched.has(key)) return NOTHING_MOVED;
    const update = new UpdateOf(source);
    const channel = this.#channel(source, partner, update);
    channel.unmatched(milestone).add(key, at);
    channel.changed();
    this.#unmatched.set(key, { channel, milestone });
    this.#expect(at + FORGET_UNMATCHED_AFTER_MS);
    return update.done();
  }

  matched(key: string): ChannelUpdate {
    const found = this.#unmatched.get(key);
    if (found === undefined) return NOTHING_MOVED;
    this.#unmatched.delete(key);
    found.channel.unmatched(found.milestone).close(key);
    const update = new UpdateOf(this.#sources.get(found.channel.source)!);
    update.unblock(found.channel);
    return update.done();
  }

  /** Log time passes without news: what was expected by now and did not come makes its channel blind. */
  advance(now: EpochMs): ChannelUpdate {
    this.#start(now);
    if (now < this.#nextAt) return NOTHING_MOVED;
    const transitions: ChannelTransition[] = [];
    const moved: ChannelMove[] = [];
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const source of this.#sources.values()) {
      const update = new UpdateOf(source);
      for (const channel of source.all()) {
        if (channel.deadline <= now) update.transition(channel.expire(now));
        for (const key of channel.forgetUnmatched(now - FORGET_UNMATCHED_AFTER_MS)) {
          this.#unmatched.delete(key);
          update.unblock(channel);
        }
        this.#expect(Math.min(channel.deadline, channel.oldestUnmatched() + FORGET_UNMATCHED_AFTER_MS));
      }
      const done = update.done();
      transitions.push(...done.transitions);
      moved.push(...done.moved);
    }
    return { transitions, moved };
  }

  /**
   * The process starts again at log time `at` from saved state: what was assumed is assumed no more, and every channel is
   * blind until it proves itself. Watermarks stay: what was proved remains so.
   */
  restarted(at: EpochMs): ChannelUpdate {
    this.#start(at);
    const transitions = this.#known().flatMap((channel) => channel.restart(at) ?? []);
    for (const channel of this.#known()) this.#expect(channel.deadline);
    return { transitions, moved: [] };
  }

  dump(): SavedChannels {
    const sources = [...this.#sources.values()].map((source) => source.dump());
    return {
      ...this.dumpHeard(),
      deadLetters: sources.flatMap(({ deadLetters }) => deadLetters),
      unmatched: sources.flatMap(({ unmatched }) => unmatched),
    };
  }

  /** {@link dump} without what holds channels back: of that there may be much, and the store has it. */
  dumpHeard(): SavedChannels {
    const channels = this.#all().map((channel) => channel.dump());
    const startedAt = this.#startedAt;
    return { ...(startedAt !== undefined && { startedAt }), channels, deadLetters: [], unmatched: [] };
  }

  #load(saved: SavedChannels): void {
    this.#startedAt = saved.startedAt;
    for (const one of saved.channels) {
      const source = this.#sources.get(one.source);
      if (source === undefined) continue;
      const channel =
        one.partner === EVERY_PARTNER
          ? source.everyPartner
          : this.#channel(source, one.partner, new UpdateOf(source));
      channel?.load(one);
      if (channel === source.everyPartner && one.provedUntil !== undefined)
        source.provedUntil = one.provedUntil;
      if (channel) this.#expect(channel.deadline);
    }
    for (const { id, source: name, partner, at } of saved.deadLetters) {
      const source = this.#sources.get(name);
      const channel = partner === undefined ? undefined : source?.partners.get(partner);
      if (source === undefined) continue;
      this.#deadLetters.set(id, channel === undefined ? { source } : { source, channel });
      (channel ?? source).deadLetters.add(id, at);
      source.holdBack();
    }
    for (const { key, source, partner, milestone, at } of saved.unmatched) {
      this.unmatched(key, source, partner, milestone, at);
    }
  }

  #at(name: string, at: EpochMs): SourceChannels | undefined {
    this.#start(at);
    return this.#sources.get(name);
  }

  /** The first moment we know of: a channel that stays silent is expected from here on. */
  #start(at: EpochMs): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = at;
    for (const channel of this.#all()) {
      channel.expectFirst(at);
      this.#expect(channel.deadline);
    }
  }

  #channel(source: SourceChannels, partner: string, update: UpdateOf): Channel {
    const known = source.partners.get(partner);
    if (known !== undefined) return known;
    const channel = new Channel(source.config, partner);
    channel.holdBack(source.deadLetters.oldest);
    source.partners.set(partner, channel);
    if (source.provedUntil > Number.NEGATIVE_INFINITY) {
      const since = Math.max(source.provedUntil, source.everyPartner?.heardAt ?? source.provedUntil);
      this.#prove(source, channel, source.provedUntil, since, update);
    }
    return channel;
  }

  #prove(source: SourceChannels, channel: Channel, until: EpochMs, at: EpochMs, update: UpdateOf): void {
    source.prove(channel, until, at, update);
    this.#expect(channel.deadline);
  }

  #expect(at: EpochMs): void {
    if (at < this.#nextAt) this.#nextAt = at;
  }

  #known(): Channel[] {
    return [...this.#sources.values()].flatMap((source) => source.known());
  }

  #all(): Channel[] {
    return [...this.#sources.values()].flatMap((source) => source.all());
  }
}
