import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { toRawMessage } from '../../agent/log/headers.ts';
import { openLog } from '../../agent/log/jetstream-log.ts';
import { collectorTools, createCollector } from '../../collectors/catalog.ts';
import type { SourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { eventually, withNats, withTempDir } from '../support/engines.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { filesSettings, httpSettings, odataSettings } from '../support/source-settings.ts';

t.test('polled sources through the real log and its cursors; nats-server dies in between', async (t) => {
  const nats = await withNats(t);
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  t.teardown(() => connection.close());
  const log = await openLog(connection);
  t.teardown(() => log.close());
  const directory = await withTempDir(t);
  await mkdir(`${directory}/in`);
  await writeFile(`${directory}/in/a.csv`, 'id\n1\n2\n');
  await writeFile(`${directory}/in/a.csv.done`, '');
  const server = await withHttpServer(t, (_, response, url) => {
    if (url.pathname.startsWith('/sap'))
      json(response, { d: { results: [{ DeliveryDocument: '80000001' }] } });
    else json(response, { items: [{ id: 'e1' }, { id: 'e2' }] });
  });
  const sources: SourceConfig[] = [
    httpSettings(`${server.url}/events`),
    odataSettings(`${server.url}/sap/opu/odata/sap/API`),
    filesSettings(directory, { pattern: 'in/*.csv' }),
  ];
  const world = new CollectorWorld();
  const abort = new AbortController();
  const context = { ...world.context(), sink: log, cursors: log.cursors };
  const tools = collectorTools(async () => connection);
  const all = sources.map(async (source) =>
    (await createCollector(source, tools)).run(context, abort.signal),
  );
  const finished = (source: string): number =>
    world.events.filter((event) => event.kind === 'poll-finished' && event.source === source).length;
  await eventually('each polled', () => sources.every(({ name }) => finished(name) > 0));
  await nats.kill();
  world.tick();
  await nats.ready();
  await world.until('each polled again', () => sources.every(({ name }) => finished(name) > 2));
  abort.abort();
  await Promise.all(all);

  const reader = await log.read([{ stream: 'LAYTIME_LOG', subjects: [] }], {});
  const seen: string[] = [];
  const proofs = new Set<string>();
  await eventually('all read', async () => {
    const batch = await reader.next({
      maxRecords: 100,
      maxWaitMs: 100,
      signal: new AbortController().signal,
    });
    for (const record of batch.records) {
      if (record.kind === 'proof') proofs.add(record.source);
      else seen.push(`${record.source} ${toRawMessage(record).sourceId?.replace(/@.*#/, '#')}`);
    }
    return batch.caughtUp;
  });
  await reader.close();
  t.same(seen.sort(), [
    'broker-files in/a.csv#2',
    'broker-files in/a.csv#3',
    'carrier e1',
    'carrier e2',
    'sap-deliveries 80000001',
  ]);
  t.same([...proofs].sort(), ['broker-files', 'carrier', 'sap-deliveries']);
});
