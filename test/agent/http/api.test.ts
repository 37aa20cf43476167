// slow: starts ClickHouse
import t from 'tap';
import { redriveDeadLetters } from '../../../agent/http/routes/redrive.ts';
import { ROUTES } from '../../../agent/http/routes.ts';
import type { Schema } from '../../../agent/http/schema.ts';
import { withClickHouse } from '../../support/engines.ts';
import { HOUR, T0, withDatabase } from '../store/seed.ts';
import { LATE_ALERT, LATE_CLOCK, seedWorld, serve } from './world.ts';

const engine = await withClickHouse(t);
const { database, ...rest } = await withDatabase(t, engine.url);
await seedWorld({ database, ...rest });
const server = await serve(t, { url: engine.url, database });

type Json = Record<string, unknown>;
async function get(path: string): Promise<{ status: number; type: string; json: Json & { rows: Json[] } }> {
  const response = await fetch(server.url + path);
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, json: (await response.json()) as Json & { rows: Json[] } };
}
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

t.test('shipments by any ref, by what they await, and by lane', async (t) => {
  const ids = async (query: string) =>
    (await get(`/api/v1/shipments?${query}`)).json.rows.map((row) => row.shipment_id).sort();
  t.same(await ids('ref=mscu6639870'), ['early', 'late']);
  t.same(await ids('ref=delivery:00800fine'), ['fine']);
  t.same(await ids('awaiting=customs.released'), ['early', 'late']);
  t.same(await ids('lane=CN-NL&limit=1000'), ['early', 'fine', 'late']);
  t.same(await ids('lane=US-DE'), []);
  t.same(await ids(`ref=${encodeURIComponent("x' OR 1=1 --")}`), []);
  const first = await get('/api/v1/shipments?limit=2');
  const second = await get(`/api/v1/shipments?limit=2&cursor=${first.json.cursor}`);
  t.equal(first.json.rows.length + second.json.rows.length, 3);
});

t.test('a shipment now, and as it was known at a time', async (t) => {
  const now = await get('/api/v1/shipments/late');
  t.match(now.json, {
    lane: 'CN-NL',
    open_holds: 0,
    clocks: [{ rule: 'eu-import-release', state: 'breached', confidence: 'proved' }],
  });
  const asOf = async (at: number) =>
    (await get(`/api/v1/shipments/late?asOf=${new Date(at).toISOString()}`)).json;
  const held = await asOf(T0 + 3 * HOUR);
  t.match(held, {
    open_holds: 1,
    holds: [{ agency: 'NVWA', removed_at: null }],
    clocks: [{ state: 'paused' }],
  });
  t.match(await asOf(T0), {
    milestones: [{ milestone: 'departed' }, { actual_at: null }],
    clocks: [{ state: 'waiting' }],
  });
  const plans = (shipment: Json) =>
    (shipment.milestones as readonly Json[]).flatMap(({ milestone, first_planned_at, planned_at }) =>
      milestone === 'arrived' ? [first_planned_at, planned_at] : [],
    );
  const [first, last] = [T0 - 3 * 24 * HOUR, T0 - HOUR].map((when) => new Date(when).toISOString());
  t.same(plans(now.json), [first, last], 'the first plan, and the one that stands');
  t.same(plans(await asOf(T0 - 15 * 24 * HOUR)), [first, first]);
  // Told late, the arrival is no part of what was known.
  t.equal((await get('/api/v1/shipments/late?asOf=2020-01-01T00:00:00Z')).status, 404);
  const later = await asOf(T0 + 30 * 24 * HOUR);
  const same = (row: Json) => ({ ...row, late_ms: 0, clocks: 0 });
  t.same(same(later), same(now.json), 'a re-fold of everything is what is stored');
});

t.test('an explanation has its windows, pauses, channels and raw positions', async (t) => {
  const { json } = await get('/api/v1/shipments/late/explanations?rule=eu-import-release');
  t.match(json.rows, [
    {
      verdict: { clockId: LATE_CLOCK, state: 'breached' },
      pauses: [{ from: T0 + 2 * HOUR, to: T0 + 4 * HOUR }],
      channels: [{ id: 'broker-nl/broker', pastDue: true }],
      start: { what: 'Arrived at destination', raw: { stream: 'RAW', sequence: 3 } },
    },
  ]);
  t.match(json.rows[0]!.text, /due {6}2026-11-03/);
  t.same((await get('/api/v1/shipments/late/explanations?rule=other')).json.rows, []);
});

t.test('counts and lists of the tower', async (t) => {
  t.match((await get('/api/v1/tower')).json, {
    shipments: 3,
    awaiting_release: 2,
    rejected_declarations: 1,
    clocks_breached: 1,
    channels: 2,
    channels_not_heard: 1,
    alerts_open: 1,
    dead_letters_open: 1,
    timezone: 'Europe/Berlin',
    caller: { name: 'local', role: 'admin' },
  });
  t.match((await get('/api/v1/awaiting')).json.rows, { length: 2 });
  t.match((await get('/api/v1/declarations/rejected')).json.rows, [
    { declaration: 'LRN-77', shipment_id: 'early' },
  ]);
  t.match((await get('/api/v1/clocks?state=breached')).json.rows, [
    { shipment_id: 'late', title: /release/ },
  ]);
  t.match((await get('/api/v1/alerts?status=open')).json.rows, [{ alert_id: LATE_ALERT, status: 'firing' }]);
  t.match((await get(`/api/v1/alerts/${LATE_ALERT}/changes`)).json.rows, [
    { kind: 'at-risk' },
    { kind: 'fired' },
  ]);
  t.match((await get('/api/v1/channels')).json.rows, [
    {
      channel_id: 'broker-nl/broker',
      watermark: '2026-11-06T09:00:00.000Z',
      reporting_lag_ms: 900_000,
      lag_p95_ms: 5_400_000,
      lag_reports: 120,
      feeds: [{ rule: 'broker-speaks', due_at: '2026-11-06T09:00:00.000Z', evidence: ['slowest@1'] }],
    },
    { status: 'blind', lag_p95_ms: null, feeds: [] },
  ]);
  t.match((await get('/api/v1/rules')).json.rows, [{ rule: 'eu-import-release', calendar: 'nl-customs' }]);
});

t.test('raw bytes come as they were, and never as a page', async (t) => {
  const { json } = await get('/api/v1/dead-letters?status=open');
  t.match(json.rows, [{ id: 'dead1', data_bytes: 3_025 }]);
  t.equal(String(json.rows[0]!.data).length, 2_000);
  const raw = await fetch(`${server.url}/api/v1/dead-letters/dead1/raw`);
  t.equal((await raw.arrayBuffer()).byteLength, 3_025);
  t.match(raw.headers.get('content-type'), 'application/octet-stream');
  t.equal(raw.headers.get('content-disposition'), 'attachment; filename="dead-letter-dead1.bin"');
  t.equal(raw.headers.get('x-content-type-options'), 'nosniff');
  t.equal(await (await fetch(`${server.url}/api/v1/raw-messages/RAW/3`)).text(), '<raw/>');
  t.equal((await get('/api/v1/raw-messages/RAW/4')).status, 404);
});

t.test("an operator's actions go to the log, with who and why", async (t) => {
  const { appended } = server.main;
  const ack = await post(`/api/v1/alerts/${LATE_ALERT}/acknowledge`, { comment: 'calling the broker' });
  t.same(await ack.json(), { id: 'op1' });
  await post(`/api/v1/shipments/late/clocks/${LATE_CLOCK}/waive`, { comment: 'agreed' });
  await post('/api/v1/dead-letters/dead1/dismiss', { comment: 'test message' });
  await post('/api/v1/silences', {
    labels: 'partner=broker',
    until: '2026-12-01T00:00:00Z',
    comment: 'strike',
  });
  t.same(appended, [
    { action: 'acknowledge', subject: LATE_ALERT, by: 'local', comment: 'calling the broker' },
    { action: 'waive', subject: `late/${LATE_CLOCK}`, by: 'local', comment: 'agreed' },
    { action: 'dismiss-dead-letter', subject: 'dead1', by: 'local', comment: 'test message' },
    {
      action: 'silence',
      subject: 'partner=broker',
      by: 'local',
      comment: 'strike',
      until: Date.UTC(2026, 11, 1),
    },
  ]);
  appended.length = 0;
  const refused: [string, unknown, number][] = [
    ['/api/v1/alerts/nobody/acknowledge', {}, 404],
    ['/api/v1/dead-letters/nobody/dismiss', { comment: 'x' }, 404],
    ['/api/v1/dead-letters/dead1/dismiss', {}, 400],
    ['/api/v1/shipments/late/clocks/none/waive', { comment: 'x' }, 404],
    ['/api/v1/silences', { labels: 'everything', until: '2026-12-01T00:00:00Z', comment: 'x' }, 400],
    ['/api/v1/silences', { labels: 'a=b', until: 'soon', comment: 'x' }, 400],
    [`/api/v1/alerts/${LATE_ALERT}/acknowledge`, { comment: 'refuse me' }, 503],
    [`/api/v1/alerts/${LATE_ALERT}/acknowledge`, { comment: 'x'.repeat(501) }, 400],
    [`/api/v1/alerts/${LATE_ALERT}/acknowledge`, `{"comment":"${'x'.repeat(20_000)}"}`, 413],
    [`/api/v1/alerts/${LATE_ALERT}/acknowledge`, 'not json', 400],
    [`/api/v1/alerts/${LATE_ALERT}/acknowledge`, '[]', 400],
  ];
  for (const [path, body, status] of refused) t.equal((await post(path, body)).status, status, path);
  t.same(appended, []);
});

t.test('mistakes are problems that say what was meant', async (t) => {
  const cases: [string, number, RegExp][] = [
    ['/api/v1/shipments?awaitng=x', 400, /did you mean awaiting/],
    ['/api/v1/shipments?awaiting=customs.relased', 400, /expected one of/],
    ['/api/v1/shipments?limit=0', 400, /from 1 to 1000/],
    ['/api/v1/shipments?limit=1e9', 400, /whole number/],
    ['/api/v1/shipments?ref=a&ref=b', 400, /twice/],
    [`/api/v1/shipments?ref=${'a'.repeat(501)}`, 400, /longer than/],
    ['/api/v1/shipments?cursor=nonsense', 400, /cursor/],
    ['/api/v1/shipments/late?asOf=yesterday', 400, /offset/],
    ['/api/v1/shipments/nobody', 404, /shipment nobody/],
    ['/api/v1/nothing', 404, /nothing is at/],
    ['/ui/..%2f..%2fpackage.json', 404, /page/],
    ['/ui/%2e%2e%2fpackage.json', 404, /./],
  ];
  for (const [path, status, detail] of cases) {
    const { json, type, status: got } = await get(path);
    t.equal(got, status, path);
    t.match(type, 'application/problem+json');
    t.match(json, { status, detail, title: String, type: /^\/problems\// });
  }
  const wrongMethod = await post('/api/v1/rules', {});
  t.equal(wrongMethod.status, 405);
  t.equal(wrongMethod.headers.get('allow'), 'GET');
});

t.test('what is still unreadable is told so, and nothing is appended for it', async (t) => {
  const ask = async (body: Json) => {
    const response = await post('/api/v1/dead-letters/redrive', body);
    return { status: response.status, json: (await response.json()) as { rows: Json[]; detail?: string } };
  };
  const looked = await ask({
    mode: 'try',
    source: 'broker-nl',
    from: '2026-11-02T00:00:00Z',
    comment: 'look',
  });
  t.match(looked.json, {
    rows: [
      {
        sequence: 9,
        letters: [{ id: 'dead1', code: 'bad-time', now_code: 'not-parseable' }],
        redriven: false,
      },
    ],
  });
  t.same(mismatches(looked.json, redriveDeadLetters.answer as Schema, 'redrive'), []);
  t.match((await ask({ mode: 'apply', id: 'dead1', comment: 'try' })).json.rows, [{ redriven: false }]);
  t.same(server.main.redriven, []);
  t.same(
    (await ask({ mode: 'try', source: 'broker-nl', to: '2026-11-01T00:00:00Z', comment: 'x' })).json.rows,
    [],
  );
  t.equal((await ask({ mode: 'now', comment: 'x' })).status, 400);
  t.equal((await ask({ mode: 'try', cursor: 'x', comment: 'x' })).status, 400);
});

t.test('how the messages of a source change is told by day and partner', async (t) => {
  const { rows } = (await get('/api/v1/drift?source=broker-nl&days=60')).json;
  const today = rows.find(({ day, partner }) => day === '2026-11-02' && partner === 'broker');
  t.match(today, { dead_letters: 1, future_times: 0, unknown_codes: 0, new_fields: 0, duplicate_rate: 0 });
  t.equal(
    rows.reduce((sum, { events }) => sum + Number(events), 0),
    9,
  );
  t.equal(today?.lag_median_s, 3_600, 'told an hour after it happened');
  t.same((await get('/api/v1/drift?source=nobody')).json.rows, []);
});

t.test('the OpenAPI document has every route and nothing else, and answers are as it says', async (t) => {
  const { json } = await get('/api/v1/openapi.json');
  const paths = json.paths as Record<string, Record<string, Json>>;
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  t.same(documented.sort(), ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  t.equal(new Set(ROUTES.map(({ name }) => name)).size, ROUTES.length);
  const asked: Record<string, string> = {
    '/api/v1/shipments/{id}': '/api/v1/shipments/late',
    '/api/v1/shipments/{id}/facts': '/api/v1/shipments/late/facts',
    '/api/v1/shipments/{id}/explanations': '/api/v1/shipments/late/explanations',
    '/api/v1/alerts/{id}/changes': `/api/v1/alerts/${LATE_ALERT}/changes`,
  };
  for (const { method, path, answer } of ROUTES) {
    if (method !== 'GET' || 'media' in answer) continue;
    const { json: given, status } = await get(asked[path] ?? path);
    t.equal(status, 200, path);
    t.same(mismatches(given, answer, path), [], path);
  }
});

/** Where a value is not what its schema says: both what is missing and what nobody told of. */
function mismatches(value: unknown, schema: Schema, where: string): string[] {
  const { type, items, properties, required = [], additionalProperties } = schema;
  const types = type === undefined ? [] : [type].flat();
  const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const fits = types.some(
    (name) => name === is || (is === 'number' && (name === 'number' || name === 'integer')),
  );
  if (types.length > 0 && !fits) return [`${where}: ${is}, not ${types.join(' or ')}`];
  if (Array.isArray(value)) {
    return items === undefined ? [] : value.flatMap((item, n) => mismatches(item, items, `${where}[${n}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const given = value as Json;
  const missing = required.filter((name) => !(name in given)).map((name) => `${where}.${name}: missing`);
  const inside = Object.entries(given).flatMap(([name, one]) => {
    const own = properties?.[name];
    if (own !== undefined) return mismatches(one, own, `${where}.${name}`);
    if (typeof additionalProperties === 'object')
      return mismatches(one, additionalProperties, `${where}.${name}`);
    return additionalProperties === false ? [`${where}.${name}: not in the document`] : [];
  });
  return [...missing, ...inside];
}
