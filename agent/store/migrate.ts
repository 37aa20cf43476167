import { readdir, readFile } from 'node:fs/promises';
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client';
import { quote } from './tables.ts';

/** How long facts are kept; absent means for ever. Projections of open shipments are never dropped. */
export interface Retention {
  /** Raw messages, by the time they entered the log; days. */
  readonly rawDays?: number;
  /** Canonical events and their links, by the time they entered the log; days. */
  readonly eventDays?: number;
}

export interface MigrateOptions {
  /** May be another user than the agent's; needs CREATE, ALTER and SELECT on the database. */
  readonly client: ClickHouseClient;
  readonly database: string;
  readonly retention?: Retention;
}

export interface Migrated {
  /** Names of the files that were run now. */
  readonly applied: readonly string[];
  /** How many had been run before. */
  readonly before: number;
}

const FOLDER = new URL('./migrations/', import.meta.url);

/**
 * Brings the database to this version: creates it when absent, runs the migrations that are not recorded yet in order of
 * their numbers, then applies retention. Each file is one statement that may safely run twice, so two agents that start together, or
 * a crash between a statement and its record, do no harm.
 */
export async function migrate({ client, database, retention = {} }: MigrateOptions): Promise<Migrated> {
  const quoted = quote(database);
  await createDatabase(client, quoted);
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS ${quoted}.migrations (name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
      ENGINE = ReplacingMergeTree ORDER BY name`,
  });
  const recorded = await recordedMigrations(client, quoted);
  const applied: string[] = [];
  for (const name of (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort()) {
    if (recorded.has(name)) continue;
    const statement = await readFile(new URL(name, FOLDER), 'utf8');
    await client.command({ query: inDatabase(statement, database) });
    await client.insert({ table: `${quoted}.migrations`, values: [{ name }], format: 'JSONEachRow' });
    applied.push(name);
  }
  await applyRetention(client, database, retention);
  return { applied, before: recorded.size };
}

const UNKNOWN_DATABASE = '81';

/** A client whose default database is the one to be made cannot say anything at all: it then asks from `default`. */
async function createDatabase(client: ClickHouseClient, quoted: string): Promise<void> {
  const query = `CREATE DATABASE IF NOT EXISTS ${quoted}`;
  try {
    await client.command({ query });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== UNKNOWN_DATABASE) throw error;
    await client.command({ query, clickhouse_settings: { database: 'default' } });
  }
}

async function recordedMigrations(client: ClickHouseClient, quoted: string): Promise<ReadonlySet<string>> {
  const answer = await client.query({
    query: `SELECT DISTINCT name FROM ${quoted}.migrations`,
    format: 'JSONEachRow',
  });
  return new Set((await answer.json<{ name: string }>()).map((row) => row.name));
}

/** The files name the database `laytime`, so that they can be read and run by hand. A quoted 'laytime.…' is a string. */
const inDatabase = (statement: string, database: string): string =>
  database === 'laytime'
    ? statement
    : statement.replace(/(?<= )laytime\.(?=[a-z_]+)/g, `${quote(database)}.`);

/** Idempotent; a table whose setting is already so is left alone, for MODIFY TTL rewrites old parts. */
async function applyRetention(
  client: ClickHouseClient,
  database: string,
  retention: Retention,
): Promise<void> {
  await setTtl(client, database, 'raw_messages_log', 'observed_at', retention.rawDays);
  await setTtl(client, database, 'events_log', 'observed_at', retention.eventDays);
  await setTtl(client, database, 'links_log', 'at', retention.eventDays);
}

async function setTtl(
  client: ClickHouseClient,
  database: string,
  table: string,
  column: string,
  days: number | undefined,
): Promise<void> {
  const answer = await client.query({
    query: `SELECT extract(create_table_query, '\\\\sTTL toDateTime\\\\([a-z_]+\\\\) \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)') AS days
      FROM system.tables WHERE database = {database:String} AND name = {table:String}`,
    query_params: { database, table },
    format: 'JSONEachRow',
  });
  const current = (await answer.json<{ days: string }>())[0]?.days ?? '';
  const wanted = days === undefined ? '' : String(Math.ceil(days));
  if (current === wanted) return;
  const target = `ALTER TABLE ${quote(database)}.${table}`;
  await client.command({
    query:
      wanted === ''
        ? `${target} REMOVE TTL`
        : `${target} MODIFY TTL toDateTime(${column}) + toIntervalDay(${wanted})`,
  });
}
