import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EpochMs } from '../../rules/time.ts';

/** A server of the simulated world, on loopback. */
export interface DemoServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Serves HTTP on `port`, or on a free one when it is taken. Its `Date` is the world's time, not ours: collectors take it for the time
 * up to which they have read. `sent` is called when an answer has gone out.
 */
export async function serve(
  port: number,
  now: () => EpochMs,
  answer: (url: URL, request: IncomingMessage) => Answer & { readonly sent?: () => void },
): Promise<DemoServer> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const { status, headers, body = '', sent } = answer(url, request);
    response.sendDate = false;
    response.writeHead(status, { date: new Date(now()).toUTCString(), ...headers });
    response.end(body, () => sent?.());
  });
  server.keepAliveTimeout = 60_000;
  await listen(server, port).catch(() => listen(server, 0));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((ready, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      ready();
    });
  });
}
