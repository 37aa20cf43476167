/** Stable names of what can be wrong with a request or its answer; the table is in README.md. */
export type ProblemCode =
  | 'bad-request'
  | 'bad-cursor'
  | 'unauthorized'
  | 'forbidden'
  | 'wrong-host'
  | 'wrong-origin'
  | 'not-found'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'too-large'
  | 'too-busy'
  | 'too-slow'
  | 'no-store'
  | 'store-away'
  | 'agent-busy'
  | 'agent-refused'
  | 'rules-refused'
  | 'internal';

const TITLES: Readonly<Record<ProblemCode, string>> = {
  'bad-request': 'The request cannot be understood',
  'bad-cursor': 'This cursor is not one that an earlier answer gave',
  unauthorized: 'A token is needed',
  forbidden: 'This token may not do that',
  'wrong-host': 'This server does not answer for that host',
  'wrong-origin': 'The request comes from another site',
  'not-found': 'There is no such thing',
  'method-not-allowed': 'This address does not take that method',
  'unsupported-media-type': 'The body must be JSON',
  'too-large': 'Too much',
  'too-busy': 'Too many questions at once',
  'too-slow': 'The question took too long',
  'no-store': 'This agent has no ClickHouse',
  'store-away': 'ClickHouse does not answer',
  'agent-busy': 'The agent does not answer',
  'agent-refused': 'The agent could not do it',
  'rules-refused': 'The rules in force stay as they are',
  internal: 'Something went wrong',
};

/** An error that the caller is told, as RFC 9457 problem details. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: ProblemCode, detail: string, retryAfter?: number) {
    super(detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** `type` is relative: it names the problem, and is no address to fetch (RFC 9457 section 3.1.1). */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export const detailsOf = ({ status, code, message }: HttpProblem): ProblemDetails => ({
  type: `/problems/${code}`,
  title: TITLES[code],
  status,
  detail: message,
});

/** ClickHouse's error codes: TIMEOUT_EXCEEDED, TOO_SLOW. */
const SLOW = new Set(['159', '160']);
/** TOO_MANY_ROWS, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES, MEMORY_LIMIT_EXCEEDED. */
const LARGE = new Set(['158', '307', '396', '241']);
/** TOO_MANY_SIMULTANEOUS_QUERIES. */
const BUSY = new Set(['202']);

/** Any error as one that a caller may see: nothing of the inside is told. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof Error)) return new HttpProblem(500, 'internal', 'unexpected error');
  const code = String((error as { code?: unknown }).code ?? '');
  if (error.name === 'BadCursorError') return new HttpProblem(400, 'bad-cursor', error.message);
  if (SLOW.has(code) || /timeout error/i.test(error.message))
    return new HttpProblem(504, 'too-slow', 'ask for less, or narrow the filter');
  if (LARGE.has(code)) return new HttpProblem(413, 'too-large', 'ask for less: lower the limit');
  if (BUSY.has(code)) return new HttpProblem(429, 'too-busy', 'try again in a moment', 1);
  if (/^E[A-Z]+$/.test(code) || /socket hang up/i.test(error.message))
    return new HttpProblem(503, 'store-away', 'ClickHouse does not answer; judging goes on', 5);
  // UNKNOWN_TABLE, UNKNOWN_DATABASE: not migrated yet.
  if (code === '60' || code === '81')
    return new HttpProblem(503, 'store-away', 'the database is not there yet; it is made at the start', 5);
  return new HttpProblem(500, 'internal', 'unexpected error; see the log of the agent');
}
