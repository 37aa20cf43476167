import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { isLoopback } from '../../collectors/settings-listen.ts';
import type { ApiToken } from '../config-server.ts';
import type {
  Ask,
  HttpListening,
  HttpMain,
  HttpSettings,
  TokenDigest,
  ToMain,
  ToWorker,
} from './contract.ts';

/** What {@link startHttp} needs: the settings for the worker, and what the main thread does for it. */
export interface HttpOptions extends HttpSettings {
  readonly main: HttpMain;
  readonly onFault?: (fault: HttpFault) => void;
}

/** `worker-died`: it is started again. `request-failed`: for a reason that its caller was not told. */
export interface HttpFault {
  readonly kind: 'worker-died' | 'request-failed';
  readonly error: string;
}

export interface HttpServer {
  /** With the port that was really taken. */
  readonly url: string;
  /** Ends what is being answered within 2 s, then closes. */
  stop(): Promise<void>;
}

/** One that answers questions too. */
export interface ApiServer extends HttpServer {
  /** Explains verdicts by these rule files from now on. */
  useRules(rules: HttpSettings['rules']): void;
}

/** A worker that dies again and again must not take the processor from judging. */
const RESTART_MS = 1_000;
/** What is being answered has this long to end. */
export const STOP_MS = 2_000;

/** This file is TypeScript in the checkout and JavaScript in the package. */
const entry = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * Serves the API and the control tower in a thread of its own. Rejects when it must not listen there (other machines could
 * reach it and there are no tokens) or cannot.
 */
export async function startHttp(options: HttpOptions): Promise<ApiServer> {
  const { main, onFault, ...settings } = options;
  const tell = (kind: HttpFault['kind'], error: string): void => onFault?.({ kind, error });
  const edges: Edges = { main, fault: (error) => tell('request-failed', error) };
  const { host } = settings.listen;
  refuseOpenDoor(settings);
  const first = await startWorker(settings, edges);
  const url = first.url;
  let current = first.worker;
  let rules = settings.rules;
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  const watch = (worker: Worker): void => {
    let why = '';
    worker.on('error', (error: unknown) => {
      why = String(error);
    });
    worker.once('exit', (code) => {
      if (stopping) return;
      tell('worker-died', why === '' ? `ended with code ${code}` : why);
      restart = setTimeout(again, RESTART_MS);
    });
  };
  // On the same port, so that whoever has the address keeps it.
  const again = (): void => {
    const listen = { host, port: Number(new URL(url).port) };
    startWorker({ ...settings, listen, rules }, edges).then(
      ({ worker }) => {
        current = worker;
        if (stopping) void worker.terminate();
        else watch(worker);
      },
      (error: unknown) => {
        if (stopping) return;
        tell('worker-died', String(error));
        restart = setTimeout(again, RESTART_MS);
      },
    );
  };
  watch(current);
  return {
    url,
    useRules(files) {
      rules = files;
      current.postMessage({ kind: 'rules', rules } satisfies ToWorker);
    },
    async stop() {
      stopping = true;
      clearTimeout(restart);
      await stopWorker(current);
    },
  };
}

/** Throws when other machines could reach it and there are no tokens. */
export function refuseOpenDoor({ listen: { host, port }, tokens }: HttpListening): void {
  if (isLoopback(host) || tokens.length > 0) return;
  throw new Error(
    `listen: ${host}:${port} is reachable from other machines, and there are no tokens: configure tokens, or listen on 127.0.0.1`,
  );
}

interface Edges {
  readonly main: HttpMain;
  readonly fault: (error: string) => void;
}

function startWorker(
  settings: HttpSettings,
  { main, fault }: Edges,
): Promise<{ worker: Worker; url: string }> {
  const worker = new Worker(entry, { workerData: settings, name: 'http' });
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      void worker.terminate();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const ended = (code: number): void => fail(new Error(`the HTTP worker ended with code ${code}`));
    worker.once('error', fail);
    worker.once('exit', ended);
    worker.on('message', (message: ToMain) => {
      switch (message.kind) {
        case 'listening':
          worker.off('error', fail);
          worker.off('exit', ended);
          resolve({ worker, url: message.url });
          break;
        case 'failed':
          fail(new Error(message.message));
          break;
        case 'fault':
          fault(message.error);
          break;
        case 'ask':
          void reply(worker, main, message.id, message.ask);
      }
    });
  });
}

async function reply(worker: Worker, main: HttpMain, id: number, ask: Ask): Promise<void> {
  let answer: ToWorker;
  try {
    answer = { kind: 'answer', id, value: await answerOf(main, ask) };
  } catch (error) {
    answer = { kind: 'refusal', id, error: error instanceof Error ? error.message : String(error) };
  }
  worker.postMessage(answer);
}

const answerOf = (main: HttpMain, ask: Ask): Promise<unknown> => {
  switch (ask.what) {
    case 'metrics':
      return main.metrics();
    case 'readiness':
      return main.readiness();
    case 'append':
      return main.append(ask.action);
    case 'redrive':
      return main.redrive(ask.redrive);
    case 'restate':
      return main.restate(ask.restatement);
    case 'reload-rules':
      return main.reloadRules();
  }
};

async function stopWorker(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const late = setTimeout(() => void worker.terminate(), STOP_MS);
  worker.postMessage({ kind: 'stop' } satisfies ToWorker);
  await ended;
  clearTimeout(late);
}

/** Tokens as the worker may know them. */
export const digestTokens = (tokens: readonly ApiToken[]): readonly TokenDigest[] =>
  tokens.map(({ name, role, token }) => ({
    name,
    role,
    sha256: createHash('sha256').update(token.reveal()).digest('hex'),
  }));
