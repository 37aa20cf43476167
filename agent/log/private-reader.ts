import { isOversize } from '../../collectors/oversize.ts';
import {
  cleanBinary,
  cleanMessage,
  type PrivateFields,
  withheldWhy,
} from '../../collectors/privacy/privacy.ts';
import { LogHeader } from './headers.ts';
import type { LogReader, LogRecord } from './log.ts';
import { originalRecord, redriveHeader, redriveOf } from './redrive.ts';

/**
 * A reader that gives records out without private fields, so that nothing behind it can write them anywhere: streams of others are read
 * where they are, and a log may hold what came before its map named a field private. `fields` by the name of the source.
 */
export function privateReader(reader: LogReader, fields: ReadonlyMap<string, PrivateFields>): LogReader {
  if (fields.size === 0) return reader;
  return {
    async next(options) {
      const batch = await reader.next(options);
      return { ...batch, records: batch.records.map((record) => cleanRecord(record, fields)) };
    },
    close: () => reader.close(),
  };
}

function cleanRecord(record: LogRecord, fields: ReadonlyMap<string, PrivateFields>): LogRecord {
  const own = fields.get(record.source);
  if (own === undefined) return record;
  if (record.kind === 'message') return withoutPrivate(record, own);
  return record.kind === 'redrive' ? cleanRedrive(record, own) : record;
}

/** A record of a message without private fields; withheld when it cannot be read. */
export function withoutPrivate(record: LogRecord, fields: PrivateFields): LogRecord {
  const ours = record.header(LogHeader.source) !== undefined;
  const contentType = record.header(ours ? LogHeader.contentType : 'content-type') ?? '';
  if (withheldWhy(contentType) !== undefined) return record;
  const unreadable = isOversize(contentType) || record.header(LogHeader.truncatedFrom) !== undefined;
  const cleaned = unreadable
    ? { withheld: 'too-large' }
    : !ours && isBinary(record)
      ? cleanBinary(fields, record.data)
      : cleanMessage(fields, record.data, contentType.toLowerCase());
  const headers = new Map(record.headers());
  if (!ours) for (const name of headers.keys()) if (isPrivate(name, fields)) headers.delete(name);
  if ('withheld' in cleaned) headers.set(LogHeader.withheld.toLowerCase(), cleaned.withheld);
  return withContent(record, headers, 'data' in cleaned ? cleaned.data : new Uint8Array());
}

/** CloudEvents in binary mode: attributes are headers. */
const isBinary = (record: LogRecord): boolean =>
  record.header('ce-specversion') !== undefined && record.header('ce-id') !== undefined;

const isPrivate = (name: string, { headers, format, paths }: PrivateFields): boolean =>
  headers.has(name) ||
  (format === 'cloudevents' &&
    name.startsWith('ce-') &&
    paths.some((path) => path.length === 1 && path[0] === name.slice(3)));

/** A message from before its map named a field private may be read again. */
function cleanRedrive(record: LogRecord, fields: PrivateFields): LogRecord {
  const redrive = redriveOf(record);
  if (redrive === undefined) return withContent(record, new Map(), new Uint8Array());
  const { data, headers } = withoutPrivate(originalRecord(redrive.original), fields);
  const original = { ...redrive.original, data, headers: [...headers()] };
  const all = new Map(record.headers());
  all.set(LogHeader.redrive.toLowerCase(), redriveHeader({ ...redrive, original }));
  return withContent(record, all, data);
}

const withContent = (
  { kind, stream, sequence, subject, observedAt, source }: LogRecord,
  headers: ReadonlyMap<string, string>,
  data: Uint8Array,
): LogRecord => ({
  kind,
  stream,
  sequence,
  subject,
  observedAt,
  source,
  header: (name) => headers.get(name.toLowerCase()),
  headers: () => headers,
  data,
});
