import { covers, type Moment } from '../store/floor.ts';
import { isOurOwn } from './operator.ts';
import type { ChannelInterval, JudgeBatch, Link, OperatorAction } from './outcome.ts';

/** Facts that only the judge saw happen: mapping the log again does not give them back. JSON. */
export interface SeenOnce {
  /** Links taken back, and what became of the same ones afterwards. */
  readonly links: readonly Link[];
  /** Channels lost and heard. */
  readonly channels: readonly ChannelInterval[];
  /** Letters that a later record mended. */
  readonly operator: readonly OperatorAction[];
}

interface Kept extends SeenOnce, Moment {
  /** The store has taken it, but may not have committed it yet. */
  taken: boolean;
}

/** Beyond this many, the oldest are left to the current-state tables. */
const MOST_KEPT = 100_000;

/**
 * Keeps the facts that only the judge saw until they are in ClickHouse. They are part of a snapshot: whoever goes on from it is
 * ahead of the store, and could not tell them any more.
 *
 * ```text
 *   judge   b1 ── b2 ── b3 ── b4 ── snapshot ── kill -9         kept in the snapshot: what b3 and b4 took back
 *   store   b1 ── b2 ┆floor
 * ```
 */
export class Unstored {
  #kept: Kept[] = [];
  #size = 0;
  /** Links of which a change is kept. */
  #pairs = new Set<string>();

  /** Notes what a batch took back, heard and mended; the store is offered it next. */
  note({ positions, logTime, links, channels, operator }: JudgeBatch): void {
    const facts = {
      links: this.#changesOfTakenBack(links),
      channels,
      operator: operator.filter(isOurOwn),
    };
    const size = sizeOf(facts);
    if (size === 0) return;
    this.#kept.push({ ...facts, positions, logTime, taken: true });
    this.#size += size;
    while (this.#size > MOST_KEPT && this.#kept.length > 1) this.#size -= sizeOf(this.#kept.shift()!);
  }

  #changesOfTakenBack(links: readonly Link[]): readonly Link[] {
    return links.filter((link) => {
      if (link.linked) return this.#pairs.size > 0 && this.#pairs.has(pairOf(link));
      this.#pairs.add(pairOf(link));
      return true;
    });
  }

  /** The store did not take a batch. */
  missed({ positions }: Pick<JudgeBatch, 'positions'>): void {
    const found = this.#kept.findLast((kept) => kept.positions === positions);
    if (found !== undefined) found.taken = false;
  }

  get isOwed(): boolean {
    return this.#kept.some(({ taken }) => !taken);
  }

  /** What the store has not taken yet; from now on it counts as taken. */
  take(): SeenOnce {
    const owed = this.#kept.filter(({ taken }) => !taken);
    for (const kept of owed) kept.taken = true;
    return together(owed);
  }

  /** Everything up to here is in ClickHouse, and has to be kept no more. */
  stored(floor: Moment): void {
    this.#kept = this.#kept.filter(
      ({ positions, logTime, taken }) =>
        !taken || logTime > floor.logTime || !covers(floor.positions, positions),
    );
    this.#size = this.#kept.reduce((sum, kept) => sum + sizeOf(kept), 0);
    this.#pairs = new Set(this.#kept.flatMap(({ links }) => links.map(pairOf)));
  }

  dump(): SeenOnce {
    return together(this.#kept);
  }
}

const pairOf = ({ shipmentId, eventId }: Link): string => `${shipmentId} ${eventId}`;

const sizeOf = ({ links, channels, operator }: SeenOnce): number =>
  links.length + channels.length + operator.length;

const together = (all: readonly SeenOnce[]): SeenOnce => ({
  links: all.flatMap(({ links }) => links),
  channels: all.flatMap(({ channels }) => channels),
  operator: all.flatMap(({ operator }) => operator),
});
