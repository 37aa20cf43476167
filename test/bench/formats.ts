import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerCheckDigit } from '../../rules/check-digits.ts';
import { START_AT, trafficOf } from './project.ts';

/** Different messages of a format; then the same again. */
export const MESSAGES = 2_000;

/** A format to be measured; a new one is a line in {@link FORMATS}. */
export interface Format {
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

const MOVE = CSV_MAP.slice(CSV_MAP.indexOf('id:'));
const COLUMNS =
  'columns: { gate_no: 1-10, move: 11-13, container: 14-24, delivery: 25-32, port: 33-37, at: 38-56, zone: 57-72 }\n';

const moveOf = (n: number) => ({
  ...{
    gate_no: `G${n}`,
    move: n % 2 === 0 ? 'OUT' : 'IN',
    container: container(n),
    delivery: `8${digits(n, 7)}`,
  },
  ...{ port: 'NLRTM', at: iso(n).slice(0, 19), zone: 'Europe/Amsterdam' },
});

/** Ten lines a message, as a feed sends them. */
const moves = (n: number, line: (move: ReturnType<typeof moveOf>) => string): string =>
  Array.from({ length: 10 }, (_, i) => `${line(moveOf(n * 10 + i))}\n`).join('');

const epcisEvent = (n: number) => ({
  ...{ type: 'ObjectEvent', eventID: `ni:///sha-256;${digits(n, 16)}?ver=CBV2.0`, action: 'OBSERVE' },
  ...{ eventTime: iso(n), eventTimeZoneOffset: '+01:00', recordTime: iso(n), bizStep: 'departing' },
  epcList: [`urn:epc:id:sscc:0614141.1${digits(n, 9)}`],
  readPoint: { id: 'urn:epc:id:sgln:0614141.00777.0' },
  bizTransactionList: [{ type: 'desadv', bizTransaction: `8${digits(n, 7)}` }],
});

/** Every format of the table, in its order. */
export const FORMATS: readonly (() => Format)[] = [
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
  () => ({
    name: 'Ten gate moves, NDJSON',
    map: () => `map: gates\nformat: ndjson\n${MOVE}`,
    contentType: 'application/x-ndjson',
    message: (n) => moves(n, (move) => JSON.stringify(move)),
  }),
  () => ({
    name: 'Ten gate moves, fixed width',
    map: () => `map: gates\nformat: fixed-width\n${COLUMNS}${MOVE}`,
    contentType: 'text/plain',
    message: (n) =>
      moves(n, ({ gate_no, move, container: box, delivery, port, at, zone }) =>
        [gate_no.padEnd(10), move.padEnd(3), box, delivery, port, at, zone].join(''),
      ),
  }),
  () => ({
    name: 'EDIFACT IFTSTA',
    map: readyMap('edifact-iftsta'),
    contentType: 'application/edifact',
    message: variations(sample('edifact/IFTSTA-parse_iftsta_with_unb.edi'), [
      ['TRHU4561222', container],
      ['3724322', (n) => digits(n, 7)],
      ['2BOG129382', (n) => `2BOG${digits(n, 6)}`],
    ]),
  }),
  () => ({
    name: 'X12 315',
    map: readyMap('x12-315'),
    contentType: 'application/edi-x12',
    message: variations(sample('x12/315-test_2.edi').replaceAll('33366742', '33366799'), [
      ['B4***VA*20221114*1450**TCKU*724880*L', (n) => `B4***VA*20221114*1450**MSCU*${digits(n, 6)}*L`],
      ['TCKU7248999', container],
      ['012359227', (n) => digits(n, 9)],
      ['2BUE013415', (n) => `2BUE${digits(n, 6)}`],
    ]),
  }),
  () => ({
    name: 'EPCIS 2.0, an event of its own',
    map: readyMap('epcis'),
    contentType: 'application/json',
    message: (n) => JSON.stringify(epcisEvent(n)),
  }),
];
