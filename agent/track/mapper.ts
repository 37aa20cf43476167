import type { Value } from '../../collectors/formats/format.ts';
import type { CompiledMap, LoggedMessage, MapResult, SourceIdentity } from '../../collectors/maps/map.ts';
import { fromNats } from '../../collectors/nats/message.ts';
import { isOversize } from '../../collectors/oversize.ts';
import { withheldWhy } from '../../collectors/privacy/privacy.ts';
import { LogHeader, toRawMessage } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';

/** A configured source as the judge needs it: who speaks, and how its messages are read. */
export interface SourceBinding {
  readonly identity: SourceIdentity;
  readonly map: CompiledMap;
  /** NATS header with an explicit correlation id, for streams read where they are. */
  readonly correlationHeader?: string;
}

export interface Mapped {
  readonly message: LoggedMessage;
  /** Who spoke, as far as the message's header or the source's setting tells. */
  readonly partner: string;
  readonly result: MapResult;
  /** What the message's bytes were parsed to; absent when they could not be. */
  readonly value?: Value;
}

/** Who spoke, as far as the message itself tells, too. */
export const speakerOf = ({ result, partner }: Mapped): string =>
  (result.kind === 'events' ? result.events[0]?.partner : undefined) ?? partner;

/** Turns a record of the log into canonical events, by the map of its source. Pure. */
export function mapRecord(record: LogRecord, sources: ReadonlyMap<string, SourceBinding>): Mapped {
  const source = sources.get(record.source);
  return mapMessage(messageOf(record, source), record, source);
}

/** The same for a message that is read again, by a record of its own; `original` is how it stood first. */
export function mapAgain(
  record: Pick<LogRecord, 'stream' | 'sequence' | 'observedAt'>,
  original: LogRecord,
  sources: ReadonlyMap<string, SourceBinding>,
): Mapped {
  const source = sources.get(original.source);
  const { stream, sequence, observedAt } = record;
  const firstObservedAt = original.observedAt;
  const message = { ...messageOf(original, source), stream, sequence, observedAt, firstObservedAt };
  return mapMessage(message, original, source);
}

function mapMessage(message: LoggedMessage, record: LogRecord, source: SourceBinding | undefined): Mapped {
  if (source === undefined) {
    const reason = `no source named "${record.source}" is configured; add it under sources:, or dismiss this message`;
    return {
      message,
      partner: record.source,
      result: { kind: 'dead-letter', code: 'wrong-shape', reason, refs: [] },
    };
  }
  const partner = message.partner ?? source.identity.partner;
  const cut = isOversize(message.contentType) || record.header(LogHeader.truncatedFrom) !== undefined;
  const withheld = withheldWhy(message.contentType) ?? record.header(LogHeader.withheld);
  if (withheld !== undefined) {
    const reason = `${withheld}: it could not be read, and its map names private fields, so nothing of it was kept`;
    return { message, partner, result: { kind: 'dead-letter', code: 'withheld', reason, refs: [] } };
  }
  if (cut) {
    const where = record.header(LogHeader.origin) ?? message.subject;
    const reason = `larger than max_message allows; only its beginning was kept, the whole is at its source: ${where}`;
    return { message, partner, result: { kind: 'dead-letter', code: 'too-large', reason, refs: [] } };
  }
  try {
    let value: Value | undefined;
    const result = source.map.map(message, source.identity, (parsed) => {
      value = parsed;
      return parsed;
    });
    return { message, partner, result, ...(value !== undefined && { value }) };
  } catch (error) {
    // A fault of ours: the message is kept, and the feed goes on.
    const reason = `the map ${source.map.name} failed: ${String(error)}`;
    return { message, partner, result: { kind: 'dead-letter', code: 'wrong-shape', reason, refs: [] } };
  }
}

/**
 * A collector's message in our own log, or one in somebody else's stream, read where it is: there the headers are NATS's and
 * CloudEvents', not ours.
 */
function messageOf(record: LogRecord, source: SourceBinding | undefined): LoggedMessage {
  const { stream, sequence, subject, observedAt } = record;
  const { correlationHeader } = source ?? {};
  const settings = { name: record.source, ...(correlationHeader !== undefined && { correlationHeader }) };
  const ours = record.header(LogHeader.source) !== undefined;
  const { contentType, sourceId, revision, partner, correlationId, data } = ours
    ? toRawMessage(record)
    : fromNats({ subject, data: record.data, headers: record.headers() }, settings, observedAt);
  return {
    stream,
    sequence,
    subject,
    observedAt,
    contentType,
    ...(sourceId !== undefined && { sourceId }),
    ...(revision !== undefined && { revision }),
    ...(partner !== undefined && { partner }),
    ...(correlationId !== undefined && { correlationId }),
    data,
  };
}
