// slow: starts ClickHouse
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { startClickHouse } from '../../agent/engines/clickhouse.ts';
import { freePort } from '../../agent/engines/ports.ts';
import { eventually, withNats, withTempDir } from '../support/engines.ts';
import { startAgent } from '../support/running.ts';

t.setTimeout(300_000);

type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

/** An agent that has no snapshot, and whose ClickHouse is not there. */
async function withoutMemory(t: Parameters<typeof withTempDir>[0]) {
  const nats = await withNats(t);
  const cwd = await withTempDir(t);
  const port = await freePort();
  await writeFile(
    join(cwd, 'laytime.yaml'),
    `nats: { url: "${nats.url}" }
clickhouse: { url: "http://127.0.0.1:${port}" }
data_dir: data
listen: 127.0.0.1:0
sources:
  drop: { files: ., pattern: "*.json", poll: 1s, settle: 0s, map: builtin:cloudevents, partner: broker }
rules: ["builtin:*"]
notify:
  customs-desk: { log: true }
`,
  );
  const { url, lines, stop } = await startAgent(t, cwd);
  const readiness = async () => (await (await fetch(`${url}/readyz`)).json()) as Readiness;
  await eventually('it says what it waits for', async () =>
    (await readiness()).reasons.includes('memory-waits-for-store'),
  );
  return { nats, cwd, port, stop, lines, readiness };
}

t.test('without a snapshot and without ClickHouse it says so, collects, and judges afterwards', async (t) => {
  const { nats, cwd, port, stop, lines, readiness } = await withoutMemory(t);
  const event = { specversion: '1.0', id: 'a', source: '/x', type: 'arrived', time: '2026-11-20T12:00:00Z' };
  await writeFile(
    join(cwd, '.a.tmp'),
    JSON.stringify({ ...event, data: { refs: { delivery: '80012345' }, role: 'destination' } }),
  );
  await rename(join(cwd, '.a.tmp'), join(cwd, 'a.json'));
  const connection = await connect({ servers: nats.url });
  t.teardown(() => connection.close());
  const manager = await jetstreamManager(connection);
  await eventually('the message is in the log', async () => {
    const { state } = await manager.streams.info('LAYTIME_LOG', {
      subjects_filter: 'laytime.log.message.drop',
    });
    return (state.subjects?.['laytime.log.message.drop'] ?? 0) === 1;
  });
  t.match((await readiness()).reasons, ['not-judging', 'memory-waits-for-store', 'store-away']);
  await eventually('the log says so', () => lines.some((line) => line.includes('memory-waits-for-store')));
  const dataDir = await withTempDir(t);
  const clickhouse = await startClickHouse({ dataDir, httpPort: port });
  t.teardown(() => clickhouse.kill({ forGood: true }));
  await eventually('it judges', async () => (await readiness()).ready);
  await eventually('what was collected is judged and stored', async () => {
    const query = encodeURIComponent('SELECT count() FROM laytime.events');
    return (await (await fetch(`${clickhouse.url}/?query=${query}`)).text()).trim() === '1';
  });
  t.match(await stop(), { code: 0 });
});

t.test('asked to stop while it waits, it stops, and remembers nothing that it does not know', async (t) => {
  const { cwd, stop } = await withoutMemory(t);
  t.match(await stop(), { code: 0 });
  t.notOk(existsSync(join(cwd, 'data', 'snapshots')), 'an empty memory would be taken for the real one');
});
