import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { BUILTIN_MAPS, builtinMapText } from '../../../collectors/maps/builtin.ts';
import { compileMap } from '../../../collectors/maps/compile.ts';
import type { CompiledMap, LoggedMessage, MapResult } from '../../../collectors/maps/map.ts';
import { mutated } from '../../support/mutate.ts';
import { seeded } from '../../support/random.ts';

/**
 * Ten thousand broken messages per format through a map: whatever arrives ends as events, as a dead letter with a reason, or is left out
 * with one. A hang would end the run; what comes out is bounded by what went in.
 */
const MESSAGES = 10_000;

t.setTimeout(240_000);

const samples = (folder: string, extension: string): Uint8Array[] => {
  const url = new URL(`../../fixtures/samples/${folder}/`, import.meta.url);
  const names = readdirSync(url).filter((name) => name.endsWith(extension));
  // Short ones: mutations hit more of what matters, and ten thousand of them stay quick.
  const all = names.map((name) => readFileSync(new URL(encodeURIComponent(name), url)));
  return all.filter(({ length }) => length < 3000);
};
const texts = (...list: readonly string[]): Uint8Array[] =>
  list.map((text) => new TextEncoder().encode(text));

const ready = (name: string): CompiledMap => mapOf(builtinMapText(name) ?? '');
function mapOf(yaml: string): CompiledMap {
  const { map, problems } = compileMap(yaml, 'fuzz.yaml');
  if (map === undefined) throw new Error(JSON.stringify(problems));
  return map;
}

const plain = (format: string): string => `map: plain
format: ${format}
id: id
refs: { container: box, lrn: ref }
events: [{ name: e, milestone: arrived, time: at }]
`;
const DCSA = `{"eventID":"e1","eventCreatedDateTime":"2026-03-01T10:00:00Z","eventType":"TRANSPORT","eventClassifierCode":"ACT",
 "eventDateTime":"2026-03-01T10:58:00+01:00","transportEventTypeCode":"ARRI","transportCall":{"UNLocationCode":"NLRTM"},
 "references":[{"referenceType":"EQ","referenceValue":"APZU4812090"}],"n":12345678901234567890}`;
const CLOUD = `{"specversion":"1.0","id":"e-1","source":"/wms","type":"gate.out","time":"2026-03-01T10:00:00+01:00",
 "data":{"refs":{"container":["APZU4812090"]},"location":{"unlocode":"NLRTM"},"attributes":{"mode":"sea"}}}`;
const EPCIS = `{"type":"ObjectEvent","eventID":"e2","eventTime":"2026-03-01T10:00:00Z","eventTimeZoneOffset":"+01:00",
 "epcList":["urn:epc:id:sscc:0614141.1123456789"],"action":"OBSERVE","bizStep":"departing"}`;
const COLUMNS = 'columns: { id: 1-5, box: 6-17, ref: 18-25, at: 26-45 }\n';

const CASES: readonly (readonly [format: string, map: CompiledMap, seeds: readonly Uint8Array[]])[] = [
  ['edifact', ready('edifact-iftsta'), samples('edifact', '.edi')],
  ['x12', ready('x12-315'), samples('x12', '.edi')],
  ['json', ready('dcsa-tnt-2.2'), texts(DCSA, `{"events":[${DCSA},${DCSA}]}`)],
  [
    'epcis',
    ready('epcis'),
    texts(`{"type":"EPCISDocument","epcisBody":{"eventList":[${EPCIS},${EPCIS}]}}`, EPCIS),
  ],
  [
    'ndjson',
    mapOf(plain('ndjson')),
    texts(
      '{"id":1,"box":"APZU4812090","at":"2026-03-01T10:00:00Z"}\n{"id":2,"ref":"L1","at":"2026-03-01"}\n',
    ),
  ],
  ['xml', ready('uk-cds-notification'), samples('uk-cds-TT_IM15a', '.xml')],
  [
    'csv',
    mapOf(plain('csv')),
    texts('id,box,ref,at\n1,APZU4812090,"L,1",2026-03-01T10:00:00Z\n2,,L2,2026-03-01\n'),
  ],
  [
    'fixed-width',
    mapOf(plain('fixed-width') + COLUMNS),
    texts('1    APZU4812090 L1      2026-03-01T10:00:00Z\n2                L2      2026-03-01\n'),
  ],
  ['cloudevents', ready('cloudevents'), texts(CLOUD, `[${CLOUD},${CLOUD}]`)],
];

const SOURCE = { name: 'fuzz', tenant: 'default', partner: 'acme', fallbackZone: 'UTC' };

function read(map: CompiledMap, data: Uint8Array): MapResult {
  const message: LoggedMessage = {
    stream: 'S',
    sequence: 1,
    subject: 's',
    observedAt: 1_000_000,
    contentType: 'application/octet-stream',
    sourceId: 'file#1',
    data,
  };
  return map.map(message, SOURCE);
}

/** Undefined when the message ended as it should. */
function wrongWith(result: MapResult, size: number): string | undefined {
  if (result.kind === 'dead-letter')
    return result.reason === '' ? 'a dead letter without a reason' : undefined;
  const left = result.unmapped.length + (result.kind === 'events' ? (result.rejected ?? []).length : 0);
  if (result.kind === 'ignored') return result.reason === '' ? 'left out without a reason' : undefined;
  const { events } = result;
  if (events.length + left > size) return `${events.length} events and ${left} notes from ${size} bytes`;
  // What takes back an earlier message needs its id alone.
  const bad = events.find(
    ({ refs, retracted, occurredAt: { from, to } }) => (refs.length === 0 && !retracted) || !(from <= to),
  );
  return bad === undefined ? undefined : `an event without refs or time: ${JSON.stringify(bad)}`;
}

/** What so many mutated messages come to, and the first that ended as none should. */
function run(map: CompiledMap, seeds: readonly Uint8Array[], count: number): Outcome {
  const random = seeded(20_261_125);
  const kinds = { events: 0, ignored: 0, 'dead-letter': 0 };
  for (let i = 0; i < count; i++) {
    const data = mutated(seeds, random);
    let wrong: string | undefined;
    try {
      const result = read(map, data);
      kinds[result.kind] += 1;
      wrong = wrongWith(result, data.length);
    } catch (error) {
      wrong = `it throws ${String(error)}`;
    }
    if (wrong !== undefined) return { kinds, wrong: `${wrong}: ${Buffer.from(data).toString('latin1')}` };
  }
  return { kinds, wrong: undefined };
}

interface Outcome {
  readonly kinds: Readonly<Record<MapResult['kind'], number>>;
  readonly wrong: string | undefined;
}

for (const [format, map, seeds] of CASES) {
  t.test(`${format}: ${MESSAGES} mutated messages`, async (t) => {
    const { kinds, wrong } = run(map, seeds, MESSAGES);
    t.equal(wrong, undefined);
    t.ok(
      kinds.events > 0 && kinds['dead-letter'] > 0,
      `some are read and some are not: ${JSON.stringify(kinds)}`,
    );
  });
}

t.test('every ready map, on its own messages', async (t) => {
  for (const name of BUILTIN_MAPS) {
    const file = new URL(`../../../collectors/maps/${name}.test.yaml`, import.meta.url);
    const { tests } = parse(readFileSync(file, 'utf8')) as { tests: readonly { message?: string }[] };
    const seeds = texts(...tests.flatMap(({ message }) => (message === undefined ? [] : [message])));
    t.equal(run(ready(name), seeds, 300).wrong, undefined, name);
  }
});
