import fc from 'fast-check';
import t from 'tap';
import { compileMap } from '../../../collectors/maps/compile.ts';
import type { LoggedMessage, MapResult } from '../../../collectors/maps/map.ts';
import { describeEvent } from '../../../collectors/maps/testing.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';

const SOURCE = { name: 'feed', tenant: 'default', partner: 'acme', fallbackZone: 'UTC' };

function mapWith(yaml: string, body: unknown, over: Partial<LoggedMessage> = {}, source = SOURCE): MapResult {
  const { map, problems } = compileMap(yaml, 'm.yaml');
  if (map === undefined) throw new Error(JSON.stringify(problems));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return map.map(
    {
      stream: 'S',
      sequence: 7,
      subject: 's',
      observedAt: 1_000_000,
      contentType: 'application/json',
      data: new TextEncoder().encode(text),
      ...over,
    },
    source,
  );
}

function eventsWith(...args: Parameters<typeof mapWith>): readonly ShipmentEvent[] {
  const result = mapWith(...args);
  return result.kind === 'events' ? result.events : [];
}

const simple = (more = '', event = ''): string => `map: m
format: json
id: id
refs: { container: box }
${more}
events:
  - name: e
    milestone: arrived
    time: at
${event.replace(/^/gm, '    ')}
`;
const BODY = { id: 1, box: 'APZU4812090', at: '2026-03-01T10:00:00Z' };

t.test('identity: the key names the statement, the id its revision', async (t) => {
  const yaml = simple('revision: changed');
  const [a] = eventsWith(yaml, { ...BODY, changed: '2026-03-01T11:00:00Z' });
  const [same] = eventsWith(
    yaml,
    { ...BODY, changed: '2026-03-01T11:00:00Z' },
    { sequence: 99, observedAt: 5 },
  );
  const [later] = eventsWith(yaml, { ...BODY, changed: '2026-03-01T12:00:00Z' });
  const [other] = eventsWith(yaml, { ...BODY, id: 2, changed: '2026-03-01T11:00:00Z' });
  t.equal(a?.id, same?.id, 'a repeat is the same event, wherever it stands in the log');
  t.equal(a?.key, later?.key);
  t.not(a?.id, later?.id);
  t.ok(a!.revision.order < later!.revision.order);
  t.not(a?.key, other?.key);
  t.match(a?.raw, { stream: 'S', sequence: 7 });
});

t.test('a revision that the source lacks: of the transport, else of the content', async (t) => {
  const [header] = eventsWith(simple(), BODY, { revision: { order: 4, tag: 'x' } });
  t.same(header?.revision, { order: 4, tag: 'x' });
  const [snapshot] = eventsWith(simple(), BODY);
  t.equal(snapshot?.revision.order, 1_000_000, 'the order of a snapshot is when it was seen');
  const [changed] = eventsWith(simple(), { ...BODY, note: 'x' });
  t.not(snapshot?.revision.tag, changed?.revision.tag);
  const [etag] = eventsWith(simple('revision: etag'), { ...BODY, etag: `W/"'0012'"` });
  t.equal(etag?.revision.order, 12);
});

t.test('an id of the transport serves when the message has none', async (t) => {
  const { id: _id, ...rest } = BODY;
  t.equal(mapWith(simple(), rest).kind, 'dead-letter');
  t.equal(eventsWith(simple(), rest, { sourceId: 'k-1' }).length, 1);
});

t.test('a long number is an identifier, not a rounded one', async (t) => {
  const yaml = simple().replace('container: box', 'order: box');
  const [event] = eventsWith(
    yaml,
    '{"id":12345678901234567890,"box":90071992547409931,"at":"2026-03-01T10:00:00Z"}',
  );
  t.same(event?.refs, [{ type: 'order', value: '90071992547409931' }]);
});

t.test('zones: the text, the field, the place, the partner, the fallback', async (t) => {
  const local = { ...BODY, at: '2026-07-01T10:00:00', zone: 'EST', port: 'NLRTM' };
  const of = (yaml: string, body: unknown, zone?: string): unknown => {
    const [e] = eventsWith(
      yaml,
      body,
      {},
      zone === undefined ? SOURCE : ({ ...SOURCE, zone } as typeof SOURCE),
    );
    return [new Date(e!.occurredAt.from).toISOString().slice(11, 16), e?.occurredAt.zoneFrom];
  };
  const place = 'location: { unlocode: port }';
  t.same(of(simple(place), BODY, 'Asia/Tokyo'), ['10:00', 'text']);
  t.same(
    of(simple(`${place}\nzone: zone`), local, 'Asia/Tokyo'),
    ['14:00', 'text'],
    'SAP EST has summer time',
  );
  t.same(of(simple(place), local, 'Asia/Tokyo'), ['08:00', 'place']);
  t.same(of(simple(), local, 'Asia/Tokyo'), ['01:00', 'partner']);
  t.same(of(simple(), local), ['10:00', 'assumed']);
  const result = mapWith(simple(), local);
  t.match(result, { unmapped: [{ kind: 'zone-assumed', path: '/at', value: '2026-07-01T10:00:00' }] });
});

t.test('a date is the whole day of its zone, also when the clocks change', async (t) => {
  const [event] = eventsWith(simple('zone: { value: Europe/Amsterdam }'), { ...BODY, at: '2026-03-29' });
  const { from, to } = event!.occurredAt;
  t.equal((to + 1 - from) / 3_600_000, 23);
  t.equal(new Date(from).toISOString(), '2026-03-28T23:00:00.000Z');
});

t.test('code tables belong to a partner and a list', async (t) => {
  const yaml = `map: m
format: json
id: id
refs: { container: box }
partner: who
codes:
  gis:
    - { partner: zaf, list: ZZZ, codes: { "1": customs.released } }
    - { list: UN, codes: { "1": customs.accepted, "9": ignore } }
events:
  - name: e
    milestone: { from: gis, codes: gis, list: list }
    time: at
`;
  const of = (who: string, list: string, gis = '1'): unknown => {
    const result = mapWith(yaml, { ...BODY, who, list, gis });
    return result.kind === 'events' ? result.events[0]?.milestone : result.kind;
  };
  t.equal(of('zaf', 'ZZZ'), 'customs.released');
  t.equal(of('zaf', 'UN'), 'customs.accepted');
  t.equal(of('other', 'ZZZ'), 'ignored');
  t.match(mapWith(yaml, { ...BODY, who: 'other', list: 'ZZZ', gis: '1' }), {
    unmapped: [{ kind: 'unknown-code', value: '1', path: '/gis' }, { kind: 'no-milestone' }],
  });
  t.match(mapWith(yaml, { ...BODY, who: 'x', list: 'UN', gis: '9' }), { kind: 'ignored', unmapped: [] });
});

t.test('a snapshot takes back what it no longer says, under the same key', async (t) => {
  const yaml = simple('snapshot: true', 'when: { status: C }');
  const [issued] = eventsWith(yaml, { ...BODY, status: 'C' });
  const [cancelled] = eventsWith(yaml, { ...BODY, status: 'A' }, { observedAt: 2_000_000 });
  t.match(issued, { retracted: false });
  t.match(cancelled, { retracted: true, key: issued?.key, attributes: {} });
  t.ok(issued!.revision.order < cancelled!.revision.order);
  t.equal(
    mapWith(simple('', 'when: { status: C }'), { ...BODY, status: 'A' }).kind,
    'ignored',
    'a message does not',
  );
});

t.test('an explicit correlation id is a reference, from the header or a field', async (t) => {
  const yaml = simple('correlation: case');
  const refs = (e: ShipmentEvent | undefined): unknown => e?.refs.map((r) => `${r.type}:${r.value}`);
  t.same(refs(eventsWith(yaml, { ...BODY, case: 'C-1' })[0]), ['container:APZU4812090', 'correlation:C-1']);
  const [header] = eventsWith(yaml, { ...BODY, case: 'C-1' }, { correlationId: 'H-1' });
  t.same(refs(header), ['container:APZU4812090', 'correlation:H-1']);
});

t.test('an alias is a reference that may stand for the shipment', async (t) => {
  const [event] = eventsWith(simple('aliases: { house-bill: hbl }'), { ...BODY, hbl: 'H1' });
  t.same(event?.aliases, [{ type: 'house-bill', value: 'H1' }]);
  t.match(event?.refs, [{ type: 'container' }, { type: 'house-bill' }]);
});

t.test('roles by place, from a list or from the message', async (t) => {
  const yaml = (role: string): string =>
    simple('location: { unlocode: port }', `occurrence: { role: ${role} }`);
  const of = (text: string, body: object): unknown =>
    eventsWith(text, { ...BODY, ...body })[0]?.occurrence.role;
  const list = yaml('{ by_place: { origin: [CNSHG], destination: [NLRTM] } }');
  t.equal(of(list, { port: 'CNSHA' }), 'origin', 'an alias of the place');
  t.equal(of(list, { port: 'SGSIN' }), undefined);
  t.equal(
    of(yaml('{ by_place: { destination: { from: dest } } }'), { port: 'NLRTM', dest: 'nlrtm' }),
    'destination',
  );
});

t.test('a map may stand on another one', async (t) => {
  const yaml = `extends: builtin:dcsa-tnt-2.2
map: maersk
places: { destination: [NLRTM] }
codes: { transport: { OMIT: departed } }
`;
  const event = (code: string): object => ({
    eventID: code,
    eventType: 'TRANSPORT',
    eventClassifierCode: 'ACT',
    eventDateTime: '2026-03-01T10:00:00Z',
    transportEventTypeCode: code,
    transportCall: { UNLocationCode: 'NLRTM' },
    references: [{ referenceType: 'EQ', referenceValue: 'APZU4812090' }],
  });
  const made = eventsWith(yaml, [event('ARRI'), event('OMIT')]).map((e) => describeEvent(e));
  t.match(made, [
    { milestone: 'arrived', role: 'destination' },
    { milestone: 'departed', role: 'destination' },
  ]);
  t.equal(compileMap(yaml, 'x').map?.name, 'maersk');
});

t.test('CSV rows are records', async (t) => {
  const yaml = simple().replace('format: json', 'format: csv');
  const made = eventsWith(yaml, 'id;box;at\n1;APZU4812090;2026-03-01T10:00:00Z\n2;CSQU3054383;20260301\n');
  t.same(
    made.map((e) => e.refs[0]?.value),
    ['APZU4812090', 'CSQU3054383'],
  );
});

t.test('a row of a drop folder has the id of its line', async (t) => {
  const yaml = simple().replace('format: json', 'format: csv');
  const row = 'box,at\nAPZU4812090,2026-03-01T10:00:00Z\n';
  t.equal(eventsWith(yaml, row, { sourceId: 'x.csv:2' }).length, 1);
  const two = mapWith(yaml, `${row}APZU4812090,2026-03-01T10:00:00Z\n`, { sourceId: 'x.csv' });
  t.match(two, { kind: 'dead-letter', code: 'missing-id' }, 'one id cannot name two records');
});

t.test('an XML body inside a CloudEvent', async (t) => {
  const yaml = simple()
    .replace('format: json', 'format: xml')
    .replace('id: id', 'id: m.id')
    .replace('box }', 'm.box }')
    .replace('at\n', 'm.at\n');
  const xml = '<m><id>1</id><box>APZU4812090</box><at>2026-03-01T10:00:00Z</at></m>';
  const envelope = {
    specversion: '1.0',
    id: 'x',
    source: '/',
    type: 't',
    data_base64: Buffer.from(xml).toString('base64'),
  };
  t.equal(eventsWith(yaml, envelope, { contentType: 'application/cloudevents+json' }).length, 1);
});

t.test('names that every object has are no fields', async (t) => {
  t.match(mapWith(simple().replace('id: id', 'id: constructor'), BODY), { code: 'missing-id' });
  t.match(mapWith(simple().replace('time: at', 'time: __proto__.at'), BODY), { code: 'missing-time' });
});

t.test('whatever JSON comes, a map answers and says the same again', async (_t) => {
  const { map } = compileMap(simple('records: [list, .]\nlocation: { unlocode: port }'), 'm.yaml');
  const field = fc.constantFrom('id', 'box', 'at', 'list', 'port', 'x');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.constant('2026-03-01'),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(field, tie('any'), { maxKeys: 5 }),
    ),
  })).any;
  fc.assert(
    fc.property(value, (body) => {
      const data = new TextEncoder().encode(JSON.stringify(body));
      const message = { stream: 'S', sequence: 1, subject: 's', observedAt: 5, contentType: '', data };
      const [a, b] = [map?.map(message, SOURCE), map?.map(message, SOURCE)];
      return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
    }),
    { numRuns: 300 },
  );
});

t.test('a date of a document is a day, in the zone that is said beside it', async (t) => {
  const yaml = simple('attributes: { free_time.last_day: { from: lfd, as: date, zone: tz } }');
  const day = (lfd: string, tz?: string) => eventsWith(yaml, { ...BODY, lfd, tz })[0]?.attributes;
  const last = (text: string) => ({ 'free_time.last_day': text });
  t.same(day('2026-05-14T06:59:00Z', 'America/Los_Angeles'), last('2026-05-13'));
  t.same(day('2026-05-14T06:59:00Z'), last('2026-05-14'), 'as it is written');
  t.same(day('2026-05-14T23:30:00-07:00'), last('2026-05-14'));
  t.same(
    day('/Date(1783036800000)/', 'America/Los_Angeles'),
    last('2026-07-03'),
    'a day is a day everywhere',
  );
  t.same(day('20260514'), last('2026-05-14'));
  t.same(day('soon'), {});
  const { problems } = compileMap(simple('attributes: { carrier: { from: a, zone: tz } }'), 'm.yaml');
  t.match(problems[0], { code: 'bad-zone', fix: 'as: date' });
});

t.test('local times that are written as if they were UTC are read where they were', async (t) => {
  const yaml = simple('location: { unlocode: port }').replace(
    'time: at',
    'time: { from: at, offset_is_wrong_when: { tz: { exists: false } } }',
  );
  const when = (body: object) => eventsWith(yaml, { ...BODY, ...body })[0]?.occurredAt;
  t.match(when({ port: 'USLAX', tz: 'x' }), { from: Date.parse('2026-03-01T10:00:00Z'), zoneFrom: 'text' });
  t.match(when({ port: 'USLAX' }), { from: Date.parse('2026-03-01T18:00:00Z'), zoneFrom: 'place' });
  t.match(when({}), { from: Date.parse('2026-03-01T10:00:00Z'), zoneFrom: 'assumed' });
  t.match(when({ at: '2026-03-01T10:00:00-05:00', port: 'USLAX' }), {
    from: Date.parse('2026-03-01T18:00:00Z'),
  });
});

t.test('a place of which only the country is known has its zone, where the country has one', async (t) => {
  const yaml = simple('location: { name: town, country: { from: land, as: country } }');
  const local = { ...BODY, at: '2026-07-01T10:00:00', town: 'Lyon' };
  t.match(eventsWith(yaml, { ...local, land: 'fr' })[0]?.occurredAt, {
    zone: 'Europe/Paris',
    zoneFrom: 'place',
  });
  t.match(eventsWith(yaml, { ...local, land: 'US' })[0]?.occurredAt, { zone: 'UTC', zoneFrom: 'assumed' });
});

t.test('the stops of a journey may be part of longer codes', async (t) => {
  const yaml = simple(
    "location: { unlocode: port }\nplaces: { destination: { from: $.to, match: '^(.{5})' } }",
  );
  t.equal(eventsWith(yaml, { ...BODY, port: 'BRSSZ', to: 'BRSSZ01' })[0]?.occurrence.role, 'destination');
  t.equal(eventsWith(yaml, { ...BODY, port: 'EGPSD', to: 'BRSSZ01' })[0]?.occurrence.role, undefined);
});

t.test('a condition may compare two places of a message', async (t) => {
  const yaml = simple('', 'when: { port: { differs_from: [from, to] } }');
  const said = (body: object) => eventsWith(yaml, { ...BODY, from: 'A', to: 'B', ...body }).length;
  t.same([said({ port: 'C' }), said({ port: 'A' }), said({ port: 'B' }), said({})], [1, 0, 0, 0]);
});
