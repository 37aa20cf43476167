import type { AttributeValue, Occurrence } from './event.ts';
import { holdLedger } from './holds.ts';
import { MILESTONES, type MilestoneCode } from './milestone.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import type { Fact, FactMemo, Hold, MilestoneFact, Trace, TraceEntry, Voided } from './trace.ts';
import { byHappening, byLatest, byTrust, entryEventId, type SourceRank } from './trace-order.ts';
import { judgeReleases, numberOf } from './trace-releases.ts';

/** What is said of one occurrence. */
interface Group {
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  readonly sortKey: string;
  planned: TraceEntry | undefined;
  estimated: TraceEntry | undefined;
  readonly actual: TraceEntry[];
}

type Folded = Omit<Trace, 'shipmentId' | 'tenant' | 'refs'>;

/** The part of {@link Trace} that follows from its entries; the orders are explained at `foldTrace`. */
export function foldEntries(
  entries: Iterable<TraceEntry>,
  rank: SourceRank,
  memo: FactMemo = new Map(),
): Folded {
  let count = 0;
  const groups = new Map<string, Group>();
  const partners = new Set<string>();
  const attributes = new Map<string, TraceEntry>();
  let firstObservedAt = Number.POSITIVE_INFINITY;
  let lastObservedAt = Number.NEGATIVE_INFINITY;
  for (const entry of entries) {
    count += 1;
    partners.add(entry.partner);
    if (entry.observedAt < firstObservedAt) firstObservedAt = entry.observedAt;
    if (entry.observedAt > lastObservedAt) lastObservedAt = entry.observedAt;
    if (entry.retracted) continue;
    addToGroup(groups, entry, rank);
    addAttributes(attributes, entry, rank);
  }
  const ordered = [...groups.values()].sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
  // Most of it is about entries that were replaced.
  if (memo.size > 2 * count + 8) memo.clear();
  const holds = ledgerOf(ordered, memo);
  const voided: Voided[] = [];
  return {
    milestones: ordered.map((group) => milestoneOf(group, ordered, holds, voided, rank, memo)),
    holds,
    attributes: attributeValues(attributes),
    voided: voided.sort((a, b) => (a.eventId < b.eventId ? -1 : 1)),
    partners: [...partners].sort(),
    firstObservedAt: partners.size === 0 ? 0 : firstObservedAt,
    lastObservedAt: partners.size === 0 ? 0 : lastObservedAt,
  };
}

/** Sorts occurrences in the order of the milestone table, then by stop, leg and subject. */
const RANKS = new Map(
  Object.keys(MILESTONES).map((code, i) => [code as MilestoneCode, String.fromCharCode(0x41 + i)]),
);
const ROLES = { origin: 'a', transshipment: 'b', destination: 'c' } as const;

/** The keys of what names neither leg nor subject, made once: most occurrences are such. */
const PLAIN_KEYS = new Map(
  [...RANKS].map(([code, rank]) => {
    const { origin, transshipment, destination } = ROLES;
    return [
      code,
      {
        none: rank,
        origin: rank + origin,
        transshipment: rank + transshipment,
        destination: rank + destination,
      },
    ] as const;
  }),
);

function sortKeyOf(milestone: MilestoneCode, { role, leg, subject }: Occurrence): string {
  const rank = PLAIN_KEYS.get(milestone)![role ?? 'none'];
  if (leg === undefined && subject === undefined) return rank;
  // "Not said" and "said to be nothing" are two things.
  return `${rank}\u0000${leg === undefined ? '' : `=${leg}`}\u0000${subject === undefined ? '' : `=${subject}`}`;
}

function addToGroup(groups: Map<string, Group>, entry: TraceEntry, rank: SourceRank): void {
  const { milestone, occurrence, classifier } = entry;
  const sortKey = sortKeyOf(milestone, occurrence);
  let group = groups.get(sortKey);
  if (group === undefined) {
    group = { milestone, occurrence, sortKey, planned: undefined, estimated: undefined, actual: [] };
    groups.set(sortKey, group);
  }
  if (classifier === 'actual') group.actual.push(entry);
  else {
    const best = group[classifier];
    if (best === undefined || byLatest(entry, best, rank) < 0) group[classifier] = entry;
  }
}

function addAttributes(winners: Map<string, TraceEntry>, entry: TraceEntry, rank: SourceRank): void {
  for (const name in entry.attributes) {
    const best = winners.get(name);
    if (best === undefined || byHappening(entry, best, rank) < 0) winners.set(name, entry);
  }
}

function attributeValues(winners: Map<string, TraceEntry>): Readonly<Record<string, AttributeValue>> {
  const out: Record<string, AttributeValue> = {};
  for (const name of [...winners.keys()].sort()) out[name] = winners.get(name)!.attributes[name]!;
  return out;
}

function ledgerOf(groups: readonly Group[], memo: FactMemo): readonly Hold[] {
  const placed: TraceEntry[] = [];
  const removed: TraceEntry[] = [];
  for (const { milestone, actual } of groups) {
    if (milestone === 'customs.hold.placed') placed.push(...actual);
    else if (milestone === 'customs.hold.removed') removed.push(...actual);
  }
  return holdLedger(placed, removed, (entry) => remembered(entry, memo));
}

function milestoneOf(
  group: Group,
  groups: readonly Group[],
  holds: readonly Hold[],
  voided: Voided[],
  rank: SourceRank,
  memo: FactMemo,
): MilestoneFact {
  const { milestone, occurrence, planned, estimated } = group;
  let actual: Fact | undefined;
  if (milestone === 'customs.released') {
    const judged = judgeReleases(group.actual, holds, newestVersion(groups, occurrence.subject));
    voided.push(...judged.voided);
    const [best, ...others] = [...judged.counting].sort((a, b) => byTrust(a.entry, b.entry, rank));
    if (best !== undefined) {
      const also = [...best.because, ...others.map(({ entry }) => entryEventId(entry))];
      actual = factOf(best.entry, also, best.at, best.observedAt);
    }
  } else if (group.actual.length === 1) {
    actual = remembered(group.actual[0]!, memo);
  } else if (group.actual.length > 1) {
    const [best, ...others] = group.actual.sort((a, b) => byTrust(a, b, rank));
    actual = factOf(best!, others.map(entryEventId));
  }
  const fact: { -readonly [K in keyof MilestoneFact]: MilestoneFact[K] } = { milestone, occurrence };
  if (planned !== undefined) fact.planned = remembered(planned, memo);
  if (estimated !== undefined) fact.estimated = remembered(estimated, memo);
  if (actual !== undefined) fact.actual = actual;
  return fact;
}

/** The highest version of a declaration that customs has answered. */
function newestVersion(groups: readonly Group[], subject: string | undefined): number | undefined {
  let newest: number | undefined;
  for (const { milestone, occurrence, actual } of groups) {
    if (milestone !== 'customs.accepted' && milestone !== 'customs.released') continue;
    if (occurrence.subject !== subject) continue;
    for (const entry of actual) {
      const version = numberOf(entry, 'declaration.version');
      if (version !== undefined && (newest === undefined || version > newest)) newest = version;
    }
  }
  return newest;
}

/** The fact that an entry states by itself. */
function remembered(entry: TraceEntry, memo: FactMemo): Fact {
  let fact = memo.get(entry);
  if (fact === undefined) {
    fact = factOf(entry);
    memo.set(entry, fact);
  }
  return fact;
}

function factOf(
  entry: TraceEntry,
  also: readonly string[] = [],
  at: TimeSpan = entry.occurredAt,
  observedAt: EpochMs = entry.observedAt,
): Fact {
  const { source, partner, raw, location, attributes } = entry;
  const eventId = entryEventId(entry);
  // Spreading optional fields took longer than all the rest of the fold.
  if (also.length > 0) {
    const sorted = [...new Set(also)].sort();
    const fact = { at, observedAt, source, partner, eventId, raw, attributes, also: sorted };
    return location === undefined ? fact : { ...fact, location };
  }
  return location === undefined
    ? { at, observedAt, source, partner, eventId, raw, attributes }
    : { at, observedAt, source, partner, eventId, raw, location, attributes };
}
