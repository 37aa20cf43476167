import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { certificate } from '../support/certificates.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { answerPage, complaints, DIALECTS, goodPage } from '../support/dialects.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { LIES } from '../support/lies.ts';
import { httpSettings } from '../support/source-settings.ts';

for (const dialect of DIALECTS) {
  for (const { what, fault, says, told, page, not } of LIES) {
    if (not?.includes(dialect.name)) continue;
    t.test(`${dialect.name}: a server that ${what}, and nothing is lost`, async (t) => {
      const world = new CollectorWorld();
      const counts = new Map<number, number>();
      const server = await withHttpServer(t, (_, response, url) => {
        const n = dialect.pageOf(url);
        const count = counts.get(n) ?? 0;
        counts.set(n, count + 1);
        const lies = fault === undefined || world.faults.length === 0;
        answerPage(response, lies ? page(dialect, n, count) : goodPage(dialect, n));
      });
      const run = world.start(dialect.collector(server.url, { maxPages: 9 }));
      await world.until('a complete poll', () => world.proofs.length > 0);
      await run.stop();
      t.same([...new Set(world.faults)], fault === undefined ? [] : [fault]);
      if (says !== undefined) t.match(world.said('poll-failed', fault)[0], says);
      if (told !== undefined) t.match([...world.said('refused'), ...world.said('clock-skew')][0], told);
      t.same(complaints(world), []);
      const second = world.messages.find(({ sourceId }) => sourceId === '2')!.data;
      const { body, encoding } = page(dialect, 1, 0);
      if (fault === undefined)
        t.ok(Buffer.from(body, encoding).includes(second), 'byte for byte as it was sent');
    });
  }

  t.test(`${dialect.name}: a server whose certificate has expired is named, and told nothing`, async (t) => {
    const [cert, key] = [await certificate('expired.pem'), await certificate('expired.key')];
    let asked = 0;
    const server = createServer({ cert, key }, () => {
      asked += 1;
    });
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    t.teardown(() => server.close());
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    const world = new CollectorWorld();
    const run = world.start(dialect.collector(url, { tls: { ca: cert } }));
    await world.until('a fault', () => world.faults.length > 0);
    await run.stop();
    t.match(world.said('poll-failed', 'tls-failed')[0], /tls-failed \(certificate has expired\)/);
    t.equal(asked, 0);
  });
}

t.test('records that move while numbered pages are read hide nothing behind them', async (t) => {
  const rows = Array.from({ length: 6 }, (_, n) => ({ id: String(n), at: 1 }));
  let n = 0;
  const server = await withHttpServer(t, (_, response, url) => {
    n += 1;
    // The first row changes and goes to the end: the third slips from page 2 to page 1, which has been read.
    if (n === 2) rows.push({ ...rows.shift()!, at: 2 });
    const page = Number(url.searchParams.get('page'));
    json(response, { items: rows.slice(page * 2 - 2, page * 2) });
  });
  const world = new CollectorWorld();
  const paging = { kind: 'page-number', param: 'page', first: 1 } as const;
  const run = world.start(httpCollector(httpSettings(server.url, { paging }), new HostGates()));
  await world.until('a complete poll', () => world.proofs.length > 0);
  await run.stop();
  const ids = world.messages.map(({ sourceId }) => sourceId).sort();
  t.same(ids, ['0', '0', '1', '2', '3', '4', '5'], 'each once, the changed one twice');
  t.ok(world.journal.at(-2)?.kind === 'proved' || world.journal.at(-1)?.kind === 'proved');
  t.same(world.faults, []);
});

t.test('an id that no double holds keeps its digits', async (t) => {
  const ids = ['12345678901234567890', '12345678901234567891'];
  for (const dialect of DIALECTS.slice(1, 4)) {
    const records = ids.map((id) => dialect.record('1').replace('"1"', id));
    const server = await withHttpServer(t, (_, response) =>
      answerPage(response, dialect.page(records, undefined)),
    );
    const world = new CollectorWorld();
    const run = world.start(dialect.collector(server.url, {}));
    await world.until('two polls', () => world.proofs.length > 1);
    await run.stop();
    t.same(
      world.messages.map(({ sourceId }) => sourceId),
      ids,
      `${dialect.name}: two records, not two states of one`,
    );
  }
});
