import type { ShipmentEvent } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { Ref } from '../../rules/refs.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Value } from '../formats/format.ts';
import type { PrivateFields } from '../privacy/privacy.ts';
import type { MapFormat } from './map-format.ts';

/** A raw message as it is read back from the log. Header fields are those of RawMessage. */
export interface LoggedMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly observedAt: EpochMs;
  /** When its bytes entered the log first, where that was earlier: a message that is read again keeps its place among the snapshots of its record. */
  readonly firstObservedAt?: EpochMs;
  readonly contentType: string;
  readonly sourceId?: string;
  readonly revision?: { readonly order: number; readonly tag: string };
  readonly partner?: string;
  readonly correlationId?: string;
  readonly data: Uint8Array;
}

/** What the configuration says of the source a message came from. */
export interface SourceIdentity {
  readonly name: string;
  readonly tenant: string;
  /** Default partner: the source's `partner:` setting, else its name. */
  readonly partner: string;
  /** The partner's zone, for times without one; absent: the configuration's display zone, marked `assumed`. */
  readonly zone?: string;
  readonly fallbackZone: string;
}

/** Something in a readable message that the map did not use or could not place; it never stops the message. */
export interface Unmapped {
  readonly kind:
    | 'unknown-code'
    | 'no-milestone'
    | 'bad-ref'
    | 'unknown-place'
    | 'zone-assumed'
    | 'envelope'
    // Not by a map, which sees one message: a partner's messages are not as they were.
    | 'new-field'
    | 'missing-field'
    | 'changed-type'
    | 'duplicate';
  /** Who spoke, where the record itself tells. */
  readonly partner?: string;
  /** Where in the message: `/events/3/transportEventTypeCode`. */
  readonly path: string;
  readonly value: string;
  readonly why: string;
}

/** One record of a message that could not be used, and why. `path` points to the record or to the field. */
export interface Rejection {
  readonly code: DeadLetterCode;
  readonly reason: string;
  readonly path: string;
  readonly sourceId?: string;
  readonly refs: readonly Ref[];
}

export type MapResult =
  | {
      readonly kind: 'events';
      readonly events: readonly ShipmentEvent[];
      readonly unmapped: readonly Unmapped[];
      /** Records of the message that could not be used while others could: each is a dead letter of its own. */
      readonly rejected?: readonly Rejection[];
      /** Why other records of the message were left out on purpose, each reason once. */
      readonly ignored?: readonly string[];
      /** The source's own ids of the records read; absent: the one in the message's header. A dead letter with one of them is mended. */
      readonly sourceIds?: readonly string[];
    }
  /** Read and understood, and says nothing about shipments (a heartbeat, an empty envelope). */
  | {
      readonly kind: 'ignored';
      readonly reason: string;
      readonly unmapped: readonly Unmapped[];
      readonly sourceIds?: readonly string[];
    }
  /** Not understood: the whole message becomes a dead letter. `refs` are those that could still be read. */
  | {
      readonly kind: 'dead-letter';
      readonly reason: string;
      readonly code: DeadLetterCode;
      readonly path?: string;
      readonly sourceId?: string;
      readonly refs: readonly Ref[];
    };

export type DeadLetterCode =
  | 'not-parseable'
  | 'too-large'
  | 'too-deep'
  | 'missing-id'
  | 'missing-time'
  | 'bad-time'
  | 'no-refs'
  | 'wrong-shape'
  | 'unsafe-xml'
  | 'withheld'
  | 'refused-by-store';

/** A map compiled to closures. Pure: same message, same source, same result, for ever. */
export interface CompiledMap {
  readonly name: string;
  /** Hash of the map's text. */
  readonly version: string;
  readonly format: MapFormat;
  /** Milestones (with the classifier actual) that a message of this map can state. */
  readonly proves: readonly MilestoneCode[];
  /** Names of the attributes that it sets; those under names of the message's own (`attribute_object`) are not known. */
  readonly attributes: readonly string[];
  /** Fields that must never be kept: whoever writes a message anywhere drops them before. */
  readonly privacy?: PrivateFields;
  /** `watch` is given the parsed message, and what it returns is read: to learn what a map looks at. */
  map(message: LoggedMessage, source: SourceIdentity, watch?: (value: Value) => Value): MapResult;
}
