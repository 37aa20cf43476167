import t from 'tap';
import { httpCollector, pollUrl } from '../../collectors/http/http.ts';
import { nextLink, withParameter } from '../../collectors/http/paging.ts';
import { retryAfterMs } from '../../collectors/http-client-fault.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import type { HttpSourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { type Handler, json, withHttpServer } from '../support/http-server.ts';
import { httpSettings } from '../support/source-settings.ts';

interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

async function polled(
  t: Teardown,
  handler: Handler,
  other: Partial<HttpSourceConfig> = {},
  count = 1,
): Promise<{ world: CollectorWorld; paths: string[]; requests: { headers: Record<string, unknown> }[] }> {
  const server = await withHttpServer(t, handler);
  const world = new CollectorWorld();
  const run = world.start(
    httpCollector(httpSettings(`${server.url}/v2/events?limit=2`, other), new HostGates()),
  );
  await world.until('polls or a fault', () => world.proofs.length >= count || world.faults.length > 0);
  await run.stop();
  return { world, paths: server.requests.map(({ path }) => path), requests: server.requests };
}

const idsOf = (world: CollectorWorld) => world.messages.map(({ sourceId }) => sourceId);

t.test('Link headers', async (t) => {
  t.equal(nextLink('<https://a.b/x?p=1>; rel="prev", <https://a.b/x?p=3>; rel="next"'), 'https://a.b/x?p=3');
  t.equal(nextLink('</x?a=1,2;3>; title="a, b; rel=prev"; rel=next'), '/x?a=1,2;3');
  t.equal(nextLink('<x>; rel="last next"'), 'x', 'one of several relations');
  t.equal(nextLink('<x>; rel="nextish"'), undefined);
  t.equal(nextLink(undefined), undefined);
});

t.test('Retry-After', async (t) => {
  const now = Date.UTC(2026, 2, 1);
  t.equal(retryAfterMs('120', now), 120_000);
  t.equal(retryAfterMs('Sun, 01 Mar 2026 00:01:00 GMT', now), 60_000);
  t.equal(retryAfterMs('Sunday, 01-Mar-26 00:01:00 GMT', now), 60_000, 'RFC 850');
  t.equal(retryAfterMs('Sun, 01 Mar 2025 00:01:00 GMT', now), 0, 'past');
  t.equal(retryAfterMs('99999999999', now), 86_400_000, 'bounded');
  t.equal(retryAfterMs('soon', now), undefined);
});

t.test('a parameter is replaced and the rest of the query stays as it was written', async (t) => {
  const url = withParameter(
    new URL('http://a.b/x?eventCreatedDateTime:gte=2026-03-01T00:00:00Z&cursor=1'),
    'cursor',
    'a b&',
  );
  t.equal(url.search, '?eventCreatedDateTime:gte=2026-03-01T00:00:00Z&cursor=a%20b%26');
});

t.test('since goes where the API wants it', async (t) => {
  const at = Date.UTC(2026, 2, 1, 12);
  const search = (other: Partial<HttpSourceConfig>, url = 'http://a.b/x') =>
    pollUrl(httpSettings(url, other), at).search;
  t.equal(
    search({ since: { param: 'eventCreatedDateTime:gte', format: 'iso' } }),
    '?eventCreatedDateTime%3Agte=2026-03-01T12%3A00%3A00Z',
  );
  t.equal(search({ since: { param: 's', format: 'epoch-s' } }), '?s=1772366400');
  t.equal(search({ since: { param: 's', format: 'date' } }), '?s=2026-03-01');
  t.equal(
    search({ query: { q: "LastUpdateDate > '{since}'" } }),
    '?q=LastUpdateDate%20%3E%20%272026-03-01T12%3A00%3A00Z%27',
  );
  t.equal(search({}, 'http://a.b/x?after={since}'), '?after=2026-03-01T12%3A00%3A00Z');
});

const LIST = ['1', '2', '3', '4', '5'].map((id) => ({ id }));

t.test('pages by DCSA headers: a URL, or a cursor with the original parameters', async (t) => {
  for (const header of ['url', 'cursor', '3.0'] as const) {
    const { world, paths } = await polled(t, (_, response, url) => {
      const at = Number(url.searchParams.get('cursor') ?? 0);
      const next = at + 2;
      const more = next < LIST.length;
      const value = header === 'url' ? `/v2/events?limit=2&cursor=${next}` : String(next);
      const name = header === '3.0' ? 'Next-Page-Cursor' : 'Next-Page';
      json(response, { items: LIST.slice(at, next) }, more ? { [name]: value } : {});
    });
    t.same(idsOf(world), ['1', '2', '3', '4', '5']);
    t.ok(
      paths.every((path) => path.includes('limit=2')),
      'the original parameters go along',
    );
  }
});

t.test('an empty page in the middle is not the end', async (t) => {
  const pages = [['1'], [], ['2'], []];
  const body = (n: number) => ({
    items: (pages[n] ?? []).map((id) => ({ id })),
    next: n + 1 < 4 ? `c${n + 1}` : null,
  });
  const cursor = await polled(
    t,
    (_, response, url) => json(response, body(Number((url.searchParams.get('after') ?? 'c0').slice(1)))),
    { paging: { kind: 'cursor', from: '/next', param: 'after' } },
  );
  t.same(idsOf(cursor.world), ['1', '2']);
  const numbered = await polled(
    t,
    (_, response, url) => json(response, body(Number(url.searchParams.get('page')) - 1)),
    {
      paging: { kind: 'page-number', param: 'page', first: 1 },
    },
  );
  t.same(idsOf(numbered.world), ['1', '2']);
});

t.test('a cursor that comes back, and a page that every number gives, are faults', async (t) => {
  const cursor = await polled(t, (_, response) => json(response, { items: [{ id: '1' }], next: 'again' }), {
    paging: { kind: 'cursor', from: '/next', param: 'after' },
  });
  t.same(cursor.world.faults, ['cursor-repeated']);
  const numbered = await polled(t, (_, response) => json(response, { items: [{ id: '1' }] }), {
    paging: { kind: 'page-number', param: 'page', first: 1 },
  });
  t.same(numbered.world.faults, ['cursor-repeated']);
  const endless = await polled(
    t,
    (_, response, url) => json(response, { items: [], next: `x${url.search.length}${Math.random()}` }),
    { paging: { kind: 'cursor', from: '/next', param: 'after' }, maxPages: 5 },
  );
  t.same(endless.world.faults, ['too-many-pages']);
  for (const { world } of [cursor, numbered, endless]) t.equal(world.proofs.length, 0, 'nothing is proved');
});

t.test('304 is a complete poll, and only a one-page answer is asked for by its ETag', async (t) => {
  const single = await polled(
    t,
    (request, response) => {
      if (request.headers['if-none-match'] === '"v1"') {
        response.writeHead(304);
        response.end();
      } else json(response, { items: LIST }, { etag: '"v1"' });
    },
    {},
    3,
  );
  t.equal(single.world.messages.length, 5);
  t.same(
    single.requests.map(({ headers }) => headers['if-none-match']),
    [undefined, '"v1"', '"v1"'],
  );
  const paged = await polled(
    t,
    (_, response, url) =>
      json(
        response,
        { items: [] },
        url.search.includes('c=1') ? {} : { etag: '"v1"', link: '</v2/events?c=1>; rel=next' },
      ),
    {},
    2,
  );
  t.ok(paged.requests.every(({ headers }) => headers['if-none-match'] === undefined));
});

t.test('invalid UTF-8 in one record costs that record only', async (t) => {
  const { world } = await polled(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      Buffer.concat([
        Buffer.from('{"items":[{"id":"1"},{"id":"2","n":"'),
        Buffer.from([0xff]),
        Buffer.from('"}]}'),
      ]),
    );
  });
  t.equal(world.messages.length, 2);
  t.ok(world.messages[1]!.data.includes(0xff), 'its bytes are in the log as they came');
  t.ok(world.events.some((event) => event.kind === 'refused' && event.reason.startsWith('invalid-utf8')));
});

t.test('a record that is too large leaves its head', async (t) => {
  const big = { id: '2', text: 'x'.repeat(50_000) };
  const { world } = await polled(t, (_, response) => json(response, { items: [{ id: '1' }, big] }), {
    maxMessageBytes: 1000,
  });
  t.equal(world.messages[1]?.contentType, `application/json;laytime-oversize=${JSON.stringify(big).length}`);
  t.equal(world.messages[1]?.data.byteLength, 1000);
});

t.test('revisions come from the change time; records without an id are sent when they are new', async (t) => {
  const stamped = await polled(
    t,
    (_, response) => json(response, { items: [{ id: '1', at: '2026-03-01T10:00:00+01:00' }] }),
    {
      changedAt: '/at',
    },
  );
  t.equal(stamped.world.messages[0]?.revision?.order, Date.UTC(2026, 2, 1, 9));
  let n = 0;
  const { id: _, ...anonymous } = httpSettings('http://unused');
  const server = await withHttpServer(t, (__, response) => {
    n += 1;
    json(response, { items: n === 2 ? ['b'] : ['a'] });
  });
  const world = new CollectorWorld();
  const run = world.start(httpCollector({ ...anonymous, url: server.url }, new HostGates()));
  await world.until('polls', () => world.proofs.length >= 4);
  await run.stop();
  t.same(world.texts(), ['"a"', '"b"', '"a"'], 'a that went away and came back is news');
});

t.test('documents that are no lists are one message each', async (t) => {
  const { items: _, id: __, ...whole } = httpSettings('http://unused');
  const server = await withHttpServer(t, (___, response) => {
    response.writeHead(200, {
      'content-type': 'application/xml; charset=utf-8',
      date: new Date(START_MS).toUTCString(),
    });
    response.end('<MetaData/>');
  });
  const world = new CollectorWorld();
  const run = world.start(httpCollector({ ...whole, url: server.url }, new HostGates()));
  await world.until('two polls', () => world.proofs.length >= 2);
  await run.stop();
  t.same(world.texts(), ['<MetaData/>'], 'once, while it does not change');
  t.equal(world.messages[0]?.contentType, 'application/xml');
});

t.test('a large interchange is taken apart by message, whatever the server calls it', async (t) => {
  const { items: _, id: __, ...whole } = httpSettings('http://unused');
  const messages = Array.from(
    { length: 6000 },
    (___, n) => `UNH+${n}+IFTSTA:D:00B:UN'BGM+23+${n}+9'UNT+3+${n}'`,
  );
  const server = await withHttpServer(t, (___, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.end(`UNB+UNOC:3+A+B+260101:0800+1'${messages.join('')}UNZ+6000+1'`);
  });
  const world = new CollectorWorld();
  const run = world.start(httpCollector({ ...whole, url: server.url }, new HostGates()));
  await world.until('two polls', () => world.proofs.length >= 2);
  await run.stop();
  t.equal(world.messages.length, 6000, 'each once');
  t.equal(world.texts()[7], `UNB+UNOC:3+A+B+260101:0800+1'${messages[7]}UNZ+1+1'`);
});
