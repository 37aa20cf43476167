import { compareRevisions, type Revision } from './event.ts';
import type { Sighting, Statement, TraceEntry } from './trace.ts';

/**
 * `added`: a new statement. `revised`: the fold may change. `superseded`: an older revision. `duplicate`:
 * nothing new.
 */
export type Absorption = 'added' | 'revised' | 'superseded' | 'duplicate';

/**
 * Takes an event into a shipment's entries. Per key the content with the highest revision stands, and its
 * entry is the earliest sighting of it since any other content: so A@1, B@2, A@3 gives A, known since 3, and
 * A@1, A@3 gives A, known since 1, whatever order they come in and however often. An empty tag never means
 * "the same content". Beside it the entry keeps the first plan of its key: here A@1, where A is one.
 *
 * More than {@link MOST_SIGHTINGS} sightings of one unchanged content are thinned to the earliest and the
 * last.
 */
export function absorb(entries: Map<string, TraceEntry>, event: Statement): Absorption {
  const known = entries.get(event.key);
  if (known === undefined) {
    entries.set(event.key, entryOf(event));
    return 'added';
  }
  const same = isSameContent(known, event);
  const planBefore = known.firstPlan ?? (isPlan(known) ? known : undefined);
  const plan = isPlan(event) && isEarlierPlan(event, planBefore) ? event : planBefore;
  const next = withFirstPlan(standing(known, event, same), plan);
  if (next !== known) entries.set(event.key, next);
  if (!startsLike(known, next) || plan !== planBefore) return 'revised';
  return same ? 'duplicate' : 'superseded';
}

const isSameContent = ({ revision: known }: TraceEntry, { revision: { order, tag } }: Statement): boolean =>
  tag === known.tag && (tag !== '' || order === known.order);

/** What stands after an event, its first plan aside. */
function standing(known: TraceEntry, event: Statement, same: boolean): TraceEntry {
  const { observedAt, raw } = event;
  const { order } = event.revision;
  if (same)
    return withSightings(known, addSighting(sightingsOf(known), { order, observedAt, raw }), known.otherUpTo);
  if (compareRevisions(event.revision, lastRevision(known)) > 0) {
    const otherUpTo = Math.max(known.otherUpTo ?? Number.NEGATIVE_INFINITY, lastRevision(known).order);
    return { ...entryOf(event), otherUpTo };
  }
  if (known.otherUpTo !== undefined && order <= known.otherUpTo) return known;
  return withSightings(known, sightingsOf(known), order);
}

/**
 * The highest revision at which an entry's content was seen: an event with a higher one, and another tag,
 * replaces it.
 */
export const lastRevision = (entry: TraceEntry): Revision => {
  const last = entry.again?.at(-1);
  return last === undefined ? entry.revision : { order: last.order, tag: entry.revision.tag };
};

export const MOST_SIGHTINGS = 8;

/** The first sighting of what stands decides what the fold sees. */
const startsLike = (a: TraceEntry, b: TraceEntry): boolean =>
  a.revision.order === b.revision.order &&
  a.revision.tag === b.revision.tag &&
  a.observedAt === b.observedAt &&
  a.raw.sequence === b.raw.sequence &&
  a.raw.stream === b.raw.stream;

function entryOf(event: Statement): TraceEntry {
  const { key, revision, source, partner, milestone, occurrence, classifier, occurredAt, observedAt } = event;
  const { location, attributes, retracted, raw } = event;
  return {
    ...{ key, revision, source, partner, milestone, occurrence, classifier, occurredAt, observedAt },
    ...(location && { location }),
    ...{ attributes, retracted, raw },
  };
}

const sightingsOf = ({ revision, observedAt, raw, again = [] }: TraceEntry): readonly Sighting[] => [
  { order: revision.order, observedAt, raw },
  ...again,
];

/** One sighting an order, the first in the log of those that share it. */
function addSighting(sightings: readonly Sighting[], sighting: Sighting): readonly Sighting[] {
  const twin = sightings.find((s) => s.order === sighting.order);
  if (twin !== undefined && compareSightings(twin, sighting) <= 0) return sightings;
  return [...sightings.filter((s) => s !== twin), sighting].sort(compareSightings);
}

function compareSightings(a: Sighting, b: Sighting): number {
  if (a.order !== b.order) return a.order - b.order;
  if (a.observedAt !== b.observedAt) return a.observedAt - b.observedAt;
  if (a.raw.stream !== b.raw.stream) return a.raw.stream < b.raw.stream ? -1 : 1;
  return a.raw.sequence - b.raw.sequence;
}

function withSightings(
  entry: TraceEntry,
  sightings: readonly Sighting[],
  otherUpTo: number | undefined,
): TraceEntry {
  // When another content has the same order as the last sighting, that one stands by its tag.
  let run = sightings.filter((s) => otherUpTo === undefined || s.order > otherUpTo);
  if (run.length === 0) run = sightings.slice(-1);
  if (run.length > MOST_SIGHTINGS) run = [...run.slice(0, MOST_SIGHTINGS - 1), run.at(-1)!];
  const [first, ...again] = run;
  const { again: _, otherUpTo: __, ...rest } = entry;
  return {
    ...rest,
    revision: { order: first!.order, tag: entry.revision.tag },
    observedAt: first!.observedAt,
    raw: first!.raw,
    ...(again.length > 0 && { again }),
    ...(otherUpTo !== undefined && { otherUpTo }),
  };
}

type Stated = Pick<TraceEntry, 'revision' | 'observedAt' | 'raw' | 'classifier' | 'retracted'>;

/** Whether a statement says a plan, and does not take one back. */
export const isPlan = ({ classifier, retracted }: Stated): boolean => classifier === 'planned' && !retracted;

/**
 * Whether a plan was stated before another one of its key. Of two under one order the higher tag counts, as it would if it stood:
 * a message that was read anew has it.
 */
export function isEarlierPlan(a: Stated, b: Stated | undefined): boolean {
  if (b === undefined) return true;
  if (a.revision.order !== b.revision.order) return a.revision.order < b.revision.order;
  if (a.revision.tag !== b.revision.tag) return a.revision.tag > b.revision.tag;
  return compareSightings(sightingOf(a), sightingOf(b)) < 0;
}

const sightingOf = ({ revision: { order }, observedAt, raw }: Stated): Sighting => ({
  order,
  observedAt,
  raw,
});

/** The entry with the first plan of its key; it goes without saying where that is what stands. */
function withFirstPlan(entry: TraceEntry, plan: TraceEntry | Statement | undefined): TraceEntry {
  const stands = plan !== undefined && compareRevisions(plan.revision, entry.revision) === 0;
  if (plan === undefined || stands) {
    if (entry.firstPlan === undefined) return entry;
    const { firstPlan: _, ...rest } = entry;
    return rest;
  }
  return plan === entry.firstPlan ? entry : { ...entry, firstPlan: bare(plan) };
}

/** What of a plan is kept beside what stands: no attributes, for those are no part of the promise. */
function bare(plan: TraceEntry | Statement): TraceEntry {
  const { key, revision, source, partner, milestone, occurrence, classifier, occurredAt, observedAt } = plan;
  const { location, retracted, raw } = plan;
  return {
    ...{ key, revision, source, partner, milestone, occurrence, classifier, occurredAt, observedAt },
    ...(location && { location }),
    ...{ attributes: NO_ATTRIBUTES, retracted, raw },
  };
}

const NO_ATTRIBUTES: TraceEntry['attributes'] = Object.freeze({});
