import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { LogReader, LogRecord } from '../../../agent/log/log.ts';
import type { RawMessage } from '../../../collectors/collector.ts';

/** A connection that never gives up, closed with the test. */
export async function connected(
  t: { teardown(handler: () => Promise<void>): void },
  url: string,
): Promise<NatsConnection> {
  const connection = await connect({
    servers: url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    // A handshake that a crash cuts in two is only given up after this long (20 s when left out).
    timeout: 2_000,
  });
  t.teardown(() => connection.close());
  return connection;
}

/** A raw message of a source that knows ids and revisions. */
export const message = (n: number, more: Partial<RawMessage> = {}): RawMessage => ({
  source: 'broker-nl',
  contentType: 'application/json',
  sourceId: `decl-${n}`,
  revision: { order: 1, tag: 'a' },
  fetchedAt: 1_700_000_000_000 + n,
  origin: 'https://broker.example/declarations',
  data: Buffer.from(`{"n":${n}}`),
  ...more,
});

/** Reads until `count` records have come, or the end was reached when no count is given. */
export async function readAll(reader: LogReader, count?: number): Promise<LogRecord[]> {
  const { signal } = new AbortController();
  const records: LogRecord[] = [];
  for (;;) {
    const batch = await reader.next({ maxRecords: 1_000, maxWaitMs: 5_000, signal });
    records.push(...batch.records);
    if (count === undefined ? batch.caughtUp : records.length >= count) return records;
  }
}

export const text = (record: LogRecord): string => Buffer.from(record.data).toString('utf8');
