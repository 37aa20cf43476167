import t from 'tap';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { itemId, oracleCollector, resourceUrl } from '../../collectors/oracle/oracle.ts';
import type { OracleSourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { oracleSettings } from '../support/source-settings.ts';

interface Row {
  readonly ShipmentId: number;
  LastUpdateDate: string;
  readonly Status?: string;
}

const stamp = (second: number): string =>
  new Date(START_MS - 3_600_000 + second * 1000).toISOString().replace('.000', '');
const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, n) => ({ ShipmentId: n, LastUpdateDate: stamp(n) }));

/** A resource as Fusion serves one: filtered by `q`, in the order of `orderBy`, paged by offset over what the table holds now. */
async function fusion(
  t: Parameters<typeof withHttpServer>[0],
  table: Row[],
  onRequest: (n: number) => void = () => undefined,
) {
  let n = 0;
  const server = await withHttpServer(t, (_, response, url) => {
    n += 1;
    onRequest(n);
    const since = /LastUpdateDate >= '([^']+)'/.exec(url.searchParams.get('q') ?? '')?.[1] ?? '';
    const limit = Number(url.searchParams.get('limit'));
    const offset = Number(url.searchParams.get('offset'));
    const found = table
      .filter((row) => row.LastUpdateDate >= since)
      .sort((a, b) =>
        a.LastUpdateDate < b.LastUpdateDate
          ? -1
          : a.LastUpdateDate > b.LastUpdateDate
            ? 1
            : a.ShipmentId - b.ShipmentId,
      );
    const items = found.slice(offset, offset + limit);
    json(response, {
      items,
      count: items.length,
      hasMore: offset + limit < found.length,
      limit,
      offset,
      links: [],
    });
  });
  return server;
}

async function poll(world: CollectorWorld, settings: OracleSourceConfig): Promise<void> {
  const run = world.start(oracleCollector(settings, new HostGates()));
  await world.until('a complete poll', () => world.proofs.length > 0);
  await run.stop();
}

const ids = (world: CollectorWorld): number[] =>
  world.texts().map((text) => (JSON.parse(text) as Row).ShipmentId);
const IN_ORDER = Array.from({ length: 25 }, (_, n) => n);

t.test('a page is asked for in the order of its changes', async (t) => {
  const page = { stamp: '2026-03-01T00:00:00Z', offset: 20, limit: 25 };
  const settings = oracleSettings('https://acme.fa.example/fscmRestApi/resources/11.13.18.05/', {
    filter: "Org='V1'",
    expand: ['lines'],
  });
  const url = resourceUrl(settings, page);
  t.equal(url.pathname, '/fscmRestApi/resources/11.13.18.05/shipments');
  t.equal(url.searchParams.get('q'), "Org='V1' and LastUpdateDate >= '2026-03-01T00:00:00Z'");
  t.match(url.search, /orderBy=LastUpdateDate%3Aasc&limit=25&offset=20&onlyData=true&expand=lines/);
  t.match(resourceUrl({ ...settings, framework: 1 }, page).searchParams.get('q'), /V1';Last/);
  t.notMatch(
    resourceUrl({ ...settings, keys: [] }, page).search,
    /onlyData/,
    'the self link names the record',
  );
  t.equal(itemId({ links: [{ rel: 'self', href: 'https://x/shipments/300100' }] }, []), '300100');
  t.equal(itemId({ A: 1, B: 'x' }, ['A', 'B']), '1,x');
  t.equal(itemId({ A: 1 }, ['A', 'B']), undefined);
});

t.test('all pages, once each, whatever their size', async (t) => {
  for (const pageSize of [2, 3, 7, 12, 13, 24, 25, 26]) {
    const server = await fusion(t, rows(25));
    const world = new CollectorWorld();
    await poll(world, oracleSettings(server.url, { pageSize }));
    t.same(ids(world), IN_ORDER, `pages of ${pageSize}`);
    t.match(world.messages[3], { sourceId: '3', revision: { order: Date.parse(stamp(3)) } });
  }
});

t.test(
  'a record that changes while pages are read hides nothing behind it, and is read again at the end',
  async (t) => {
    for (const moved of [0, 3, 4, 5]) {
      const table = rows(25);
      const server = await fusion(t, table, (n) => {
        if (n === 2) table[moved] = { ShipmentId: moved, LastUpdateDate: stamp(100), Status: 'changed' };
      });
      const world = new CollectorWorld();
      await poll(world, oracleSettings(server.url, { pageSize: 6 }));
      t.same(
        [...new Set(ids(world))].sort((a, b) => a - b),
        IN_ORDER,
        `record ${moved} moved`,
      );
      t.equal(world.messages.length, 26, 'each once, the changed one twice');
      t.same(world.faults, []);
    }
  },
);

t.test('more records move than pages overlap: it goes on from the change time it had reached', async (t) => {
  const table = rows(25);
  const server = await fusion(t, table, (n) => {
    if (n === 2) for (const row of table.slice(0, 9)) row.LastUpdateDate = stamp(100 + row.ShipmentId);
  });
  const world = new CollectorWorld();
  await poll(world, oracleSettings(server.url, { pageSize: 6 }));
  t.same(
    [...new Set(ids(world))].sort((a, b) => a - b),
    IN_ORDER,
  );
  t.same(world.faults, []);
  t.ok(
    server.requests.some(
      ({ path }) => path.includes(encodeURIComponent(stamp(5))) && path.includes('offset=0'),
    ),
  );
});

t.test('records that vanish between pages cost nothing but themselves', async (t) => {
  const table = rows(25);
  const server = await fusion(t, table, (n) => {
    if (n === 3) table.splice(2, 4);
  });
  const world = new CollectorWorld();
  await poll(world, oracleSettings(server.url, { pageSize: 6 }));
  t.same(ids(world), IN_ORDER, 'they had been read');
});

t.test('a server that knows no offset, or gives nothing and says there is more, is found out', async (t) => {
  const same = { items: rows(4), hasMore: true, count: 4 };
  for (const body of [
    { ...same, items: rows(4).map((row) => ({ ...row, LastUpdateDate: '2026-03-02T07:00:00Z' })) },
    { items: [], hasMore: true },
  ]) {
    const server = await withHttpServer(t, (_, response, url) =>
      json(response, url.searchParams.get('offset') === '0' ? body : { items: [], hasMore: true }),
    );
    const world = new CollectorWorld();
    const run = world.start(
      oracleCollector(
        oracleSettings(server.url, { pageSize: 4, initialLookbackMs: 3_600_000 }),
        new HostGates(),
      ),
    );
    await world.until('a fault', () => world.faults.length > 0);
    await run.stop();
    t.same([...new Set(world.faults)], ['paging-drift']);
    t.equal(world.proofs.length, 0, 'nothing is proved');
  }
});

t.test('pages without end are given up', async (t) => {
  let n = 0;
  const server = await withHttpServer(t, (_, response) => {
    const items = [
      { ShipmentId: n, LastUpdateDate: stamp(n) },
      { ShipmentId: n + 1, LastUpdateDate: stamp(n + 1) },
    ];
    n += 1;
    json(response, { items, hasMore: true });
  });
  const world = new CollectorWorld();
  const run = world.start(
    oracleCollector(oracleSettings(server.url, { pageSize: 2, maxPages: 9 }), new HostGates()),
  );
  await world.until('a fault', () => world.faults.length > 0);
  await run.stop();
  t.same([...new Set(world.faults)], ['too-many-pages']);
  t.ok(world.messages.length >= 9, 'what was read is in the log');
});
