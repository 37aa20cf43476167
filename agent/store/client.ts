import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { SecretText } from '../../collectors/settings.ts';
import type { ClickHouseConfig } from '../config-server.ts';

type RemoteClickHouse = Extract<ClickHouseConfig, { kind: 'remote' }>;

/** Longer than the slowest insert of a full queue; a server that died silently is noticed after it. */
const REQUEST_TIMEOUT_MS = 60_000;

/** A client of the embedded engine. It does not log by itself: every failure is told through the store's faults. */
export const embeddedClient = (url: string): ClickHouseClient =>
  createClient({ url, request_timeout: REQUEST_TIMEOUT_MS, log: { level: ClickHouseLogLevel.OFF } });

/** A client of a configured server, as its user or as another one. */
export function remoteClient(
  { url, user, password, tls }: RemoteClickHouse,
  other?: { readonly user: string; readonly password?: SecretText },
): ClickHouseClient {
  const secret = other === undefined ? password : other.password;
  return createClient({
    url,
    username: other?.user ?? user,
    request_timeout: REQUEST_TIMEOUT_MS,
    log: { level: ClickHouseLogLevel.OFF },
    ...(secret !== undefined && { password: secret.reveal() }),
    ...(tls?.ca !== undefined && {
      tls: {
        ca_cert: Buffer.from(tls.ca),
        ...(tls.cert !== undefined &&
          tls.key !== undefined && { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key.reveal()) }),
      },
    }),
  });
}
