// slow: starts ClickHouse
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { type HealthOptions, startHealth } from '../../../agent/http/health-server.ts';
import { startHttp } from '../../../agent/http/server.ts';
import { withClickHouse } from '../../support/engines.ts';
import { withDatabase } from '../store/seed.ts';
import { FakeMain, LATE_ALERT, seedWorld, serve, token } from './world.ts';

const engine = await withClickHouse(t);
const { database, ...rest } = await withDatabase(t, engine.url);
await seedWorld({ database, ...rest });
const where = { url: engine.url, database };

/** fetch does not let a test say another Host or Origin. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
  body = '',
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const ack = `/api/v1/alerts/${LATE_ALERT}/acknowledge`;
const JSON_BODY = { 'content-type': 'application/json' };

t.test('without tokens it listens on this machine only', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'acme.example']) {
    const attempt = serve(t, where, { listen: { host, port: 0 } });
    await t.rejects(attempt, /reachable from other machines, and there are no tokens/, host);
  }
});

t.test('an address that is taken is told in one line', async (t) => {
  const first = await serve(t, where);
  const port = Number(new URL(first.url).port);
  await t.rejects(serve(t, where, { listen: { host: '127.0.0.1', port } }), /cannot listen on .*in use/);
});

t.test('a name that points here, or another site, is refused', async (t) => {
  const { url, main } = await serve(t, where);
  t.equal((await raw(`${url}/api/v1/tower`, { host: 'evil.example' })).status, 421);
  t.equal((await raw(`${url}/api/v1/tower`, { host: '127.0.0.1.evil.example:80' })).status, 421);
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:9'])
    t.equal((await raw(`${url}/api/v1/tower`, { host })).status, 200, host);
  const posts: [Record<string, string>, number][] = [
    [{ ...JSON_BODY, origin: 'https://evil.example' }, 403],
    [{ ...JSON_BODY, origin: 'null' }, 403],
    [{ ...JSON_BODY, 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [{}, 415],
    [{ ...JSON_BODY, origin: url, 'sec-fetch-site': 'same-origin' }, 200],
  ];
  for (const [headers, status] of posts)
    t.equal((await raw(url + ack, headers, 'POST', '{}')).status, status, JSON.stringify(headers));
  t.equal(main.appended.length, 1);
});

t.test('tokens: who may read and who may act', async (t) => {
  const tokens = [
    token('wall', 'viewer', 'see'),
    token('desk', 'operator', 'act'),
    token('root', 'admin', 'all'),
  ];
  const { url, main } = await serve(t, where, { tokens });
  const as = (text: string) => ({ ...JSON_BODY, authorization: `Bearer ${text}` });
  const status = async (path: string, text: string, method = 'GET') =>
    (await raw(url + path, text === '' ? {} : as(text), method, method === 'POST' ? '{}' : '')).status;
  for (const path of ['/api/v1/tower', '/api/v1/shipments', '/metrics', '/api/v1/dead-letters/dead1/raw']) {
    t.equal(await status(path, ''), 401, path);
    t.equal(await status(path, 'sea'), 401, path);
    t.equal(await status(path, 'see'), 200, path);
  }
  for (const path of ['/', '/healthz', '/readyz', '/ui/tower.js', '/api/v1/openapi.json'])
    t.equal(await status(path, ''), 200, `${path} tells nothing`);
  t.equal(await status(ack, 'see', 'POST'), 403);
  t.equal(await status(ack, 'act', 'POST'), 200);
  t.equal(await status(ack, 'all', 'POST'), 200);
  t.same(
    main.appended.map(({ by }) => by),
    ['desk', 'root'],
  );
  const unknown = await raw(`${url}/api/v1/tower`, {});
  t.match(unknown.headers, { 'www-authenticate': /Bearer/, 'content-type': /problem\+json/ });
  t.equal((await raw(`${url}/api/v1/tower`, { ...as('see'), host: 'laytime.acme.example' })).status, 200);
});

t.test('health: alive, ready with reasons, metrics or 503', async (t) => {
  const main = new FakeMain();
  const { url } = await serve(t, where, {}, main);
  const ready = async () => {
    const { status, text } = await raw(`${url}/readyz`, {});
    return { status, ...(JSON.parse(text) as object) };
  };
  t.match(await raw(`${url}/healthz`, {}), { status: 200 });
  t.same(await ready(), { status: 200, ready: true, reasons: [], notes: [] });
  main.facts = { ...main.facts, storeLevel: false };
  t.same(await ready(), { status: 200, ready: true, reasons: [], notes: ['store-catching-up'] });
  main.facts = { ...main.facts, fenced: true };
  t.match(await ready(), { status: 503, ready: false, reasons: ['fenced'] });
  t.match(await raw(`${url}/metrics`, {}), {
    status: 200,
    text: /laytime_up 1/,
    headers: { 'content-type': /text\/plain/ },
  });
  main.stuck = true;
  t.match(await raw(`${url}/metrics`, {}), { status: 503, text: /did not answer in 1000 ms/ });
  t.match(await raw(`${url}/healthz`, {}), { status: 200 }, 'a busy agent is alive');
});

t.test('ClickHouse away: a problem that says so, and the agent hears of it', async (t) => {
  const faults: string[] = [];
  const server = await startHttp({
    ...{
      listen: { host: '127.0.0.1', port: 0 },
      tokens: [],
      publicUrl: '',
      version: '1',
      timezone: 'UTC',
      sources: [],
      rules: [],
    },
    clickhouse: { url: 'http://127.0.0.1:9', user: 'default', password: '', database },
    year: 2026,
    main: new FakeMain(),
    onFault: ({ kind, error }) => faults.push(`${kind} ${error}`),
  });
  t.teardown(() => server.stop());
  const away = await raw(`${server.url}/api/v1/tower`, {});
  t.match(away, { status: 503, headers: { 'retry-after': '5' }, text: /judging goes on/ });
  t.notMatch(away.text, /ECONNREFUSED|127\.0\.0\.1/);
  t.match(faults, [/request-failed GET \/api\/v1\/tower: .*ECONNREFUSED/]);
  t.match(await raw(`${server.url}/readyz`, {}), { status: 503, text: /store-away/ });
  t.match(await raw(`${server.url}/healthz`, {}), { status: 200 });
});

t.test('an agent that only collects serves its health', async (t) => {
  const main = new FakeMain();
  main.facts = { ...main.facts, role: 'collect', judging: false };
  const loopback = { host: '127.0.0.1', port: 0 };
  const start = (over: Partial<HealthOptions> = {}) =>
    startHealth({
      ...{ listen: loopback, tokens: [], publicUrl: '', main, onFault: () => undefined },
      ...{ elapsed: () => 0, ...over },
    });
  const server = await start({ tokens: [token('prometheus', 'viewer', 'abc')] });
  t.match(await raw(`${server.url}/healthz`, {}), { status: 200 });
  t.match(await raw(`${server.url}/readyz`, {}), { status: 200, text: /"ready":true/ });
  t.match(await raw(`${server.url}/metrics`, {}), { status: 401 });
  const metrics = await raw(`${server.url}/metrics`, { authorization: 'Bearer abc' });
  t.match(metrics, { status: 200, text: /laytime_up 1/ });
  t.match(await raw(`${server.url}/api/v1/shipments`, {}), { status: 404, text: /only collects/ });
  t.match(await raw(`${server.url}/healthz`, JSON_BODY, 'POST', '{}'), { status: 405 });
  const port = Number(new URL(server.url).port);
  await t.rejects(start({ listen: { ...loopback, port } }), /cannot listen on .*in use/);
  await t.rejects(start({ listen: { host: '0.0.0.0', port: 0 } }), /and there are no tokens/);
  await server.stop();
  await t.rejects(raw(`${server.url}/healthz`, {}));
});

t.test('many askers cost as much as one; too many different questions are turned away', async (t) => {
  // A ClickHouse that takes questions and does not answer.
  const held: Socket[] = [];
  let questions = 0;
  const silent = createServer((socket) => {
    held.push(socket);
    socket.once('data', () => {
      questions += 1;
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const { url } = await serve(
    t,
    { url: `http://127.0.0.1:${port}`, database },
    { limits: { concurrent: 2, querySeconds: 1 } },
  );
  t.teardown(async () => {
    for (const socket of held) socket.destroy();
    silent.close();
  });
  const same = Array.from({ length: 20 }, () => raw(`${url}/api/v1/channels`, {}));
  const different = ['a', 'b', 'c', 'd'].map((ref) => raw(`${url}/api/v1/shipments?ref=${ref}`, {}));
  const answers = (await Promise.all(different)).map(({ status }) => status).sort();
  t.ok(answers.includes(429), `turned away: ${answers}`);
  t.same(
    new Set((await Promise.all(same)).map(({ status }) => status)),
    new Set([504]),
    'and nobody waits for ever',
  );
  t.ok(questions <= 2, `${questions} questions were asked`);
});
