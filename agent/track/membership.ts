import { compareRevisions, type ShipmentEvent } from '../../rules/event.ts';
import type { Identity, IdentityChange, IdentityConflict } from '../../rules/identity.ts';
import { mergeRefs } from '../../rules/refs.ts';
import { eventIdsOf, packEntries, type TraceEntry, unpackEntries } from '../../rules/trace.ts';
import { absorb, lastRevision } from '../../rules/trace-absorb.ts';
import type { OpenShipment } from './open-shipment.ts';
import type { Link } from './outcome.ts';
import type { Shipments } from './shipments.ts';

/** What became of an event: the named results of absorbing it, or `waiting` when no shipment is known for its refs. */
export type Absorbed = 'added' | 'revised' | 'superseded' | 'duplicate' | 'waiting';

/** What an event changed beside its own shipment's trace. */
export interface MembershipEffects {
  readonly links: Link[];
  /** Slots of shipments whose trace, refs or links changed: to be judged again. */
  readonly touched: Set<number>;
  /** Slots to store again although nothing changed (a duplicate may mean that an earlier write was lost). */
  readonly repeated: Set<number>;
  /** Keys of events that waited for a shipment and found one. */
  readonly matched: string[];
  readonly conflicts: IdentityConflict[];
  /** Events that tell of what happened, and that nobody had told before. */
  readonly first: ShipmentEvent[];
}

export const noEffects = (): MembershipEffects => ({
  links: [],
  touched: new Set(),
  repeated: new Set(),
  matched: [],
  conflicts: [],
  first: [],
});

/**
 * Keeps traces in step with identity: an event's entry lies in every shipment that it speaks of, or waits here until a
 * shipment is known for its refs.
 */
export class Membership {
  readonly identity: Identity;
  readonly #shipments: Shipments;
  /** Event key → its one packed entry. */
  readonly #waiting: Map<string, string>;

  constructor(identity: Identity, shipments: Shipments, waiting = new Map<string, string>()) {
    this.identity = identity;
    this.#shipments = shipments;
    this.#waiting = waiting;
  }

  get waiting(): ReadonlyMap<string, string> {
    return this.#waiting;
  }

  apply(event: ShipmentEvent, effects: MembershipEffects): Absorbed {
    const known = this.#knownEntry(event);
    if (known !== undefined && isOld(known, event)) return this.#repeat(event, effects);
    if (known === undefined && event.classifier === 'actual' && !event.retracted) effects.first.push(event);
    const change = this.identity.put({
      key: event.key,
      at: event.occurredAt.from,
      refs: event.refs,
      ...(event.aliases && { aliases: event.aliases }),
    });
    return this.#settle(event, known, change, effects);
  }

  /** Applies what an operator's merge or split changed. */
  applyChange(change: IdentityChange, at: number, effects: MembershipEffects): void {
    this.#moveOthers(change, undefined, at, effects);
    this.#touchChanged(change, effects);
  }

  #knownEntry(event: ShipmentEvent): TraceEntry | undefined {
    const waiting = this.#waiting.get(event.key);
    if (waiting !== undefined) return this.#unpackOne(waiting);
    for (const id of this.identity.linksOf(event.key)) {
      const slot = this.#shipments.slotOf(id);
      const entry = slot === undefined ? undefined : this.#shipments.at(slot).entries.get(event.key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Nothing is learned about identity, but the fold may learn how long something held. */
  #repeat(event: ShipmentEvent, effects: MembershipEffects): Absorbed {
    const waiting = this.#waiting.get(event.key);
    if (waiting !== undefined) {
      const entries = new Map([[event.key, this.#unpackOne(waiting)]]);
      const result = absorb(entries, event);
      this.#waiting.set(event.key, packEntries(entries.values(), this.#shipments.names));
      return result;
    }
    let result: Absorbed = 'duplicate';
    for (const id of this.identity.linksOf(event.key)) {
      const shipment = this.#shipments.open(id);
      result = shipment.absorb(event);
      if (result === 'revised') {
        // It is part of what the trace rests on now: whoever folds the stored events must find it.
        addLinks(effects, [event.id], id, true, event.observedAt);
        touch(shipment, effects);
      } else effects.repeated.add(shipment.slot);
    }
    return result;
  }

  /** `known` is what was known of the statement before. */
  #settle(
    event: ShipmentEvent,
    known: TraceEntry | undefined,
    change: IdentityChange,
    effects: MembershipEffects,
  ): Absorbed {
    const { observedAt: at } = event;
    const before = known === undefined ? [] : eventIdsOf(known);
    this.#moveOthers(change, event.key, at, effects);
    for (const link of change.links) {
      if (link.key !== event.key || link.linked) continue;
      const slot = this.#shipments.slotOf(link.shipmentId);
      const shipment = slot === undefined ? undefined : this.#shipments.at(slot);
      if (shipment?.drop(event.key)) touch(shipment, effects);
      addLinks(effects, before, link.shipmentId, false, at);
    }
    this.#touchChanged(change, effects);
    if (change.linked.length === 0) return this.#wait(event, known);
    if (this.#waiting.delete(event.key)) effects.matched.push(event.key);
    for (const shipmentId of change.linked) {
      const shipment = this.#shipments.open(shipmentId);
      // What the statement said before, elsewhere or while nobody knew of what, comes with it.
      const comes = known !== undefined && !shipment.entries.has(event.key);
      if (comes) shipment.put(known);
      shipment.absorb(event);
      touch(shipment, effects);
      addLinks(effects, comes ? [event.id, ...before] : [event.id], shipmentId, true, at);
    }
    return known === undefined ? 'added' : 'revised';
  }

  #wait(event: ShipmentEvent, known: TraceEntry | undefined): Absorbed {
    const entries = new Map<string, TraceEntry>();
    if (known !== undefined) entries.set(event.key, known);
    absorb(entries, event);
    this.#waiting.set(event.key, packEntries(entries.values(), this.#shipments.names));
    return 'waiting';
  }

  /** Moves the entries of earlier events whose shipments changed because of what was just learned. */
  #moveOthers(change: IdentityChange, own: string | undefined, at: number, effects: MembershipEffects): void {
    if (change.links.every(({ key }) => key === own)) return;
    const moved = new Map<string, { gained: string[]; lost: string[] }>();
    for (const { key, shipmentId, linked } of change.links) {
      if (key === own) continue;
      let of = moved.get(key);
      if (of === undefined) {
        of = { gained: [], lost: [] };
        moved.set(key, of);
      }
      (linked ? of.gained : of.lost).push(shipmentId);
    }
    for (const [key, { gained, lost }] of moved) this.#move(key, gained, lost, at, effects);
  }

  #move(
    key: string,
    gained: readonly string[],
    lost: readonly string[],
    at: number,
    effects: MembershipEffects,
  ): void {
    const entry = this.#find(key, lost);
    if (entry === undefined) return;
    const eventIds = eventIdsOf(entry);
    for (const shipmentId of lost) {
      const slot = this.#shipments.slotOf(shipmentId);
      if (slot === undefined) continue;
      const shipment = this.#shipments.at(slot);
      shipment.drop(key);
      touch(shipment, effects);
      addLinks(effects, eventIds, shipmentId, false, at);
    }
    for (const shipmentId of gained) {
      const shipment = this.#shipments.open(shipmentId);
      shipment.put(entry);
      touch(shipment, effects);
      addLinks(effects, eventIds, shipmentId, true, at);
    }
    if (gained.length > 0 || this.identity.linksOf(key).length > 0) {
      if (this.#waiting.delete(key)) effects.matched.push(key);
    } else this.#waiting.set(key, packEntries([entry], this.#shipments.names));
  }

  #find(key: string, lost: readonly string[]): TraceEntry | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return this.#unpackOne(waiting);
    for (const id of [...lost, ...this.identity.linksOf(key)]) {
      const slot = this.#shipments.slotOf(id);
      const entry = slot === undefined ? undefined : this.#shipments.at(slot).entries.get(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #touchChanged(
    { shipments, reshaped, gained, conflicts }: IdentityChange,
    effects: MembershipEffects,
  ): void {
    for (const id of shipments) {
      const shipment = this.#shipments.open(id);
      if (reshaped.includes(id)) shipment.refs = undefined;
      else if (shipment.refs !== undefined) shipment.refs = mergeRefs(shipment.refs, gained);
      touch(shipment, effects);
    }
    effects.conflicts.push(...conflicts);
  }

  #unpackOne(packed: string): TraceEntry {
    for (const entry of unpackEntries(packed, this.#shipments.names).values()) return entry;
    throw new Error('a waiting event lost its entry; the snapshot is damaged');
  }
}

/** A shipment's trace, refs or links changed: it is to be folded and judged again. */
function touch(shipment: OpenShipment, effects: MembershipEffects): void {
  effects.touched.add(shipment.slot);
}

function addLinks(
  effects: MembershipEffects,
  eventIds: readonly string[],
  shipmentId: string,
  linked: boolean,
  at: number,
): void {
  for (const eventId of eventIds) effects.links.push({ eventId, shipmentId, linked, at });
}

/** The same content again, or an older revision. A source without revisions says everything anew each time. */
function isOld(known: TraceEntry, event: ShipmentEvent): boolean {
  if (event.revision.tag !== '' && known.revision.tag === event.revision.tag) return true;
  return compareRevisions(lastRevision(known), event.revision) >= 0;
}
