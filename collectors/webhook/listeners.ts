import { createServer, type IncomingMessage, type Server } from 'node:http';
import { FetchFault } from '../http-client-fault.ts';
import type { ListenAddress } from '../settings.ts';

/** What to say to a partner. */
export interface WebhookAnswer {
  readonly status: number;
  /** Seconds after which to try again. */
  readonly retryAfterS?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request was not read to its end: the connection is of no more use. */
  readonly close?: true;
}

export type WebhookHandler = (request: IncomingMessage) => Promise<WebhookAnswer>;

const MAX_CONNECTIONS = 512;
const HEADERS_TIMEOUT_MS = 10_000;
/** A delivery that drips is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;

/** Addresses that partners push to. Sources that name the same address share one server, each with a path of its own. */
export class WebhookListeners {
  readonly #open = new Map<string, Listener>();

  /** Serves `path` until the function that it resolves with is called. Rejects with `listen-failed`. */
  async serve(
    address: ListenAddress,
    path: string,
    source: string,
    handler: WebhookHandler,
  ): Promise<() => Promise<void>> {
    const key = `${address.host} ${address.port}`;
    const known = this.#open.get(key);
    const listener = known ?? new Listener();
    const taken = listener.routes.get(path);
    if (taken !== undefined) {
      throw new FetchFault(
        'listen-failed',
        `${path} at ${address.host}:${address.port} is taken by ${taken.source}`,
      );
    }
    listener.routes.set(path, { source, handler });
    this.#open.set(key, listener);
    try {
      await listener.listening(address);
    } catch (error) {
      listener.routes.delete(path);
      if (listener.routes.size === 0) this.#open.delete(key);
      const why = error instanceof Error ? error.message : String(error);
      throw new FetchFault('listen-failed', `cannot listen on ${address.host}:${address.port}: ${why}`, {
        cause: error,
      });
    }
    return async () => {
      listener.routes.delete(path);
      if (listener.routes.size > 0) return;
      this.#open.delete(key);
      await listener.close();
    };
  }
}

class Listener {
  readonly routes = new Map<string, { readonly source: string; readonly handler: WebhookHandler }>();
  readonly #server: Server;
  #listening: Promise<void> | undefined;
  readonly #answering = new Set<Promise<void>>();

  constructor() {
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
      },
      (request, response) => {
        const answering = this.#answer(request).then((answer) => {
          const { status, retryAfterS, headers, close } = answer;
          response.writeHead(status, {
            ...headers,
            ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
            ...(close && { connection: 'close' }),
            ...(status !== 204 && { 'content-length': '0' }),
          });
          response.end();
        });
        this.#answering.add(answering);
        // The sender is gone: nobody is left to be told.
        void answering.catch(() => request.destroy()).finally(() => this.#answering.delete(answering));
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  listening({ host, port }: ListenAddress): Promise<void> {
    this.#listening ??= new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return this.#listening;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    await Promise.allSettled(this.#answering);
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage): Promise<WebhookAnswer> {
    const path = (request.url ?? '/').split('?')[0]!;
    const route = this.routes.get(path);
    return route === undefined ? Promise.resolve({ status: 404, close: true }) : route.handler(request);
  }
}
