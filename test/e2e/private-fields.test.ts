// slow: starts processes of its own
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import t from 'tap';
import { startApp } from '../../agent/app.ts';
import { startAppHttp } from '../../agent/app-http.ts';
import { systemClock } from '../../agent/clock.ts';
import { loadProject } from '../../agent/config-load.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { Telemetry } from '../../agent/telemetry.ts';
import { eventually, freshDatabase, withClickHouse, withNats, withTempDir } from '../support/engines.ts';
import { withHttpServer } from '../support/http-server.ts';

/** Stands for a person's name wherever one could be. */
const CANARY = 'CANARY';
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

const MAP = `
map: broker
format: json
records: [declarations, .]
id: id
refs: { delivery: delivery }
privacy: { drop: [consignee.name, "**.email", $.sender], headers: [X-Customer] }
attributes: { customer: consignee.name, mode: { from: mode, codes: modes } }
codes: { modes: { "1": sea } }
events:
  - { name: created, milestone: shipment.created, time: at }
  - { name: arrived, milestone: arrived, when: { status: ARR }, time: at, occurrence: { role: { value: destination } } }
`;
const XML_MAP = `
map: broker-xml
format: xml
id: D.Id
refs: { delivery: D.Delivery }
privacy: { drop: [D.Party.Name, "D.Party.@email"] }
attributes: { customer: D.Party.Name }
events:
  - { name: created, milestone: shipment.created, time: D.At }
`;
const CSV_MAP = `
map: broker-csv
format: csv
id: id
refs: { delivery: delivery }
privacy: { drop: [name] }
events:
  - { name: created, milestone: shipment.created, time: at }
`;
const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 1h, wait_for_feeds: 1s, notify: [desk, hook] }
`;

const nats = await withNats(t);
const clickhouse = await withClickHouse(t);
const database = freshDatabase('private');
const cwd = await withTempDir(t);
const drop = join(cwd, 'in');
await mkdir(drop);
const connection = await connect({ servers: nats.url });
t.teardown(() => connection.close());
const heard: string[] = [];
const receiver = await withHttpServer(t, async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  heard.push(Buffer.concat(parts).toString('latin1'));
  response.end('{}');
});

await writeFile(join(cwd, 'broker.yaml'), MAP);
await writeFile(join(cwd, 'xml.yaml'), XML_MAP);
await writeFile(join(cwd, 'csv.yaml'), CSV_MAP);
await writeFile(join(cwd, 'rules.yaml'), RULES);
await writeFile(
  join(cwd, 'laytime.yaml'),
  `nats: { url: "${nats.url}" }
clickhouse: { url: "${clickhouse.url}", database: ${database} }
data_dir: data
listen: 127.0.0.1:0
telemetry: { log_level: debug, otlp: { endpoint: "${receiver.url}" } }
sources:
  files: { files: in, pattern: "*.json", poll: 1s, settle: 0s, map: broker.yaml, max_message: 2000B }
  xml: { files: in, pattern: "*.xml", poll: 1s, settle: 0s, map: xml.yaml }
  csv: { files: in, pattern: "*.csv", poll: 1s, settle: 0s, map: csv.yaml }
  stream: { nats: { stream: HUB, subjects: [hub.>] }, map: broker.yaml }
  subject: { nats: { subjects: [plain.>] }, map: broker.yaml }
rules: [rules.yaml]
notify:
  desk: { log: true }
  hook: { webhook: "${receiver.url}/hook", secret: { env: SECRET } }
`,
);

const manager = await jetstreamManager(connection);
await manager.streams.add({ name: 'HUB', subjects: ['hub.>'] });

const record = (id: string, more: object = {}) => ({
  id,
  delivery: `8000000${id}`,
  status: 'ARR',
  mode: '1',
  at: hoursAgo(3),
  consignee: { name: `${CANARY} Doe`, email: `${CANARY}@example.org`, city: 'Bremen' },
  ...more,
});
const texts: Readonly<Record<string, string>> = {
  'good.json': JSON.stringify({ sender: CANARY, declarations: [record('1'), record('2', { mode: '9' })] }),
  'unreadable.json': `{"id":"3","consignee":{"name":"${CANARY}"`,
  'letter.json': JSON.stringify(record('4', { at: 'soon' })),
  'large.json': JSON.stringify(record('5', { filler: 'x'.repeat(3_000) })),
  'good.xml': `<?xml version="1.0"?><!-- ${CANARY} --><D><Id>6</Id><Delivery>80000006</Delivery><At>${hoursAgo(3)}</At><Party email="${CANARY}"><Name>${CANARY}</Name></Party></D>`,
  'unreadable.xml': `<D><Party><Name>${CANARY}</Name></D>`,
  'rows.csv': `id,delivery,at,name\n7,80000007,${hoursAgo(3)},${CANARY}\n8,80000008,${hoursAgo(3)},"${CANARY}\n9,80000009`,
};

/** Everything that NATS holds and that is not the partner's own. */
async function natsTexts(own: NatsConnection): Promise<string[]> {
  const api = await jetstreamManager(own);
  const found: string[] = [];
  for await (const { config, state } of api.streams.list()) {
    if (config.name === 'HUB') continue;
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const message = await api.streams.getMessage(config.name, { seq }).catch(() => null);
      if (message === null) continue;
      const named = [...message.header].map(([name, values]) => `${name}: ${values.join()}`).join('\n');
      found.push(
        `${config.name} ${message.subject}\n${named}\n${Buffer.from(message.data).toString('latin1')}`,
      );
    }
  }
  return found;
}

async function storeTexts(): Promise<string[]> {
  const client = embeddedClient(clickhouse.url);
  const names = await client.query({
    query: `SELECT name FROM system.tables WHERE database = '${database}'`,
    format: 'JSONEachRow',
  });
  const found: string[] = [];
  for (const { name } of await names.json<{ name: string }>()) {
    const rows = await client.query({ query: `SELECT * FROM ${database}.${name}`, format: 'JSONEachRow' });
    found.push(`${name}: ${await rows.text()}`);
  }
  await client.close();
  return found;
}

async function fileTexts(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
}

t.test('private fields reach nothing that we write, whether a message can be read or not', async (t) => {
  const project = loadProject(join(cwd, 'laytime.yaml'), {
    env: () => 'secret',
    year: new Date().getUTCFullYear(),
    cwd,
  });
  t.match(
    project.problems.map(({ severity, code }) => `${severity} ${code}`),
    ['warning private-fields-not-captured'],
  );
  const lines: string[] = [];
  const telemetry = new Telemetry((line) => void lines.push(JSON.stringify(line)));
  const config = project.config!;
  const app = await startApp({
    project,
    config: { ...config, dataDir: join(cwd, 'data') },
    clock: systemClock,
    telemetry,
  });
  const http = await startAppHttp(app, { project, config, telemetry, year: 2026 });
  app.done.catch(() => undefined);

  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(drop, `.${name}.tmp`), text);
    await rename(join(drop, `.${name}.tmp`), join(drop, name));
  }
  const named = headers();
  named.set('X-Customer', CANARY);
  for (const to of ['hub.a', 'plain.a']) {
    connection.publish(to, JSON.stringify(record('1', { id: `${to}-1` })), { headers: named });
    connection.publish(to, `{"name":"${CANARY}"`, { headers: named });
  }
  await connection.flush();

  const client = embeddedClient(clickhouse.url);
  const count = async (query: string): Promise<number> => {
    const answer = await client.query({ query: query.replaceAll('{db}', database), format: 'JSONEachRow' });
    return Number((await answer.json<{ n: number }>())[0]?.n);
  };
  await eventually(
    'events and letters are stored',
    async () => {
      const events = await count('SELECT uniqExact(source) AS n FROM {db}.events_log');
      const letters = await count(
        `SELECT countIf(code = 'withheld') * 100 + count() AS n FROM {db}.dead_letters_log`,
      );
      return events === 5 && letters >= 708;
    },
    60_000,
  );
  await eventually('somebody is told', () => heard.some((text) => text.includes('BREACHED')), 60_000);
  const answers = await Promise.all(
    ['/metrics', '/api/v1/dead-letters', '/api/v1/shipments', '/api/v1/alerts'].map(async (path) =>
      (await fetch(http.url + path)).text(),
    ),
  );
  await http.stop();
  await app.stop();

  const kept = {
    nats: await natsTexts(connection),
    store: await storeTexts(),
    files: await fileTexts(join(cwd, 'data')),
    lines,
    heard,
    answers,
  };
  for (const [where, found] of Object.entries(kept)) {
    t.ok(found.length > 0, `${where}: there is something to look at`);
    t.same(
      found.filter((text) => text.includes(CANARY)).map((text) => text.slice(0, 300)),
      [],
      where,
    );
    t.notOk(
      found.some((text) => text.includes(Buffer.from(CANARY).toString('base64').slice(0, 6))),
      `${where}, in base64`,
    );
  }
  t.equal(
    await count(`SELECT count() AS n FROM {db}.raw_messages WHERE data LIKE '%Bremen%'`),
    4,
    'the rest is kept',
  );
  t.equal(await count(`SELECT count() AS n FROM {db}.dead_letters WHERE code = 'withheld' AND data = ''`), 7);
  t.equal(
    await count(`SELECT count() AS n FROM {db}.unmapped WHERE kind = 'unknown-code'`),
    1,
    'a code is no private field',
  );
  await client.close();
});
