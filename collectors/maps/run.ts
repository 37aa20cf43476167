import type { AttributeValue, ShipmentEvent } from '../../rules/event.ts';
import { normaliseRef, type Ref } from '../../rules/refs.ts';
import { openEnvelope, STRUCTURED } from '../formats/cloudevents.ts';
import type { Parsed, Value } from '../formats/format.ts';
import { emit, rejection, takeBack } from './event-of.ts';
import type { EventEntry } from './event-reader.ts';
import type { LoggedMessage, MapResult, Rejection, SourceIdentity, Unmapped } from './map.ts';
import type { MapFormat, Parse } from './map-format.ts';
import type { Path } from './path.ts';
import type { RecordFacts, RecordReader } from './record-of.ts';
import { sortedRefs } from './refs-of.ts';
import type { Scope } from './scope.ts';
import { withPlace } from './segment-record.ts';

/** A map after compilation. */
export interface MapParts {
  readonly name: string;
  readonly format: MapFormat;
  readonly parse: Parse;
  readonly records: readonly Path[] | undefined;
  readonly record: RecordReader;
  readonly events: readonly EventEntry[];
}

/** What a whole message came to, gathered record by record. */
interface Gathered {
  readonly events: ShipmentEvent[];
  readonly rejected: Rejection[];
  readonly ignored: string[];
  /** Ids of the records that could be read: a dead letter with one of them is mended. */
  readonly sourceIds: Set<string>;
}

/** bytes → value → records → events. One record that cannot be used does not take the others with it. */
export function runMap(
  parts: MapParts,
  message: LoggedMessage,
  source: SourceIdentity,
  watch?: (value: Value) => Value,
): MapResult {
  const opened = open(parts, message);
  if ('fault' in opened) return deadLetter(opened.fault.code, opened.fault.reason, message);
  const root = watch === undefined ? opened.value : watch(opened.value);
  const scope: Scope = {
    message,
    source,
    root,
    record: root,
    recordAt: '',
    alone: true,
    item: undefined,
    itemAt: '',
    partner: source.partner,
    speech: parts.record.speech,
    notes: [],
    ignored: undefined,
    rejection: undefined,
  };
  const sourceIds = new Set(message.sourceId === undefined ? [] : [message.sourceId]);
  const gathered: Gathered = { events: [], rejected: [], ignored: [], sourceIds };
  for (const part of opened.unread ?? []) gathered.rejected.push({ ...part, refs: [] });
  for (const odd of opened.oddities ?? []) scope.notes.push({ kind: 'envelope', ...odd });
  if (parts.records === undefined) {
    // Lines, the messages of an interchange, and a batch of CloudEvents are lists by nature.
    if (Array.isArray(root)) readAll(parts, root, '', opened.correlationId, scope, gathered);
    else readRecord(parts, opened.correlationId, scope, gathered);
  } else {
    const path = parts.records.find((p) => p.present(scope));
    if (path === undefined) {
      const looked = parts.records.map((p) => p.text).join(', ');
      return deadLetter('wrong-shape', `nothing at ${looked}`, message);
    }
    const at = path.text === '.' ? '' : path.pointer(scope);
    readAll(parts, path.nodes(scope), at, opened.correlationId, scope, gathered);
  }
  return resultOf(gathered, scope.notes, message);
}

/** A message inside a CloudEvents envelope is read like the same message without one. */
function open(
  parts: MapParts,
  message: LoggedMessage,
): Parsed & { readonly correlationId?: string | undefined } {
  const { parse } = parts;
  if (parts.format === 'cloudevents' || !message.contentType.startsWith(STRUCTURED)) {
    return { ...parse(message.data), correlationId: message.correlationId };
  }
  const envelope = openEnvelope(message.data);
  if ('fault' in envelope) return envelope;
  const { content } = envelope;
  const inner = 'bytes' in content ? parse(content.bytes) : content;
  return { ...inner, correlationId: message.correlationId ?? envelope.correlationId };
}

function readAll(
  parts: MapParts,
  records: readonly Value[],
  at: string,
  correlationId: string | undefined,
  scope: Scope,
  gathered: Gathered,
): void {
  if (records.length === 0 && gathered.rejected.length === 0) gathered.ignored.push('it has no records');
  const single = records.length === 1 && records[0] === scope.root;
  scope.alone = records.length === 1;
  records.forEach((record, i) => {
    scope.record = record;
    scope.recordAt = single ? '' : `${at}/${i}`;
    readRecord(parts, correlationId, scope, gathered);
  });
}

function readRecord(
  parts: MapParts,
  correlationId: string | undefined,
  scope: Scope,
  gathered: Gathered,
): void {
  const reader = parts.record;
  scope.ignored = undefined;
  scope.rejection = undefined;
  scope.item = undefined;
  if (typeof scope.record !== 'object' || scope.record === null || Array.isArray(scope.record)) {
    gathered.rejected.push(rejection('wrong-shape', 'a record is an object with named fields', scope));
    return;
  }
  const leftOut = reader.ignore?.(scope);
  if (leftOut !== undefined) {
    gathered.ignored.push(leftOut);
    return;
  }
  scope.partner = reader.partner?.(scope) ?? scope.message.partner ?? scope.source.partner;
  const { events } = gathered;
  const before = events.length;
  const notesBefore = scope.notes.length;
  const facts = factsOf(reader, correlationId, scope);
  if (facts !== undefined) {
    for (const entry of parts.events) readEvent(entry, scope, facts, events);
    if (facts.retracted && events.length === before && scope.ignored === undefined)
      for (const { reader: entry } of parts.events) takeBack(entry, scope, facts, events);
  }
  if (scope.rejection !== undefined) {
    events.length = before;
    gathered.rejected.push(withPlace(scope.rejection, scope.record));
    nameSpeaker(scope, notesBefore);
    return;
  }
  if (facts !== undefined) gathered.sourceIds.add(facts.sourceId);
  if (events.length === before) noteSilence(reader, scope, gathered);
  nameSpeaker(scope, notesBefore);
}

/** A record may be of another partner than its message. */
function nameSpeaker({ notes, partner, message, source }: Scope, from: number): void {
  if (partner === (message.partner ?? source.partner)) return;
  for (let i = from; i < notes.length; i += 1) notes[i] = { ...notes[i]!, partner };
}

function readEvent(entry: EventEntry, scope: Scope, facts: RecordFacts, out: ShipmentEvent[]): void {
  const { reader, each } = entry;
  if (each === undefined) {
    emit(reader, scope, facts, out);
    return;
  }
  const at = each.pointer(scope);
  each.nodes(scope).forEach((item, i) => {
    scope.item = item;
    scope.itemAt = `${at}/${i}`;
    emit(reader, scope, facts, out);
  });
  scope.item = undefined;
}

function factsOf(
  reader: RecordReader,
  correlationId: string | undefined,
  scope: Scope,
): RecordFacts | undefined {
  const sourceId = reader.id?.(scope) ?? (scope.alone ? scope.message.sourceId : undefined);
  const refs: Ref[] = [];
  reader.refs(scope, refs);
  const aliases: Ref[] = [];
  reader.aliases(scope, aliases);
  refs.push(...aliases);
  const correlation = correlationId ?? reader.correlation?.(scope);
  const explicit = correlation === undefined ? undefined : normaliseRef('correlation', correlation).ref;
  if (explicit !== undefined) refs.push(explicit);
  if (sourceId === undefined) {
    const reason = "it does not carry its source's id of the record";
    scope.rejection = { ...rejection('missing-id', reason, scope), refs: sortedRefs(refs) };
    return undefined;
  }
  const attributes: Record<string, AttributeValue> = {};
  reader.attributes(scope, attributes);
  return {
    sourceId,
    revision: reader.revision(scope),
    refs: sortedRefs(refs),
    aliases: sortedRefs(aliases),
    attributes,
    location: reader.location?.(scope),
    retracted: reader.retracted?.(scope) === true,
  };
}

function noteSilence(reader: RecordReader, scope: Scope, gathered: Gathered): void {
  const type = reader.type?.(scope) ?? '';
  if (scope.ignored !== undefined) {
    gathered.ignored.push(`the map leaves out the code ${scope.ignored}`);
    return;
  }
  const why = 'no event of the map applies to this record';
  scope.notes.push({ kind: 'no-milestone', path: scope.recordAt || '/', value: type, why });
  gathered.ignored.push(why);
}

function resultOf(gathered: Gathered, unmapped: readonly Unmapped[], message: LoggedMessage): MapResult {
  const { events, rejected, ignored } = gathered;
  const [first] = rejected;
  const read = gathered.sourceIds.size > 0 && { sourceIds: [...gathered.sourceIds] };
  if (events.length > 0) {
    if (first === undefined && ignored.length === 0) return { kind: 'events', events, unmapped, ...read };
    return {
      kind: 'events',
      events,
      unmapped,
      ...read,
      ...(first !== undefined && { rejected }),
      ...(ignored.length > 0 && { ignored: [...new Set(ignored)] }),
    };
  }
  if (first !== undefined) {
    const more = rejected.length > 1 ? ` (and ${rejected.length - 1} more records)` : '';
    const { code, reason, path, refs } = first;
    const sourceId = first.sourceId ?? message.sourceId;
    const letter = { kind: 'dead-letter', code, reason: reason + more, path, refs } as const;
    return sourceId === undefined ? letter : { ...letter, sourceId };
  }
  return { kind: 'ignored', reason: [...new Set(ignored)].join('; '), unmapped, ...read };
}

function deadLetter(
  code: Extract<MapResult, { kind: 'dead-letter' }>['code'],
  reason: string,
  message: LoggedMessage,
): MapResult {
  const letter = { kind: 'dead-letter', code, reason, refs: [] } as const;
  return message.sourceId === undefined ? letter : { ...letter, sourceId: message.sourceId };
}
