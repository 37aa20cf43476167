import { hash } from 'node:crypto';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import type { ProofOfLife, RawMessage } from '../../collectors/collector.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { LogRecord, RecordKind } from './log.ts';

/** Names of the headers of a record in the log. Values never hold line breaks; see {@link encodeValue}. */
export const LogHeader = {
  kind: 'Laytime-Kind',
  source: 'Laytime-Source',
  partner: 'Laytime-Partner',
  contentType: 'Laytime-Content-Type',
  /** The source's own id of the record. */
  id: 'Laytime-Id',
  revisionOrder: 'Laytime-Revision-Order',
  revisionTag: 'Laytime-Revision-Tag',
  fetchedAt: 'Laytime-Fetched-At',
  origin: 'Laytime-Origin',
  correlationId: 'Laytime-Correlation-Id',
  traceparent: 'traceparent',
  /** Time that travels in the log; honoured only by a reader that was told to (demo, stories). */
  observedAt: 'Laytime-Observed-At',
  /** Kept with the raw copy of a message that was read again: when it entered the log first. */
  firstObservedAt: 'Laytime-First-Observed-At',
  /** What a message that is read again was, as JSON; see redrive.ts. */
  redrive: 'Laytime-Redrive',
  /** Why nothing of a message was kept that may hold private fields; set by private-reader.ts. */
  withheld: 'Laytime-Withheld',
  /** Length in bytes of a message that was longer than the server takes; only its beginning is in the log. */
  truncatedFrom: 'Laytime-Truncated-From',
} as const;

/** A record on its way into a JetStream stream. `id` is the message id by which the server recognises a repeat. */
export interface Outgoing {
  readonly subject: string;
  readonly id: string;
  readonly headers: ReadyHeaders;
  readonly data: Uint8Array;
}

type HeaderPair = readonly [name: string, value: string | undefined];

/** Headers encoded once, for they may be sent more than once; building them by name costs four times as much. */
export class ReadyHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array;
  constructor(pairs: readonly HeaderPair[]) {
    super();
    let text = 'NATS/1.0\r\n';
    for (const [name, value] of pairs) {
      if (value !== undefined && value !== '') text += `${name}: ${encodeValue(value)}\r\n`;
    }
    this.#bytes = Buffer.from(`${text}\r\n`);
  }
  override encode(): Uint8Array {
    return this.#bytes;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a header.
const UNSAFE = /[%\u0000-\u001f\u007f]|^\s+|\s+$/g;

/**
 * Percent-encodes what a header cannot carry, as UTF-8: control characters, the percent sign itself, and white space of any script at
 * either end, which readers of headers trim.
 */
export function encodeValue(value: string): string {
  return value.replace(UNSAFE, (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&'));
}

/** The inverse of {@link encodeValue}. */
export function decodeValue(value: string): string {
  if (!value.includes('%')) return value;
  return value.replace(/(?:%[0-9a-f]{2})+/g, (hex) => Buffer.from(hex.replaceAll('%', ''), 'hex').toString());
}

/** A subject token for any text: letters, digits, `-` and `_` stand for themselves, the UTF-8 bytes of the rest are `=XX`. */
export function encodeToken(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  let out = '';
  for (const byte of Buffer.from(text)) {
    const c = String.fromCharCode(byte);
    out += /[A-Za-z0-9_-]/.test(c) ? c : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return out === '' ? '=' : out;
}

/** The inverse of {@link encodeToken}. */
export function decodeToken(token: string): string {
  if (!token.includes('=')) return token;
  if (token === '=') return '';
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i += 1) {
    if (token[i] === '=') {
      bytes.push(Number.parseInt(token.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(token.charCodeAt(i));
  }
  return Buffer.from(bytes).toString('utf8');
}

/**
 * The message id: a repeat of the same revision of the same content is the same message. Where the transport knows no revision
 * the delivery's own id takes its place, else the fetch time: a source that says A, then B, then A again is heard three times.
 */
export function messageId(message: RawMessage): string {
  const { source, sourceId, revision, deliveryId, origin, fetchedAt, data } = message;
  const fetched = deliveryId ?? `@${fetchedAt}`;
  const when = revision === undefined ? fetched : `${revision.order}/${revision.tag}`;
  const place = sourceId ?? origin;
  return hash('sha256', `${source}\u001f${place}\u001f${when}\u001f${hash('sha256', data)}`, 'base64url');
}

/** A raw message as a record. `observedAt` travels along under an injected clock; `maxBytes` is what the server takes. */
export function outgoingMessage(
  prefix: string,
  message: RawMessage,
  observedAt: EpochMs | undefined,
  maxBytes: number,
): Outgoing {
  const id = messageId(message);
  const { revision, data } = message;
  const room = maxBytes - HEADER_ALLOWANCE_BYTES;
  const tooLong = data.length > room;
  const headers = new ReadyHeaders([
    ['Nats-Msg-Id', id],
    [LogHeader.kind, 'message'],
    [LogHeader.source, message.source],
    [LogHeader.partner, message.partner],
    [LogHeader.contentType, message.contentType],
    [LogHeader.id, short(message.sourceId)],
    [LogHeader.revisionOrder, revision === undefined ? undefined : String(revision.order)],
    [LogHeader.revisionTag, short(revision?.tag)],
    [LogHeader.fetchedAt, String(message.fetchedAt)],
    [LogHeader.origin, short(message.origin)],
    [LogHeader.correlationId, short(message.correlationId)],
    [LogHeader.traceparent, message.traceparent],
    [LogHeader.observedAt, observedAt === undefined ? undefined : String(observedAt)],
    [LogHeader.truncatedFrom, tooLong ? String(data.length) : undefined],
  ]);
  const subject = `${prefix}.message.${encodeToken(message.source)}`;
  return { subject, id, headers, data: tooLong ? data.subarray(0, room) : data };
}

/** Room kept for the headers of a message: a value of a source is cut at {@link LONGEST_VALUE}. */
const HEADER_ALLOWANCE_BYTES = 16_384;
const LONGEST_VALUE = 2_000;
const short = (value: string | undefined): string | undefined => value?.slice(0, LONGEST_VALUE);

/** A record other than a message: `body` becomes its JSON. */
export function outgoingRecord(
  prefix: string,
  record: {
    readonly kind: Exclude<RecordKind, 'message' | 'redrive'>;
    readonly id: string;
    readonly source: string;
    readonly partner?: string;
    readonly observedAt?: EpochMs;
    readonly body: unknown;
  },
): Outgoing {
  const { kind, id, source, partner, observedAt, body } = record;
  const headers = new ReadyHeaders([
    ['Nats-Msg-Id', id],
    [LogHeader.kind, kind],
    [LogHeader.source, source],
    [LogHeader.partner, partner],
    [LogHeader.contentType, 'application/json'],
    [LogHeader.id, id],
    [LogHeader.observedAt, observedAt === undefined ? undefined : String(observedAt)],
  ]);
  return {
    subject: `${prefix}.${kind}.${encodeToken(source)}`,
    id,
    headers,
    data: Buffer.from(JSON.stringify(body)),
  };
}

/** The message a record of kind `message` carries, as its collector handed it in; defaults where a stream of others says nothing. */
export function toRawMessage(record: LogRecord): RawMessage {
  const header = (name: string): string | undefined => record.header(name);
  const partner = header(LogHeader.partner);
  const sourceId = header(LogHeader.id);
  const correlationId = header(LogHeader.correlationId);
  const traceparent = header(LogHeader.traceparent);
  const order = header(LogHeader.revisionOrder);
  return {
    source: record.source,
    contentType: header(LogHeader.contentType) ?? header('Content-Type') ?? '',
    fetchedAt: Number(header(LogHeader.fetchedAt) ?? record.observedAt),
    origin: header(LogHeader.origin) ?? `${record.stream} ${record.subject}`,
    data: record.data,
    ...(partner !== undefined && { partner }),
    ...(sourceId !== undefined && { sourceId }),
    ...(correlationId !== undefined && { correlationId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(order !== undefined && {
      revision: { order: Number(order), tag: header(LogHeader.revisionTag) ?? '' },
    }),
  };
}

/** The proof of life that a record of kind `proof` carries. Throws for a body that is none. */
export function toProof(record: LogRecord): ProofOfLife {
  const body = JSON.parse(Buffer.from(record.data).toString('utf8')) as ProofOfLife;
  if (typeof body.provedUntil !== 'number') throw new Error('a proof of life without provedUntil');
  return { ...body, source: record.source };
}
