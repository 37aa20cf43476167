import type { LoggedMessage } from '../../collectors/maps/map.ts';
import { hashId } from '../../rules/hash.ts';
import type { LogRecord } from '../log/log.ts';
import type { DeadLetter } from './outcome.ts';

/** Why a message, or one record of it, could not be used. */
export interface DeadLetterCause {
  readonly code: string;
  readonly reason: string;
  readonly path?: string;
  readonly sourceId?: string;
}

/** The row of a message that could not be used; the same message gives the same id, however often it is read. */
export function deadLetterOf(
  record: LogRecord,
  partner: string,
  message: LoggedMessage,
  { code, reason, path = '', sourceId = '' }: DeadLetterCause,
): DeadLetter {
  const { source, stream, sequence, observedAt, data } = record;
  return {
    id: hashId('dead-letter', stream, String(sequence), path),
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
    data,
  };
}
