import type { AttributeValue, Classifier, Location, Occurrence, RawPosition, Revision } from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Ref } from './refs.ts';
import type { EpochMs, TimeSpan } from './time.ts';

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
}

/** One milestone occurrence: the plan, the latest estimate, the effective actual. */
export interface MilestoneFact {
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  readonly planned?: Fact;
  readonly estimated?: Fact;
  readonly actual?: Fact;
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
  /** Releases that did not count and why: hold open, superseded by a higher declaration version, retracted. */
  readonly voided: readonly Voided[];
  readonly partners: readonly string[];
  readonly firstObservedAt: EpochMs;
  readonly lastObservedAt: EpochMs;
}

/** An actual that did not count as an end, and why. */
export interface Voided {
  readonly eventId: string;
  readonly milestone: MilestoneCode;
  readonly reason: 'hold-open' | 'newer-version' | 'partial';
}
