import type { Positions } from '../log/log.ts';
import type { TableName } from './tables.ts';

/** What the store tells telemetry. Nothing here loses data; each says what happens next. */
export type StoreFault =
  /** ClickHouse did not answer, or said it cannot now; the same rows are sent again after `retryInMs`. */
  | {
      readonly kind: 'unreachable';
      readonly doing: string;
      readonly error: string;
      readonly attempt: number;
      readonly retryInMs: number;
    }
  /** A row was refused for its content and became the dead letter `deadLetterId`. */
  | {
      readonly kind: 'row-refused';
      readonly table: TableName;
      readonly deadLetterId: string;
      readonly error: string;
    }
  /** The queue is full: batches are let go and will be read again from the log. */
  | { readonly kind: 'behind'; readonly queuedBytes: number; readonly queuedRows: number }
  /** Reading the log again failed; it starts again after `retryInMs` from what is queued. */
  | { readonly kind: 'catch-up-failed'; readonly error: string; readonly retryInMs: number }
  /** Everything missed was read again: the judge's batches are taken as they come. */
  | { readonly kind: 'level'; readonly positions: Positions }
  /** Another judge with a higher epoch has committed; what this one writes from now on loses to it. */
  | { readonly kind: 'stale-epoch'; readonly epoch: number; readonly found: number };

/**
 * What a failed insert says of its rows. `retry`: nothing; it may pass or be mended by a person (memory, too many parts,
 * read-only, unknown table, access, connection), so it is repeated for ever. `content`: a row broke a check that somebody
 * put on the table, or a limit. `suspect`: a row could not be read, unless the table was changed under us.
 */
export type InsertFault = 'retry' | 'content' | 'suspect';

const CONTENT_CODES = new Set([
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
  469, // VIOLATED_CONSTRAINT
]);
const SUSPECT_CODES = new Set([
  6, // CANNOT_PARSE_TEXT
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
  691, // UNKNOWN_ELEMENT_OF_ENUM
]);

export function classify(error: unknown): InsertFault {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  return CONTENT_CODES.has(code) ? 'content' : SUSPECT_CODES.has(code) ? 'suspect' : 'retry';
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message.slice(0, 500) : String(error).slice(0, 500);
