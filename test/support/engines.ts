import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseEngine, startClickHouse } from '../../agent/engines/clickhouse.ts';
import { type NatsEngine, startNats } from '../../agent/engines/nats.ts';

/** The part of a tap test that these helpers need. */
interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

/** A temporary directory that is removed with the test. */
export async function withTempDir(t: Teardown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'laytime-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/**
 * A nats-server with JetStream of the test's own, on a free port and an empty directory, ended and removed with the test. Start
 * one per file (about 0.1 s). `kill()` is a crash: it comes back on the same port; `await ready()` waits for that.
 */
export async function withNats(t: Teardown): Promise<NatsEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'laytime-nats-'));
  const nats = await startNats({ dataDir });
  t.teardown(async () => {
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });
  return nats;
}

/**
 * The real ClickHouse engine, of the test's own, on free ports and an empty directory, ended and removed with the test. Start one
 * per file (about 0.3 s, 350 MB). `kill()` is a crash: it comes back on the same ports; `await ready()` waits for that.
 */
export async function withClickHouse(t: Teardown): Promise<ClickHouseEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'laytime-clickhouse-'));
  const clickhouse = await startClickHouse({ dataDir });
  t.teardown(async () => {
    await clickhouse.kill({ forGood: true });
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });
  return clickhouse;
}

/** A database name that no other run uses, so that tests may share one engine. */
export const freshDatabase = (prefix = 'laytime'): string => `${prefix}_${randomBytes(5).toString('hex')}`;

/** Waits until `check` gives something other than undefined or false; rejects with `what` after `limitMs` of real time. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 20_000,
): Promise<T> {
  const late = AbortSignal.timeout(limitMs);
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (late.aborted) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** True while a process of that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
