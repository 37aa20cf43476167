import type { AttributeValue, ShipmentEvent } from '../../rules/event.ts';
import type { Ref } from '../../rules/refs.ts';
import { LogHeader } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';
import type { AlertRecord, ChannelInterval, DeadLetter, Link, OperatorAction } from '../track/outcome.ts';
import type { RowWriter } from './row-binary.ts';
import type { RowVersion } from './tables.ts';

const CLASSIFIERS = { planned: 1, estimated: 2, actual: 3 } as const;
/** Above every epoch millisecond that fits a log: the earlier an event was seen, the higher its precedence. */
const PRECEDENCE_TOP = 2 ** 48;

/** Bits of events_log.optional: which optional fields the event had. */
export const OPTIONAL = {
  role: 1,
  leg: 2,
  subject: 4,
  aliases: 8,
  location: 16,
  unlocode: 32,
  name: 64,
  country: 128,
  zone: 256,
  facility: 512,
} as const;

export function encodeRaw(to: RowWriter, record: LogRecord, partner: string, type: string, id: string): void {
  to.string(record.stream);
  to.int64(record.sequence);
  to.string(record.source);
  to.string(partner);
  to.string(id);
  to.string(type);
  to.string(record.subject);
  to.int64(record.observedAt);
  to.data(record.data);
  encodeHeaders(to, headersToKeep(record));
  to.endRow();
}

type Header = readonly [name: string, value: string];

/** Of our own records only what no column has; of records of others all, for a map may be told of any. */
function headersToKeep(record: LogRecord): readonly Header[] {
  if (record.header(LogHeader.source) === undefined) return [...record.headers()];
  return KEPT_HEADERS.flatMap((name): Header[] => {
    const value = record.header(name);
    return value === undefined ? [] : [[name, value]];
  });
}

const KEPT_HEADERS = [
  LogHeader.revisionOrder,
  LogHeader.revisionTag,
  LogHeader.correlationId,
  LogHeader.firstObservedAt,
].map((name) => name.toLowerCase());

function encodeHeaders(to: RowWriter, headers: readonly Header[]): void {
  to.length(headers.length);
  for (const [name, value] of headers) {
    to.string(name);
    to.string(value);
  }
}

export function encodeEvent(to: RowWriter, event: ShipmentEvent): void {
  const { occurrence, location } = event;
  to.string(event.raw.stream);
  to.int64(event.raw.sequence);
  to.string(event.source);
  to.string(event.partner);
  to.string(event.id);
  to.string(event.key);
  to.float64(event.revision.order);
  to.string(event.revision.tag);
  to.string(event.tenant);
  to.string(event.milestone);
  to.string(occurrence.role ?? '');
  to.string(occurrence.leg ?? '');
  to.string(occurrence.subject ?? '');
  to.byte(CLASSIFIERS[event.classifier]);
  to.int64(event.occurredAt.from);
  to.int64(event.occurredAt.to);
  to.string(event.occurredAt.zone);
  to.string(event.occurredAt.zoneFrom);
  to.int64(event.observedAt);
  to.int64(PRECEDENCE_TOP - event.observedAt);
  encodeRefs(to, event.refs);
  encodeRefs(to, event.aliases ?? []);
  to.string(location?.unlocode ?? '');
  to.string(location?.name ?? '');
  to.string(location?.country ?? '');
  to.string(location?.zone ?? '');
  to.string(location?.facility ?? '');
  encodeAttributes(to, event.attributes, true);
  to.bool(event.retracted);
  to.uint16(optionalBits(event));
  to.endRow();
}

function optionalBits(event: ShipmentEvent): number {
  const { occurrence, location, aliases } = event;
  let bits = 0;
  if (occurrence.role !== undefined) bits |= OPTIONAL.role;
  if (occurrence.leg !== undefined) bits |= OPTIONAL.leg;
  if (occurrence.subject !== undefined) bits |= OPTIONAL.subject;
  if (aliases !== undefined) bits |= OPTIONAL.aliases;
  if (location === undefined) return bits;
  bits |= OPTIONAL.location;
  if (location.unlocode !== undefined) bits |= OPTIONAL.unlocode;
  if (location.name !== undefined) bits |= OPTIONAL.name;
  if (location.country !== undefined) bits |= OPTIONAL.country;
  if (location.zone !== undefined) bits |= OPTIONAL.zone;
  if (location.facility !== undefined) bits |= OPTIONAL.facility;
  return bits;
}

export function encodeRefs(to: RowWriter, refs: readonly Ref[]): void {
  to.length(refs.length);
  for (const ref of refs) {
    to.string(ref.type);
    to.string(ref.value);
  }
}

/** As Map(String, String); with `types`, followed by the names of those that were numbers and of those that were booleans. */
export function encodeAttributes(
  to: RowWriter,
  attributes: Readonly<Record<string, AttributeValue>>,
  types: boolean,
): void {
  const names = Object.keys(attributes);
  to.length(names.length);
  for (const name of names) {
    const value = attributes[name]!;
    to.string(name);
    to.string(typeof value === 'string' ? value : Object.is(value, -0) ? '-0' : String(value));
  }
  if (!types) return;
  to.strings(names.filter((name) => typeof attributes[name] === 'number'));
  to.strings(names.filter((name) => typeof attributes[name] === 'boolean'));
}

export function encodeLink(to: RowWriter, link: Link, version: RowVersion): void {
  to.string(link.eventId);
  to.string(link.shipmentId);
  to.int64(link.at);
  to.bool(link.linked);
  to.pair(version.epoch, version.ordinal);
  to.endRow();
}

export function encodeDeadLetter(to: RowWriter, letter: DeadLetter, version: RowVersion): void {
  to.string(letter.id);
  to.string(letter.source);
  to.string(letter.partner);
  to.string(letter.stream);
  to.int64(letter.sequence);
  to.int64(letter.observedAt);
  to.string(letter.code);
  to.string(letter.reason);
  to.string(letter.path);
  to.string(letter.sourceId);
  to.string(letter.contentType);
  to.string(letter.subject);
  encodeHeaders(to, letter.headers);
  to.data(letter.data);
  to.pair(version.epoch, version.ordinal);
  to.endRow();
}

export function encodeChannel(to: RowWriter, interval: ChannelInterval, version: RowVersion): void {
  to.string(interval.channelId);
  to.int64(Number.isFinite(interval.from) ? interval.from : 0);
  to.string(interval.source);
  to.string(interval.partner);
  to.string(interval.status);
  to.nullableInt64(interval.watermark);
  to.bool(interval.bestEffort);
  to.string(interval.reason);
  to.pair(version.epoch, version.ordinal);
  to.endRow();
}

export function encodeOperatorAction(to: RowWriter, action: OperatorAction): void {
  to.string(action.id);
  to.string(action.action);
  to.string(action.subject);
  to.string(action.by);
  to.string(action.comment);
  to.int64(action.at);
  to.nullableInt64(action.until ?? Number.NEGATIVE_INFINITY);
  to.string(action.stream);
  to.int64(action.sequence);
  to.endRow();
}

export function encodeAlert(to: RowWriter, alert: AlertRecord): void {
  const { change } = alert;
  to.string(change.alertId);
  to.uint32(change.number);
  to.string(change.kind);
  to.string(change.reason);
  to.int64(change.at);
  to.string(change.after.status);
  to.bool(change.after.confirmed);
  to.string(alert.clockId);
  to.string(alert.shipmentId);
  to.string(alert.rule);
  to.string(alert.ruleVersion);
  to.string(alert.severity);
  to.string(alert.tenant);
  to.strings(alert.notify);
  to.string(alert.quiet ?? '');
  to.bool(alert.aboutChannel);
  encodeAttributes(to, alert.labels, false);
  to.string(alert.text.headline);
  to.strings(alert.text.lines);
  to.string(alert.text.link);
  to.strings(alert.evidence ?? []);
  to.endRow();
}
