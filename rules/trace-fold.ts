import type { AttributeValue } from './event.ts';
import { holdLedger } from './holds.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Ref } from './refs.ts';
import type { Hold, MilestoneFact, Retracted, Trace, TraceEntry, Voided } from './trace.ts';
import {
  factOf,
  type Group,
  gather,
  groupOf,
  isOfHold,
  NONE_VOIDED,
  releasesAfter,
} from './trace-occurrence.ts';
import { byHappening, type SourceRank } from './trace-order.ts';

/**
 * The fold of one shipment, kept from one event to the next: an entry that comes, changes or goes costs its own occurrence and
 * what hangs on it. The trace depends on the set of entries alone; what did not change in it is the same object as before.
 */
export class TraceFold {
  readonly #rank: SourceRank;
  /** In the order of the milestone table, then by stop, leg and subject. */
  readonly #groups: Group[] = [];
  readonly #retracted: TraceEntry[] = [];
  readonly #winners = new Map<string, TraceEntry>();
  #milestones: readonly MilestoneFact[] = [];
  #milestonesStale = false;
  #holds: readonly Hold[] = [];
  #holdsStale = false;
  #attributes: Readonly<Record<string, AttributeValue>> = {};
  #attributesStale: 'no' | 'some' | 'all' = 'no';
  #voided: readonly Voided[] = [];
  #partners: readonly string[] = [];
  #firstObservedAt = Number.POSITIVE_INFINITY;
  #lastObservedAt = Number.NEGATIVE_INFINITY;
  /** Partners and observation times must be gathered again. */
  #boundsStale = false;
  #trace: Trace | undefined;

  /** `rank` is higher for sources that are trusted more. */
  constructor(rank: SourceRank, entries: Iterable<TraceEntry> = []) {
    this.#rank = rank;
    for (const entry of entries) this.replace(undefined, entry);
  }

  /** `after` takes the place of `before`, which has its key; one of them may be missing. */
  replace(before: TraceEntry | undefined, after: TraceEntry | undefined): void {
    this.#trace = undefined;
    if (before !== undefined) this.#remove(before, after);
    if (after !== undefined) this.#add(after);
  }

  /** The trace as it stands; equal to the last one where nothing changed. */
  trace(shipmentId: string, tenant: string, refs: readonly Ref[]): Trace {
    if (this.#trace !== undefined && this.#trace.refs === refs) return this.#trace;
    if (this.#boundsStale) this.#gatherBounds();
    if (this.#holdsStale) this.#gatherHolds();
    if (this.#milestonesStale) this.#gatherMilestones();
    if (this.#attributesStale !== 'no') this.#gatherAttributes();
    const empty = this.#partners.length === 0;
    this.#trace = {
      shipmentId,
      tenant,
      refs,
      milestones: this.#milestones,
      holds: this.#holds,
      attributes: this.#attributes,
      voided: this.#voided,
      ...(this.#retracted.length > 0 && { retracted: retractedOf(this.#retracted) }),
      partners: this.#partners,
      firstObservedAt: empty ? 0 : this.#firstObservedAt,
      lastObservedAt: empty ? 0 : this.#lastObservedAt,
    };
    return this.#trace;
  }

  #add(entry: TraceEntry): void {
    if (!this.#partners.includes(entry.partner)) this.#partners = [...this.#partners, entry.partner].sort();
    if (entry.observedAt < this.#firstObservedAt) this.#firstObservedAt = entry.observedAt;
    if (entry.observedAt > this.#lastObservedAt) this.#lastObservedAt = entry.observedAt;
    if (entry.retracted) {
      this.#retracted.push(entry);
      return;
    }
    const group = groupOf(this.#groups, entry);
    group.entries.push(entry);
    this.#touch(group, entry);
    for (const name in entry.attributes) {
      const best = this.#winners.get(name);
      if (best !== undefined && byHappening(entry, best, this.#rank) >= 0) continue;
      this.#winners.set(name, entry);
      if (this.#attributesStale === 'no') this.#attributesStale = 'some';
    }
  }

  #remove(entry: TraceEntry, after: TraceEntry | undefined): void {
    const { observedAt, partner } = entry;
    if (partner !== after?.partner) this.#boundsStale = true;
    if (observedAt === this.#firstObservedAt || observedAt === this.#lastObservedAt) this.#boundsStale = true;
    if (entry.retracted) {
      take(this.#retracted, entry.key);
      return;
    }
    const group = groupOf(this.#groups, entry);
    take(group.entries, entry.key);
    this.#touch(group, entry);
    for (const name in entry.attributes) {
      if (this.#winners.get(name)?.key === entry.key) this.#attributesStale = 'all';
    }
  }

  /** An entry came into the group, or left it. */
  #touch(group: Group, entry: TraceEntry): void {
    group.stale = true;
    this.#milestonesStale = true;
    if (entry.classifier === 'actual' && isOfHold(entry.milestone)) this.#holdsStale = true;
    const again = releasesAfter(entry);
    if (again.length === 0) return;
    for (const other of this.#groups) if (again.includes(other.milestone)) other.stale = true;
  }

  #gatherBounds(): void {
    this.#boundsStale = false;
    const partners = new Set<string>();
    this.#firstObservedAt = Number.POSITIVE_INFINITY;
    this.#lastObservedAt = Number.NEGATIVE_INFINITY;
    const see = ({ partner, observedAt }: TraceEntry): void => {
      partners.add(partner);
      if (observedAt < this.#firstObservedAt) this.#firstObservedAt = observedAt;
      if (observedAt > this.#lastObservedAt) this.#lastObservedAt = observedAt;
    };
    for (const { entries } of this.#groups) for (const entry of entries) see(entry);
    for (const entry of this.#retracted) see(entry);
    const same =
      partners.size === this.#partners.length && this.#partners.every((name) => partners.has(name));
    if (!same) this.#partners = [...partners].sort();
  }

  #gatherHolds(): void {
    this.#holdsStale = false;
    const actual = (wanted: MilestoneCode): TraceEntry[] =>
      this.#groups
        .filter(({ milestone }) => milestone === wanted)
        .flatMap(({ entries }) => entries.filter(({ classifier }) => classifier === 'actual'));
    this.#holds = holdLedger(actual('customs.hold.placed'), actual('customs.hold.removed'), (entry) =>
      factOf(entry),
    );
  }

  #gatherMilestones(): void {
    this.#milestonesStale = false;
    const before = this.#milestones;
    const milestones: MilestoneFact[] = [];
    let changed = false;
    let voided: Voided[] | undefined;
    for (let i = 0; i < this.#groups.length; i++) {
      const group = this.#groups[i]!;
      if (group.entries.length === 0) {
        this.#groups.splice(i--, 1);
        continue;
      }
      if (group.stale) gather(group, this.#groups, this.#holds, this.#rank);
      if (group.voided.length > 0) voided = [...(voided ?? []), ...group.voided];
      if (before[milestones.length] !== group.fact) changed = true;
      milestones.push(group.fact);
    }
    if (changed || milestones.length !== before.length) this.#milestones = milestones;
    voided?.sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
    if (voided !== undefined || this.#voided.length > 0) this.#voided = voided ?? NONE_VOIDED;
  }

  #gatherAttributes(): void {
    if (this.#attributesStale === 'all') {
      this.#winners.clear();
      for (const { entries } of this.#groups) {
        for (const entry of entries) {
          for (const name in entry.attributes) {
            const best = this.#winners.get(name);
            if (best === undefined || byHappening(entry, best, this.#rank) < 0)
              this.#winners.set(name, entry);
          }
        }
      }
    }
    this.#attributesStale = 'no';
    const names = [...this.#winners.keys()].sort();
    const out: Record<string, AttributeValue> = {};
    let same = true;
    for (const name of names) {
      const value = this.#winners.get(name)!.attributes[name]!;
      if (this.#attributes[name] !== value) same = false;
      out[name] = value;
    }
    if (!same || Object.keys(this.#attributes).length !== names.length) this.#attributes = out;
  }
}

/** Of each occurrence the retraction that was known first; in the order of the milestone table. */
function retractedOf(entries: readonly TraceEntry[]): readonly Retracted[] {
  const groups: Group[] = [];
  for (const entry of entries) groupOf(groups, entry).entries.push(entry);
  return groups.map(({ milestone, occurrence, entries: all }) => {
    const first = all.reduce((best, entry) =>
      entry.observedAt < best.observedAt || (entry.observedAt === best.observedAt && entry.key < best.key)
        ? entry
        : best,
    );
    return { milestone, occurrence, fact: factOf(first) };
  });
}

/** Takes the entry with this key out. */
function take(entries: TraceEntry[], key: string): void {
  const at = entries.findIndex((entry) => entry.key === key);
  if (at >= 0) entries.splice(at, 1);
}
