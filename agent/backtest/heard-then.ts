import type { ChannelState, ChannelView } from '../../rules/channel.ts';
import { type ChannelSource, EVERY_PARTNER } from '../../rules/channels-channel.ts';
import { type Spoken, serving } from '../../rules/channels-source.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';

/** How a channel stood, from each moment at which that changed; moments do not go back. */
export class Series {
  readonly #at: number[] = [];
  readonly #watermark: number[] = [];
  readonly #assumedUntil: number[] = [];
  /** The rest of a state changes seldom. */
  readonly #rest: ChannelState[] = [];

  /** Of several states at one moment the last one counts. */
  note(at: EpochMs, state: ChannelState): void {
    const last = this.#at.length - 1;
    const index = this.#at[last] === at ? last : last + 1;
    const before = this.#rest[index] ?? this.#rest[last];
    this.#at[index] = at;
    this.#watermark[index] = state.watermark;
    this.#assumedUntil[index] = state.assumedUntil;
    this.#rest[index] = before !== undefined && isLike(before, state) ? before : state;
  }

  copy(): Series {
    const copy = new Series();
    for (const [index, at] of this.#at.entries()) copy.note(at, this.#stateAt(index));
    return copy;
  }

  /** Undefined before it was known. */
  at(now: EpochMs): ChannelState | undefined {
    const index = after(this.#at, now) - 1;
    return index < 0 ? undefined : this.#stateAt(index);
  }

  isKnownAt(now: EpochMs): boolean {
    return this.#at.length > 0 && this.#at[0]! <= now;
  }

  /** When it becomes known, at the earliest after `now`; `Infinity` when it was by then. */
  becomesKnown(now: EpochMs): EpochMs {
    const first = this.#at[0];
    return first !== undefined && first > now ? first : Number.POSITIVE_INFINITY;
  }

  /** The first moment after `now` at which it is heard up to `until`; `Infinity` when there is none. Watermarks never fall. */
  reaches(until: EpochMs, now: EpochMs): EpochMs {
    const index = Math.max(after(this.#watermark, until, false), after(this.#at, now));
    return this.#at[index] ?? Number.POSITIVE_INFINITY;
  }

  #stateAt(index: number): ChannelState {
    const watermark = this.#watermark[index]!;
    return { ...this.#rest[index]!, watermark, assumedUntil: this.#assumedUntil[index]! };
  }
}

const isLike = (a: ChannelState, b: ChannelState): boolean =>
  a.status === b.status &&
  a.blindSince === b.blindSince &&
  a.restarted === b.restarted &&
  a.reportingLagMs === b.reportingLagMs;

/** Index of the first of some rising numbers that is above a limit; with `equal` false, the first that is not below it. */
function after(numbers: readonly number[], limit: number, equal = true): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const number = numbers[middle]!;
    if (number < limit || (equal && number === limit)) from = middle + 1;
    else to = middle;
  }
  return from;
}

interface Kept {
  readonly whole: Series;
  /** For milestones that were ever held back by an event that no shipment was known for. */
  readonly byMilestone: Map<MilestoneCode, Series>;
}

/**
 * How far each channel was heard at any moment of the past: what a clock is judged by is what was heard at {@link now}, which may go to and fro,
 * for shipments are judged one after another.
 */
export class HeardThen implements ChannelView {
  now: EpochMs = Number.NEGATIVE_INFINITY;
  readonly #sources: readonly ChannelSource[];
  /** By source, then by partner. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  constructor(sources: readonly ChannelSource[]) {
    this.#sources = sources;
    for (const { name } of sources) this.#kept.set(name, new Map());
  }

  /** Its channel stands so from `at` on; `of` tells how for a milestone. */
  note(at: EpochMs, state: ChannelState, of: (milestone: MilestoneCode) => ChannelState | undefined): void {
    const kept = this.#keptOf(state);
    kept.whole.note(at, state);
    for (const [milestone, series] of kept.byMilestone) series.note(at, of(milestone) ?? state);
  }

  /** A milestone's watermark parts from that of its channel. */
  hold(channel: Pick<ChannelState, 'source' | 'partner'>, milestone: MilestoneCode): void {
    const { whole, byMilestone } = this.#keptOf(channel);
    if (!byMilestone.has(milestone)) byMilestone.set(milestone, whole.copy());
  }

  provers(milestone: MilestoneCode, shipment: Spoken): readonly ChannelState[] {
    const provers: ChannelState[] = [];
    for (const source of this.#sources) {
      const [partners, everyPartner] = this.#knownOf(source.name);
      for (const kept of serving(source, milestone, shipment, partners, everyPartner)) {
        const state = seriesOf(kept, milestone).at(this.now);
        if (state !== undefined) provers.push(state);
      }
    }
    return provers;
  }

  stateOf(channelId: string, milestone?: MilestoneCode): ChannelState | undefined {
    const kept = this.#find(channelId);
    return kept && seriesOf(kept, milestone).at(this.now);
  }

  /** The first moment after {@link now} at which a channel is heard up to `until` for a milestone; `Infinity` when there is none. */
  reaches(channelId: string, milestone: MilestoneCode, until: EpochMs): EpochMs {
    const kept = this.#find(channelId);
    if (kept === undefined) return Number.POSITIVE_INFINITY;
    const reached = seriesOf(kept, milestone).reaches(until, this.now);
    if (!channelId.endsWith(`/${EVERY_PARTNER}`)) return reached;
    // Whoever waited for anybody asks those who are known from then on.
    let first = reached;
    for (const [partner, other] of this.#kept.get(channelId.slice(0, channelId.indexOf('/')))!)
      if (partner !== EVERY_PARTNER) first = Math.min(first, other.whole.becomesKnown(this.now));
    return first;
  }

  #find(channelId: string): Kept | undefined {
    const cut = channelId.indexOf('/');
    return this.#kept.get(channelId.slice(0, cut))?.get(channelId.slice(cut + 1));
  }

  #keptOf({ source, partner }: Pick<ChannelState, 'source' | 'partner'>): Kept {
    const channels = this.#kept.get(source)!;
    let kept = channels.get(partner);
    if (kept === undefined) {
      kept = { whole: new Series(), byMilestone: new Map() };
      channels.set(partner, kept);
    }
    return kept;
  }

  /** The channels of a source by partner, and the one that stands for everybody while none is known. */
  #knownOf(source: string): readonly [partners: ReadonlyMap<string, Kept>, everyPartner: Kept | undefined] {
    const all = this.#kept.get(source)!;
    const everyPartner = all.get(EVERY_PARTNER);
    const isPartner = ([partner, { whole }]: [string, Kept]): boolean =>
      partner !== EVERY_PARTNER && whole.isKnownAt(this.now);
    if (everyPartner === undefined && all.values().every(({ whole }) => whole.isKnownAt(this.now)))
      return [all, undefined];
    return [new Map(all.entries().filter(isPartner)), everyPartner];
  }
}

const seriesOf = ({ whole, byMilestone }: Kept, milestone: MilestoneCode | undefined): Series =>
  (milestone === undefined ? undefined : byMilestone.get(milestone)) ?? whole;
