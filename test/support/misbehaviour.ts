import { gzipSync } from 'node:zlib';
import type { FaultName } from '../../collectors/http-client-fault.ts';
import { START_MS } from './collector-world.ts';
import { type Handler, json } from './http-server.ts';

const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024));
const BODY = JSON.stringify({ items: [{ id: '1' }] });
const JSON_TYPE = { 'content-type': 'application/json' };

export interface Misbehaviour {
  readonly what: string;
  readonly fault: FaultName;
  /** What the message must say beside the address, for whoever has to mend it. */
  readonly says: RegExp;
  readonly handler: Handler;
  /** Shows only as time passing: to be tried once, with a short time-out. */
  readonly slow?: true;
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = JSON_TYPE, body = '{}'): Handler =>
  (_, response) => {
    response.writeHead(code, headers);
    response.end(body);
  };

/** Exactly these bytes, then the connection is closed. */
const raw =
  (...lines: readonly string[]): Handler =>
  (request) => {
    request.socket.end(lines.join('\r\n'));
  };

/** The beginning of an answer, then `then`. */
const begun =
  (headers: Readonly<Record<string, string>>, then: (socket: { destroySoon(): void }) => void): Handler =>
  (request, response) => {
    response.writeHead(200, { ...JSON_TYPE, ...headers });
    response.write(BODY, () => then(request.socket));
  };

const hangUp = (socket: { destroySoon(): void }): void => socket.destroySoon();
const stayOpen = (): void => undefined;

/** Ways in which servers, proxies and networks misbehave, whatever is asked of them, and the name under which each must be reported. */
export const MISBEHAVIOUR: readonly Misbehaviour[] = [
  {
    what: 'never answers',
    fault: 'headers-timeout',
    says: /nothing came for \d+ ms \(timeout\)/,
    slow: true,
    handler: () => undefined,
  },
  {
    what: 'stops in the middle of the body',
    fault: 'body-timeout',
    says: /nothing came for \d+ ms \(timeout\)/,
    slow: true,
    handler: begun({ 'content-length': '1000' }, stayOpen),
  },
  {
    what: 'announces a chunk that never comes to its end',
    fault: 'body-timeout',
    says: /nothing came for \d+ ms \(timeout\)/,
    slow: true,
    handler: (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFF\r\n{');
    },
  },
  {
    what: 'drips a byte at a time for ever',
    fault: 'too-slow',
    says: /not complete after \d+ ms/,
    slow: true,
    handler: (_, response) => {
      response.writeHead(200, JSON_TYPE);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
  },
  {
    what: 'hangs up before it answers',
    fault: 'connection-lost',
    says: /connection-lost \(other side closed\)/,
    handler: (request) => {
      request.socket.destroy();
    },
  },
  {
    what: 'hangs up in the middle of a body of known length',
    fault: 'body-truncated',
    says: /body-truncated \(other side closed\)/,
    handler: begun({ 'content-length': String(BODY.length + 10) }, hangUp),
  },
  {
    what: 'hangs up behind a whole body without saying that it was whole',
    fault: 'body-truncated',
    says: /body-truncated \(other side closed\)/,
    handler: begun({}, hangUp),
  },
  {
    what: 'says a body is shorter than it is',
    fault: 'not-json',
    says: /the answer is not JSON \(Unterminated string/,
    handler: raw('HTTP/1.1 200 OK', `content-length: ${BODY.length - 5}`, 'connection: close', '', BODY),
  },
  {
    what: 'cuts a body off between two records, its end marked as the end',
    fault: 'not-json',
    says: /the answer is not JSON \(Expected/,
    handler: (_, response) => json(response, '{"items":[{"id":"1"},{"id":"2"}'),
  },
  {
    what: 'ends a body of no known length early',
    fault: 'not-json',
    says: /the answer is not JSON/,
    handler: raw('HTTP/1.0 200 OK', 'content-type: application/json', '', BODY.slice(0, -2)),
  },
  {
    what: 'gives two lengths',
    fault: 'body-truncated',
    says: /body-truncated/,
    handler: raw('HTTP/1.1 200 OK', 'content-length: 4', 'content-length: 5', '', 'null'),
  },
  {
    what: 'sends a chunk whose size is no number',
    fault: 'malformed-response',
    says: /malformed-response/,
    handler: raw('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', 'zz', BODY, ''),
  },
  {
    what: 'does not speak HTTP',
    fault: 'malformed-response',
    says: /malformed-response \(Response does not match/,
    handler: raw('SSH-2.0-OpenSSH_9.2', ''),
  },
  {
    what: 'sends headers without end',
    fault: 'headers-too-large',
    says: /headers-too-large/,
    handler: raw('HTTP/1.1 200 OK', `x-trace: ${'a'.repeat(100_000)}`, '', BODY),
  },
  {
    what: 'sends a login page with status 200',
    fault: 'html-instead-of-data',
    says: /an HTML page came instead of data .*Check the URL and the credentials/,
    handler: status(200, { 'content-type': 'text/html; charset=utf-8' }, '<html><body>Sign in</body></html>'),
  },
  {
    what: 'sends an error page that it calls JSON',
    fault: 'not-json',
    says: /the answer is not JSON .*<html>/,
    handler: status(200, JSON_TYPE, '<html>Gateway error</html>'),
  },
  {
    what: 'sends nothing with status 200',
    fault: 'empty-answer',
    says: /200 with an empty body/,
    handler: status(200, JSON_TYPE, ''),
  },
  {
    what: 'sends two documents in one answer',
    fault: 'not-json',
    says: /the answer is not JSON \(Unexpected non-whitespace/,
    handler: status(200, JSON_TYPE, BODY + BODY),
  },
  {
    what: 'sends UTF-16',
    fault: 'not-json',
    says: /the answer is not JSON/,
    handler: (_, response) => {
      response.writeHead(200, JSON_TYPE);
      response.end(Buffer.from(`\ufeff${BODY}`, 'utf16le'));
    },
  },
  {
    what: 'sends JSON of another shape',
    fault: 'wrong-shape',
    says: /list|error/,
    handler: status(200, JSON_TYPE, '{"error":{"message":"x"}}'),
  },
  {
    what: 'redirects to another host',
    fault: 'redirect-to-other-host',
    says: /redirected to http:\/\/169\.254\.169\.254, which credentials are not sent to/,
    handler: status(302, { location: 'http://169.254.169.254/latest/meta-data' }),
  },
  {
    what: 'redirects in a circle',
    fault: 'too-many-redirects',
    says: /more than 5 redirects/,
    handler: (request, response) => {
      response.writeHead(307, { location: request.url ?? '/' });
      response.end();
    },
  },
  {
    what: 'redirects to nowhere',
    fault: 'redirect-without-location',
    says: /a redirect \(301\) to nowhere/,
    handler: status(301, {}),
  },
  {
    what: 'sends a gzip bomb',
    fault: 'too-large-decompressed',
    says: /larger than 1048576 bytes \(max_response\)/,
    handler: (_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      response.end(BOMB);
    },
  },
  {
    what: 'sends more than is allowed',
    fault: 'too-large-compressed',
    says: /larger than 1048576 bytes \(max_response\)/,
    handler: status(200, JSON_TYPE, ' '.repeat(2 * 1024 * 1024)),
  },
  {
    what: 'sends gzip that is cut off',
    fault: 'body-truncated',
    says: /body-truncated \(unexpected end of file\)/,
    handler: (_, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      response.end(gzipSync(BODY).subarray(0, -6));
    },
  },
  {
    what: 'says gzip and sends none',
    fault: 'bad-compression',
    says: /bad-compression \(incorrect header check\)/,
    handler: status(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, BODY),
  },
  {
    what: 'sends an encoding nobody asked for',
    fault: 'unsupported-encoding',
    says: /content-encoding zstd is not understood/,
    handler: status(200, { ...JSON_TYPE, 'content-encoding': 'zstd' }, BODY),
  },
  ...(
    [
      [206, 'unexpected-status'],
      [304, 'unexpected-status'],
      [400, 'bad-request'],
      [401, 'unauthorized'],
      [403, 'forbidden'],
      [404, 'not-found'],
      [408, 'unavailable'],
      [500, 'server-error'],
      [502, 'server-error'],
      [503, 'unavailable'],
    ] as const
  ).map(([code, fault]) => ({
    what: code === 304 ? 'answers 304 though nothing was known' : `answers ${code}`,
    fault,
    says: new RegExp(`answered ${code} \\(${fault}\\)`),
    handler: status(code, JSON_TYPE, code === 304 ? '' : '{}'),
  })),
  {
    what: 'answers 429 with seconds',
    fault: 'rate-limited',
    says: /answered 429 \(rate-limited\)/,
    handler: status(429, { 'retry-after': '120' }),
  },
  {
    what: 'answers 429 with a date, its clock a year ahead',
    fault: 'rate-limited',
    says: /answered 429 \(rate-limited\)/,
    handler: (_, response) => {
      const now = START_MS + 365 * 86_400_000;
      response.writeHead(429, {
        date: new Date(now).toUTCString(),
        'retry-after': new Date(now + 120_000).toUTCString(),
      });
      response.end();
    },
  },
  {
    what: 'answers 429 with a word that is neither',
    fault: 'rate-limited',
    says: /answered 429 \(rate-limited\)/,
    handler: status(429, { 'retry-after': 'soon' }),
  },
];
