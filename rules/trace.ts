import {
  type AttributeValue,
  type Classifier,
  compareRevisions,
  type Location,
  type Occurrence,
  type PlaceRole,
  type RawPosition,
  type Revision,
  type ShipmentEvent,
} from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Ref } from './refs.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import { TraceFold } from './trace-fold.ts';
import { eventIdText } from './trace-order.ts';
import { type Names, pack, unpack } from './trace-pack.ts';

/** One statement inside a trace: the part of a ShipmentEvent that folding and explaining need. */
export interface TraceEntry {
  readonly key: string;
  readonly revision: Revision;
  readonly source: string;
  readonly partner: string;
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  readonly classifier: Classifier;
  readonly occurredAt: TimeSpan;
  readonly observedAt: EpochMs;
  readonly location?: Location;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly retracted: boolean;
  readonly raw: RawPosition;
  /** Later sightings of the same content without another content in between, oldest first. */
  readonly again?: readonly Sighting[];
  /** Highest order of another content of this key. */
  readonly otherUpTo?: number;
}

/** One time that a source said the same thing again (a poll of an unchanged record, a repeated message). */
export interface Sighting {
  /** As in {@link Revision}. */
  readonly order: number;
  readonly observedAt: EpochMs;
  readonly raw: RawPosition;
}

/** A dated fact with its source; `eventId` is `key` plus revision, as in ShipmentEvent.id. */
export interface Fact {
  readonly at: TimeSpan;
  readonly observedAt: EpochMs;
  readonly source: string;
  readonly partner: string;
  readonly eventId: string;
  readonly raw: RawPosition;
  readonly location?: Location;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /**
   * Ids of other events that say or complete the same fact: other sources, the end of the hold that kept it
   * back.
   */
  readonly also?: readonly string[];
}

/** One milestone occurrence: the plan, the latest estimate, the effective actual. */
export interface MilestoneFact {
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  readonly planned?: Fact;
  readonly estimated?: Fact;
  readonly actual?: Fact;
  /** What else was said of the actual, by other sources or of other happenings; in the order of trust. */
  readonly others?: readonly Fact[];
}

export interface Hold {
  /** Agency and reason as the sources name them; `''` when not said. */
  readonly agency: string;
  readonly reason: string;
  readonly subject?: string;
  readonly placed: Fact;
  readonly removed?: Fact;
}

/** The fold of a shipment's entries: a pure function of the set of entries, whatever order they came in. */
export interface Trace {
  readonly shipmentId: string;
  readonly tenant: string;
  readonly refs: readonly Ref[];
  readonly milestones: readonly MilestoneFact[];
  readonly holds: readonly Hold[];
  /** Winning value per attribute: highest (occurredAt, revision, source rank, key). */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /**
   * Releases that did not count and why: hold open, superseded by a higher declaration version, only a part.
   */
  readonly voided: readonly Voided[];
  /** What was taken back, the first of each occurrence; absent when nothing was. */
  readonly retracted?: readonly Retracted[];
  readonly partners: readonly string[];
  readonly firstObservedAt: EpochMs;
  readonly lastObservedAt: EpochMs;
}

/** A statement that was taken back. */
export interface Retracted {
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  /** As the retraction states it: its event id is the retraction's. */
  readonly fact: Fact;
}

/** An actual that did not count as an end, and why. */
export interface Voided {
  readonly eventId: string;
  readonly milestone: MilestoneCode;
  readonly reason: 'hold-open' | 'newer-version' | 'partial';
}

/**
 * `added`: a new statement. `revised`: the fold may change. `superseded`: an older revision. `duplicate`:
 * nothing new.
 */
export type Absorption = 'added' | 'revised' | 'superseded' | 'duplicate';

/** An event without what tells of whom it speaks. */
export type Statement = Omit<ShipmentEvent, 'id' | 'tenant' | 'refs' | 'aliases'>;

/** The id of an event: its statement's key and its revision. Equal to `ShipmentEvent.id`. */
export const eventIdOf = (key: string, revision: Revision): string => eventIdText(key, revision);

/**
 * Takes an event into a shipment's entries. Per key the content with the highest revision stands, and its
 * entry is the earliest sighting of it since any other content: so A@1, B@2, A@3 gives A, known since 3, and
 * A@1, A@3 gives A, known since 1, whatever order they come in and however often. An empty tag never means
 * "the same content".
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
  const { order, tag } = event.revision;
  const sighting: Sighting = { order, observedAt: event.observedAt, raw: event.raw };
  const same = tag === known.revision.tag && (tag !== '' || order === known.revision.order);
  if (same) {
    const next = withSightings(known, addSighting(sightingsOf(known), sighting), known.otherUpTo);
    entries.set(event.key, next);
    return startsLike(known, next) ? 'duplicate' : 'revised';
  }
  if (compareRevisions(event.revision, lastRevision(known)) > 0) {
    const otherUpTo = Math.max(known.otherUpTo ?? Number.NEGATIVE_INFINITY, lastRevision(known).order);
    entries.set(event.key, { ...entryOf(event), otherUpTo });
    return 'revised';
  }
  if (known.otherUpTo !== undefined && order <= known.otherUpTo) return 'superseded';
  const next = withSightings(known, sightingsOf(known), order);
  entries.set(event.key, next);
  return startsLike(known, next) ? 'superseded' : 'revised';
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

/**
 * The trace that a set of entries amounts to: a pure function of the set, in whatever order it is given.
 * Statements with the same milestone and equal occurrence fields are about one occurrence; one that names no
 * role or subject is an occurrence of its own. Retracted statements count for nothing but the partners and
 * the observation times. Who wins:
 *
 * - plan and estimate: the latest statement, by (revision order, source rank, tag, key); a version number is
 *   older than any time
 * - actual: by (source rank, instant before interval, revision order, tag, key); the others are kept in
 *   `also`
 * - release: as an actual, among those that count (trace-releases.ts)
 * - attribute: by (occurredAt, revision order, source rank, tag, key)
 *
 * Without entries both observation times are 0. `sourceRank` is higher for sources that are trusted more.
 */
export const foldTrace = (
  shipmentId: string,
  tenant: string,
  refs: readonly Ref[],
  entries: Iterable<TraceEntry>,
  sourceRank: (source: string) => number,
): Trace => new TraceFold(sourceRank, entries).trace(shipmentId, tenant, refs);

/**
 * The occurrences of a milestone; with a role only those tied to it, for an event that names no place proves
 * none.
 */
export const findOccurrences = (
  trace: Trace,
  wanted: { readonly milestone: MilestoneCode; readonly role?: PlaceRole },
): readonly MilestoneFact[] =>
  trace.milestones.filter(
    ({ milestone, occurrence }) =>
      milestone === wanted.milestone && (wanted.role === undefined || occurrence.role === wanted.role),
  );

/**
 * Those of the candidates that can belong to `start`: no field that both name differs. Roles are not compared
 * (a rule spans two stops on purpose), and neither are legs when two different stops are named.
 */
export const pairOccurrence = (
  start: Occurrence,
  candidates: readonly MilestoneFact[],
): readonly MilestoneFact[] =>
  candidates.filter(({ occurrence: end }) => {
    const spansStops = start.role !== undefined && end.role !== undefined && start.role !== end.role;
    return agree(start.subject, end.subject) && (spansStops || agree(start.leg, end.leg));
  });

const agree = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

/** One line of text for {@link unpackEntries}: about 70 bytes an entry, ASCII only, without line breaks. */
export const packEntries = (entries: Iterable<TraceEntry>, names: Names): string => pack(entries, names);

/**
 * The entries that {@link packEntries} packed with the same names, by key. Throws a RangeError for a damaged
 * text.
 */
export const unpackEntries = (text: string, names: Names): Map<string, TraceEntry> => unpack(text, names);
