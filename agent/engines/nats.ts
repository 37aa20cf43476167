import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import {
  type Engine,
  EngineStartError,
  LOCK_ATTEMPTS,
  LOCK_RETRY_MS,
  PORT_ATTEMPTS,
  READY_WITHIN_MS,
  SupervisedChild,
} from './child.ts';
import { DataDirInUseError, EngineUnavailableError } from './errors.ts';
import { freePort, isFree, rememberedPorts, rememberPorts } from './ports.ts';

/** Where and how to run a local nats-server. */
export interface NatsOptions {
  /** Everything it keeps; one server per directory. Made when absent. */
  readonly dataDir: string;
  /** Absent: the port of the last start on this directory if it is free, else a free one. */
  readonly port?: number;
  /** Sync every write to disk, so that a power cut loses nothing either (nats-server 2.10 and later). */
  readonly syncAlways?: boolean;
  /** Lines the server writes. */
  readonly log?: (line: string) => void;
}

/** A running local nats-server with JetStream, on loopback, without authentication. */
export interface NatsEngine extends Engine {
  readonly port: number;
  readonly version: string;
}

const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/** Debian installs it where an ordinary user's PATH does not look. */
const SEARCH = 'PATH="$PATH:/usr/sbin:/usr/local/bin:/opt/homebrew/bin"';

/**
 * Runs the server beside a watcher that ends it when stdin ends, since nats-server itself does not notice that its parent died.
 * When the server ends, so does the watcher. The first line of output is the server's process id.
 */
const WATCHED = `exec 3<&0
"$1" -c "$2" 3<&- </dev/null &
server=$!
echo "pid $server"
{ cat <&3 >/dev/null; kill -TERM "$server"; sleep 5; kill -KILL "$server"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit $code`;

/**
 * Starts a local nats-server with JetStream and waits until it answers. It is started again when it dies and ends with this
 * process. Rejects with {@link EngineUnavailableError}, {@link DataDirInUseError} or {@link EngineStartError}.
 */
export async function startNats(options: NatsOptions): Promise<NatsEngine> {
  const { path, version } = await findServer();
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const name = await serverName(dataDir);
  const log = options.log ?? (() => undefined);
  await untilUnused(dataDir, name);
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(options, dataDir, attempt > 1);
    const config = join(dataDir, 'nats.conf');
    await writeFile(config, configText({ ...options, dataDir, port, name, version, log }));
    await rememberPorts(dataDir, { port });
    try {
      return await launch({ path, version, config, port, name, log });
    } catch (error) {
      const taken = error instanceof EngineStartError && error.output.includes('address already in use');
      if (!taken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Asks the shell, which knows PATH, so that nothing here reads the environment. */
function findServer(): Promise<{ readonly path: string; readonly version: string }> {
  return new Promise((found, reject) => {
    const script = `${SEARCH}; p=$(command -v nats-server) && echo "$p" && exec "$p" --version`;
    execFile('/bin/sh', ['-c', script], (error, stdout) => {
      const [path = '', versionLine = ''] = stdout.split('\n');
      const version = /v?(\d+\.\d+\.\d+\S*)/.exec(versionLine)?.[1];
      if (error === null && version !== undefined) return found({ path, version });
      const command =
        process.platform === 'darwin'
          ? 'brew install nats-server'
          : 'sudo apt-get install nats-server (or take a binary from https://github.com/nats-io/nats-server/releases)';
      reject(
        new EngineUnavailableError(
          `nats-server is not installed on this machine: run ${command}, or set \`nats: { url: … }\` to a running server.`,
        ),
      );
    });
  });
}

/** The server of this directory, under a name that no other has: how a running one is recognised. */
async function serverName(dataDir: string): Promise<string> {
  const file = join(dataDir, 'server-name');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept !== '') return kept;
  const made = `laytime-${randomUUID().slice(0, 8)}`;
  await writeFile(file, `${made}\n`);
  return made;
}

/** The port of the last start is the lock: while a server of this directory's name answers there, the directory is taken. */
async function untilUnused(dataDir: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const port = (await rememberedPorts(dataDir)).port;
    if (port === undefined || (await serverInfo(port)) !== name) return;
    if (attempt === LOCK_ATTEMPTS) throw new DataDirInUseError('nats-server', dataDir);
    await new Promise((wake) => setTimeout(wake, LOCK_RETRY_MS));
  }
}

async function choosePort(options: NatsOptions, dataDir: string, fresh: boolean): Promise<number> {
  if (options.port !== undefined) return options.port;
  const last = fresh ? undefined : (await rememberedPorts(dataDir)).port;
  return last !== undefined && (await isFree(last)) ? last : freePort();
}

interface ConfigParts extends NatsOptions {
  readonly port: number;
  readonly name: string;
  readonly version: string;
  readonly log: (line: string) => void;
}

function configText(parts: ConfigParts): string {
  const knowsSync = !/^2\.[0-9]\./.test(parts.version);
  if (parts.syncAlways === true && !knowsSync) {
    parts.log(
      `nats-server ${parts.version} cannot sync every write (2.10 can): a power cut may lose up to two minutes`,
    );
  }
  const sync = parts.syncAlways === true && knowsSync ? '\n  sync_interval: always' : '';
  return `# Written at every start of this data directory; changes here are lost.
server_name: ${parts.name}
host: 127.0.0.1
port: ${parts.port}
max_payload: ${MAX_PAYLOAD_BYTES}
jetstream {
  store_dir: ${JSON.stringify(join(parts.dataDir, 'jetstream'))}${sync}
}
`;
}

interface Launch {
  readonly path: string;
  readonly version: string;
  readonly config: string;
  readonly port: number;
  readonly name: string;
  readonly log: (line: string) => void;
}

async function launch(at: Launch): Promise<NatsEngine> {
  let pid = 0;
  const child = await SupervisedChild.start({
    name: 'nats-server',
    command: '/bin/sh',
    args: ['-c', WATCHED, 'nats-server', at.path, at.config],
    isReady: async () => pid !== 0 && (await serverInfo(at.port)) === at.name,
    readyWithinMs: READY_WITHIN_MS,
    log: (line) => {
      const own = /^pid (\d+)$/.exec(line)?.[1];
      if (own === undefined) at.log(line);
      else pid = Number(own);
    },
  });
  child.onExit(() => {
    pid = 0;
  });
  return {
    url: `nats://127.0.0.1:${at.port}`,
    port: at.port,
    version: at.version,
    get pid() {
      return pid;
    },
    ready: () => child.ready(),
    kill: (how) => child.kill(how, pid),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    onRestart: (listener) => child.onRestart(listener),
  };
}

/** The name of the server that answers on a port of loopback, as its greeting says; undefined when none does. */
function serverInfo(port: number): Promise<string | undefined> {
  return new Promise((answer) => {
    const socket = connect({ host: '127.0.0.1', port });
    const give = (name: string | undefined): void => {
      socket.destroy();
      answer(name);
    };
    socket.setTimeout(1_000, () => give(undefined));
    socket.once('error', () => give(undefined));
    socket.once('close', () => give(undefined));
    let greeting = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      greeting += chunk;
      if (greeting.includes('\n')) give(/"server_name":"([^"]*)"/.exec(greeting)?.[1]);
    });
  });
}
