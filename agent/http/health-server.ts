import type { HttpListening } from './contract.ts';
import { httpApp } from './http-app.ts';
import { QuestionGate } from './limits.ts';
import { startListening } from './listening.ts';
import { HttpProblem } from './problem.ts';
import { healthz, readyz } from './routes/health.ts';
import { metrics } from './routes/metrics.ts';
import { type HttpServer, refuseOpenDoor, STOP_MS } from './server.ts';
import type { HealthServices } from './services.ts';

export interface HealthOptions extends HttpListening {
  readonly main: HealthServices['main'];
  /** Milliseconds from any start. */
  readonly elapsed: () => number;
  /** Hears of what a caller is not told. */
  readonly onFault: (error: string) => void;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` of an agent that only collects, and nothing else: without a thread of its own, for
 * there is nothing slow to ask and no clock to delay. Rejects as the whole server does.
 */
export async function startHealth({
  main,
  elapsed,
  onFault: fault,
  ...settings
}: HealthOptions): Promise<HttpServer> {
  refuseOpenDoor(settings);
  const services: HealthServices = {
    ...{ settings, main, fault },
    gate: new QuestionGate({ most: 1, shareMs: 0, elapsed }),
    // It has none.
    storeAnswers: async () => true,
  };
  const app = httpApp(
    services,
    [healthz, readyz, metrics],
    () => new HttpProblem(404, 'no-store', 'an agent with role: collect only collects'),
  );
  const { server, url } = await startListening(app.callback(), settings.listen);
  return {
    url,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), STOP_MS);
      await closed;
      clearTimeout(late);
    },
  };
}
