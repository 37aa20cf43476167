import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Engine,
  EngineStartError,
  LOCK_ATTEMPTS,
  LOCK_RETRY_MS,
  PORT_ATTEMPTS,
  READY_WITHIN_MS,
  SupervisedChild,
} from './child.ts';
import { writeClickHouseConfig } from './clickhouse-config.ts';
import type { EngineArguments } from './clickhouse-process.ts';
import { DataDirInUseError, EngineUnavailableError } from './errors.ts';
import { freePort, isFree, rememberedPorts, rememberPorts } from './ports.ts';

/** Where and how to run the embedded ClickHouse. */
export interface ClickHouseOptions {
  /** Everything it keeps; one process per directory. Made when absent. */
  readonly dataDir: string;
  /** Absent: the ports of the last start on this directory if they are free, else free ones. */
  readonly httpPort?: number;
  readonly tcpPort?: number;
  /** Lines the engine writes. */
  readonly log?: (line: string) => void;
}

/** A running embedded ClickHouse: HTTP and native protocol on loopback, user `default` without a password. */
export interface ClickHouseEngine extends Engine {
  readonly httpPort: number;
  readonly tcpPort: number;
  /** May read tables and nothing else; for Grafana and people. */
  readonly grafana: { readonly user: string; readonly password: string };
}

/**
 * Starts the embedded ClickHouse and waits until it answers. It is started again when it dies and ends with this process.
 * Rejects with {@link EngineUnavailableError}, {@link DataDirInUseError} or {@link EngineStartError}.
 */
export async function startClickHouse(options: ClickHouseOptions): Promise<ClickHouseEngine> {
  const library = await findLibrary();
  const dataDir = resolve(options.dataDir);
  const { configFile, grafanaPassword } = await writeClickHouseConfig(dataDir);
  for (let lockAttempt = 1, portAttempt = 1; ; ) {
    const ports = await choosePorts(options, dataDir, portAttempt > 1);
    const args: EngineArguments = { library, path: join(dataDir, 'data'), configFile, ...ports };
    try {
      const child = await launch(args, options.log ?? (() => undefined));
      await rememberPorts(dataDir, ports);
      return engine(child, ports, grafanaPassword);
    } catch (error) {
      if (!(error instanceof EngineStartError)) throw error;
      if (error.output.includes('Another server instance in same directory')) {
        if (lockAttempt === LOCK_ATTEMPTS) throw new DataDirInUseError('clickhouse', dataDir);
        lockAttempt += 1;
        await new Promise((wake) => setTimeout(wake, LOCK_RETRY_MS));
      } else if (/Address already in use/.test(error.output) && portAttempt < PORT_ATTEMPTS) {
        portAttempt += 1;
      } else {
        throw error;
      }
    }
  }
}

async function findLibrary(): Promise<string> {
  try {
    const { libchdbPath } = await import('chdb/libchdb');
    return libchdbPath();
  } catch {
    throw new EngineUnavailableError(
      `the embedded ClickHouse is not available on ${process.platform} ${process.arch}: the optional npm package "chdb" is not ` +
        'installed here (it serves Linux with glibc, and macOS). Run `npm install`, or set `clickhouse: { url: … }` to a server.',
    );
  }
}

type Ports = Readonly<{ httpPort: number; tcpPort: number }>;

async function choosePorts(options: ClickHouseOptions, dataDir: string, fresh: boolean): Promise<Ports> {
  const last = fresh ? {} : await rememberedPorts(dataDir);
  const pick = async (asked: number | undefined, before: number | undefined): Promise<number> => {
    if (asked !== undefined) return asked;
    if (before !== undefined && (await isFree(before))) return before;
    return freePort();
  };
  return {
    httpPort: await pick(options.httpPort, last.httpPort),
    tcpPort: await pick(options.tcpPort, last.tcpPort),
  };
}

/** This file is TypeScript in the checkout and JavaScript in the package. */
const entry = fileURLToPath(
  new URL(`./clickhouse-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

function launch(args: EngineArguments, log: (line: string) => void): Promise<SupervisedChild> {
  return SupervisedChild.start({
    name: 'the embedded ClickHouse',
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', entry, JSON.stringify(args)],
    isReady: async () => (await fetch(`http://127.0.0.1:${args.httpPort}/ping`)).ok,
    readyWithinMs: READY_WITHIN_MS,
    // The query that keeps it up is cancelled at every stop.
    log: (line) => {
      if (!line.includes('QUERY_WAS_CANCELLED')) log(line);
    },
  });
}

function engine(child: SupervisedChild, ports: Ports, password: string): ClickHouseEngine {
  return {
    ...ports,
    url: `http://127.0.0.1:${ports.httpPort}`,
    grafana: { user: 'grafana', password },
    get pid() {
      return child.pid;
    },
    ready: () => child.ready(),
    kill: (how) => child.kill(how),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    onRestart: (listener) => child.onRestart(listener),
  };
}
