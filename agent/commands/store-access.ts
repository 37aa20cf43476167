import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Config } from '../config.ts';
import { startClickHouse } from '../engines/clickhouse.ts';
import { rememberedPorts } from '../engines/ports.ts';
import { type ClientOptions, embeddedClient, remoteClient } from '../store/client.ts';

/** ClickHouse for a verb that asks it directly. */
export interface StoreAccess {
  readonly client: ClickHouseClient;
  readonly database: string;
  close(): Promise<void>;
}

/** The configured ClickHouse. An embedded one is reached where a running agent serves it, else started for the while. */
export async function openStore(
  { clickhouse, dataDir }: Pick<Config, 'clickhouse' | 'dataDir'>,
  options: ClientOptions = {},
): Promise<StoreAccess> {
  if (clickhouse.kind === 'remote') {
    const client = remoteClient(clickhouse, options);
    return { client, database: clickhouse.database, close: () => client.close() };
  }
  const directory = join(dataDir, 'clickhouse');
  const running = await runningAt(directory);
  if (running !== undefined) {
    const client = embeddedClient(running, options.timeoutMs);
    return { client, database: 'laytime', close: () => client.close() };
  }
  const engine = await startClickHouse({ dataDir: directory });
  const client = embeddedClient(engine.url, options.timeoutMs);
  return {
    client,
    database: 'laytime',
    async close() {
      await client.close();
      await engine.stop();
    },
  };
}

/** Where the engine of a running agent answers; its files tell the port. */
async function runningAt(directory: string): Promise<string | undefined> {
  const { httpPort } = await rememberedPorts(directory);
  if (httpPort === undefined) return undefined;
  const url = `http://127.0.0.1:${httpPort}`;
  const answers = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  return answers ? url : undefined;
}
