/**
 * The process that is the embedded ClickHouse. A worker thread makes the call that blocks for as long as the server runs; the main
 * thread stays free to see stdin end, which means that the agent stopped or died.
 */
import { dlopen, getRawPointer } from 'node:ffi';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** What the agent passes as the only argument, as JSON. */
export interface EngineArguments {
  readonly library: string;
  readonly path: string;
  readonly configFile: string;
  readonly httpPort: number;
  readonly tcpPort: number;
}

/** The query that keeps the server up. It runs as nobody: no client can send a query with an empty user. */
const STAY_UP =
  'SELECT sleepEachRow(0.2) FROM system.numbers SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0 FORMAT Null';
const STOP = "KILL QUERY WHERE user = '' AND query LIKE 'SELECT sleepEachRow(0.2) FROM system.numbers%'";
/** Idle connections of clients keep the server waiting; after this long it is ended hard: what it acknowledged is on disk. */
const CLEAN_STOP_WITHIN_MS = 1_500;

/** Node's own teardown crashes once the engine has run in the process; the engine has written everything by then. */
const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

function serve(args: EngineArguments): void {
  const argv = [
    'clickhouse',
    '--multiquery',
    `--path=${args.path}`,
    '--listen_host=127.0.0.1',
    `--http_port=${args.httpPort}`,
    `--tcp_port=${args.tcpPort}`,
    `--config-file=${args.configFile}`,
    `--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; ${STAY_UP}`,
  ].map((text) => Buffer.from(`${text}\0`));
  const pointers = Buffer.alloc(8 * (argv.length + 1));
  for (const [i, text] of argv.entries()) pointers.writeBigUInt64LE(getRawPointer(text), i * 8);
  const { functions } = dlopen(args.library, {
    query_stable: { arguments: ['int32', 'pointer'], return: 'pointer' },
  });
  functions.query_stable?.(argv.length, getRawPointer(pointers));
  end();
}

function watch(args: EngineArguments): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: args });
  worker.on('error', (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, end);
  });
  process.stdin.resume().on('end', () => {
    setTimeout(end, CLEAN_STOP_WITHIN_MS);
    fetch(`http://127.0.0.1:${args.httpPort}/`, {
      method: 'POST',
      body: STOP,
      headers: { connection: 'close' },
    })
      .then((answer) => {
        if (!answer.ok) end();
      })
      .catch(end);
  });
}

if (isMainThread) watch(JSON.parse(process.argv[2] ?? '{}') as EngineArguments);
else serve(workerData as EngineArguments);
