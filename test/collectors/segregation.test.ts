import t from 'tap';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { httpSettings } from '../support/source-settings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NIGHT = { fromMinute: 22 * 60, toMinute: 6 * 60, zone: 'UTC' };

t.test('a partner that never answers and one that floods do not delay a third', async (t) => {
  const silent = await withHttpServer(t, () => undefined);
  const flooding = await withHttpServer(t, (_, response, url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const items = Array.from({ length: 1000 }, (_, n) => ({ id: `${page}-${n}` }));
    json(response, { items, next: `?page=${page + 1}` });
  });
  const calm = await withHttpServer(t, (_, response) => json(response, { items: [{ id: 'calm' }] }));
  const gates = new HostGates();
  const world = new CollectorWorld();
  const paging = { kind: 'url', from: '/next' } as const;
  const runs = [
    httpSettings(`${silent.url}/a`, { name: 'silent', timeoutMs: 600_000 }),
    httpSettings(`${flooding.url}/b`, { name: 'flooding', paging, maxPages: 1_000_000 }),
    httpSettings(`${calm.url}/c`, { name: 'calm' }),
  ].map((settings) => world.start(httpCollector(settings, gates)));
  const proved = (source: string) => world.proofs.filter((proof) => proof.source === source).length;
  await world.until('the calm one was polled several times', () => proved('calm') >= 3);
  await world.until('the flood is there', () => flooding.requests.length > 3);
  t.equal(silent.requests.length, 1, 'while the silent one still waits for its first answer');
  t.equal(proved('silent') + proved('flooding'), 0);
  t.equal(world.messages.filter(({ source }) => source === 'calm').length, 1);
  await Promise.all(runs.map((run) => run.stop()));
});

t.test('a server is not called in its quiet hours, and is asked for the night in the morning', async (t) => {
  const asked: { readonly at: number; readonly since: string | null }[] = [];
  const world = new CollectorWorld();
  const server = await withHttpServer(t, (_, response, url) => {
    asked.push({ at: world.nowMs, since: url.searchParams.get('since') });
    json(response, { items: [] }, { date: new Date(world.nowMs).toUTCString() });
  });
  const since = { param: 'since', format: 'epoch-ms' } as const;
  const settings = httpSettings(server.url, { pollMs: HOUR, overlapMs: 0, quietHours: NIGHT, since });
  const run = world.start(httpCollector(settings, new HostGates()));
  await world.until('two days', () => asked.length >= 40);
  await run.stop();
  const hours = asked.map(({ at }) => new Date(at).getUTCHours());
  t.same(
    hours.filter((hour) => hour >= 22 || hour < 6),
    [],
  );
  const evening = asked.findIndex(({ at }) => at === START_MS + 13 * HOUR);
  t.equal(asked[evening + 1]?.at, START_MS + 22 * HOUR, 'at six, not some time later');
  t.equal(Number(asked[evening + 1]?.since), START_MS + 13 * HOUR, 'for everything since the evening');
  t.same(world.faults, [], 'being quiet is no fault');
  t.equal(world.proofs[evening]?.provedUntil, START_MS + 13 * HOUR);
});

t.test('a poll that runs into the quiet hours stops calling, and begins again after them', async (t) => {
  const world = new CollectorWorld();
  world.nowMs = START_MS + 14 * HOUR - 1;
  const at: number[] = [];
  const server = await withHttpServer(t, (_, response, url) => {
    at.push(world.nowMs);
    const page = Number(url.searchParams.get('page') ?? 1);
    json(response, { items: [{ id: String(page) }], ...(page < 3 && { next: `?page=${page + 1}` }) });
    if (at.length === 1) world.nowMs += 1;
  });
  const settings = httpSettings(server.url, { quietHours: NIGHT, paging: { kind: 'url', from: '/next' } });
  const run = world.start(httpCollector(settings, new HostGates()));
  await world.until('a whole poll', () => world.proofs.length > 0);
  await run.stop();
  t.same(world.faults, ['quiet-hours']);
  const morning = START_MS + 22 * HOUR;
  t.ok(
    at.slice(1).every((time) => time >= morning),
    'the second page in the morning, not before',
  );
  t.same(
    world.messages.map(({ sourceId }) => sourceId),
    ['1', '2', '3'],
    'each once',
  );
});

t.test('a host takes one request at a time, or as many as it was said to', async (t) => {
  const held: (() => void)[] = [];
  const besideD: number[] = [];
  const server = await withHttpServer(t, (_, response, url) => {
    if (url.pathname === '/d') besideD.push(held.length);
    held.push(() => json(response, { items: [] }));
  });
  const world = new CollectorWorld();
  const gates = new HostGates();
  const start = (name: string, concurrency: number) =>
    world.start(httpCollector(httpSettings(`${server.url}/${name}`, { name, concurrency }), gates));
  const runs = [start('a', 2), start('b', 2), start('c', 2), start('d', 1)];
  await world.until('two are asked', () => held.length === 2);
  const patient = new AbortController();
  const turn = gates.run(
    server.url,
    { source: 'e', minIntervalMs: 0, concurrency: 9 },
    world.context(),
    patient.signal,
    async () => 1,
  );
  t.equal(server.requests.length, 2, 'and no third, whoever asks: first come, first served');
  patient.abort();
  await t.rejects(turn, /stopped while waiting/);
  held.shift()!();
  await world.until('the third', () => held.length === 2);
  t.same(server.requests.map(({ path }) => path).sort(), ['/a', '/b', '/c']);
  held.shift()!();
  held.shift()!();
  await world.until('the one that wants the host for itself', () =>
    server.requests.some(({ path }) => path === '/d'),
  );
  t.same(besideD, [0], 'alone');
  await Promise.all(runs.map((run) => run.stop()));
});

t.test('every request is counted', async (t) => {
  const server = await withHttpServer(t, (_, response, url) => {
    if (url.pathname === '/token') json(response, { access_token: 'x' });
    else if (url.pathname === '/old') response.writeHead(307, { location: '/new' }).end();
    else json(response, { items: [] });
  });
  const world = new CollectorWorld();
  const auth = {
    kind: 'oauth2',
    tokenUrl: `${server.url}/token`,
    clientId: 'c',
    clientSecret: { reveal: () => 's' },
    style: 'body',
  } as const;
  const run = world.start(httpCollector(httpSettings(`${server.url}/old`, { auth }), new HostGates()));
  await world.until('a poll', () => world.proofs.length > 0);
  await run.stop();
  const calls = world.events.filter(({ kind }) => kind === 'called').length;
  t.equal(calls, server.requests.length);
  t.ok(calls >= 3, 'the token, the redirect and the answer');
});
