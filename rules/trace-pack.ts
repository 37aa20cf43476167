import type { AttributeValue, Classifier, Location, Occurrence, PlaceRole } from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { TimeSpan } from './time.ts';
import type { Sighting, TraceEntry } from './trace.ts';
import { isPlain, PackReader, PackWriter } from './trace-pack-text.ts';

/**
 * Small numbers for texts that come again in every shipment. Numbers must stay the same between packing and
 * unpacking.
 */
export interface Names {
  intern(text: string): number;
  text(number: number): string;
}

const CLASSIFIERS: readonly Classifier[] = ['planned', 'estimated', 'actual'];
const ROLES: readonly (PlaceRole | undefined)[] = [undefined, 'origin', 'transshipment', 'destination'];
const ZONE_SOURCES: readonly TimeSpan['zoneFrom'][] = ['text', 'place', 'partner', 'assumed'];

/** Which parts of an entry follow; the frequent ones first, for small numbers are short. */
const HAS = {
  attributes: 1,
  location: 2,
  subject: 4,
  ownOrder: 8,
  otherNames: 16,
  leg: 32,
  interval: 64,
  retracted: 128,
  oddKey: 256,
  oddTag: 512,
  again: 1024,
  other: 2048,
  firstPlan: 4096,
  sameKey: 8192,
} as const;

/** What the next entry is likely to repeat: times and positions are written as differences. */
interface Last {
  key: string | undefined;
  observedAt: number;
  occurredAt: number;
  sequence: number;
  source: string;
  partner: string;
  zone: string;
  stream: string;
  readonly locations: Location[];
}

const start = (): Last => ({
  key: undefined,
  observedAt: 0,
  occurredAt: 0,
  sequence: 0,
  source: '',
  partner: '',
  zone: '',
  stream: '',
  locations: [],
});

const writer = new PackWriter();

/** See `packEntries`. */
export function pack(entries: Iterable<TraceEntry>, names: Names): string {
  const last = start();
  writer.reset();
  for (const entry of entries) writeEntry(entry, names, last);
  return writer.finish();
}

/** See `unpackEntries`. */
export function unpack(text: string, names: Names): Map<string, TraceEntry> {
  const out = new Map<string, TraceEntry>();
  const reader = new PackReader(text);
  const last = start();
  while (!reader.atEnd()) {
    const entry = readEntry(reader, names, last);
    out.set(entry.key, entry);
  }
  return out;
}

/** Ids and content hashes are (hash.ts), and need no length. */
const isHash = (text: string): boolean => text.length === 22 && isPlain(text);

function partsOf(entry: TraceEntry, last: Last): number {
  const { occurrence, occurredAt, revision } = entry;
  let has = 0;
  for (const _ in entry.attributes) {
    has = HAS.attributes;
    break;
  }
  if (entry.location !== undefined) has |= HAS.location;
  if (occurrence.leg !== undefined) has |= HAS.leg;
  if (occurrence.subject !== undefined) has |= HAS.subject;
  if (occurredAt.from !== occurredAt.to) has |= HAS.interval;
  if (revision.order !== entry.observedAt) has |= HAS.ownOrder;
  if (entry.retracted) has |= HAS.retracted;
  if (entry.key === last.key) has |= HAS.sameKey;
  else if (!isHash(entry.key)) has |= HAS.oddKey;
  if (!isHash(revision.tag)) has |= HAS.oddTag;
  if (entry.again !== undefined) has |= HAS.again;
  if (entry.otherUpTo !== undefined) has |= HAS.other;
  if (entry.firstPlan !== undefined) has |= HAS.firstPlan;
  const likeLast =
    entry.source === last.source &&
    entry.partner === last.partner &&
    occurredAt.zone === last.zone &&
    entry.raw.stream === last.stream;
  return likeLast ? has : has | HAS.otherNames;
}

function writeEntry(entry: TraceEntry, names: Names, last: Last): void {
  const { occurrence, occurredAt, revision } = entry;
  const has = partsOf(entry, last);
  writer.number(has);
  writer.number(
    CLASSIFIERS.indexOf(entry.classifier) +
      3 * (ROLES.indexOf(occurrence.role) + 4 * ZONE_SOURCES.indexOf(occurredAt.zoneFrom)),
  );
  writer.number(names.intern(entry.milestone));
  if (has & HAS.otherNames) writeNames(entry, names, last);
  if (has & HAS.oddKey) writer.text(entry.key);
  else if (!(has & HAS.sameKey)) writer.plain(entry.key);
  if (has & HAS.oddTag) writer.text(revision.tag);
  else writer.plain(revision.tag);
  writer.time(entry.observedAt - last.observedAt);
  if (has & HAS.ownOrder) writer.anyNumber(revision.order);
  writer.time(occurredAt.from - last.occurredAt);
  if (has & HAS.interval) writer.time(occurredAt.to - occurredAt.from);
  writer.signed(entry.raw.sequence - last.sequence);
  if (has & HAS.leg) writer.text(occurrence.leg!);
  if (has & HAS.subject) writer.text(occurrence.subject!);
  if (has & HAS.location) writeLocation(entry.location!, names, last);
  if (has & HAS.attributes) writeAttributes(entry.attributes, names);
  if (has & HAS.again) writeSightings(entry.again!, names);
  if (has & HAS.other) writer.anyNumber(entry.otherUpTo!);
  last.key = entry.key;
  last.observedAt = entry.observedAt;
  last.occurredAt = occurredAt.from;
  last.sequence = entry.raw.sequence;
  // After the entry, of which it is mostly a repetition.
  if (has & HAS.firstPlan) writeEntry(entry.firstPlan!, names, last);
}

function writeNames({ source, partner, occurredAt, raw }: TraceEntry, names: Names, last: Last): void {
  writer.number(names.intern(source));
  writer.number(names.intern(partner));
  writer.number(names.intern(occurredAt.zone));
  writer.number(names.intern(raw.stream));
  last.source = source;
  last.partner = partner;
  last.zone = occurredAt.zone;
  last.stream = raw.stream;
}

function readNames(reader: PackReader, names: Names, last: Last): void {
  last.source = names.text(reader.number());
  last.partner = names.text(reader.number());
  last.zone = names.text(reader.number());
  last.stream = names.text(reader.number());
}

function readEntry(reader: PackReader, names: Names, last: Last): TraceEntry {
  const has = reader.number();
  const codes = reader.number();
  const milestone = names.text(reader.number()) as MilestoneCode;
  if (has & HAS.otherNames) readNames(reader, names, last);
  const { source, partner, zone, stream } = last;
  const key = readKey(reader, has, last);
  const tag = has & HAS.oddTag ? reader.text() : reader.plain(22);
  const observedAt = last.observedAt + reader.time();
  const order = has & HAS.ownOrder ? reader.anyNumber() : observedAt;
  const from = last.occurredAt + reader.time();
  const to = has & HAS.interval ? from + reader.time() : from;
  const sequence = last.sequence + reader.signed();
  last.key = key;
  last.observedAt = observedAt;
  last.occurredAt = from;
  last.sequence = sequence;
  const role = ROLES[Math.floor(codes / 3) % 4];
  const occurrence: { role?: PlaceRole; leg?: string; subject?: string } = {};
  if (role !== undefined) occurrence.role = role;
  if (has & HAS.leg) occurrence.leg = reader.text();
  if (has & HAS.subject) occurrence.subject = reader.text();
  const entry: { -readonly [K in keyof TraceEntry]: TraceEntry[K] } = {
    key,
    revision: { order, tag },
    source,
    partner,
    milestone,
    occurrence: occurrence as Occurrence,
    classifier: CLASSIFIERS[codes % 3]!,
    occurredAt: { from, to, zone, zoneFrom: ZONE_SOURCES[Math.floor(codes / 12)]! },
    observedAt,
    attributes: NO_ATTRIBUTES,
    retracted: (has & HAS.retracted) !== 0,
    raw: { stream, sequence },
  };
  if (has & HAS.location) entry.location = readLocation(reader, names, last);
  if (has & HAS.attributes) entry.attributes = readAttributes(reader, names);
  if (has & HAS.again) entry.again = readSightings(reader, names);
  if (has & HAS.other) entry.otherUpTo = reader.anyNumber();
  if (has & HAS.firstPlan) entry.firstPlan = readEntry(reader, names, last);
  return entry;
}

/** Only the first plan of an entry has the key of what was written before it. */
function readKey(reader: PackReader, has: number, last: Last): string {
  if (has & HAS.oddKey) return reader.text();
  return has & HAS.sameKey ? last.key! : reader.plain(22);
}

const NO_ATTRIBUTES: Readonly<Record<string, AttributeValue>> = Object.freeze({});

const PLACE_PARTS = ['unlocode', 'name', 'country', 'zone', 'facility'] as const;

/** A location is written once a text; then as the number of its first use. */
function writeLocation(location: Location, names: Names, last: Last): void {
  const known = last.locations.findIndex((other) => PLACE_PARTS.every((p) => other[p] === location[p]));
  writer.number(known + 1);
  if (known >= 0) return;
  last.locations.push(location);
  let has = 0;
  for (const [i, part] of PLACE_PARTS.entries()) if (location[part] !== undefined) has |= 1 << i;
  writer.number(has);
  if (location.unlocode !== undefined) writer.text(location.unlocode);
  if (location.name !== undefined) writer.text(location.name);
  if (location.country !== undefined) writer.text(location.country);
  if (location.zone !== undefined) writer.number(names.intern(location.zone));
  if (location.facility !== undefined) writer.text(location.facility);
}

function readLocation(reader: PackReader, names: Names, last: Last): Location {
  const known = reader.number();
  if (known > 0) return last.locations[known - 1]!;
  const has = reader.number();
  const out: { -readonly [K in keyof Location]: Location[K] } = {};
  if (has & 1) out.unlocode = reader.text();
  if (has & 2) out.name = reader.text();
  if (has & 4) out.country = reader.text();
  if (has & 8) out.zone = names.text(reader.number());
  if (has & 16) out.facility = reader.text();
  last.locations.push(out);
  return out;
}

/** The name's number carries the type of the value in its last two bits: text, number, false, true. */
function writeAttributes(attributes: TraceEntry['attributes'], names: Names): void {
  const list = Object.keys(attributes);
  writer.number(list.length);
  for (const name of list) {
    const value = attributes[name]!;
    const number = names.intern(name) * 4;
    if (typeof value === 'string') {
      writer.number(number);
      writer.text(value);
    } else if (typeof value === 'number') {
      writer.number(number + 1);
      writer.anyNumber(value);
    } else writer.number(number + (value ? 3 : 2));
  }
}

function readAttributes(reader: PackReader, names: Names): Record<string, AttributeValue> {
  const out: Record<string, AttributeValue> = {};
  for (let left = reader.number(); left > 0; left--) {
    const code = reader.number();
    const name = names.text(Math.floor(code / 4));
    const type = code % 4;
    out[name] = type === 0 ? reader.text() : type === 1 ? reader.anyNumber() : type === 3;
  }
  return out;
}

function writeSightings(sightings: readonly Sighting[], names: Names): void {
  writer.number(sightings.length);
  for (const { order, observedAt, raw } of sightings) {
    writer.anyNumber(order);
    writer.time(observedAt);
    writer.number(names.intern(raw.stream));
    writer.signed(raw.sequence);
  }
}

function readSightings(reader: PackReader, names: Names): Sighting[] {
  const out: Sighting[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const order = reader.anyNumber();
    const observedAt = reader.time();
    const stream = names.text(reader.number());
    out.push({ order, observedAt, raw: { stream, sequence: reader.signed() } });
  }
  return out;
}
