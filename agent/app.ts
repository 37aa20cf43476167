import type { PrivateFields } from '../collectors/privacy/privacy.ts';
import { runCollectors } from './app-collect.ts';
import { type Engines, startEngines } from './app-engines.ts';
import type { Judging } from './app-judging.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Project } from './config-load.ts';
import { privateFieldsOf } from './config-privacy.ts';
import { openLog } from './log/jetstream-log.ts';
import type { Log } from './log/log.ts';
import type { Telemetry } from './telemetry.ts';
import type { JudgeBatch } from './track/outcome.ts';

export interface AppOptions {
  readonly config: Config;
  /** Free of errors. Absent in the role `collect`, which has no use for rules and maps. */
  readonly project?: Project | undefined;
  /** What must not enter the log, by source; absent: as the project's maps say. */
  readonly privateFields?: ReadonlyMap<string, PrivateFields>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * Time travels in the log (demo, stories): collectors live in `collect`, readers take time from the records, and
   * time passes only by ticks. Leases, retries and time-outs stay on `clock`.
   */
  readonly injected?: { readonly collect: Clock };
  /** Sees every batch after it was judged, published and offered to the store. */
  readonly onBatch?: (batch: JudgeBatch, caughtUp: boolean) => void;
  /** The log is open; judging begins after this, and a standby waits for its turn before it does. */
  readonly onOpen?: (parts: Opened) => Promise<void>;
  /** Aborts a start that waits for its turn; then {@link startApp} rejects. A started agent is stopped by {@link App.stop}. */
  readonly signal?: AbortSignal;
}

/** What is there before anything is judged. */
export interface Opened {
  readonly engines: Engines;
  readonly log: Log;
  /** No snapshot is usable, and the judge waits for ClickHouse to get its memory back. The log goes on collecting. */
  waitsForStore(): boolean;
}

/** What a judge's start tells on its way. */
export interface WhileStarting {
  /** The lease is taken: from here on the sources are ours to collect from, whatever the judge still waits for. */
  readonly onTurn?: () => void;
  /** It waits for ClickHouse to get its memory back, or no longer. */
  readonly onWait?: (waits: boolean) => void;
}

/** A running agent. */
export interface App extends Opened {
  /** Absent in the role `collect`. */
  readonly judging?: Judging;
  /** Rejects when the agent cannot go on: fenced by another judge, a source of truth gone. Resolves after {@link stop}. */
  readonly done: Promise<void>;
  /** Stops in order: collectors, judging (all that was judged is committed and remembered), connections, engines. */
  stop(): Promise<void>;
}

/**
 * Wires the agent by hand and starts it: engines → log → (its turn) → collectors, and judging as soon as it has its memory. Whoever
 * delivers finds the log ready, which is all that collecting needs. Rejects when something that cannot come later is wrong; what was started is
 * stopped again.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, telemetry, clock, injected } = options;
  const engines = await startEngines(config, (engine, line) =>
    telemetry.line('debug', 'engine', { engine, line }),
  );
  const stopping = new AbortController();
  const giveUp = (): void => stopping.abort();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  let log: Log | undefined;
  let judging: Judging | undefined;
  let collecting = Promise.resolve();
  let waits = false;
  const collectInto = (opened: Log): void => {
    const edges = { nats: engines.nats, log: opened, clock: injected?.collect ?? clock, telemetry };
    collecting = runCollectors(config.sources, edges, stopping.signal);
  };
  const waitsForStore = (): boolean => waits;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await collecting;
    await judging?.stop();
    await log?.close();
    await engines.stop();
  };
  try {
    log = await openOurLog(engines, options);
    const opened = log;
    await options.onOpen?.({ engines, log, waitsForStore });
    options.signal?.throwIfAborted();
    if (config.role === 'collect') collectInto(opened);
    else {
      const onTurn = (): void => {
        if (config.role === 'both') collectInto(opened);
      };
      const onWait = (now: boolean): void => {
        waits = now;
      };
      judging = await judge({ ...options, engines, log, waitsForStore, onTurn, onWait }, stopping.signal);
    }
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
  return {
    engines,
    log,
    waitsForStore,
    ...(judging && { judging }),
    done: Promise.all([collecting, judging?.done]).then(() => undefined),
    stop,
  };
}

/** Loaded when it is needed: an agent at the edge does without its memory. */
async function judge(options: AppOptions & Opened & WhileStarting, signal: AbortSignal): Promise<Judging> {
  const { project, engines } = options;
  if (project === undefined || engines.store === undefined) {
    throw new Error(`an agent with role: ${options.config.role} needs rules, maps and ClickHouse`);
  }
  const { startJudging } = await import('./app-judging.ts');
  return startJudging({ ...options, project, store: engines.store }, signal);
}

const fieldsOf = ({ config, project }: AppOptions): ReadonlyMap<string, PrivateFields> =>
  project === undefined ? new Map() : privateFieldsOf(config, project.maps);

async function openOurLog({ nats }: Engines, options: AppOptions): Promise<Log> {
  const { injected, telemetry } = options;
  const opened = await openLog(nats, {
    injectedClock: injected !== undefined,
    ...(injected && { stampWith: injected.collect.now }),
  });
  const log = await withoutPrivateFields(opened, options.privateFields ?? fieldsOf(options));
  log.onFault((fault) => telemetry.logFault(fault));
  return log;
}

/** Cleaning takes a parser for every format, which most agents at the edge do without. */
async function withoutPrivateFields(log: Log, fields: ReadonlyMap<string, PrivateFields>): Promise<Log> {
  if (fields.size === 0) return log;
  const { privateLog } = await import('./log/private-log.ts');
  return privateLog(log, fields);
}
