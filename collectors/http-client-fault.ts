import type { DurationMs, EpochMs } from '../rules/time.ts';

/**
 * Everything that can go wrong while fetching, by name. The name is what telemetry counts, what a log line says and
 * what the documentation explains; a fault without a name is a fault of ours.
 */
export type FaultName =
  // the way there
  | 'name-not-resolved'
  | 'connection-refused'
  | 'connect-timeout'
  | 'connection-lost'
  | 'tls-failed'
  | 'host-key-mismatch'
  | 'proxy-failed'
  // the answer
  | 'headers-timeout'
  | 'body-timeout'
  | 'too-slow'
  | 'headers-too-large'
  | 'malformed-response'
  | 'body-truncated'
  | 'too-large-compressed'
  | 'too-large-decompressed'
  | 'bad-compression'
  | 'empty-answer'
  | 'unsupported-encoding'
  | 'html-instead-of-data'
  | 'redirect-to-other-host'
  | 'too-many-redirects'
  | 'redirect-without-location'
  // what the server says
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'rate-limited'
  | 'unavailable'
  | 'server-error'
  | 'unexpected-status'
  | 'token-refused'
  | 'token-malformed'
  // what the pages say
  | 'not-json'
  | 'wrong-shape'
  | 'cursor-repeated'
  | 'cursor-spent'
  | 'delta-expired'
  | 'page-on-other-host'
  | 'too-many-pages'
  | 'paging-drift'
  // ourselves
  | 'circuit-open'
  | 'quiet-hours'
  | 'file-unreadable'
  | 'listen-failed'
  | 'log-unavailable'
  | 'aborted'
  | 'unexpected';

/**
 * What to do next.
 * `back-off`: passing; again, later each time. `wait`: the server said how long. `attend`: will not mend by itself
 * (a password, a path, a proxy's error page), so it is asked for at the slowest pace until somebody mends it.
 * `stop`: we are being stopped.
 */
export type RetryInstruction =
  | { readonly kind: 'back-off' }
  | { readonly kind: 'wait'; readonly ms: DurationMs }
  | { readonly kind: 'attend' }
  | { readonly kind: 'stop' };

const ATTEND: ReadonlySet<FaultName> = new Set<FaultName>([
  'tls-failed',
  'host-key-mismatch',
  'too-large-compressed',
  'too-large-decompressed',
  'unsupported-encoding',
  'html-instead-of-data',
  'redirect-to-other-host',
  'too-many-redirects',
  'redirect-without-location',
  'bad-request',
  'unauthorized',
  'forbidden',
  'not-found',
  'unexpected-status',
  'token-refused',
  'token-malformed',
  'wrong-shape',
  'cursor-repeated',
  'page-on-other-host',
  'too-many-pages',
]);

/** Faults that say the server (or the way to it) is down; only these open its circuit. */
const DOWN: ReadonlySet<FaultName> = new Set<FaultName>([
  'name-not-resolved',
  'connection-refused',
  'connect-timeout',
  'connection-lost',
  'proxy-failed',
  'headers-timeout',
  'body-timeout',
  'too-slow',
  'malformed-response',
  'body-truncated',
  'unavailable',
  'server-error',
]);

/** A named fault of fetching, with what to do next. Messages never carry a secret: URLs come without query and user. */
export class FetchFault extends Error {
  readonly fault: FaultName;
  readonly retry: RetryInstruction;
  constructor(fault: FaultName, message: string, options?: { retry?: RetryInstruction; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FetchFault';
    this.fault = fault;
    this.retry = options?.retry ?? defaultRetry(fault);
  }
  /** True when the fault counts against the server's circuit. */
  get serverDown(): boolean {
    return DOWN.has(this.fault);
  }
}

function defaultRetry(fault: FaultName): RetryInstruction {
  if (fault === 'aborted') return { kind: 'stop' };
  return ATTEND.has(fault) ? { kind: 'attend' } : { kind: 'back-off' };
}

const BY_CODE: Readonly<Record<string, FaultName>> = {
  ENOTFOUND: 'name-not-resolved',
  EAI_AGAIN: 'name-not-resolved',
  ECONNREFUSED: 'connection-refused',
  EHOSTUNREACH: 'connection-refused',
  ENETUNREACH: 'connection-refused',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
  UND_ERR_SOCKET: 'connection-lost',
  UND_ERR_HEADERS_TIMEOUT: 'headers-timeout',
  UND_ERR_BODY_TIMEOUT: 'body-timeout',
  UND_ERR_HEADERS_OVERFLOW: 'headers-too-large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'body-truncated',
  UND_ERR_PRX_TLS: 'proxy-failed',
  UND_ERR_PRX_CONN: 'proxy-failed',
  Z_BUF_ERROR: 'body-truncated',
  Z_DATA_ERROR: 'bad-compression',
  EPROTO: 'tls-failed',
};

const TLS_CODE = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|ERR_OSSL|HOSTNAME_MISMATCH)/;

/** The `code` of an error, its cause, or the first of several (an address family each). */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code !== '') return code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}

/**
 * Names what undici, node:zlib or node:tls threw. A connection that ends after the headers came is a truncated body,
 * before them a lost connection.
 */
export function faultOf(error: unknown, phase: 'headers' | 'body', what: string): FetchFault {
  if (error instanceof FetchFault) return error;
  const code = codeOf(error);
  let name: FaultName = BY_CODE[code] ?? 'unexpected';
  if (TLS_CODE.test(code)) name = 'tls-failed';
  else if (error instanceof Error && error.name === 'HTTPParserError') name = 'malformed-response';
  else if (error instanceof Error && /^proxy /i.test(error.message)) name = 'proxy-failed';
  if (phase === 'body' && name === 'connection-lost') name = 'body-truncated';
  const detail = error instanceof Error ? error.message : String(error);
  return new FetchFault(name, `${what}: ${name}${detail === '' ? '' : ` (${detail})`}`, { cause: error });
}

/** A server that asks for more patience than this is asked again anyway. */
const LONGEST_WAIT_MS: DurationMs = 24 * 3_600_000;

/**
 * RFC 9110, section 10.2.3: `Retry-After` in seconds, or as an HTTP-date. A date is measured against the server's own
 * `Date` (`serverNow`), so that a skewed clock on either side does not matter. Undefined when absent or unreadable.
 */
export function retryAfterMs(value: string | undefined, serverNow: EpochMs): DurationMs | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_WAIT_MS);
  const at = httpDate(text);
  return at === undefined ? undefined : Math.min(Math.max(at - serverNow, 0), LONGEST_WAIT_MS);
}

/** RFC 9110, section 5.6.7 (IMF-fixdate and the obsolete forms that `Date.parse` reads). */
export function httpDate(value: string | undefined): EpochMs | undefined {
  if (value === undefined || !/GMT|UTC|\d{4}$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

/** Names a status that is neither success nor 304 nor a redirect. */
export function statusFault(status: number, what: string, waitMs: DurationMs | undefined): FetchFault {
  const name = statusName(status);
  const retry: RetryInstruction | undefined = waitMs === undefined ? undefined : { kind: 'wait', ms: waitMs };
  const message = `${what}: the server answered ${status} (${name})`;
  return new FetchFault(name, message, retry === undefined ? {} : { retry });
}

function statusName(status: number): FaultName {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 407) return 'proxy-failed';
  if (status === 408) return 'unavailable';
  if (status === 429) return 'rate-limited';
  if (status === 503) return 'unavailable';
  if (status >= 500) return 'server-error';
  if (status >= 400) return 'bad-request';
  return 'unexpected-status';
}
