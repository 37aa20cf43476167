import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { SecretText } from '../../collectors/settings.ts';
import type { DurationMs } from '../../rules/time.ts';
import type { ClickHouseConfig } from '../config-server.ts';

type RemoteClickHouse = Extract<ClickHouseConfig, { kind: 'remote' }>;

/** Longer than the slowest insert of a full queue; a server that died silently is noticed after it. */
const REQUEST_TIMEOUT_MS: DurationMs = 60_000;

/** A client of the embedded engine. It does not log by itself: every failure is told through the store's faults. */
export const embeddedClient = (url: string, timeoutMs = REQUEST_TIMEOUT_MS): ClickHouseClient =>
  createClient({ url, request_timeout: timeoutMs, log: { level: ClickHouseLogLevel.OFF } });

/** Who asks, and how long an answer may keep silent. */
export interface ClientOptions {
  /** Somebody else than the configuration's. */
  readonly as?: { readonly user: string; readonly password?: SecretText };
  readonly timeoutMs?: DurationMs;
}

/** A client of a configured server. */
export function remoteClient(
  { url, user, password, tls }: RemoteClickHouse,
  { as: other, timeoutMs = REQUEST_TIMEOUT_MS }: ClientOptions = {},
): ClickHouseClient {
  const secret = other === undefined ? password : other.password;
  return createClient({
    url,
    username: other?.user ?? user,
    request_timeout: timeoutMs,
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
