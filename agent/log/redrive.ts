import type { EpochMs } from '../../rules/time.ts';
import { encodeToken, LogHeader, type Outgoing, ReadyHeaders } from './headers.ts';
import type { LogRecord } from './log.ts';

/** A message as it first stood in a stream; enough to read it again exactly as it was read then. */
export interface OriginalMessage {
  readonly source: string;
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly observedAt: EpochMs;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly data: Uint8Array;
}

/** An operator's wish that a message be read again, through the map that is in force when the judge meets it. */
export interface Redrive {
  /** Dead letters of this one message that the reading may settle. */
  readonly letters: readonly string[];
  /** Letters of it that were settled before: they are not opened again. */
  readonly closed: readonly string[];
  readonly by: string;
  readonly comment: string;
  readonly original: OriginalMessage;
}

/** Letters that one record names at most: its headers have 16 kB. */
export const MOST_LETTERS = 100;

/**
 * A record that carries a message a second time: its own bytes, unchanged, and in a header where they stood first. So the log alone
 * tells a judge that starts anew what was read again, when, and by whose wish.
 */
export function outgoingRedrive(
  prefix: string,
  id: string,
  redrive: Redrive,
  observedAt: EpochMs | undefined,
): Outgoing {
  const { data, source } = redrive.original;
  const headers = new ReadyHeaders([
    ['Nats-Msg-Id', id],
    [LogHeader.kind, 'redrive'],
    [LogHeader.redrive, redriveHeader(redrive)],
    [LogHeader.observedAt, observedAt === undefined ? undefined : String(observedAt)],
  ]);
  return { subject: `${prefix}.redrive.${encodeToken(source)}`, id, headers, data };
}

/** All but the bytes and the source, which are the record's own. */
export function redriveHeader({ letters, closed, by, comment, original }: Redrive): string {
  const { data: _data, source: _source, ...place } = original;
  return JSON.stringify({ letters, closed, by, comment, ...place });
}

/** What a record of kind `redrive` asks for. Throws for one that is none. */
export function toRedrive(record: LogRecord): Redrive {
  const text = record.header(LogHeader.redrive);
  if (text === undefined) throw new Error(`a redrive without the header ${LogHeader.redrive}`);
  const about = JSON.parse(text) as Omit<Redrive, 'original'> & Omit<OriginalMessage, 'data' | 'source'>;
  const { letters, closed, by, comment, stream, sequence, subject, observedAt, headers } = about;
  if (
    !Array.isArray(letters) ||
    !Array.isArray(closed) ||
    !Array.isArray(headers) ||
    typeof observedAt !== 'number'
  )
    throw new Error('a redrive that does not say what to read again');
  const { source, data } = record;
  const original = { source, stream, sequence, subject, observedAt, headers, data };
  return { letters, closed, by, comment, original };
}

/** The same, or undefined for a record that is no redrive. */
export function redriveOf(record: LogRecord): Redrive | undefined {
  try {
    return toRedrive(record);
  } catch {
    return undefined;
  }
}

/** The message as a record of the stream where it first stood. */
export function originalRecord(original: OriginalMessage): LogRecord {
  const headers = new Map(original.headers);
  return {
    kind: 'message',
    stream: original.stream,
    sequence: original.sequence,
    subject: original.subject,
    observedAt: original.observedAt,
    source: original.source,
    header: (name) => headers.get(name.toLowerCase()),
    headers: () => headers,
    data: original.data,
  };
}
