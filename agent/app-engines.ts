import type { ClickHouseClient } from '@clickhouse/client';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectOptions } from '../collectors/nats/connection.ts';
import type { Config } from './config.ts';
import type { ClickHouseEngine } from './engines/clickhouse.ts';
import type { NatsEngine } from './engines/nats.ts';

/** The servers that the agent works with: started here when the configuration says `embedded`, else reached. */
export interface Engines {
  readonly nats: NatsConnection;
  readonly natsUrl: string;
  /** Present when it is ours. */
  readonly natsEngine?: NatsEngine;
  /** Absent in the role `collect`: an agent at the edge has the log alone. */
  readonly store?: StoreEngine;
  stop(): Promise<void>;
}

/** ClickHouse, and a client of it. */
export interface StoreEngine {
  readonly client: ClickHouseClient;
  readonly url: string;
  readonly database: string;
  /** Present when it is ours. */
  readonly engine?: ClickHouseEngine;
}

type OnLine = (engine: string, line: string) => void;

/**
 * Connects for as long as it takes; a server that comes later than the agent is no fault. What only some agents need is
 * loaded by those: an agent at the edge does without the memory of a ClickHouse client.
 */
export async function startEngines(config: Config, onLine: OnLine): Promise<Engines> {
  const [natsEngine, store] = await Promise.all([
    config.nats.kind === 'embedded' ? startOwnNats(config, onLine) : undefined,
    config.role === 'collect' ? undefined : startStore(config, onLine),
  ]);
  const settings = config.nats.kind === 'embedded' ? { servers: [natsEngine!.url] } : config.nats;
  const nats = await connect({ ...connectOptions(settings, 'laytime'), waitOnFirstConnect: true });
  return {
    nats,
    natsUrl: settings.servers.join(','),
    ...(natsEngine && { natsEngine }),
    ...(store && { store }),
    async stop() {
      await store?.client.close();
      await nats.drain().catch(() => nats.close());
      await Promise.all([store?.engine?.stop(), natsEngine?.stop()]);
    },
  };
}

async function startOwnNats({ dataDir }: Config, onLine: OnLine): Promise<NatsEngine> {
  const { startNats } = await import('./engines/nats.ts');
  return startNats({ dataDir: `${dataDir}/nats`, log: (line) => onLine('nats', line) });
}

async function startStore({ clickhouse, dataDir }: Config, onLine: OnLine): Promise<StoreEngine> {
  const { embeddedClient, remoteClient } = await import('./store/client.ts');
  if (clickhouse.kind === 'remote') {
    return { client: remoteClient(clickhouse), url: clickhouse.url, database: clickhouse.database };
  }
  const { startClickHouse } = await import('./engines/clickhouse.ts');
  const engine = await startClickHouse({
    dataDir: `${dataDir}/clickhouse`,
    log: (line) => onLine('clickhouse', line),
  });
  return { client: embeddedClient(engine.url), url: engine.url, database: 'laytime', engine };
}
