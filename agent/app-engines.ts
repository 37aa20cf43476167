import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectOptions } from '../collectors/nats/connection.ts';
import type { Config } from './config.ts';
import { type ClickHouseEngine, startClickHouse } from './engines/clickhouse.ts';
import { type NatsEngine, startNats } from './engines/nats.ts';

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
  if (clickhouse.kind === 'embedded') {
    const url = engine?.url ?? 'http://127.0.0.1:8123';
    const database = 'laytime';
    return { clickhouse: createClient({ url, database }), clickhouseUrl: url, clickhouseDatabase: database };
  }
  const { url, user, password, database, tls } = clickhouse;
  const client = createClient({
    url,
    username: user,
    database,
    ...(password !== undefined && { password: password.reveal() }),
    ...(tls?.ca !== undefined && {
      tls: {
        ca_cert: Buffer.from(tls.ca),
        ...(tls.cert !== undefined && tls.key !== undefined
          ? { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key.reveal()) }
          : {}),
      },
    }),
  });
  return { clickhouse: client, clickhouseUrl: url, clickhouseDatabase: database };
}
