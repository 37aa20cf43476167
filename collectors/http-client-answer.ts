import type { Dispatcher } from 'undici';
import type { EpochMs } from '../rules/time.ts';
import { FetchFault, httpDate, retryAfterMs, statusFault } from './http-client-fault.ts';

/** A 200 (or 204, with an empty body) or, when an ETag was sent, a 304. Everything else is thrown as a {@link FetchFault}. */
export interface HttpAnswer {
  readonly status: number;
  /** Where it came from after redirects within the host, for resolving links. */
  readonly url: URL;
  readonly body: Uint8Array;
  /** Lower case, without parameters; empty when the server named none. */
  readonly contentType: string;
  readonly etag?: string;
  /** The server's `Date`, else our clock. */
  readonly date: EpochMs;
  /** Whether `date` is the server's. */
  readonly dateFromServer: boolean;
  /** One response header; several of one name are joined by a comma. */
  header(name: string): string | undefined;
}

/** A URL for people and logs: without user, query and fragment, where secrets could be. */
export const publicUrl = (url: URL): string => `${url.origin}${url.pathname}`;

const MAX_REDIRECTS = 5;

type ResponseHeaders = Dispatcher.ResponseData['headers'];

/** A header that came several times, joined. */
export const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** An answer, whatever its status. `now` stands in for a missing `Date`. */
export function answerOf(
  status: number,
  headers: ResponseHeaders,
  body: Uint8Array,
  url: URL,
  now: EpochMs,
): HttpAnswer {
  const date = httpDate(headerText(headers.date));
  const etag = headerText(headers.etag);
  const contentType = (headerText(headers['content-type']) ?? '').split(';')[0]!.trim().toLowerCase();
  return {
    status,
    url,
    body,
    contentType,
    ...(etag === undefined ? {} : { etag }),
    date: date ?? now,
    dateFromServer: date !== undefined,
    header: (name) => headerText(headers[name.toLowerCase()]),
  };
}

/** The answer, if it is one that a caller can use; else the fault that it is. */
export function accepted(answer: HttpAnswer, url: URL, etagSent: boolean): HttpAnswer {
  const what = publicUrl(url);
  if (answer.status === 304 && etagSent) return answer;
  if (answer.status !== 200 && answer.status !== 204) {
    throw statusFault(answer.status, what, retryAfterMs(answer.header('retry-after'), answer.date));
  }
  if (answer.status === 200 && answer.body.byteLength === 0) {
    const hint = 'a server that has nothing to say answers 204 or an empty list';
    throw new FetchFault('empty-answer', `${what}: 200 with an empty body (${hint})`);
  }
  const html = answer.contentType === 'text/html' || answer.contentType === 'application/xhtml+xml';
  if (html && !beginsLikeJson(answer.body)) {
    const hint = 'a login or error page of a proxy? Check the URL and the credentials';
    throw new FetchFault('html-instead-of-data', `${what}: an HTML page came instead of data (${hint})`);
  }
  return answer;
}

/** Servers that never heard of a content type call their JSON a page. */
const beginsLikeJson = (body: Uint8Array): boolean =>
  /^(?:\xef\xbb\xbf)?\s*[[{]/.test(Buffer.from(body.subarray(0, 64)).toString('latin1'));

/** Where a redirect leads, if it stays on the host it started from; http to https there is an upgrade, not a move. */
export function redirectTarget(answer: HttpAnswer, from: URL, first: URL, hops: number): URL {
  const what = publicUrl(from);
  if (hops > MAX_REDIRECTS)
    throw new FetchFault('too-many-redirects', `${what}: more than ${MAX_REDIRECTS} redirects`);
  const location = answer.header('location');
  const target = location === undefined ? null : URL.parse(location, from);
  if (target === null) {
    throw new FetchFault('redirect-without-location', `${what}: a redirect (${answer.status}) to nowhere`);
  }
  const upgrade =
    first.protocol === 'http:' && target.protocol === 'https:' && target.hostname === first.hostname;
  if (target.origin === first.origin || upgrade) return target;
  throw new FetchFault(
    'redirect-to-other-host',
    `${what}: redirected to ${target.origin}, which credentials are not sent to; if that is right, configure that URL`,
  );
}
