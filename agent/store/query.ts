import type { ClickHouseClient } from '@clickhouse/client';

/** Where to read, and how long a question may take. */
export interface StoreReader {
  readonly client: ClickHouseClient;
  readonly database: string;
  /** Default 10. */
  readonly maxSeconds?: number;
}

/** Some rows, and how to ask for the next; `cursor` is absent on the last page. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly cursor?: string;
}

export interface PageRequest {
  /** 1 to 1000; default 100. */
  readonly limit?: number;
  /** From the page before. */
  readonly cursor?: string;
}

/** One condition in SQL, without values: those are bound by name. */
export interface Condition {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

/** A cursor that did not come from us. */
export class BadCursorError extends Error {
  constructor() {
    super('cursor: not one that an earlier answer gave');
    this.name = 'BadCursorError';
  }
}

/** Times come as ISO 8601 in UTC, 64-bit numbers as numbers. `{database:Identifier}` names the database in the SQL. */
export async function readRows<T>(
  { client, database, maxSeconds }: StoreReader,
  query: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<readonly T[]> {
  const answer = await client.query({
    query,
    query_params: { database, ...params },
    format: 'JSONEachRow',
    clickhouse_settings: {
      date_time_output_format: 'iso',
      output_format_json_quote_64bit_integers: 0,
      max_execution_time: maxSeconds ?? 10,
    },
  });
  return answer.json<T>();
}

/** What a page reads: newest first by `at`, then by `id`, which together are unique. Every text here is the program's own. */
export interface Listing {
  readonly columns: string;
  readonly from: string;
  readonly at: string;
  readonly id: string;
}

/** One page of a listing. Reading on is exact while rows come and go, for the cursor is a place and not a number of rows. */
export async function readPage<T>(
  store: StoreReader,
  listing: Listing,
  conditions: readonly (Condition | undefined)[],
  request: PageRequest,
): Promise<Page<T>> {
  const limit = Math.max(1, Math.min(MAX_PAGE, Math.trunc(request.limit ?? DEFAULT_PAGE)));
  const { at, id, columns, from } = listing;
  const after = request.cursor === undefined ? undefined : cursorCondition(listing, request.cursor);
  const all = [...conditions, after].filter((one) => one !== undefined);
  const where = all.length === 0 ? '' : `WHERE ${all.map(({ sql }) => `(${sql})`).join(' AND ')}`;
  const rows = await readRows<T & { cursor_at: number; cursor_id: string }>(
    store,
    `SELECT ${columns}, toUnixTimestamp64Milli(${at}) AS cursor_at, ${id} AS cursor_id
      FROM {database:Identifier}.${from} ${where} ORDER BY ${at} DESC, ${id} DESC LIMIT {limit:UInt32}`,
    Object.assign({ limit: limit + 1 }, ...all.map(({ params }) => params)),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const shown = page.map(({ cursor_at, cursor_id, ...row }) => row as T);
  if (rows.length <= limit || last === undefined) return { rows: shown };
  const cursor = Buffer.from(JSON.stringify([last.cursor_at, last.cursor_id])).toString('base64url');
  return { rows: shown, cursor };
}

function cursorCondition({ at, id }: Listing, cursor: string): Condition {
  const [cursorAt, cursorId] = parseCursor(cursor);
  return {
    sql: `(${at}, ${id}) < (fromUnixTimestamp64Milli({cursorAt:Int64}, 'UTC'), {cursorId:String})`,
    params: { cursorAt, cursorId },
  };
}

function parseCursor(cursor: string): [number, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && Number.isSafeInteger(parsed[0]) && typeof parsed[1] === 'string') {
      return [parsed[0] as number, parsed[1]];
    }
  } catch {
    // Falls through: the same answer for whatever is wrong with it.
  }
  throw new BadCursorError();
}

/** A condition on a column when a value is asked for. */
export const equals = (sql: string, name: string, value: string | undefined): Condition | undefined =>
  value === undefined ? undefined : { sql: `${sql} = {${name}:String}`, params: { [name]: value } };
