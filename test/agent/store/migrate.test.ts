// slow: starts ClickHouse
import { readdir } from 'node:fs/promises';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import t from 'tap';
import { migrate } from '../../../agent/store/migrate.ts';
import { readRows } from '../../../agent/store/query.ts';
import { COLUMNS } from '../../../agent/store/tables.ts';
import { freshDatabase, withClickHouse } from '../../support/engines.ts';

const engine = await withClickHouse(t);
const database = freshDatabase();
// As an agent would have it: its default database is the one that is to be made.
const client = createClient({ url: engine.url, database, log: { level: ClickHouseLogLevel.OFF } });
t.teardown(() => client.close());
const files = (await readdir(new URL('../../../agent/store/migrations/', import.meta.url))).sort();

t.test('an empty server gets everything, once', async (t) => {
  t.same(await migrate({ client, database }), { applied: files, before: 0 });
  t.same(await migrate({ client, database }), { applied: [], before: files.length });
});

t.test('every statement may run again, and two may run at the same time', async (t) => {
  await client.command({ query: 'TRUNCATE TABLE migrations' });
  await Promise.all([migrate({ client, database }), migrate({ client, database })]);
  t.same((await migrate({ client, database })).before, files.length);
});

t.test('retention is set, changed and taken away', async (t) => {
  const ttl = async () => {
    const rows = await readRows<{ name: string; ttl: string }>(
      { client, database },
      `SELECT name, extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)') AS ttl FROM system.tables
        WHERE database = {database:String} AND ttl != '' ORDER BY name`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.ttl]));
  };
  await migrate({ client, database, retention: { rawDays: 30, eventDays: 730 } });
  t.same(await ttl(), { events_log: '730', links_log: '730', raw_messages_log: '30' });
  await migrate({ client, database, retention: { rawDays: 7.5, eventDays: 730 } });
  t.same(await ttl(), { events_log: '730', links_log: '730', raw_messages_log: '8' });
  await migrate({ client, database });
  t.same(await ttl(), {});
});

t.test('the writer knows every column of its tables', async (t) => {
  const rows = await readRows<{ table: string; columns: string }>(
    { client, database },
    `SELECT table, arrayStringConcat(groupArray(name), ', ') AS columns FROM (
      SELECT table, name FROM system.columns
      WHERE database = {database:String} AND default_kind = '' ORDER BY table, position) GROUP BY table`,
  );
  for (const [table, columns] of Object.entries(COLUMNS)) {
    t.same(
      columns.split(', ').sort(),
      rows
        .find((row) => row.table === table)
        ?.columns.split(', ')
        .sort(),
      table,
    );
  }
});

t.test('a database name that is none is refused before anything is sent', async (t) => {
  await t.rejects(migrate({ client, database: 'a`; DROP' }), /letters, digits and underscores/);
});
