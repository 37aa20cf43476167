import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileMap } from '../../collectors/maps/compile.ts';
import type { CompiledMap, LoggedMessage } from '../../collectors/maps/map.ts';
import { containerCheckDigit } from '../../rules/check-digits.ts';
import { START_AT, trafficOf } from './project.ts';

/** What one core maps of one format: bytes of the log to canonical events. */
export interface Mapped {
  readonly format: string;
  readonly messageBytes: number;
  readonly cpuUsPerMessage: number;
  /** One core that does nothing else. */
  readonly messagesPerSecond: number;
  readonly eventsPerSecond: number;
}

/** A format to be measured; a new one is a line in {@link FORMATS}. */
interface Format {
  readonly name: string;
  readonly map: () => string;
  readonly contentType: string;
  /** The n-th of many messages that differ in what differs in life: ids, identifiers, times. */
  readonly message: (n: number) => string;
}

const ROOT = join(import.meta.dirname, '../..');
const readyMap = (name: string) => () => `map: ${name}\nextends: builtin:${name}\n`;
const sample = (name: string): string => readFileSync(join(ROOT, 'test/fixtures/samples', name), 'utf8');
const digits = (n: number, count: number): string => String(n).padStart(count, '0');
const iso = (n: number): string => new Date(START_AT + n * 61_000).toISOString();

function container(n: number): string {
  const ten = `MSCU${digits(n, 6)}`;
  return ten + containerCheckDigit(ten);
}

/** A value of the public sample instead of which each message has its own. */
type Own = readonly [said: string, own: (n: number) => string];

/** Every occurrence of each value in the text replaced, in one pass for each message. */
function variations(text: string, owns: readonly Own[]): (n: number) => string {
  return (n) => owns.reduce((out, [said, own]) => out.replaceAll(said, own(n)), text);
}

const DCSA_SAID: readonly Own[] = [
  ['3cecb101-7a1a-43a4-9d62-e88a131651e', (n) => `3cecb101-7a1a-43a4-${digits(n, 9)}`],
  ['APZU4812090', container],
  ['ABC123123123', (n) => `BKG${digits(n, 9)}`],
  ['reserved-HHL123', (n) => `HHL${digits(n, 9)}`],
  ['2021-01-23T12:34:56Z', iso],
];

/** The sample's events one by one, as the collector delivers them; its drafts and empty boxes made to say something. */
function dcsa(): (n: number) => string {
  const events = JSON.parse(sample('dcsa-tnt-2.2/tnt-220-response.json')) as Record<string, unknown>[];
  const telling = events.slice(0, 3).map((event) => ({
    ...event,
    ...(event.eventType === 'EQUIPMENT' && { emptyIndicatorCode: 'LADEN' }),
    ...(event.eventType === 'SHIPMENT' && { documentTypeCode: 'CUS', shipmentEventTypeCode: 'RELS' }),
  }));
  const each = telling.map((event) => variations(JSON.stringify(event), DCSA_SAID));
  return (n) => each[n % each.length]!(n);
}

interface SapSample {
  readonly response: { readonly jsonBody: { readonly d: { readonly results: readonly unknown[] } } };
}

function sapDelivery(): (n: number) => string {
  const page = JSON.parse(sample('sap-odata/A_OutbDeliveryHeader_queryAll.json')) as SapSample;
  const [record] = page.response.jsonBody.d.results;
  return variations(JSON.stringify(record), [['80000000', (n) => `8${digits(n, 7)}`]]);
}

const cloudEvent = (): ((n: number) => string) => {
  const all = trafficOf(MESSAGES);
  return (n) => all[n % all.length]!.body;
};

const CSV_MAP = `
map: yard
format: csv
id: [gate_no]
refs: { container: container, delivery: delivery }
location: { unlocode: port }
codes: { moves: { IN: empty.returned, OUT: gate.out } }
events:
  - name: move
    milestone: { from: move, codes: moves }
    time: { from: at, zone: zone }
`;
const csvRow = (n: number): string =>
  `gate_no;move;container;delivery;port;at;zone\nG${n};${n % 2 === 0 ? 'OUT' : 'IN'};${container(n)};8${digits(n, 7)};NLRTM;${iso(n).slice(0, 19)};Europe/Amsterdam\n`;

/** Every format of the table, in its order. */
const FORMATS: readonly (() => Format)[] = [
  () => ({
    name: 'CloudEvents',
    map: readyMap('cloudevents'),
    contentType: 'application/cloudevents+json',
    message: cloudEvent(),
  }),
  () => ({
    name: 'DCSA Track & Trace 2.2, JSON',
    map: readyMap('dcsa-tnt-2.2'),
    contentType: 'application/json',
    message: dcsa(),
  }),
  () => ({
    name: 'SAP outbound delivery, OData record',
    map: readyMap('sap-outbound-delivery'),
    contentType: 'application/json',
    message: sapDelivery(),
  }),
  () => ({
    name: 'UK CDS notification, XML',
    map: readyMap('uk-cds-notification'),
    contentType: 'application/xml',
    message: variations(sample('uk-cds-TT_IM15a/5. DMSCLE.xml'), [
      ['937c24777e134554bcb5bfd91434d85e', (n) => `937c24777e134554${digits(n, 16)}`],
      ['TT_IM15a_070421_001', (n) => `LRN${digits(n, 12)}`],
    ]),
  }),
  () => ({ name: 'A gate list, CSV', map: () => CSV_MAP, contentType: 'text/csv', message: csvRow }),
];

/** Different messages of a format; then the same again. */
const MESSAGES = 2_000;

/**
 * How many messages of each format one core maps: by its CPU time, and in the quickest of many rounds, so that others on the machine
 * count as little as can be.
 */
export function measureMapping(seconds: number): Mapped[] {
  return FORMATS.map((format) => measure(format(), seconds));
}

function measure({ name, map: text, contentType, message }: Format, seconds: number): Mapped {
  const map = compiled(text(), name);
  const messages = Array.from(
    { length: MESSAGES },
    (_, n): LoggedMessage => ({
      ...{ stream: 'LAYTIME_LOG', sequence: n + 1, subject: 'bench', contentType },
      observedAt: START_AT + n * 61_000,
      data: Buffer.from(message(n)),
    }),
  );
  const source = { name: 'bench', tenant: 'default', partner: 'bench', fallbackZone: 'UTC' };
  let events = 0;
  const round = (): number => {
    const before = process.cpuUsage();
    events = 0;
    for (const each of messages) {
      const result = map.map(each, source);
      if (result.kind !== 'events') throw new Error(`${name}: ${JSON.stringify(result)}`);
      events += result.events.length;
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const until = performance.now() + seconds * 1000;
  let usedUs = round();
  while (performance.now() < until) usedUs = Math.min(usedUs, round());
  const perSecond = (count: number): number => Math.round((count / usedUs) * 1_000_000);
  return {
    format: name,
    messageBytes: Math.round(messages.reduce((sum, { data }) => sum + data.length, 0) / MESSAGES),
    cpuUsPerMessage: Math.round((usedUs / MESSAGES) * 10) / 10,
    messagesPerSecond: perSecond(MESSAGES),
    eventsPerSecond: perSecond(events),
  };
}

function compiled(text: string, name: string): CompiledMap {
  const { map, problems } = compileMap(text, name);
  if (map === undefined) throw new Error(`${name}: ${JSON.stringify(problems)}`);
  return map;
}
