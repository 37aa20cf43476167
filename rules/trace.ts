import type {
  AttributeValue,
  Classifier,
  Location,
  Occurrence,
  PlaceRole,
  RawPosition,
  Revision,
  ShipmentEvent,
} from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Ref } from './refs.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import { TraceFold } from './trace-fold.ts';
import { agree, eventIdText } from './trace-order.ts';
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
  /**
   * The first plan that this statement ever made, where another revision stands: without attributes, and with none of the three
   * fields above or this one.
   */
  readonly firstPlan?: TraceEntry;
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
  /** The plan that was stated first, where it is another than `planned`; see {@link firstPlanned}. */
  readonly firstPlanned?: Fact;
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

/** An event without what tells of whom it speaks. */
export type Statement = Omit<ShipmentEvent, 'id' | 'tenant' | 'refs' | 'aliases'>;

/** The id of an event: its statement's key and its revision. Equal to `ShipmentEvent.id`. */
export const eventIdOf = (key: string, revision: Revision): string => eventIdText(key, revision);

/** Ids of the events that an entry rests on: the one that stands, and the first plan. */
export const eventIdsOf = ({ key, revision, firstPlan }: TraceEntry): readonly string[] =>
  firstPlan === undefined
    ? [eventIdOf(key, revision)]
    : [eventIdOf(key, revision), eventIdOf(key, firstPlan.revision)];

/**
 * The trace that a set of entries amounts to: a pure function of the set, in whatever order it is given.
 * Statements with the same milestone and equal occurrence fields are about one occurrence; one that names no
 * role or subject is an occurrence of its own. Retracted statements count for nothing but the partners and
 * the observation times. Who wins:
 *
 * - plan and estimate: the latest statement, by (revision order, source rank, tag, key); a version number is
 *   older than any time
 * - first plan: of each statement that stands, the first revision that planned what it speaks of now; of those
 *   the earliest, by the same order
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

/** The plan of an occurrence that was stated first: what was promised, whatever was planned since. */
export const firstPlanned = ({ firstPlanned: first, planned }: MilestoneFact): Fact | undefined =>
  first ?? planned;

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

/** One line of text for {@link unpackEntries}: about 70 bytes an entry, ASCII only, without line breaks. */
export const packEntries = (entries: Iterable<TraceEntry>, names: Names): string => pack(entries, names);

/**
 * The entries that {@link packEntries} packed with the same names, by key. Throws a RangeError for a damaged
 * text.
 */
export const unpackEntries = (text: string, names: Names): Map<string, TraceEntry> => unpack(text, names);
