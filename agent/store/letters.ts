import type { EpochMs } from '../../rules/time.ts';
import { BadCursorError, type Condition, equals, readRows, type StoreReader } from './query.ts';

/** Which dead letters. Absent fields ask for any. */
export interface LetterFilter {
  readonly id?: string;
  readonly source?: string;
  readonly code?: string;
  /** First and last moment at which they entered the log, both included. */
  readonly from?: EpochMs;
  readonly to?: EpochMs;
}

/** What is said of a letter without its bytes. */
export interface Letter {
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly path: string;
}

/** A message that dead letters are about, with everything that reading it again takes. */
export interface LetteredMessage {
  readonly source: string;
  readonly partner: string;
  readonly stream: string;
  readonly sequence: number;
  readonly observedAt: EpochMs;
  readonly subject: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly data: Uint8Array;
  /** Those that were asked for and are open, or were asked for by id. */
  readonly letters: readonly Letter[];
  /** Ids of its other letters that are settled. */
  readonly closed: readonly string[];
}

/** Conditions on the view `dead_letters AS d`. */
export const letterConditions = ({ id, source, code, from, to }: LetterFilter): Condition[] =>
  [
    equals('d.id', 'id', id),
    equals('d.source', 'source', source),
    equals('d.code', 'code', code),
    from === undefined
      ? undefined
      : { sql: "d.observed_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')", params: { from } },
    to === undefined
      ? undefined
      : { sql: "d.observed_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')", params: { to } },
  ].filter((one) => one !== undefined);

type Place = readonly [at: EpochMs, stream: string, sequence: number];

/**
 * Messages with open dead letters, the oldest first; a letter that is named by its id may be settled. Rows that ClickHouse refused are
 * left out: their messages were understood.
 */
export async function readLetteredMessages(
  store: StoreReader,
  filter: LetterFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly messages: readonly LetteredMessage[]; readonly cursor?: string }> {
  const conditions = letterConditions(filter);
  conditions.push({ sql: "d.code != 'refused-by-store'", params: {} });
  if (filter.id === undefined) conditions.push({ sql: "d.status = 'open'", params: {} });
  if (cursor !== undefined) conditions.push(after(cursor));
  const rows = await readRows<MessageRow>(
    store,
    `SELECT d.stream AS stream, d.sequence AS sequence, any(d.source) AS source, any(d.partner) AS partner,
        toUnixTimestamp64Milli(min(d.observed_at)) AS observedAt, any(d.subject) AS subject, any(d.headers) AS headers,
        base64Encode(any(d.data)) AS data, groupArray(100)(tuple(d.id, d.code, d.reason, d.path)) AS letters
      FROM {database:Identifier}.dead_letters AS d
      WHERE ${conditions.map(({ sql }) => `(${sql})`).join(' AND ')}
      GROUP BY stream, sequence ORDER BY observedAt, stream, sequence LIMIT {limit:UInt32}
      SETTINGS output_format_json_named_tuples_as_objects = 0`,
    Object.assign({ limit: limit + 1 }, ...conditions.map(({ params }) => params)),
  );
  const page = rows.slice(0, limit);
  const closed = await readClosed(store, page);
  const messages = page.map((row) => messageOf(row, closed));
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { messages };
  const place: Place = [last.observedAt, last.stream, last.sequence];
  return { messages, cursor: Buffer.from(JSON.stringify(place)).toString('base64url') };
}

interface MessageRow {
  readonly stream: string;
  readonly sequence: number;
  readonly source: string;
  readonly partner: string;
  readonly observedAt: EpochMs;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: string;
  readonly letters: readonly (readonly [id: string, code: string, reason: string, path: string])[];
}

const nameOf = ({ stream, sequence }: Pick<MessageRow, 'stream' | 'sequence'>): string =>
  `${stream}#${sequence}`;

function messageOf(row: MessageRow, closed: ReadonlyMap<string, readonly string[]>): LetteredMessage {
  const letters = row.letters.map(([id, code, reason, path]): Letter => ({ id, code, reason, path }));
  const asked = new Set(letters.map(({ id }) => id));
  return {
    ...row,
    headers: Object.entries(row.headers),
    data: Buffer.from(row.data, 'base64'),
    letters,
    closed: (closed.get(nameOf(row)) ?? []).filter((id) => !asked.has(id)),
  };
}

async function readClosed(
  store: StoreReader,
  messages: readonly MessageRow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (messages.length === 0) return new Map();
  const rows = await readRows<{ readonly place: string; readonly ids: readonly string[] }>(
    store,
    `SELECT concat(stream, '#', toString(sequence)) AS place, groupArray(100)(id) AS ids
      FROM {database:Identifier}.dead_letters
      WHERE status != 'open' AND place IN {places:Array(String)} GROUP BY place`,
    { places: messages.map(nameOf) },
  );
  return new Map(rows.map(({ place, ids }) => [place, ids]));
}

function after(cursor: string): Condition {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new BadCursorError();
  }
  if (!Array.isArray(place) || place.length !== 3) throw new BadCursorError();
  const [afterAt, afterStream, afterSequence] = place as unknown as Place;
  return {
    sql: `(d.observed_at, d.stream, d.sequence) >
      (fromUnixTimestamp64Milli({afterAt:Int64}, 'UTC'), {afterStream:String}, {afterSequence:UInt64})`,
    params: { afterAt, afterStream, afterSequence },
  };
}
