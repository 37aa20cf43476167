import type { Config } from './config.ts';
import { startHealth } from './http/health-server.ts';
import { digestTokens, type HttpServer } from './http/server.ts';
import type { Telemetry } from './telemetry.ts';

/** Serves the health and the metrics of an agent that only collects. */
export function serveHealth(
  { config, telemetry }: { readonly config: Config; readonly telemetry: Telemetry },
  elapsed: () => number,
): Promise<HttpServer> {
  const { listen, tokens, publicUrl } = config;
  return startHealth({
    ...{ listen, publicUrl, elapsed },
    tokens: digestTokens(tokens),
    main: {
      metrics: () => telemetry.registry.metrics(),
      readiness: async () => ({
        ...{ role: 'collect', judging: false, fenced: false, waitsForStore: false },
        ...{ positions: {}, storeFloor: {}, storeLevel: true, channels: [] },
      }),
    },
    onFault: (error) => telemetry.line('warn', 'http-request-failed', { error }),
  });
}
