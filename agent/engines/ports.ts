import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/**
 * Below the ports that systems give to outgoing connections (32768 and up on Linux, 49152 on macOS): while an engine is down, a client
 * that tries to reconnect could otherwise be given the very port as its own, and keep the engine from coming back.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** A TCP port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
}

/** True when nobody listens on the port on loopback. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * The ports that a data directory was served on last time, so that addresses typed into Grafana survive a restart; else
 * undefined. The file is ours and small; one that cannot be read as JSON is treated as absent.
 */
export async function rememberedPorts(dataDir: string): Promise<Readonly<Record<string, number>>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDir, 'ports.json'), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, port]) => Number.isInteger(port)));
  } catch {
    return {};
  }
}

/** Keeps the ports for {@link rememberedPorts}. */
export async function rememberPorts(dataDir: string, ports: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, 'ports.json'), `${JSON.stringify(ports)}\n`);
}
