import type { MilestoneCode } from './milestone.ts';
import type { Ref } from './refs.ts';
import type { EpochMs, TimeSpan } from './time.ts';

/** A date that was agreed, one that is expected now, or one that happened. */
export type Classifier = 'planned' | 'estimated' | 'actual';

/** Which stop of the journey. A milestone that names a role is not satisfied by an event that is not tied to it. */
export type PlaceRole = 'origin' | 'transshipment' | 'destination';

/** Tells apart several happenings of one milestone in one shipment. Absent fields mean "not said". */
export interface Occurrence {
  readonly role?: PlaceRole;
  /** Leg of the journey as the source numbers or names it (a voyage, a stop). */
  readonly leg?: string;
  /** What it happened to: a container number, a declaration's LRN or MRN, an agency for holds. */
  readonly subject?: string;
}

/**
 * Orders the revisions of one source record. `order` is the source's update time (epoch ms), version number, or for
 * snapshots the length of the chain of changed contents; `tag` (ETag, content hash) breaks ties. Never arrival order.
 */
export interface Revision {
  readonly order: number;
  readonly tag: string;
}

export interface Location {
  /** UN/LOCODE, five characters, aliases resolved. */
  readonly unlocode?: string;
  readonly name?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** IANA time zone of the place. */
  readonly zone?: string;
  readonly facility?: string;
}

export type AttributeValue = string | number | boolean;

/** Where the raw bytes are: a JetStream stream and the sequence in it. */
export interface RawPosition {
  readonly stream: string;
  readonly sequence: number;
}

/**
 * One business fact about one or more shipments, said by one source. CloudEvents in and out.
 *
 * `key` names the source's statement without its revision (source, source's record id, event name in the map);
 * a higher revision with the same key replaces a lower one, whichever came first. `id` is key plus revision.
 */
export interface ShipmentEvent {
  readonly id: string;
  readonly key: string;
  readonly revision: Revision;
  readonly source: string;
  readonly partner: string;
  readonly tenant: string;
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  readonly classifier: Classifier;
  readonly occurredAt: TimeSpan;
  /** Append time of the raw message in the log. */
  readonly observedAt: EpochMs;
  /** Canonical (normalised, see refs.ts), without duplicates, sorted by type then value. */
  readonly refs: readonly Ref[];
  /** 1:1 aliases that the map declares: each says "this ref is the same shipment as that principal ref". */
  readonly aliases?: readonly Ref[];
  readonly location?: Location;
  /** Flat; keys are dotted lower-case names such as `mode`, `incoterm`, `destination.country`, `hold.agency`, `duty.amount`. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** True when this revision says that the statement no longer holds (retraction, or a snapshot without it). */
  readonly retracted: boolean;
  readonly raw: RawPosition;
}

/** Total order of revisions: numeric order, then tag by code unit. Negative when `a` is older. */
export function compareRevisions(a: Revision, b: Revision): number {
  if (a.order !== b.order) return a.order - b.order;
  return a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0;
}
