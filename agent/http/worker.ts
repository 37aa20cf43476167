import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import type { HttpSettings, ToMain, ToWorker } from './contract.ts';
import { httpApp } from './http-app.ts';
import { startListening } from './listening.ts';
import { MainLink } from './main-link.ts';
import { ROUTES } from './routes.ts';
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
try {
  const { server, url } = await startListening(httpApp(services, ROUTES).callback(), settings.listen);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'rules') return services.useRules(message.rules);
    if (message.kind !== 'stop') return main.take(message);
    server.close(() => {
      void services.close().finally(() => port.close());
    });
    server.closeIdleConnections();
  });
  send({ kind: 'listening', url });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
