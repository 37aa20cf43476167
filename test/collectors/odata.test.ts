import t from 'tap';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { odataCollector } from '../../collectors/odata/odata.ts';
import { readODataPage, recordId, recordRevision } from '../../collectors/odata/page.ts';
import { changeFilter, entityUrl, stampLiteral, withKnown } from '../../collectors/odata/query.ts';
import type { ODataSourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { odataSettings } from '../support/source-settings.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const AT = Date.UTC(2026, 2, 1, 23, 30);

t.test('stamps are written as each version and type wants them, in the zone of the server', async (t) => {
  t.equal(stampLiteral(AT, 'datetimeoffset', 'v2', undefined), "datetimeoffset'2026-03-01T23:30:00Z'");
  t.equal(stampLiteral(AT, 'datetimeoffset', 'v4', undefined), '2026-03-01T23:30:00Z');
  t.equal(stampLiteral(AT, 'datetime', 'v2', 'Europe/Berlin'), "datetime'2026-03-02T00:00:00'");
  t.equal(
    stampLiteral(AT, 'datetime', 'v2', undefined),
    "datetime'2026-03-01T00:00:00'",
    'no zone: as early as any',
  );
  t.equal(stampLiteral(AT, 'date', 'v2', 'UTC'), "datetime'2026-03-01T00:00:00'");
  t.equal(stampLiteral(AT, 'date', 'v4', 'Asia/Tokyo'), '2026-03-02');
});

t.test('creations are asked for beside changes: LastChangeDate is null until the first change', async (t) => {
  const settings = odataSettings('http://s4.test/srv', { zone: 'UTC', filter: "ShippingPoint eq '1710'" });
  t.equal(
    changeFilter(settings, 'v2', AT),
    "(ShippingPoint eq '1710') and ((LastChangeDate ge datetime'2026-03-01T00:00:00') or (CreationDate ge datetime'2026-03-01T00:00:00'))",
  );
  const { changedAt: _, createdAt: __, filter: ___, ...none } = settings;
  t.equal(changeFilter(none, 'v2', AT), undefined, 'nothing to ask by: everything is read');
});

t.test('a well-known entity needs only its name', async (t) => {
  const { changedAt: _, createdAt: __, ...rest } = odataSettings('http://s4.test/srv');
  const bare: ODataSourceConfig = rest;
  t.match(withKnown(bare), {
    keys: ['DeliveryDocument'],
    changedAt: 'LastChangeDate',
    createdAt: 'CreationDate',
    pageSize: 1000,
  });
  t.match(withKnown({ ...bare, keys: ['X'], createdAt: 'Born', pageSize: 5 }), {
    keys: ['X'],
    createdAt: 'Born',
    pageSize: 5,
  });
  t.equal(
    withKnown({ ...bare, createdAt: 'Born' }).changedAt,
    undefined,
    'what was configured stays as it is',
  );
  t.same(withKnown({ ...bare, entity: 'Orders' }).keys, []);
});

t.test('windows are in key order, and blanks are written %20', async (t) => {
  const settings = odataSettings('http://s4.test/srv;v=0002', { pageSize: 500, zone: 'UTC' });
  const url = entityUrl(settings, ['A', 'B'], { version: 'v2', since: AT, skip: 499 });
  t.equal(url.pathname, '/srv;v=0002/A_OutbDeliveryHeader');
  t.ok(url.search.includes('$orderby=A%2CB&$top=500&$skip=499&$format=json'));
  t.notOk(url.search.includes('+'));
});

t.test('a record keeps its bytes, its id is free of the host name', async (t) => {
  const text = `{"d":{"results":[ {"Id":12345678901234567890,"x":"\\u00e9", "__metadata":{"uri":"https://a.b/sap/S('1')","etag":"W/\\"'0002'\\""}} ]}}`;
  const page = readODataPage(bytes(text), 'test');
  const record = page.records[0]!;
  t.ok(
    Buffer.from(record.bytes).toString().includes('12345678901234567890'),
    'long numbers keep their digits',
  );
  t.equal(recordId(record.value, []), "S('1')");
  t.equal(recordId({ A: '1', B: '10' }, ['A', 'B']), '1/10');
  t.equal(recordId({ '@odata.id': 'Orders(5)' }, []), 'Orders(5)');
  t.equal(recordId({ x: 1 }, []), undefined);
  t.equal(recordRevision(record)?.order, 2, 'a version counter orders');
  const withTag = (etag: string) =>
    recordRevision({ bytes: bytes(''), value: { '@odata.etag': etag } })?.order;
  t.equal(withTag(`W/"datetimeoffset'2026-03-01T23%3A30%3A00Z'"`), AT, 'a change time orders');
  t.equal(withTag('W/"a9f3c1"'), undefined, 'a hash says different, not newer');
});

t.test('the lists and links of every version are found', async (t) => {
  const next = (text: string) => readODataPage(bytes(text), 'test').next;
  t.equal(next('{"d":{"results":[],"__next":"X?$skiptoken=1"}}'), 'X?$skiptoken=1');
  t.equal(next('{"value":[],"@odata.nextLink":"X?$skiptoken=2"}'), 'X?$skiptoken=2');
  t.equal(readODataPage(bytes('{"d":[{"a":1}]}'), 'test').records.length, 1);
  t.throws(
    () =>
      readODataPage(
        bytes('{"error":{"code":"005056A","message":{"lang":"en","value":"No authorization"}}}'),
        's',
      ),
    { fault: 'wrong-shape', message: /No authorization/ },
  );
});

/** An entity set behind `$top`, `$skip` and `$filter`, as SAP Gateway serves one without server-driven paging. */
async function gateway(
  t: Parameters<typeof withHttpServer>[0],
  rows: { DeliveryDocument: string; Status: string }[],
  onRequest: (n: number) => void = () => undefined,
) {
  let n = 0;
  const server = await withHttpServer(t, (_, response, url) => {
    n += 1;
    onRequest(n);
    const skip = Number(url.searchParams.get('$skip') ?? 0);
    const top = Number(url.searchParams.get('$top') ?? rows.length);
    json(
      response,
      { d: { results: rows.slice(skip, skip + top) } },
      { date: new Date(START_MS).toUTCString() },
    );
  });
  return { server, url: `${server.url}/sap/opu/odata/sap/API` };
}

const row = (n: number, Status = 'A') => ({ DeliveryDocument: String(80_000_000 + n), Status });

async function polls(world: CollectorWorld, settings: ODataSourceConfig, count: number): Promise<void> {
  const run = world.start(odataCollector(settings, new HostGates()));
  await world.until(`${count} polls`, () => world.proofs.length >= count);
  await run.stop();
}

t.test('windows reach the end, full ones too', async (t) => {
  for (const count of [0, 1, 3, 4, 7, 10]) {
    const { url } = await gateway(
      t,
      Array.from({ length: count }, (_, i) => row(i)),
    );
    const world = new CollectorWorld();
    await polls(world, odataSettings(url, { pageSize: 4 }), 1);
    t.equal(world.messages.length, count, `${count} records in windows of 4`);
  }
});

t.test('a record removed while windows are read hides none behind it', async (t) => {
  const rows = Array.from({ length: 9 }, (_, i) => row(i));
  const { url } = await gateway(t, rows, (n) => {
    if (n === 2) rows.splice(1, 1);
  });
  const world = new CollectorWorld();
  await polls(world, odataSettings(url, { pageSize: 4 }), 1);
  t.same(
    [...new Set(world.messages.map(({ sourceId }) => sourceId))].length,
    9,
    'the one that moved up as well',
  );
  t.equal(world.messages.length, 9, 'and none twice');
});

t.test('a server that knows no $skip is found out', async (t) => {
  const rows = Array.from({ length: 4 }, (_, i) => row(i));
  const server = await withHttpServer(t, (_, response) => json(response, { d: { results: rows } }));
  const world = new CollectorWorld();
  const settings = odataSettings(`${server.url}/sap/opu/odata/sap/API`, { pageSize: 4 });
  const run = world.start(odataCollector(settings, new HostGates()));
  await world.until('a fault', () => world.faults.length > 0);
  await run.stop();
  t.same(world.faults, ['paging-drift']);
  t.equal(world.proofs.length, 0, 'nothing is proved');
});

t.test('only what changed is sent again: A, B, A are three messages', async (t) => {
  const rows = [row(1), row(2)];
  const { url } = await gateway(t, rows, (n) => {
    rows[0] = row(1, n === 3 ? 'B' : 'A');
  });
  const world = new CollectorWorld();
  await polls(world, odataSettings(url), 5);
  t.same(
    world.texts().map((text) => (JSON.parse(text) as { Status: string }).Status),
    ['A', 'A', 'B', 'A'],
  );
});

t.test('asks since the last complete poll less the overlap, and proves as far', async (t) => {
  const { server, url } = await gateway(t, [row(1)]);
  const world = new CollectorWorld();
  const settings = odataSettings(url, { stampType: 'datetimeoffset', overlapMs: 600_000 });
  await polls(world, settings, 2);
  const filters = server.requests.map(({ path }) => new URL(path, server.url).searchParams.get('$filter'));
  t.match(filters[0], /ge datetimeoffset'2026-03-01T08:00:00Z'/, 'the first reaches back as configured');
  t.match(
    filters[1],
    /ge datetimeoffset'2026-03-02T07:50:00Z'/,
    'the second to ten minutes before the first',
  );
  t.equal(world.proofs[0]?.provedUntil, START_MS - 600_000);
  t.equal(world.proofs[0]?.kind, 'poll-complete');
});

t.test('a server with a clock ahead makes us skip nothing', async (t) => {
  const server = await withHttpServer(t, (_, response) =>
    json(response, { d: { results: [] } }, { date: new Date(START_MS + 86_400_000).toUTCString() }),
  );
  const world = new CollectorWorld();
  await polls(world, odataSettings(`${server.url}/sap/opu/odata/sap/API`), 1);
  t.ok((world.proofs[0]?.provedUntil ?? Infinity) < START_MS);
  t.same(JSON.parse([...world.cursors.values()][0]!), { readUntil: START_MS });
});

t.test('links that lead away or in a circle are faults, not journeys', async (t) => {
  for (const [next, fault] of [
    ['http://10.0.0.1/other?$skiptoken=1', 'page-on-other-host'],
    ['?$skiptoken=1', 'cursor-repeated'],
  ] as const) {
    const server = await withHttpServer(t, (_, response) =>
      json(response, { d: { results: [row(1)], __next: next } }),
    );
    const world = new CollectorWorld();
    const run = world.start(odataCollector(odataSettings(`${server.url}/odata/sap/API`), new HostGates()));
    await world.until('a fault', () => world.faults.length > 0);
    await run.stop();
    t.same([...new Set(world.faults)], [fault]);
    t.equal(world.messages.length, 1, 'what was read is in the log');
    t.equal(world.proofs.length, 0, 'nothing is proved');
  }
});
