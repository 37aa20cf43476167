import type { ChannelMove, ChannelState, ChannelTransition, ChannelUpdate, ChannelView } from './channel.ts';
import { Channel, type ChannelSource, EVERY_PARTNER } from './channels-channel.ts';
import { OldestOpen } from './channels-open.ts';
import type { SavedChannels } from './channels-saved.ts';
import type { MilestoneCode } from './milestone.ts';
import type { EpochMs } from './time.ts';

/** A channel for its own sake: how long it has been quiet, and how long it takes to tell. */
export interface Feed extends Pick<Channel, 'id' | 'source' | 'partner' | 'via' | 'isHeard' | 'lag'> {
  /** Log time of its last sign of life; of the first record of all when there was none yet. */
  readonly quietSince: EpochMs;
}

/** The channels of one source, one for each partner. */
export class SourceChannels {
  readonly config: ChannelSource;
  readonly partners = new Map<string, Channel>();
  /** Stands for partners not heard of yet; asked only while no partner is known. */
  readonly everyPartner: Channel | undefined;
  /** Last proof for every partner of the source: a partner heard of later has it too. */
  provedUntil: EpochMs = Number.NEGATIVE_INFINITY;
  /** Dead letters of which not even the partner could be read. */
  readonly deadLetters = new OldestOpen();

  constructor(config: ChannelSource) {
    this.config = config;
    this.everyPartner = config.partners === 'from-messages' ? new Channel(config, EVERY_PARTNER) : undefined;
    if (config.partners === 'from-messages') return;
    for (const partner of config.partners) this.partners.set(partner, new Channel(config, partner));
  }

  all(): Channel[] {
    const channels = [...this.partners.values()];
    return this.everyPartner === undefined ? channels : [...channels, this.everyPartner];
  }

  find(partner: string): Channel | undefined {
    return partner === EVERY_PARTNER ? this.everyPartner : this.partners.get(partner);
  }

  /** Those that stand for somebody: once a partner is known, nobody asks for the unknown ones. */
  known(): Channel[] {
    return this.partners.size > 0 ? [...this.partners.values()] : this.all();
  }

  prove(channel: Channel, until: EpochMs, at: EpochMs, update: UpdateOf): void {
    const before = channel.watermark;
    const transition = channel.prove(until, at);
    if (transition !== undefined) update.transition(transition);
    if (channel.watermark !== before) update.move(channel);
    if (this.everyPartner === undefined || this.everyPartner === channel) return;
    const found = this.everyPartner.replaced(at);
    if (found !== undefined) update.transition(found);
  }

  /** One that was never heard is nobody's silence while others speak through the source: it is who speaks when a message does not tell. */
  feeds(startedAt: EpochMs | undefined): readonly Feed[] {
    const heard = this.known().filter(({ isHeard }) => isHeard);
    return (heard.length > 0 ? heard : this.known()).flatMap(
      ({ id, source, partner, via, isHeard, heardAt, lag }) => {
        const quietSince = isHeard ? heardAt : startedAt;
        return quietSince === undefined ? [] : [{ id, source, partner, via, quietSince, isHeard, lag }];
      },
    );
  }

  /** Holds every channel back at the oldest dead letter that may be anybody's. */
  holdBack(): void {
    for (const channel of this.all()) channel.holdBack(this.deadLetters.oldest);
  }

  /** What holds the channels back. */
  dump(): Pick<SavedChannels, 'deadLetters' | 'unmatched'> {
    const { name } = this.config;
    const deadLetters: SavedChannels['deadLetters'][number][] = [];
    const unmatched: SavedChannels['unmatched'][number][] = [];
    for (const { key, at } of this.deadLetters) deadLetters.push({ id: key, source: name, at });
    for (const { partner, deadLetters: own, unmatchedByMilestone } of this.all()) {
      for (const { key, at } of own) deadLetters.push({ id: key, source: name, partner, at });
      for (const [milestone, open] of unmatchedByMilestone) {
        for (const { key, at } of open) unmatched.push({ key, source: name, partner, milestone, at });
      }
    }
    return { deadLetters, unmatched };
  }

  /** Adds the channels that can prove a milestone for a shipment. */
  provers(milestone: MilestoneCode, shipment: Spoken, provers: ChannelState[]): void {
    const { config, partners, everyPartner } = this;
    for (const channel of serving(config, milestone, shipment, partners, everyPartner))
      provers.push(channel.state(milestone));
  }
}

/** Who spoke of a shipment, and what is known of it. */
export type Spoken = Parameters<ChannelView['provers']>[1];

/**
 * The channels of one source, by partner, that can prove a milestone for a shipment: those of the partners who spoke of it; while nobody
 * here has, anybody here might be the one who will. `everyPartner` stands for the partners while none is known.
 */
export function serving<C>(
  { proves, serves }: Pick<ChannelSource, 'proves' | 'serves'>,
  milestone: MilestoneCode,
  shipment: Spoken,
  partners: ReadonlyMap<string, C>,
  everyPartner: C | undefined,
): readonly C[] {
  if (!proves.includes(milestone)) return [];
  if (serves !== undefined && !serves.test(shipment.attributes)) return [];
  const found: C[] = [];
  for (const partner of shipment.partners) {
    const channel = partners.get(partner);
    if (channel !== undefined) found.push(channel);
  }
  if (found.length > 0) return found;
  if (partners.size > 0) return [...partners.values()];
  return everyPartner === undefined ? [] : [everyPartner];
}

export const NOTHING_MOVED: ChannelUpdate = { transitions: [], moved: [] };

/** Gathers what one input changes in one source. */
export class UpdateOf {
  readonly #source: SourceChannels;
  readonly #transitions: ChannelTransition[] = [];
  readonly #moved = new Map<Channel, boolean>();

  constructor(source: SourceChannels) {
    this.#source = source;
  }

  transition(transition: ChannelTransition): void {
    this.#transitions.push(transition);
  }

  move(channel: Channel): void {
    if (!this.#moved.has(channel)) this.#moved.set(channel, false);
  }

  unblock(channel: Channel): void {
    channel.changed();
    this.#moved.set(channel, true);
  }

  done(): ChannelUpdate {
    if (this.#transitions.length === 0 && this.#moved.size === 0) return NOTHING_MOVED;
    const moved: ChannelMove[] = [];
    let furthest = Number.NEGATIVE_INFINITY;
    for (const [channel, unblocked] of this.#moved) {
      moved.push({ channelId: channel.id, watermark: channel.watermark, unblocked });
      furthest = Math.max(furthest, channel.watermark);
    }
    // Clocks that waited for a partner not yet known ask the known ones from now on.
    const { everyPartner } = this.#source;
    if (everyPartner !== undefined && moved.length > 0 && !this.#moved.has(everyPartner)) {
      moved.push({ channelId: everyPartner.id, watermark: furthest, unblocked: true });
    }
    return { transitions: this.#transitions, moved };
  }
}
