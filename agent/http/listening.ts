import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens, and its address with the port that was really taken. */
export interface Listening {
  readonly server: Server;
  readonly url: string;
}

/** Rejects with one line that says why it cannot listen there. */
export function startListening(
  answer: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = createServer(
    // Slow or endless requests must not hold connections.
    { requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 },
    answer,
  );
  server.maxConnections = 2_000;
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
      reject(new Error(`cannot listen on ${host}:${port}: ${why}`));
    });
    server.listen(port, host, () => {
      const { port: taken } = server.address() as AddressInfo;
      // `::` and `0.0.0.0` are every address; a person needs one that can be opened.
      const all = host === '::' || host === '0.0.0.0';
      const shown = all ? 'localhost' : host.includes(':') ? `[${host}]` : host;
      resolve({ server, url: `http://${shown}:${taken}` });
    });
  });
}
