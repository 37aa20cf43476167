// slow: starts ClickHouse
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import t from 'tap';
import { freePort } from '../../agent/engines/ports.ts';
import { migrate } from '../../agent/store/migrate.ts';
import { eventually, withTempDir } from '../support/engines.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What the server's own users.xml has, around the users that we ship. */
const serverUsers = (ours: string): string =>
  ours
    .replace('<profiles>', '<profiles><default/>')
    .replace(
      '<users>',
      '<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>',
    )
    .replace(/<\/clickhouse>\s*$/, '<quotas><default/></quotas></clickhouse>');

t.test('the ClickHouse users that we ship may do what agent and Grafana do, and no more', async (t) => {
  const directory = await withTempDir(t);
  const configFile = join(directory, 'config.xml');
  const users = join(directory, 'users.xml');
  await writeFile(users, serverUsers(readFileSync(join(ROOT, 'deploy/clickhouse/users.xml'), 'utf8')));
  await writeFile(
    configFile,
    `<clickhouse><users_config>${users}</users_config><timezone>UTC</timezone></clickhouse>`,
  );
  const [library] = globSync('node_modules/@chdb/*/libchdb.{so,dylib}', { cwd: ROOT });
  const [httpPort, tcpPort] = [await freePort(), await freePort()];
  const settings = {
    library: join(ROOT, library!),
    path: join(directory, 'data'),
    configFile,
    httpPort,
    tcpPort,
  };
  const engine = spawn(
    process.execPath,
    ['--no-warnings', join(ROOT, 'agent/engines/clickhouse-process.ts'), JSON.stringify(settings)],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        ...process.env,
        LAYTIME_CLICKHOUSE_PASSWORD: 'agent-secret',
        LAYTIME_GRAFANA_CLICKHOUSE_PASSWORD: 'grafana-secret',
      },
    },
  );
  const ended = once(engine, 'exit');
  t.teardown(async () => {
    engine.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${httpPort}`;
  const log = { level: ClickHouseLogLevel.OFF };
  await eventually('the engine', async () => (await fetch(`${url}/ping`).catch(() => undefined))?.ok);

  const agent = createClient({
    url,
    log,
    username: 'laytime',
    password: 'agent-secret',
    database: 'laytime',
  });
  const grafana = createClient({
    url,
    log,
    username: 'grafana',
    password: 'grafana-secret',
    database: 'laytime',
  });
  t.teardown(() => Promise.all([agent.close(), grafana.close()]).then(() => undefined));
  const { applied } = await migrate({
    client: agent,
    database: 'laytime',
    retention: { rawDays: 30, eventDays: 730 },
  });
  t.ok(applied.length > 0, 'the agent makes its database');
  await t.rejects(agent.command({ query: 'CREATE DATABASE other' }), /Not enough privileges/);

  const answer = await grafana.query({ query: 'SELECT count() AS n FROM shipments', format: 'JSONEachRow' });
  t.strictSame(await answer.json(), [{ n: 0 }], 'Grafana reads views');
  await t.rejects(grafana.command({ query: 'TRUNCATE TABLE commits' }), /readonly|Not enough privileges/);
  await t.rejects(
    grafana.query({ query: "SELECT * FROM file('/etc/passwd', 'LineAsString')" }),
    /readonly|privileges/,
  );
});
