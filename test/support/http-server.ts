import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of a tap test that this helper needs. */
interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** A real HTTP server on a free port of loopback whose behaviour can be swapped while it runs. */
export interface TestServer {
  readonly url: string;
  /** Every request so far: method, path with query. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  handler: Handler;
}

export async function withHttpServer(t: Teardown, handler: Handler): Promise<TestServer> {
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const state = { handler };
  const server: Server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    const url = new URL(request.url ?? '/', 'http://localhost');
    void (async () => state.handler(request, response, url))();
  });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get handler() {
      return state.handler;
    },
    set handler(next) {
      state.handler = next;
    },
  };
}

/** Answers with JSON, as a well-behaved server does. */
export function json(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
