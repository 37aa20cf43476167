import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import type { HttpSettings, ToMain, ToWorker } from './contract.ts';
import { httpApp } from './http-app.ts';
import { MainLink } from './main-link.ts';
import { servicesOf } from './services.ts';

/** The thread that serves HTTP: reads ClickHouse by itself, asks the main thread for the rest. */
const port = parentPort!;
const settings = workerData as HttpSettings;
const send = (message: ToMain): void => port.postMessage(message);

const main = new MainLink((id, ask) => send({ kind: 'ask', id, ask }), systemClock);
const services = servicesOf(settings, {
  main,
  clock: systemClock,
  fault: (error) => send({ kind: 'fault', error }),
});
const server = createServer(
  // Slow or endless requests must not hold connections.
  { requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 },
  httpApp(services).callback(),
);
server.maxConnections = 2_000;

port.on('message', (message: ToWorker) => {
  if (message.kind !== 'stop') return main.take(message);
  server.close(() => {
    void services.close().finally(() => port.close());
  });
  server.closeIdleConnections();
});

const { host, port: wanted } = settings.listen;
server.on('error', (error: NodeJS.ErrnoException) => {
  const why = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
  send({ kind: 'failed', message: `cannot listen on ${host}:${wanted}: ${why}` });
});
server.listen(wanted, host, () => {
  const { port: taken } = server.address() as AddressInfo;
  // `::` and `0.0.0.0` are every address; a person needs one that can be opened.
  const shown = host === '::' || host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  send({ kind: 'listening', url: `http://${shown}:${taken}` });
});
