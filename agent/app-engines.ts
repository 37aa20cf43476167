import type { ClickHouseClient } from '@clickhouse/client';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectOptions } from '../collectors/nats/connection.ts';
import type { Config } from './config.ts';
import { type ClickHouseEngine, startClickHouse } from './engines/clickhouse.ts';
import { type NatsEngine, startNats } from './engines/nats.ts';
import { embeddedClient, remoteClient } from './store/client.ts';

/** The servers that the agent works with: started here when the configuration says `embedded`, else reached. */
export interface Engines {
  readonly nats: NatsConnection;
  readonly natsUrl: string;
  readonly clickhouse: ClickHouseClient;
  readonly clickhouseUrl: string;
  readonly clickhouseDatabase: string;
  /** Present when they are ours. */
  readonly clickhouseEngine?: ClickHouseEngine;
  readonly natsEngine?: NatsEngine;
  stop(): Promise<void>;
}

/** Connects for as long as it takes; a server that comes later than the agent is no fault. */
export async function startEngines(
  config: Config,
  onLine: (engine: string, line: string) => void,
): Promise<Engines> {
  const needsStore = config.role !== 'collect';
  const [natsEngine, clickhouseEngine] = await Promise.all([
    config.nats.kind === 'embedded'
      ? startNats({ dataDir: `${config.dataDir}/nats`, log: (line) => onLine('nats', line) })
      : undefined,
    needsStore && config.clickhouse.kind === 'embedded'
      ? startClickHouse({
          dataDir: `${config.dataDir}/clickhouse`,
          log: (line) => onLine('clickhouse', line),
        })
      : undefined,
  ]);
  const settings = config.nats.kind === 'embedded' ? { servers: [natsEngine!.url] } : config.nats;
  const nats = await connect({ ...connectOptions(settings, 'laytime'), waitOnFirstConnect: true });
  const clickhouse = clickhouseOf(config, clickhouseEngine);
  return {
    nats,
    natsUrl: settings.servers.join(','),
    ...clickhouse,
    ...(natsEngine && { natsEngine }),
    ...(clickhouseEngine && { clickhouseEngine }),
    async stop() {
      await clickhouse.clickhouse.close();
      await nats.drain().catch(() => nats.close());
      await Promise.all([clickhouseEngine?.stop(), natsEngine?.stop()]);
    },
  };
}

type ClickHouseParts = Pick<Engines, 'clickhouse' | 'clickhouseUrl' | 'clickhouseDatabase'>;

function clickhouseOf({ clickhouse }: Config, engine: ClickHouseEngine | undefined): ClickHouseParts {
  if (clickhouse.kind === 'remote') {
    const { url, database } = clickhouse;
    return { clickhouse: remoteClient(clickhouse), clickhouseUrl: url, clickhouseDatabase: database };
  }
  // An agent that only collects never asks.
  const url = engine?.url ?? 'http://127.0.0.1:8123';
  return { clickhouse: embeddedClient(url), clickhouseUrl: url, clickhouseDatabase: 'laytime' };
}
