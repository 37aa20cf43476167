// slow: starts ClickHouse
import type { ClickHouseClient } from '@clickhouse/client';
import t from 'tap';
import { runCatchUp } from '../../../agent/store/catch-up.ts';
import type { StoreFault } from '../../../agent/store/faults.ts';
import type { StoreLimits } from '../../../agent/store/limits.ts';
import type { CatchUpSource } from '../../../agent/store/store.ts';
import { createStoreWriter } from '../../../agent/store/writer.ts';
import type { JudgeBatch } from '../../../agent/track/outcome.ts';
import { eventually, withClickHouse } from '../../support/engines.ts';
import { batch, type Database, event, record, shipment, sleep, T0, withDatabase } from './seed.ts';

// Eleven databases of their own: on a machine that is busy with others more than the half minute that a file has.
t.setTimeout(90_000);
const engine = await withClickHouse(t);

function writerOn(
  { client, database }: Database,
  epoch = 1,
  limits: Partial<StoreLimits> = {},
  judgeFrom = {},
) {
  const faults: StoreFault[] = [];
  const writer = createStoreWriter({
    client,
    database,
    epoch,
    judgeFrom,
    limits: { commitDelayMs: 5, firstRetryMs: 20, longestRetryMs: 50, ...limits },
    onFault: (fault) => faults.push(fault),
    now: () => T0,
    sleep,
  });
  return {
    writer,
    faults,
    level: () => eventually('level', () => faults.some(({ kind }) => kind === 'level')),
  };
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<T>();
}

const count = async (client: ClickHouseClient, from: string): Promise<number> =>
  Number((await rows<{ n: string }>(client, `SELECT count() AS n FROM ${from}`))[0]!.n);

/** A judge that has read up to `at` and can read any part of its log again. */
function rereadable(judge: { at: number }, size = 10): CatchUpSource {
  return {
    async *reread(from) {
      for (let next = (from.RAW ?? 0) + 1; next <= judge.at; next += size) {
        yield batch(next, Math.min(next + size - 1, judge.at));
      }
    },
  };
}

t.test('a batch is readable in the tables, and the floor follows', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, level } = writerOn(db);
  const floors: unknown[] = [];
  writer.onFloor((floor) => floors.push(floor));
  await level();
  t.equal(writer.offer(batch(1, 100)), true);
  await writer.flush();
  t.same(writer.floor(), { RAW: 100 });
  t.same(floors.at(-1), { RAW: 100 });
  for (const view of ['raw_messages', 'events', 'links', 'shipments', 'milestones', 'refs']) {
    t.equal(await count(client, view), 100, view);
  }
  await writer.stop(5_000);

  const next = writerOn(db, 2, {}, { RAW: 100 });
  t.same(
    await next.writer.whenBehind(),
    { RAW: 100 },
    'a later writer starts from the floor, and asks what was told there since',
  );
  await next.writer.stop(5_000);
});

t.test('the same batch again, even by a later judge, changes nothing', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  for (const epoch of [1, 1, 2]) {
    const { writer, level } = writerOn(db, epoch);
    await level();
    writer.offer(batch(1, 50));
    await writer.flush();
    await writer.stop(5_000);
  }
  for (const view of ['raw_messages', 'events', 'links', 'shipments']) {
    t.equal(await count(client, view), 50, view);
  }
});

t.test('the last state of a shipment wins, and a stale judge cannot overwrite it', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const old = writerOn(db, 1);
  await old.level();
  const taken = writerOn(db, 2);
  await taken.level();
  const at = (sequence: number, mode: string): JudgeBatch =>
    batch(sequence, sequence, { shipments: [shipment('S', { attributes: { mode } })] });
  taken.writer.offer(at(1, 'sea'));
  taken.writer.offer(at(2, 'air'));
  await taken.writer.flush();
  old.writer.offer(at(9, 'stale'));
  await old.writer.flush();
  t.same(await rows(client, 'SELECT mode FROM shipments'), [{ mode: 'air' }]);
  t.same(
    await rows(client, "SELECT count() AS n FROM shipments_state WHERE mapContains(attributes, 'mode')"),
    [{ n: 2 }],
    'one row a commit and shipment',
  );
  const after = writerOn(db, 3, {}, { RAW: 2 });
  t.same(await after.writer.whenBehind(), { RAW: 2 }, 'nor move the floor');
  for (const { writer } of [old, taken, after]) await writer.stop(5_000);
});

t.test('clocks that change while nothing is read are stored too', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, level } = writerOn(db);
  await level();
  for (const mode of ['one', 'two', 'three']) {
    writer.offer(batch(5, 5, { shipments: [shipment('S', { attributes: { mode } })] }));
    await writer.flush();
  }
  t.same(await rows(client, 'SELECT mode FROM shipments'), [{ mode: 'three' }]);
  await writer.stop(5_000);
});

t.test('a row that ClickHouse refuses becomes a dead letter; the others are stored', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  await client.command({ query: "ALTER TABLE events_log ADD CONSTRAINT c CHECK partner != 'forbidden'" });
  await client.command({ query: "ALTER TABLE raw_messages_log ADD CONSTRAINT c CHECK data != 'poison'" });
  const { writer, faults, level } = writerOn(db);
  await level();
  const events = Array.from({ length: 100 }, (_, n) =>
    event(n, n === 17 || n === 80 ? { partner: 'forbidden' } : {}),
  );
  const records = Array.from({ length: 100 }, (_, n) =>
    record(n, n === 3 ? { data: Buffer.from('poison') } : {}),
  );
  writer.offer(batch(1, 100, { events, records }));
  await writer.flush();
  t.equal(await count(client, 'events'), 98);
  t.equal(await count(client, 'raw_messages'), 99);
  const letters = await rows<Record<string, unknown>>(
    client,
    'SELECT code, stream, toUInt32(sequence) AS sequence, partner, path, reason, data, status FROM dead_letters ORDER BY sequence',
  );
  t.match(letters, [
    { code: 'refused-by-store', path: 'raw_messages_log', sequence: 3, data: 'poison', status: 'open' },
    { path: 'events_log', sequence: 17, partner: 'forbidden', reason: /Constraint/ },
    { path: 'events_log', sequence: 80, stream: 'RAW' },
  ]);
  t.equal(faults.filter(({ kind }) => kind === 'row-refused').length, 3);
  t.same(writer.floor(), { RAW: 100 });
  await writer.stop(5_000);
});

t.test('a full queue lets batches go and the log is read again, without a gap', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, faults, level } = writerOn(db, 1, { queueRows: 200 });
  await level();
  const judge = { at: 0 };
  const running = runCatchUp(writer, rereadable(judge), { onFault: () => undefined, sleep, retryMs: 10 });
  let refused = 0;
  for (let n = 1; n <= 2_000; n += 20) {
    judge.at = n + 19;
    if (!writer.offer(batch(n, n + 19))) refused += 1;
    if (n % 400 === 1) await sleep(5, writer.signal);
  }
  await writer.flush();
  t.ok(refused > 0, 'some were let go');
  t.ok(faults.some(({ kind }) => kind === 'behind'));
  t.same(writer.floor(), { RAW: 2_000 });
  t.equal(await count(client, 'events'), 2_000);
  t.equal(await count(client, 'shipments'), 2_000);
  judge.at = 2_001;
  t.equal(writer.offer(batch(2_001)), true, 'level again');
  await writer.stop(5_000);
  await running;
});

t.test('a judge that starts ahead of the floor is caught up with', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer } = writerOn(db, 1, {}, { RAW: 300 });
  const judge = { at: 300 };
  const running = runCatchUp(writer, rereadable(judge), { onFault: () => undefined, sleep });
  judge.at = 310;
  writer.offer(batch(301, 310));
  await writer.flush();
  t.equal(await count(client, 'events'), 310);
  await writer.stop(5_000);
  await running;
});

t.test('what maps could not place is counted once', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, level } = writerOn(db);
  await level();
  const unmapped = Array.from({ length: 6 }, (_, n) => ({
    source: 'broker-nl',
    partner: n === 5 ? 'depot' : 'broker',
    item: {
      kind: 'unknown-code' as const,
      path: `/events/${n}/code`,
      value: n < 4 ? 'XX' : 'YY',
      why: 'not listed',
    },
  }));
  writer.offer(batch(1, 1, { unmapped }));
  await writer.flush();
  const query = 'SELECT partner, path, value, toUInt32(times) AS times FROM unmapped ORDER BY times, partner';
  t.same(await rows(client, query), [
    { partner: 'broker', path: '/events/*/code', value: 'YY', times: 1 },
    { partner: 'depot', path: '/events/*/code', value: 'YY', times: 1 },
    { partner: 'broker', path: '/events/*/code', value: 'XX', times: 4 },
  ]);
  const drift =
    'SELECT partner, toUInt32(sum(unknown_codes)) AS n FROM drift GROUP BY partner HAVING n > 0 ORDER BY n';
  t.same(await rows(client, drift), [
    { partner: 'depot', n: 1 },
    { partner: 'broker', n: 5 },
  ]);
  await writer.stop(5_000);
});

t.test('ClickHouse killed and away: nothing is lost, nothing waits for it', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, faults, level } = writerOn(db);
  await level();
  for (let n = 1; n <= 500; n += 5) {
    writer.offer(batch(n, n + 4));
    if (n === 201) await engine.kill();
    if (n % 100 === 1) await sleep(2, writer.signal);
  }
  await engine.ready();
  await writer.flush();
  t.ok(
    faults.some(({ kind }) => kind === 'unreachable'),
    'the outage was told',
  );
  t.equal(await count(client, 'events'), 500);
  t.equal(await count(client, 'shipments'), 500);
  t.same(writer.floor(), { RAW: 500 });
  await writer.stop(5_000);
});

t.test('stopping while ClickHouse is away ends within the limit', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { client } = db;
  const { writer, level } = writerOn(db);
  await level();
  await client.command({ query: 'RENAME TABLE events_log TO elsewhere' });
  writer.offer(batch(1, 5));
  await writer.stop(100);
  t.same(writer.floor(), {}, 'the floor did not pass what is not stored');
  t.equal(writer.offer(batch(6)), false, 'and nothing is taken any more');
});

t.test('a link that is made and taken back in the same millisecond is taken back', async (t) => {
  const db = await withDatabase(t, engine.url);
  const { writer, level } = writerOn(db);
  await level();
  const one = { eventId: event(1).id, shipmentId: 'SHIP1', at: T0 };
  const other = { ...one, shipmentId: 'SHIP2' };
  const links = [
    { ...one, linked: true },
    { ...one, linked: false },
    { ...other, linked: false },
    { ...other, linked: true },
  ];
  writer.offer(batch(1, 1, { links }));
  await writer.flush();
  t.same(await rows(db.client, 'SELECT shipment_id FROM links'), [{ shipment_id: 'SHIP2' }]);
  await writer.stop(5_000);
});
