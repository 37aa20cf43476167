import type { LoggedMessage } from '../../collectors/maps/map.ts';
import { hashId } from '../../rules/hash.ts';
import type { LogRecord } from '../log/log.ts';
import { mapRecord, type SourceBinding } from './mapper.ts';
import type { DeadLetter } from './outcome.ts';

/** Why a message, or one record of it, could not be used. */
export interface DeadLetterCause {
  readonly code: string;
  readonly reason: string;
  readonly path?: string;
  readonly sourceId?: string;
}

/** The same message, or record of it, gives the same id, however often it is read. */
export const deadLetterIdOf = (
  { stream, sequence }: Pick<LogRecord, 'stream' | 'sequence'>,
  path = '',
): string => hashId('dead-letter', stream, String(sequence), path);

/** A record that is not what its kind says: somebody else wrote it. It is kept, and must not stop the log. */
export function malformed(record: LogRecord, error: unknown): DeadLetter {
  const { partner, message } = mapRecord(record, NO_SOURCES);
  const reason = `not a record of kind ${record.kind}: ${String(error)}`;
  return deadLetterOf(record, partner, message, { code: 'wrong-shape', reason });
}

const NO_SOURCES: ReadonlyMap<string, SourceBinding> = new Map();

/** The row of a message that could not be used. */
export function deadLetterOf(
  record: LogRecord,
  partner: string,
  message: LoggedMessage,
  { code, reason, path = '', sourceId = '' }: DeadLetterCause,
): DeadLetter {
  const { source, stream, sequence, subject, observedAt, data } = record;
  return {
    id: deadLetterIdOf(record, path),
    source,
    partner,
    stream,
    sequence,
    observedAt,
    code,
    reason,
    path,
    sourceId,
    contentType: message.contentType,
    subject,
    headers: [...record.headers()],
    data,
  };
}
