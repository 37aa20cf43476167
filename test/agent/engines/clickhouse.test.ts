// slow: starts ClickHouse
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import t from 'tap';
import { startClickHouse } from '../../../agent/engines/clickhouse.ts';
import { eventually, freshDatabase, isAlive, withTempDir } from '../../support/engines.ts';

const dataDir = await withTempDir(t);
const engine = await startClickHouse({ dataDir });
t.teardown(() => engine.stop());
const client = createClient({ url: engine.url });
t.teardown(() => client.close());
const database = freshDatabase();
await client.command({ query: `CREATE DATABASE ${database}` });
await client.command({
  query: `CREATE TABLE ${database}.t (a UInt64, at DateTime64(3)) ENGINE = MergeTree ORDER BY a`,
});

const rows = async (): Promise<string> => {
  const answer = await client.query({
    query: `SELECT count() AS n FROM ${database}.t`,
    format: 'JSONEachRow',
  });
  return String((await answer.json<{ n: string }>())[0]?.n);
};

t.test('it is a server in UTC, and what it acknowledged survives a crash', async (t) => {
  const values = Array.from({ length: 5_000 }, (_, a) => ({ a, at: '2026-03-29 01:30:00.000' }));
  await client.insert({ table: `${database}.t`, values, format: 'JSONEachRow' });
  const { pid } = engine;
  await engine.kill();
  await engine.ready();
  t.not(engine.pid, pid);
  t.equal(await rows(), '5000');
  const zone = await client.query({ query: 'SELECT timezone() AS z', format: 'JSONEachRow' });
  t.match((await zone.json<{ z: string }>())[0]?.z, /UTC/);
});

t.test('grafana may read tables and nothing else', async (t) => {
  const grafana = createClient({
    url: engine.url,
    username: engine.grafana.user,
    password: engine.grafana.password,
    log: { level: ClickHouseLogLevel.OFF },
  });
  t.teardown(() => grafana.close());
  const run = (query: string): Promise<unknown> => grafana.command({ query });
  await t.resolves(run(`SELECT count() FROM ${database}.t SETTINGS max_execution_time = 10`));
  await t.rejects(run(`INSERT INTO ${database}.t SELECT 1, now64()`), /ACCESS_DENIED|Not enough privileges/);
  await t.rejects(run(`DROP TABLE ${database}.t`), /Not enough privileges/);
  await t.rejects(run("SELECT * FROM file('/etc/passwd', LineAsString)"), /Not enough privileges/);
  await t.rejects(run("SELECT * FROM url('http://127.0.0.1:1/', LineAsString)"), /Not enough privileges/);
  await t.rejects(run('SELECT 1 SETTINGS max_execution_time = 3600'), /shouldn't be greater/);
  const stranger = createClient({
    url: engine.url,
    username: 'grafana',
    password: 'guess',
    log: { level: ClickHouseLogLevel.OFF },
  });
  t.teardown(() => stranger.close());
  await t.rejects(stranger.command({ query: 'SELECT 1' }), /password is incorrect/);
  const mode = (await stat(join(dataDir, 'grafana.password'))).mode & 0o777;
  t.equal(mode, 0o600);
});

t.test('a data directory that is served is refused by name', async (t) => {
  await t.rejects(startClickHouse({ dataDir }), { name: 'DataDirInUseError', message: dataDir });
});

t.test('it stops with everything written and starts again on the same ports', async (t) => {
  await client.insert({
    table: `${database}.t`,
    values: [{ a: 9_999, at: '2026-01-01 00:00:00.000' }],
    format: 'JSONEachRow',
  });
  const before = await rows();
  await engine.stop();
  t.notOk(engine.pid !== 0 && isAlive(engine.pid));
  const again = await startClickHouse({ dataDir });
  t.equal(again.url, engine.url);
  t.equal(again.grafana.password, engine.grafana.password);
  t.equal(await rows(), before);
  await again.stop();
});

t.test('it ends when its parent is killed', async (t) => {
  const script = fileURLToPath(new URL('../../support/orphan.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, 'clickhouse', await withTempDir(t)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(line);
  t.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await eventually('the engine is gone', () => !isAlive(pid));
});
