import type { CompiledMap, LoggedMessage, MapResult, SourceIdentity } from '../../collectors/maps/map.ts';
import { LogHeader } from '../log/headers.ts';
import type { LogRecord } from '../log/log.ts';

/** A configured source as the judge needs it: who speaks, and how its messages are read. */
export interface SourceBinding {
  readonly identity: SourceIdentity;
  readonly map: CompiledMap;
}

export interface Mapped {
  readonly message: LoggedMessage;
  /** Who spoke, as far as the message's header or the source's setting tells. */
  readonly partner: string;
  readonly result: MapResult;
}

/** Turns a record of the log into canonical events, by the map of its source. Pure. */
export function mapRecord(record: LogRecord, sources: ReadonlyMap<string, SourceBinding>): Mapped {
  const message = toMessage(record);
  const source = sources.get(record.source);
  if (source === undefined) {
    const reason = `no source named "${record.source}" is configured; add it under sources:, or dismiss this message`;
    return {
      message,
      partner: record.source,
      result: { kind: 'dead-letter', code: 'wrong-shape', reason, refs: [] },
    };
  }
  const partner = message.partner ?? source.identity.partner;
  return { message, partner, result: source.map.map(message, source.identity) };
}

function toMessage(record: LogRecord): LoggedMessage {
  const header = (name: string): string | undefined => record.header(name);
  const sourceId = header(LogHeader.id) ?? header('ce-id');
  const order = header(LogHeader.revisionOrder);
  const partner = header(LogHeader.partner);
  const correlationId = header(LogHeader.correlationId) ?? header('ce-correlationid');
  return {
    stream: record.stream,
    sequence: record.sequence,
    subject: record.subject,
    observedAt: record.observedAt,
    contentType: header(LogHeader.contentType) ?? header('content-type') ?? '',
    ...(sourceId !== undefined && { sourceId }),
    ...(order !== undefined && {
      revision: { order: Number(order), tag: header(LogHeader.revisionTag) ?? '' },
    }),
    ...(partner !== undefined && { partner }),
    ...(correlationId !== undefined && { correlationId }),
    data: record.data,
  };
}
