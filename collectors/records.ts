import { isUtf8 } from 'node:buffer';
import type { Revision } from '../rules/event.ts';
import type { CollectorContext, RawMessage } from './collector.ts';
import { parseJsonText } from './formats/json.ts';
import { FetchFault } from './http-client-fault.ts';
import { sliceElements, valueAt, withoutNotNumbers } from './json-slices.ts';
import { withinLimit } from './oversize.ts';
import { logged } from './poll.ts';
import { AnonymousContents, contentHash, LastContents } from './seen.ts';

/** One record of a page: its bytes as sent, and its value as far as it could be read. */
export interface PageRecord {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/** A page of JSON, read for its links; its records keep their bytes. */
export interface JsonPage {
  readonly document: unknown;
  records(tokens: readonly string[]): readonly PageRecord[] | undefined;
}

/**
 * Reads a page. Invalid UTF-8 does not stop it: links and brackets are ASCII, and only the records that contain it suffer
 * (they go to the log as they are; the map says what is wrong with them). The same holds for `NaN` in a record. Throws `not-json`.
 */
export function readJsonPage(body: Uint8Array, what: string): JsonPage {
  let document: unknown;
  try {
    document = parsePage(body);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FetchFault('not-json', `${what}: the answer is not JSON (${why.slice(0, 200)})`, {
      cause: error,
    });
  }
  return {
    document,
    records(tokens) {
      const values = valueAt(document, tokens);
      const slices = sliceElements(body, tokens);
      if (!Array.isArray(values) || slices === undefined || slices.length !== values.length) return undefined;
      return slices.map((bytes, i) => ({ bytes, value: values[i] as unknown }));
    },
  };
}

function parsePage(body: Uint8Array): unknown {
  const parse = (bytes: Uint8Array): unknown => parseJsonText(new TextDecoder().decode(bytes), bytes);
  try {
    return parse(body);
  } catch (error) {
    const readable = withoutNotNumbers(body);
    if (readable === body) throw error;
    return parse(readable);
  }
}

/** A record on its way to the log, and what identifies it to its source. */
export interface IdentifiedRecord {
  readonly bytes: Uint8Array;
  readonly sourceId?: string;
  readonly revision?: Revision;
}

/** Everything that the messages of one page have in common. */
export type Envelope = Pick<RawMessage, 'source' | 'contentType' | 'fetchedAt' | 'origin'>;

/**
 * Hands the records of polls to the sink, without those that have not changed since they were last handed over.
 * A record counts as handed over when the sink has it, not before.
 */
export class RecordDelivery {
  readonly #contents = new LastContents();
  readonly #anonymous = new AnonymousContents();
  readonly #context: CollectorContext;
  readonly #maxMessageBytes: number;

  constructor(context: CollectorContext, maxMessageBytes: number) {
    this.#context = context;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Resolves with the number of messages when they are durable. Rejects with `log-unavailable`. */
  async deliver(envelope: Envelope, records: readonly IdentifiedRecord[]): Promise<number> {
    const changed: { id: string | undefined; hash: string; message: RawMessage }[] = [];
    // Of this page, which the sink does not have yet: a row may stand on it twice.
    const onPage = new Map<string, string>();
    for (const record of records) {
      const hash = contentHash(record.bytes);
      const id = record.sourceId;
      const key = id ?? hash;
      const known = id === undefined ? this.#anonymous.has(hash) : this.#contents.get(id) === hash;
      if (onPage.has(key) ? onPage.get(key) !== hash : !known) {
        changed.push({ id, hash, message: this.#message(envelope, record) });
        onPage.set(key, hash);
      } else if (id === undefined && known) this.#anonymous.add(hash);
    }
    if (changed.length === 0) return 0;
    const messages = changed.map(({ message }) => message);
    await logged(() => this.#context.sink.deliver(messages));
    for (const { id, hash } of changed) {
      if (id === undefined) this.#anonymous.add(hash);
      else this.#contents.set(id, hash);
    }
    const bytes = messages.reduce((sum, message) => sum + message.data.byteLength, 0);
    this.#context.report({ kind: 'received', source: envelope.source, messages: messages.length, bytes });
    return messages.length;
  }

  /** A poll is complete: what it did not contain is no longer known, and is sent again should it come back. */
  pollCompleted(): void {
    this.#anonymous.turn();
  }

  #message(envelope: Envelope, record: IdentifiedRecord): RawMessage {
    const { source, origin } = envelope;
    if (!isUtf8(record.bytes)) {
      const reason = 'invalid-utf8: passed on as it came';
      this.#context.report({ kind: 'refused', source, origin, reason });
    }
    const { sourceId, revision } = record;
    const message: RawMessage = {
      ...envelope,
      ...(sourceId === undefined ? {} : { sourceId }),
      ...(revision === undefined ? {} : { revision }),
      // A copy: a view would keep the whole page in memory for as long as the log has it in flight.
      data: Buffer.from(record.bytes),
    };
    return withinLimit(message, this.#maxMessageBytes, this.#context);
  }
}

/** A text that says something, or a number written out. */
export const scalarText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

/** A change time with its offset, or a number (a version, or epoch time), orders revisions; a local time does not. */
export function revisionOf(stamp: unknown, bytes: Uint8Array): Revision | undefined {
  if (typeof stamp === 'number' && Number.isFinite(stamp)) return { order: stamp, tag: contentHash(bytes) };
  if (typeof stamp !== 'string') return undefined;
  // A number too long for a double, in nanoseconds say, comes as its text; it is ordered as far as a double tells.
  if (/^\d{16,}$/.test(stamp)) return { order: Number(stamp), tag: contentHash(bytes) };
  try {
    return { order: Temporal.Instant.from(stamp).epochMilliseconds, tag: contentHash(bytes) };
  } catch {
    return undefined;
  }
}
