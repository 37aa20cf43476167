import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import { LogHeader } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';
import { BadCursorError, readRows, type StoreReader } from './query.ts';
import { decodeEvent, EVENT_COLUMNS, type EventRow } from './stored-events.ts';

/** A stored message as a record of the log, to be mapped again as it was; `firstObservedAt` where it was read again already. */
export interface StoredMessage {
  readonly record: LogRecord;
  readonly firstObservedAt: EpochMs;
}

interface MessageRow {
  readonly stream: string;
  readonly sequence: number;
  readonly source: string;
  readonly partner: string;
  readonly source_id: string;
  readonly content_type: string;
  readonly subject: string;
  readonly at: EpochMs;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: string;
}

type Place = readonly [at: EpochMs, stream: string, sequence: number];

/** Raw messages of a source that entered the log from `from` to `to`, in that order, a page at a time. */
export async function readStoredMessages(
  store: StoreReader,
  { source, from, to }: { readonly source: string; readonly from: EpochMs; readonly to: EpochMs },
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly messages: readonly StoredMessage[]; readonly cursor?: string }> {
  const [at, stream, sequence] = cursor === undefined ? [from, '', 0] : placeOf(cursor);
  const rows = await readRows<MessageRow>(
    store,
    `SELECT stream, sequence, source, partner, source_id, content_type, subject, toUnixTimestamp64Milli(observed_at) AS at,
        headers, base64Encode(data) AS data
      FROM {database:Identifier}.raw_messages_log FINAL
      WHERE source = {source:String} AND observed_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        AND (observed_at, stream, sequence) > (fromUnixTimestamp64Milli({at:Int64}, 'UTC'), {stream:String}, {sequence:UInt64})
      ORDER BY observed_at, stream, sequence LIMIT {limit:UInt32}`,
    { source, to, at, stream, sequence, limit: limit + 1 },
  );
  const page = rows.slice(0, limit);
  const messages = page.map(messageOf);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { messages };
  const place: Place = [last.at, last.stream, last.sequence];
  return { messages, cursor: Buffer.from(JSON.stringify(place)).toString('base64url') };
}

function placeOf(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(place) && place.length === 3) return place as unknown as Place;
  } catch {
    // Falls through: the same answer for whatever is wrong with it.
  }
  throw new BadCursorError();
}

/** Our own records keep in columns what streams of others have in headers. */
function messageOf(row: MessageRow): StoredMessage {
  const headers = new Map(Object.entries(row.headers));
  if (row.subject.startsWith('laytime.log.')) {
    const { source, partner, source_id, content_type } = row;
    const own = { source, partner, id: source_id, contentType: content_type } as const;
    for (const [name, value] of Object.entries(own) as [keyof typeof own, string][])
      if (value !== '') headers.set(LogHeader[name].toLowerCase(), value);
  }
  const { stream, sequence, subject, source, at } = row;
  return {
    record: {
      kind: 'message',
      ...{ stream, sequence, subject, source },
      observedAt: at,
      header: (name) => headers.get(name.toLowerCase()),
      headers: () => headers,
      data: Buffer.from(row.data, 'base64'),
    },
    firstObservedAt: Number(headers.get(LogHeader.firstObservedAt.toLowerCase()) ?? at),
  };
}

/** Events that came of messages, and events with given keys: what stands of them, by whichever message they were said first. */
export async function readStatements(
  store: StoreReader,
  places: readonly { readonly stream: string; readonly sequence: number }[],
  keys: readonly string[],
): Promise<readonly ShipmentEvent[]> {
  if (places.length === 0) return [];
  const rows = await readRows<{ event: EventRow }>(
    store,
    `SELECT tuple(${EVENT_COLUMNS}) AS event FROM {database:Identifier}.events_log FINAL
      WHERE key IN {keys:Array(String)} OR key IN (
        SELECT key FROM {database:Identifier}.events_log
        WHERE sequence IN {sequences:Array(UInt64)} AND concat(stream, '#', toString(sequence)) IN {places:Array(String)})
      ORDER BY event_id
      SETTINGS output_format_json_named_tuples_as_objects = 0`,
    {
      keys,
      sequences: places.map(({ sequence }) => sequence),
      places: places.map(({ stream, sequence }) => `${stream}#${sequence}`),
    },
  );
  return rows.map(({ event }) => decodeEvent(event));
}

/** Ids of shipments that any of these refs (`container:MSCU6639870`) is known of. */
export async function readShipmentsOf(
  store: StoreReader,
  refs: readonly string[],
  limit = 200,
): Promise<readonly string[]> {
  if (refs.length === 0) return [];
  const rows = await readRows<{ id: string }>(
    store,
    `SELECT shipment_id AS id FROM {database:Identifier}.shipments WHERE hasAny(ref_keys, {refs:Array(String)})
      ORDER BY id LIMIT {limit:UInt32}`,
    { refs, limit },
  );
  return rows.map(({ id }) => id);
}

/** Log time of the last commit: what is stored is known up to then. */
export async function readKnownUntil(store: StoreReader): Promise<EpochMs> {
  const [row] = await readRows<{ at: EpochMs }>(
    store,
    'SELECT toUnixTimestamp64Milli(max(log_time)) AS at FROM {database:Identifier}.commits',
  );
  return row?.at ?? 0;
}
