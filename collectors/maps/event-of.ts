import type { Classifier, Location, Occurrence, PlaceRole, ShipmentEvent } from '../../rules/event.ts';
import { hashId } from '../../rules/hash.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { Ref } from '../../rules/refs.ts';
import { type EpochMs, instant } from '../../rules/time.ts';
import { eventIdOf } from '../../rules/trace.ts';
import type { AttributesOf } from './attributes-of.ts';
import type { LocationOf, RoleOf } from './place-of.ts';
import type { RecordFacts } from './record-of.ts';
import { type RefsOf, sortedRefs } from './refs-of.ts';
import type { Scope, Test, TextOf } from './scope.ts';
import type { When, WhenOf } from './when.ts';

/** One entry of a map's `events:`, compiled. */
export interface EventReader {
  readonly name: string;
  readonly snapshot: boolean;
  readonly when: Test | undefined;
  readonly retracted: Test | undefined;
  readonly milestone: (scope: Scope) => MilestoneCode | undefined;
  /** One that it can state: the word for taking back what the message does not name any more. */
  readonly anyMilestone: MilestoneCode | undefined;
  readonly classifier: (scope: Scope) => Classifier | undefined;
  readonly time: WhenOf;
  readonly timeRequired: boolean;
  readonly id: TextOf | undefined;
  readonly itemId: TextOf | undefined;
  readonly location: LocationOf | undefined;
  readonly role: RoleOf | undefined;
  readonly leg: TextOf | undefined;
  readonly subject: TextOf | undefined;
  readonly refs: RefsOf | undefined;
  readonly attributes: AttributesOf | undefined;
}

/**
 * Adds what one event entry makes of the record (or of the `for_each` element that the scope stands at). An entry whose condition is
 * not met says nothing; in a snapshot it says that its statement does not hold (any more), under the same key, so that a
 * reversal takes back what an earlier revision said.
 */
export function emit(reader: EventReader, scope: Scope, facts: RecordFacts, out: ShipmentEvent[]): void {
  const met = !facts.retracted && (reader.when === undefined || reader.when(scope));
  if (!met && !reader.snapshot && !facts.retracted) return;
  if (!met && facts.retracted && !reader.snapshot && reader.when?.(scope) === false) return;
  const milestone = reader.milestone(scope);
  const classifier = milestone === undefined ? undefined : reader.classifier(scope);
  if (milestone === undefined || classifier === undefined) return;
  const notesBefore = scope.notes.length;
  const location = reader.location === undefined ? facts.location : reader.location(scope);
  const when = met ? reader.time(scope, location?.zone) : 'absent';
  if (rejectTime(reader, scope, facts, when, met)) return;
  if (met && when === 'absent' && !reader.snapshot) return;
  const holds = met && when !== 'absent' && reader.retracted?.(scope) !== true;
  if (!holds) scope.notes.length = notesBefore;
  const occurrence = occurrenceOf(reader, scope, location);
  const refs = refsOf(reader, scope, facts);
  // What is taken back is known by its key, and a deletion often tells no more than that.
  if (refs.length === 0 && !facts.retracted) {
    scope.rejection ??= rejection(
      'no-refs',
      'it names no shipment, container, document or order',
      scope,
      facts,
    );
    return;
  }
  out.push(
    eventOf(reader, scope, facts, {
      milestone,
      classifier,
      occurrence,
      occurredAt: typeof when === 'object' && 'from' in when ? when : instant(takenBackAt(scope, facts)),
      refs,
      attributes: holds ? attributesOf(reader, scope, facts) : {},
      retracted: !holds,
      ...(location !== undefined && { location }),
    }),
  );
}

/**
 * Takes back what the entry said before, when the record only says that it does not hold any more, and not what it was (a deletion, a
 * retraction without a payload). The statement is known by its key; its milestone is then but a word.
 */
export function takeBack(reader: EventReader, scope: Scope, facts: RecordFacts, out: ShipmentEvent[]): void {
  if (reader.anyMilestone === undefined || reader.itemId !== undefined) return;
  out.push(
    eventOf(reader, scope, facts, {
      milestone: reader.anyMilestone,
      classifier: 'actual',
      occurrence: {},
      occurredAt: instant(takenBackAt(scope, facts)),
      refs: facts.refs,
      attributes: {},
      retracted: true,
    }),
  );
}

type Said = Pick<
  ShipmentEvent,
  'milestone' | 'classifier' | 'occurrence' | 'occurredAt' | 'refs' | 'attributes' | 'retracted' | 'location'
>;

function eventOf(reader: EventReader, scope: Scope, facts: RecordFacts, said: Said): ShipmentEvent {
  const key = keyOf(reader, scope, facts);
  const event: { -readonly [K in keyof ShipmentEvent]: ShipmentEvent[K] } = {
    id: eventIdOf(key, facts.revision),
    key,
    revision: facts.revision,
    source: scope.source.name,
    partner: scope.partner,
    tenant: scope.source.tenant,
    milestone: said.milestone,
    occurrence: said.occurrence,
    classifier: said.classifier,
    occurredAt: said.occurredAt,
    observedAt: scope.message.observedAt,
    refs: said.refs,
    attributes: said.attributes,
    retracted: said.retracted,
    raw: { stream: scope.message.stream, sequence: scope.message.sequence },
  };
  if (facts.aliases.length > 0) event.aliases = facts.aliases;
  if (said.location !== undefined) event.location = said.location;
  return event;
}

/** When a statement is taken back that says no time: the revision's own time when it is one, so that a repeat says the same. */
const takenBackAt = (scope: Scope, facts: RecordFacts): EpochMs =>
  facts.revision.order > 1e11
    ? facts.revision.order
    : (scope.message.firstObservedAt ?? scope.message.observedAt);

/** An event that is said to hold must say when; what cannot be read as a time is never guessed. */
function rejectTime(
  reader: EventReader,
  scope: Scope,
  facts: RecordFacts,
  when: When,
  met: boolean,
): boolean {
  if (when === 'absent') {
    if (!met || !reader.timeRequired) return false;
    scope.rejection ??= rejection('missing-time', `${reader.name}: it does not say when`, scope, facts);
    return true;
  }
  if ('from' in when) return false;
  const reason = `${reader.name}: "${when.bad}" is not a time`;
  scope.rejection ??= { ...rejection('bad-time', reason, scope, facts), path: when.path };
  return true;
}

export function rejection(
  code: 'no-refs' | 'missing-time' | 'bad-time' | 'missing-id' | 'wrong-shape',
  reason: string,
  scope: Scope,
  facts?: RecordFacts,
): NonNullable<Scope['rejection']> {
  const path = (scope.item === undefined ? scope.recordAt : scope.itemAt) || '/';
  const sourceId = facts?.sourceId ?? scope.message.sourceId;
  const base = { code, reason, path, refs: facts?.refs ?? [] };
  return sourceId === undefined ? base : { ...base, sourceId };
}

/** Names the source's statement without its revision: who says it, of which record, which event of the map. */
function keyOf(reader: EventReader, scope: Scope, facts: RecordFacts): string {
  const { tenant, name } = scope.source;
  const sourceId = reader.id?.(scope) ?? facts.sourceId;
  const item = reader.itemId?.(scope);
  return item === undefined
    ? hashId('event', tenant, name, sourceId, reader.name)
    : hashId('event', tenant, name, sourceId, reader.name, item);
}

function occurrenceOf(reader: EventReader, scope: Scope, location: Location | undefined): Occurrence {
  const occurrence: { role?: PlaceRole; leg?: string; subject?: string } = {};
  const role = reader.role?.(scope, location);
  if (role !== undefined) occurrence.role = role;
  const leg = reader.leg?.(scope);
  if (leg !== undefined) occurrence.leg = leg;
  const subject = reader.subject?.(scope);
  if (subject !== undefined) occurrence.subject = subject;
  return occurrence;
}

function refsOf(reader: EventReader, scope: Scope, facts: RecordFacts): readonly Ref[] {
  if (reader.refs === undefined) return facts.refs;
  const own: Ref[] = [...facts.refs];
  reader.refs(scope, own);
  return sortedRefs(own);
}

function attributesOf(reader: EventReader, scope: Scope, facts: RecordFacts): ShipmentEvent['attributes'] {
  if (reader.attributes === undefined) return facts.attributes;
  const own = { ...facts.attributes };
  reader.attributes(scope, own);
  return own;
}
