import t from 'tap';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { deletedLink, keyOfLink } from '../../collectors/odata/deleted.ts';
import { odataCollector } from '../../collectors/odata/odata.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { type Handler, json, withHttpServer } from '../support/http-server.ts';
import { odataSettings } from '../support/source-settings.ts';

const order = (id: string, Status = 'A') => ({ SalesOrder: id, Status });

t.test('entities that are gone keep the id they had', async (t) => {
  const context = 'https://x/$metadata#A_SalesOrder/$deletedEntity';
  t.equal(
    deletedLink({ '@odata.context': context, id: "A_SalesOrder('1')", reason: 'deleted' }),
    "A_SalesOrder('1')",
  );
  t.equal(
    deletedLink({ '@removed': { reason: 'deleted' }, '@id': "A_SalesOrder('1')" }),
    "A_SalesOrder('1')",
  );
  t.equal(deletedLink({ '@odata.id': "A_SalesOrder('1')" }), undefined, 'this one is there');
  t.equal(keyOfLink("https://x/srv/A_SalesOrder('4711')", ['SalesOrder']), '4711');
  t.equal(keyOfLink("A_SalesOrder(SalesOrder='47''11')", ['SalesOrder']), "47'11");
  t.equal(
    keyOfLink("A_SupplierInvoice(FiscalYear='2026',SupplierInvoice='51%2C9')", [
      'SupplierInvoice',
      'FiscalYear',
    ]),
    '51,9/2026',
  );
  t.equal(keyOfLink('Orders(5)', ['Id']), '5');
  t.equal(keyOfLink("A_SalesOrder('1')", ['A', 'B']), undefined);
  t.equal(keyOfLink('A_SalesOrder/1', ['A']), undefined);
});

for (const [version, next, delta, list] of [
  ['v4', '@odata.nextLink', '@odata.deltaLink', (value: object[], links: object) => ({ value, ...links })],
  ['v2', '__next', '__delta', (results: object[], links: object) => ({ d: { results, ...links } })],
] as const) {
  t.test(`${version}: everything once, then only what the delta links tell, deletions too`, async (t) => {
    const told: object[][] = [
      [order('1', 'B')],
      [{ '@removed': { reason: 'deleted' }, '@odata.id': "A_SalesOrder('2')" }],
    ];
    const server = await withHttpServer(t, (_, response, url) => {
      const token = url.searchParams.get('$deltatoken');
      if (url.searchParams.has('$skiptoken'))
        json(response, list([order('3')], { [delta]: `${url.pathname}?$deltatoken=0` }));
      else if (token === null)
        json(response, list([order('1'), order('2')], { [next]: `${url.pathname}?$skiptoken=1` }));
      else {
        const n = Number(token);
        json(response, list(told[n] ?? [], { [delta]: `${url.pathname}?$deltatoken=${Math.min(n + 1, 2)}` }));
      }
    });
    const world = new CollectorWorld();
    const settings = odataSettings(`${server.url}/srv`, { entity: 'A_SalesOrder', version, delta: true });
    const run = world.start(odataCollector(settings, new HostGates()));
    await world.until('four polls', () => world.proofs.length >= 4);
    await run.stop();
    t.same(
      world.messages.map(({ sourceId }) => sourceId),
      ['1', '2', '3', '1', '2'],
    );
    t.match(world.texts()[4], /@removed/, 'the deletion as the server told it');
    t.same(world.faults, []);
    const [first] = server.requests;
    t.notMatch(first?.path, /\$top/, 'the server pages by itself');
    t.equal(
      first?.headers.prefer,
      version === 'v4' ? 'odata.track-changes,odata.maxpagesize=1000' : undefined,
    );
    const again = world.start(odataCollector(settings, new HostGates()));
    await world.until('another poll', () => world.proofs.length >= 5);
    await again.stop();
    t.match(server.requests.at(-1)?.path, /deltatoken=2/, 'a restart goes on where it was');
  });
}

t.test('a delta that the server has forgotten is named, and everything is read', async (t) => {
  let round = 0;
  const handler: Handler = (_, response, url) => {
    if (url.searchParams.has('$deltatoken')) response.writeHead(410).end();
    else {
      round += 1;
      json(response, { value: [order('1', String(round))], '@odata.deltaLink': '?$deltatoken=x' });
    }
  };
  const server = await withHttpServer(t, handler);
  const world = new CollectorWorld();
  const settings = odataSettings(`${server.url}/srv`, { entity: 'A_SalesOrder', version: 'v4', delta: true });
  const run = world.start(odataCollector(settings, new HostGates()));
  await world.until('two polls', () => world.proofs.length >= 2);
  await run.stop();
  t.equal(world.faults[0], 'delta-expired');
  t.same(world.messages.map(({ sourceId }) => sourceId).slice(0, 2), ['1', '1']);
});

t.test('a server that tracks nothing is asked by stamps, and that is said', async (t) => {
  const server = await withHttpServer(t, (_, response) => json(response, { value: [order('1')] }));
  const world = new CollectorWorld();
  const settings = odataSettings(`${server.url}/srv`, { entity: 'A_SalesOrder', version: 'v4', delta: true });
  const run = world.start(odataCollector(settings, new HostGates()));
  await world.until('two polls', () => world.proofs.length >= 2);
  await run.stop();
  t.match(
    world.events.find(({ kind }) => kind === 'refused'),
    { reason: /^no-delta-link/ },
  );
  t.match(server.requests.at(-1)?.path, /filter=.*LastChangeDate/);
});
