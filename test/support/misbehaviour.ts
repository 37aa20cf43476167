import { gzipSync } from 'node:zlib';
import type { FaultName } from '../../collectors/http-client-fault.ts';
import { START_MS } from './collector-world.ts';
import { type Handler, json } from './http-server.ts';

const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024));
const BODY = JSON.stringify({ items: [{ id: '1' }] });

/** Ways in which servers, proxies and networks misbehave, and the name under which each must be reported. */
export const MISBEHAVIOUR: readonly {
  readonly what: string;
  readonly fault: FaultName;
  readonly handler: Handler;
  /** Shows only as time passing: to be tried once, with a short time-out. */
  readonly slow?: true;
}[] = [
  { what: 'never answers', fault: 'headers-timeout', slow: true, handler: () => undefined },
  {
    what: 'stops in the middle of the body',
    fault: 'body-timeout',
    slow: true,
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write(BODY);
    },
  },
  {
    what: 'drips a byte at a time for ever',
    fault: 'too-slow',
    slow: true,
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
  },
  {
    what: 'hangs up before it answers',
    fault: 'connection-lost',
    handler: (request) => {
      request.socket.destroy();
    },
  },
  {
    what: 'hangs up in the middle of a body of known length',
    fault: 'body-truncated',
    handler: (request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': String(BODY.length + 10),
      });
      response.write(BODY, () => request.socket.destroySoon());
    },
  },
  {
    what: 'hangs up in the middle of a chunked body',
    fault: 'body-truncated',
    handler: (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(BODY, () => request.socket.destroySoon());
    },
  },
  {
    what: 'says a body is shorter than it is',
    fault: 'not-json',
    handler: (request) => {
      const length = BODY.length - 5;
      request.socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${BODY}`,
      );
    },
  },
  {
    what: 'does not speak HTTP',
    fault: 'malformed-response',
    handler: (request) => {
      request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    },
  },
  {
    what: 'sends a login page with status 200',
    fault: 'html-instead-of-data',
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<html><body>Please sign in</body></html>');
    },
  },
  {
    what: 'sends a page as JSON that is none',
    fault: 'not-json',
    handler: (_, response) => json(response, '<html>Gateway error</html>'),
  },
  {
    what: 'sends JSON of another shape',
    fault: 'wrong-shape',
    handler: (_, response) => json(response, { error: 'x' }),
  },
  {
    what: 'redirects to another host',
    fault: 'redirect-to-other-host',
    handler: (_, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' });
      response.end();
    },
  },
  {
    what: 'redirects in a circle',
    fault: 'too-many-redirects',
    handler: (request, response) => {
      response.writeHead(307, { location: request.url ?? '/' });
      response.end();
    },
  },
  {
    what: 'redirects to nowhere',
    fault: 'redirect-without-location',
    handler: (_, response) => {
      response.writeHead(301);
      response.end();
    },
  },
  {
    what: 'sends a gzip bomb',
    fault: 'too-large-decompressed',
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(BOMB);
    },
  },
  {
    what: 'sends more than is allowed',
    fault: 'too-large-compressed',
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.alloc(2 * 1024 * 1024, 0x20));
    },
  },
  {
    what: 'sends gzip that is cut off',
    fault: 'body-truncated',
    handler: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(BODY).subarray(0, -6));
    },
  },
  {
    what: 'says gzip and sends none',
    fault: 'bad-compression',
    handler: (_, response) => json(response, BODY, { 'content-encoding': 'gzip' }),
  },
  {
    what: 'sends an encoding nobody asked for',
    fault: 'unsupported-encoding',
    handler: (_, response) => json(response, BODY, { 'content-encoding': 'zstd' }),
  },
  ...[
    [400, 'bad-request'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [500, 'server-error'],
    [502, 'server-error'],
    [503, 'unavailable'],
  ].map(([status, fault]) => ({
    what: `answers ${status}`,
    fault: fault as FaultName,
    handler: ((_, response) => {
      response.writeHead(status as number, { 'content-type': 'application/json' });
      response.end('{}');
    }) satisfies Handler,
  })),
  {
    what: 'answers 304 though nothing was asked',
    fault: 'unexpected-status',
    handler: (_, response) => {
      response.writeHead(304);
      response.end();
    },
  },
  {
    what: 'answers 429 with seconds',
    fault: 'rate-limited',
    handler: (_, response) => {
      response.writeHead(429, { 'retry-after': '120' });
      response.end();
    },
  },
  {
    what: 'answers 429 with a date, its clock a year ahead',
    fault: 'rate-limited',
    handler: (_, response) => {
      const now = START_MS + 365 * 86_400_000;
      response.writeHead(429, {
        date: new Date(now).toUTCString(),
        'retry-after': new Date(now + 120_000).toUTCString(),
      });
      response.end();
    },
  },
];
