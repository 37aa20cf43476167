import { inspect } from 'node:util';
import t from 'tap';
import { parseConfig } from '../../agent/config.ts';
import { Secret } from '../../agent/config-secret.ts';

const files: Record<string, string> = {
  '/run/secrets/nats.creds': 'CREDS\n',
  '/etc/laytime/ch': 'ch-password\n',
  '/etc/laytime/ca.pem': 'PEM',
  '/etc/laytime/empty': '\n',
};
const access = {
  env: (name: string) => ({ SAP_PASSWORD: 'hunter2', HOOK: 'https://hooks.example/T1', TOKEN: 'tok' })[name],
  readFile: (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    return text;
  },
};
const parse = (text: string) => parseConfig(text, '/etc/laytime/laytime.yaml', access);
const ENGINES = 'nats: embedded\nclickhouse: embedded\n';
const marked = (text: string) => {
  const lines = text.split('\n');
  return parse(text).problems.map((p) => [
    p.code,
    lines[p.line - 1]!.slice(p.column - 1, p.column - 1 + p.length),
  ]);
};

const NEWCOMER = `timezone: Europe/Berlin                 # for display; storage is UTC
nats: { url: nats://127.0.0.1:4222 }    # or: embedded (starts a local server)
clickhouse: { url: "https://ch.acme.internal:8443", user: laytime, password: { file: ch } }
shipment_is: delivery
sources:
  broker-nl:
    nats: { stream: BROKER, subjects: [broker.nl.>], credentials: { file: /run/secrets/nats.creds } }
    map: maps/broker-nl.yaml
    expect_every: 30m                   # quieter than this: blind, not late
  sap-deliveries:
    odata: https://s4.acme.internal/sap/opu/odata/sap/API_OUTBOUND_DELIVERY_SRV;v=0002
    entity: A_OutbDeliveryHeader
    auth: { basic: { user: LAYTIME, password: { env: SAP_PASSWORD } } }
    poll: 5m
    map: builtin:sap-outbound-delivery
rules: [rules/*.yaml]
notify:
  customs-desk: { email: customs@acme.example, group_by: [rule, place] }
`;

t.test('the first file of a newcomer', async (t) => {
  const { config, problems } = parse(NEWCOMER);
  t.match(problems, [{ severity: 'warning', code: 'no-smtp' }]);
  t.match(config, {
    timezone: 'Europe/Berlin',
    tenant: 'default',
    role: 'both',
    shipmentIs: 'delivery',
    dataDir: '/etc/laytime/.laytime',
    nats: { kind: 'remote', servers: ['nats://127.0.0.1:4222'] },
    clickhouse: {
      kind: 'remote',
      url: 'https://ch.acme.internal:8443',
      user: 'laytime',
      database: 'laytime',
    },
    listen: { host: '127.0.0.1', port: 8080 },
    publicUrl: 'http://127.0.0.1:8080',
    sources: [
      {
        kind: 'nats',
        name: 'broker-nl',
        partner: 'broker-nl',
        stream: 'BROKER',
        subjects: ['broker.nl.>'],
        connection: { servers: ['nats://127.0.0.1:4222'], auth: { kind: 'credentials' } },
        expectEveryMs: 1_800_000,
      },
      {
        kind: 'odata',
        entity: 'A_OutbDeliveryHeader',
        auth: { kind: 'basic', user: 'LAYTIME' },
        pollMs: 300_000,
      },
    ],
    rules: [{ pattern: 'rules/*.yaml', line: 16, column: 9, length: 12 }],
    notify: [
      { name: 'customs-desk', target: { kind: 'email' }, groupBy: ['rule', 'place'], groupWaitMs: 30_000 },
    ],
  });
  const { clickhouse } = config!;
  t.equal(
    clickhouse.kind === 'remote' && clickhouse.password?.reveal(),
    'ch-password',
    'beside the file, without its newline',
  );
});

t.test('no secret is ever printed', async (t) => {
  const { config } = parse(NEWCOMER);
  const secret = new Secret('hunter2');
  const shown = [
    JSON.stringify(config),
    inspect(config, { depth: 20 }),
    inspect(config, { depth: 20, customInspect: false, showHidden: true }),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
  ].join('\n');
  for (const text of ['hunter2', 'ch-password', 'CREDS']) t.notMatch(shown, text);
  t.equal(secret.reveal(), 'hunter2');
  t.equal(`${secret}`, '[secret]');
});

t.test(
  'a secret in the file is refused wherever it stands, and its characters are not repeated',
  async (t) => {
    const text = `nats: { url: "nats://u:hunter2@h:4222" }
clickhouse: { url: https://ch, password: hunter2 }
sources:
  a:
    http: https://x
    map: builtin:dcsa-tnt-2.2
    auth: { bearer: hunter2 }
    headers: { X-Api-Key: hunter2, Accept: text/plain }
    proxy: { url: http://p, user: u, password: hunter2 }
notify:
  s: { slack: https://hooks.slack.com/hunter2 }
tokens: [{ name: a, token: hunter2 }]
`;
    const { problems, config } = parse(text);
    t.equal(config, undefined);
    t.equal(problems.length, 7);
    for (const p of problems) {
      t.match(p, { code: 'literal-secret', severity: 'error', fix: /env/ });
      t.notMatch(`${p.message}${p.fix}`, 'hunter2');
    }
  },
);

t.test('secrets that are not there', async (t) => {
  const text = `nats: embedded
clickhouse: { url: https://ch, user: u, password: { env: NOPE } }
smtp: { host: h, from: a@b, user: u, password: { file: nope } }
tokens: [{ name: a, token: { file: empty } }, { name: b, token: { file: x, env: y } }]
`;
  t.strictSame(marked(text), [
    ['missing-secret', '{ env: NOPE }'],
    ['missing-secret', '{ file: nope }'],
    ['missing-secret', '{ file: empty }'],
    ['wrong-type', '{ file: x, env: y }'],
  ]);
  const elsewhere = parseConfig(text.replace(/, \{ name: b.*\}/, ''), 'laytime.yaml', {
    ...access,
    missingSecrets: 'warning',
  });
  t.match(elsewhere.problems, [{ severity: 'warning' }, { severity: 'warning' }, { severity: 'warning' }]);
  t.ok(elsewhere.config, 'a check on another machine goes through');
});

t.test('a reporting lag is agreed, or observed with a first guess and a bound', async (t) => {
  const lagOf = (text: string) => {
    const { config, problems } = parse(
      `${ENGINES}sources: { a: { nats: { subjects: a }, map: m.yaml, reporting_lag: ${text} } }`,
    );
    const [source] = config?.sources ?? [];
    return { problems, reportingLagMs: source?.reportingLagMs, observedLag: source?.observedLag };
  };
  t.match(lagOf('2h'), { problems: [], reportingLagMs: 7_200_000, observedLag: undefined });
  t.match(lagOf('{ observed: 95%, first: 4h, at_most: 12h }'), {
    problems: [],
    reportingLagMs: 14_400_000,
    observedLag: { share: 0.95, atMostMs: 43_200_000 },
  });
  t.match(lagOf('{ observed: 90% }'), { reportingLagMs: 0, observedLag: { atMostMs: 86_400_000 } });
  t.match(lagOf('{ first: 4h }').problems, [{ code: 'missing-key', fix: 'add observed: 95%' }]);
  t.match(lagOf('{ observed: often }').problems, [{ code: 'out-of-range', fix: /write 95%/ }]);
  t.match(lagOf('{ observed: 95%, first: 4h, at_most: 1h }').problems, [{ code: 'out-of-range' }]);
  t.match(lagOf('soon').problems, [{ code: 'wrong-type' }]);
});

t.test('every kind of source, with all it can be told', async (t) => {
  const { config, problems } = parse(`${ENGINES}tenant: acme
sources:
  plain: { nats: { subjects: carrier.events, capture: best-effort, correlation_header: X-Id }, map: m.yaml, partner: MAEU, zone: Asia/Shanghai, reporting_lag: 2h, serves: 'mode == "sea"', heartbeat: carrier.alive, tenant: other, max_message: 512KiB }
  api:
    http: https://api.example/v1/events?x=1
    map: builtin:dcsa-tnt-2.2
    items: /data/items
    id: /id
    changed_at: /updatedAt
    query: { limit: 100, kind: all }
    paging: { cursor: /next, param: cursor }
    since: { param: updatedSince, format: epoch-s }
    auth: { oauth2: { token_url: "https://id.example/token", client_id: c, client_secret: { env: TOKEN }, scope: read } }
    tls: { ca: ca.pem }
    proxy: http://proxy:3128
    headers: { Accept: application/json, X-Tenant: { env: TOKEN } }
    poll: 30s
    timeout: 5s
    overlap: 10m
    look_back: 7d
    page_size: 50
    max_response: 10MB
    min_interval: 200ms
  drop: { files: in, pattern: "*.csv", csv: { delimiter: ";", encoding: latin1 }, afterwards: move, move_to: done, complete: true, settle: 5s, map: m.yaml }
  sap: { odata: "https://s4/srv", entity: E, version: v2, keys: [A, B], changed_at: LastChangeDate, created_at: CreationDate, stamp: date, filter: "X eq 'Y'", expand: to_Item, map: m.yaml }
`);
  t.strictSame(problems, []);
  const [plain, api, drop, sap] = config!.sources;
  t.match(plain, {
    kind: 'nats',
    subjects: ['carrier.events'],
    capture: 'best-effort',
    correlationHeader: 'X-Id',
    partner: 'MAEU',
    zone: 'Asia/Shanghai',
    reportingLagMs: 7_200_000,
    serves: { attributes: ['mode'] },
    heartbeatSubject: 'carrier.alive',
    tenant: 'other',
    maxMessageBytes: 524_288,
  });
  t.notOk('connection' in plain!, 'the connection of the agent');
  t.match(api, {
    kind: 'http',
    tenant: 'acme',
    items: '/data/items',
    id: '/id',
    changedAt: '/updatedAt',
    query: { limit: '100', kind: 'all' },
    paging: { kind: 'cursor', from: '/next', param: 'cursor' },
    since: { param: 'updatedSince', format: 'epoch-s' },
    auth: { kind: 'oauth2', clientId: 'c', scope: 'read', style: 'basic' },
    tls: { ca: 'PEM' },
    proxy: { url: 'http://proxy:3128' },
    headers: { Accept: 'application/json' },
    pollMs: 30_000,
    timeoutMs: 5000,
    overlapMs: 600_000,
    initialLookbackMs: 604_800_000,
    pageSize: 50,
    maxResponseBytes: 10_000_000,
    minIntervalMs: 200,
  });
  t.equal(api?.kind === 'http' && api.secretHeaders['X-Tenant']?.reveal(), 'tok');
  t.match(drop, {
    kind: 'files',
    directory: '/etc/laytime/in',
    pattern: '*.csv',
    csv: { delimiter: ';', encoding: 'latin1' },
    afterwards: 'move',
    moveTo: 'done',
    complete: true,
    settleMs: 5000,
  });
  t.match(sap, {
    kind: 'odata',
    version: 'v2',
    keys: ['A', 'B'],
    stampType: 'date',
    expand: ['to_Item'],
    overlapMs: 600_000,
  });
});

t.test('mistakes in sources, all at once', async (t) => {
  const text = `${ENGINES}sources:
  Bad Name: { nats: { subjects: [a..b, "a.>.c", "a.b*"] }, map: m }
  both: { nats: { subjects: a }, http: https://x, map: m }
  none: { map: m }
  nomap: { files: in }
  odata: { odata: ftp://x, map: m, pol: 5m, poll: 5 }
  http: { http: https://x, map: m, auth: { basic: { user: u }, bearer: { env: TOKEN } }, items: data.items, tls: { cert: ca.pem } }
  cond: { files: in, map: m, serves: "mode = 1", zone: EST, expect_every: 5ms }
`;
  t.strictSame(marked(text), [
    ['bad-name', 'Bad Name'],
    ['bad-subject', 'a..b'],
    ['bad-subject', 'a.>.c'],
    ['bad-subject', 'a.b*'],
    ['source-kind', 'http'],
    ['source-kind', 'none'],
    ['missing-key', '{ files: in }'],
    ['missing-key', '{ odata: ftp://x, map: m, pol: 5m, poll: 5 }'],
    ['bad-url', 'ftp://x'],
    ['unknown-key', 'pol'],
    ['wrong-type', '5'],
    ['auth-kind', '{ basic: { user: u }, bearer: { env: TOKEN } }'],
    ['missing-key', '{ user: u }'],
    ['bad-pointer', 'data.items'],
    ['tls-pair', '{ cert: ca.pem }'],
    ['bad-condition', '='],
    ['unknown-zone', 'EST'],
    ['out-of-range', '5ms'],
  ]);
});

t.test('routes', async (t) => {
  const { config, problems } = parse(`${ENGINES}notify:
  mail: { email: [a@b.c, d@e.f], group_by: rule, group_wait: 2m }
  hook: { webhook: "https://h.example/x", secret: { env: TOKEN }, auth: { bearer: { env: TOKEN } } }
  chat: { slack: { env: HOOK } }
  bus: { nats: acme.alerts }
  print: { log: true }
smtp: { host: mail.acme.example, from: laytime@acme.example, user: u, password: { env: TOKEN } }
`);
  t.strictSame(problems, []);
  t.match(config!.notify, [
    { target: { kind: 'email', to: ['a@b.c', 'd@e.f'] }, groupBy: ['rule'], groupWaitMs: 120_000 },
    { target: { kind: 'webhook', url: 'https://h.example/x', auth: { kind: 'bearer' } }, groupWaitMs: 0 },
    { target: { kind: 'slack' } },
    { target: { kind: 'nats', subject: 'acme.alerts' } },
    { target: { kind: 'log' } },
  ]);
  t.match(config!.smtp, { port: 587, security: 'starttls', user: 'u' });
  t.strictSame(
    marked(
      `${ENGINES}notify:\n  a: { email: nobody }\n  b: { nats: "a.>" }\n  c: { group_by: rule }\nsmtp: { host: h, from: a@b }\n`,
    ),
    [
      ['bad-address', 'nobody'],
      ['bad-subject', '"a.>"'],
      ['route-kind', 'c'],
    ],
  );
});

t.test('nobody outside this machine is served without a token', async (t) => {
  t.match(parse(`${ENGINES}listen: 0.0.0.0:8080\n`).problems, [
    { code: 'listen-without-tokens', line: 3, column: 9 },
  ]);
  t.match(parse(`${ENGINES}listen: ":8080"\n`).problems, [{ code: 'listen-without-tokens' }]);
  const open = parse(
    `${ENGINES}listen: 0.0.0.0:80\ntokens: [{ name: ops, role: operator, token: { env: TOKEN } }]\n`,
  );
  t.match(open, {
    problems: [],
    config: { listen: { host: '0.0.0.0', port: 80 }, tokens: [{ name: 'ops', role: 'operator' }] },
  });
  for (const own of ['127.0.0.1:1', '"[::1]:1"', 'localhost:1', '9000']) {
    t.strictSame(parse(`${ENGINES}listen: ${own}\n`).problems, [], own);
  }
  t.match(parse(`${ENGINES}listen: nonsense\n`).problems, [{ code: 'bad-address' }]);
});

t.test('what must be said, and what may be left out', async (t) => {
  t.match(parse('timezone: Europe/Berlin\n').problems, [{ message: /"nats"/ }, { message: /"clickhouse"/ }]);
  t.match(parse('nats: { url: nats://h }\nrole: collect\n'), { problems: [], config: { role: 'collect' } });
  t.match(parse('nats: embeded\nclickhouse: [x]\n').problems, [
    { code: 'wrong-type', fix: /embedded/ },
    { code: 'wrong-type' },
  ]);
  t.match(parse(`${ENGINES}shipment_is: delivry\ntimzone: UTC\n`).problems, [
    { code: 'unknown-value', fix: 'did you mean delivery?' },
    { code: 'unknown-key', fix: 'did you mean timezone?' },
  ]);
  t.match(parse(`${ENGINES}retention: { raw: 90d, events: 30d }\n`).problems, [{ code: 'retention-order' }]);
  const full = parse(`${ENGINES}retention: { raw: 7d }
telemetry: { log_level: debug, otlp: { endpoint: "http://otel:4318", headers: { authorization: { env: TOKEN } } } }
limits: { max_message: 1MB, pending_rows: 5000, alert_horizon: 6h }
public_url: https://laytime.acme.example/
data_dir: /var/lib/laytime
`);
  t.match(full, {
    problems: [],
    config: {
      retention: { rawMs: 604_800_000 },
      telemetry: { logLevel: 'debug', otlp: { endpoint: 'http://otel:4318' } },
      limits: { maxMessageBytes: 1_000_000, pendingRows: 5000, alertHorizonMs: 21_600_000 },
      publicUrl: 'https://laytime.acme.example',
      dataDir: '/var/lib/laytime',
    },
  });
});
