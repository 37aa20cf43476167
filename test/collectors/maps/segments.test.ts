import t from 'tap';
import { compileMap } from '../../../collectors/maps/compile.ts';
import type { MapResult } from '../../../collectors/maps/map.ts';
import { describeEvent } from '../../../collectors/maps/testing.ts';
import { x12Zone } from '../../../collectors/maps/x12-zones.ts';

const problemsOf = (yaml: string): readonly string[] =>
  compileMap(yaml, 'm.yaml').problems.map((p) => `${p.line} ${p.code}`);

function mapWith(yaml: string, body: string, partner = 'acme'): MapResult {
  const { map, problems } = compileMap(yaml, 'm.yaml');
  if (map === undefined) throw new Error(JSON.stringify(problems));
  const data = new TextEncoder().encode(body);
  const message = {
    stream: 'S',
    sequence: 1,
    subject: 's',
    observedAt: 1,
    contentType: 'application/edifact',
    data,
  };
  return map.map(message, { name: 'feed', tenant: 'default', partner, fallbackZone: 'UTC' });
}
const described = (result: MapResult): readonly ReturnType<typeof describeEvent>[] =>
  result.kind === 'events' ? result.events.map((e) => describeEvent(e)) : [];

const MAP = `map: m
format: edifact
loops: ["CNI{RFF,STS{DTM,LOC,RFF}}"]
split: CNI.STS
country: { from: NAD+MS.03 }
refs:
  house-bill: CNI.RFF+BH|HWB
  container: CNI.STS.RFF+EQ
codes:
  states:
    - message: IFTSTA
      release: "D96*"
      codes: { "1": arrived }
    - message: IFTSTA
      partner: [odd, odder]
      codes: { "1": loaded }
    - message: IFTSTA
      list: "120"
      agency: ZZZ
      country: ZA
      codes: { "1": customs.released }
    - message: IFTSTA
      codes: { "1": departed }
events:
  - name: e
    milestone: { from: CNI.STS.01, codes: states, list: CNI.STS.02.2, agency: CNI.STS.02.3 }
    time: CNI.STS.DTM+334
    location: { unlocode: CNI.STS.LOC+9 }
`;
const interchange = (release: string, ...segments: string[]): string =>
  `UNB+UNOC:3+A+B+260301:1000+42'UNH+1+IFTSTA:${release}:UN'${segments.map((s) => `${s}'`).join('')}UNT+${segments.length + 2}+1'UNZ+1+42'`;
const CNI = ['CNI+1', 'RFF+BH:HB-1', 'STS+1', 'DTM+334:202603011000:203', 'LOC+9+NLRTM'];

t.test(
  'paths name segments by their qualifiers, and a segment read as text is what follows them',
  async (t) => {
    const [event] = described(mapWith(MAP, interchange('D:96B', ...CNI)));
    t.match(event, {
      milestone: 'arrived',
      refs: ['house-bill:HB1'],
      place: 'NLRTM',
      at: '2026-03-01T09:00:00Z',
    });
  },
);

t.test('a code means what its message, release, partner, list, agency and country make of it', async (t) => {
  const first = (result: MapResult): unknown => described(result)[0]?.milestone;
  t.equal(first(mapWith(MAP, interchange('D:96A', ...CNI))), 'arrived');
  t.equal(first(mapWith(MAP, interchange('D:00B', ...CNI))), 'departed');
  t.equal(first(mapWith(MAP, interchange('D:00B', ...CNI), 'odder')), 'loaded');
  const national = CNI.map((s) => (s === 'STS+1' ? 'STS+1+X:120:ZZZ' : s));
  t.equal(first(mapWith(MAP, interchange('D:00B', 'NAD+MS++ZA', ...national))), 'customs.released');
  t.equal(first(mapWith(MAP, interchange('D:00B', 'NAD+MS++NL', ...national))), 'departed');
});

t.test('in messages of segments a milestone is never taken from a bare code', async (t) => {
  const bare = MAP.replace(/ {4}- message: IFTSTA\n {6}codes/, '    - codes');
  t.same(problemsOf(bare), ['25 bare-codes']);
});

t.test('each part is read alone: a bad one costs itself, and says where its message begins', async (t) => {
  const result = mapWith(
    MAP,
    interchange(
      'D:00B',
      ...CNI,
      'STS+1',
      'DTM+334:20261301:102',
      'CNI+2',
      'RFF+HWB:HB-2',
      'STS+1',
      'DTM+334:20260302:102',
    ),
  );
  t.same(
    described(result).map((e) => e.refs),
    [['house-bill:HB1'], ['house-bill:HB2']],
  );
  t.match(result, {
    rejected: [
      {
        code: 'bad-time',
        reason: /"20261301".*message IFTSTA 1, from segment 2 at byte 30/,
        sourceId: 'A/42/2026-03-01T10:00/1/1.2',
      },
    ],
    sourceIds: ['A/42/2026-03-01T10:00/1/1.1', 'A/42/2026-03-01T10:00/1/2.1'],
  });
});

t.test('a message that cannot be taken apart is a dead letter beside its neighbours', async (t) => {
  const two = interchange('D:00B', ...CNI).replace('UNZ+1', "UNH+2+IFTSTA:D:00B:UN'CNI+x'bad'UNT+4+2'UNZ+2");
  const result = mapWith(MAP, two);
  t.equal(described(result).length, 1);
  t.match(result, {
    rejected: [{ code: 'not-parseable', sourceId: 'A/42/2026-03-01T10:00/2', reason: /segment 11 at byte/ }],
  });
  t.match(mapWith(MAP, two.replace("'UNT+7+1", "'UNT+9+7")), {
    unmapped: [{ kind: 'envelope' }, { kind: 'envelope' }],
  });
  t.match(mapWith(MAP, 'ISA*00*'), {
    kind: 'dead-letter',
    reason: /it looks like x12, the map reads edifact/,
  });
  t.match(mapWith(MAP, "UNH+1+IFTSTA:D:00B:UN'bad'UNT+3+1'"), { kind: 'dead-letter', code: 'not-parseable' });
});

t.test('what is marked as a test is left out, unless the map says otherwise', async (t) => {
  const test = interchange('D:96B', ...CNI).replace('+42', '+42++++++1');
  t.match(mapWith(MAP, test), { kind: 'ignored', reason: 'the interchange is marked as a test' });
  t.equal(described(mapWith(`${MAP}test_interchanges: true\n`, test)).length, 1);
});

t.test('mistakes in a layout are told', async (t) => {
  t.same(problemsOf(MAP.replace('STS{DTM,LOC,RFF}}"', 'STS{DTM"')), ['3 bad-loop', '4 unknown-loop']);
  t.same(problemsOf(MAP.replace('split: CNI.STS', 'split: CNI.TDT')), ['4 unknown-loop']);
  const fixed =
    'map: f\nformat: fixed-width\ncolumns: { id: 1-5, at: 9-6 }\nid: id\nevents: [{ name: e, milestone: arrived, time: at }]\n';
  t.same(problemsOf(fixed), ['3 bad-column']);
  t.same(problemsOf(fixed.replace(/columns.*\n/, '')), ['1 missing-key']);
});

t.test('time codes of X12', async (t) => {
  t.same(['LT', 'UT', 'ET', 'ED', '01', '12', '13', '24', '25', 'CET'].map(x12Zone), [
    undefined,
    'UTC',
    'America/New_York',
    '-04:00',
    '+01:00',
    '+12:00',
    '-12:00',
    '-01:00',
    undefined,
    undefined,
  ]);
});

t.test('lines of fixed columns and of JSON', async (t) => {
  const fixed = `map: f
format: fixed-width
columns: { id: 1-5, box: 6-17, at: 18-27 }
id: id
refs: { container: box }
events: [{ name: e, milestone: arrived, time: at }]
`;
  const result = mapWith(fixed, '00001APZU4812090 2026-03-01\r\n00002\r\n00003CSQU3054383 2026-03-02  \n');
  t.same(
    described(result).map((e) => [e.at, e.refs]),
    [
      ['2026-03-01', ['container:APZU4812090']],
      ['2026-03-02', ['container:CSQU3054383']],
    ],
  );
  t.match(result, { rejected: [{ path: '/line/2', reason: /ends before the column box/ }] });
  const lines = fixed.replace('fixed-width', 'ndjson').replace(/columns.*\n/, '');
  const json = mapWith(lines, '{"id":1,"box":"APZU4812090","at":"2026-03-01"}\n{"id":\n');
  t.equal(described(json).length, 1);
  t.match(json, { rejected: [{ code: 'not-parseable', path: '/line/2' }] });
});

t.test('a condition holds for references too', async (t) => {
  const yaml = `map: c
format: json
id: id
refs: { booking: { from: doc, when: { type: BKG }, default: none-said } }
events: [{ name: e, milestone: arrived, time: at }]
`;
  const refs = (type: string, doc?: string): unknown =>
    described(mapWith(yaml, JSON.stringify({ id: '1', doc, type, at: '2026-03-01' })))[0]?.refs;
  t.same(refs('BKG', 'B1'), ['booking:B1']);
  t.same(refs('BKG'), ['booking:NONESAID']);
  t.equal(refs('TRD', 'B1'), undefined, 'the document is no booking');
});
