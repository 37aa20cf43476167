import type { Engines } from './app-engines.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { migrate } from './store/migrate.ts';
import type { Telemetry } from './telemetry.ts';

const RETRY_MS = 5_000;
const DAY_MS = 86_400_000;

/**
 * Brings the database to this version, for as long as it takes: ClickHouse may be away, and judging does not wait for it.
 * Resolves when done, or when the signal aborts.
 */
export async function migrateWhenThere(
  engines: Engines,
  config: Config,
  edges: { readonly clock: Clock; readonly telemetry: Telemetry },
  signal: AbortSignal,
): Promise<void> {
  const { rawMs, eventsMs } = config.retention;
  const retention = { rawDays: Math.ceil(rawMs / DAY_MS), eventDays: Math.ceil(eventsMs / DAY_MS) };
  while (!signal.aborted) {
    try {
      const { clickhouse: client, clickhouseDatabase: database } = engines;
      const { applied } = await migrate({ client, database, retention });
      if (applied.length > 0) edges.telemetry.line('info', 'database-migrated', { applied: applied.length });
      return;
    } catch (error) {
      edges.telemetry.storeFault(String(error), RETRY_MS);
      await edges.clock.sleep(RETRY_MS, signal);
    }
  }
}
