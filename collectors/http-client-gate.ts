import { type QuietHours, quietUntil } from '../rules/quiet-hours.ts';
import type { DurationMs, EpochMs } from '../rules/time.ts';
import type { CollectorContext } from './collector.ts';
import { FetchFault } from './http-client-fault.ts';

/** So many failures of a host in a row open its circuit. */
const FAILURES_TO_OPEN = 5;
const FIRST_OPEN_MS: DurationMs = 30_000;
const LONGEST_OPEN_MS: DurationMs = 600_000;

interface Waiting {
  readonly concurrency: number;
  readonly enter: () => void;
}

interface Host {
  /** What each request under way allows beside itself. */
  running: number[];
  /** First come, first served: one that may wait for a quieter moment is not overtaken for ever. */
  waiting: Waiting[];
  failures: number;
  /** Consecutive times the circuit opened without a success between. */
  opened: number;
  openUntil: EpochMs;
  lastFinishedAt: EpochMs;
}

export interface GateSettings {
  readonly source: string;
  /** At least this long between the end of one request and the start of the next. */
  readonly minIntervalMs: DurationMs;
  /** So many requests to the host at once, whoever made them; of several that are told, the smallest counts. */
  readonly concurrency: number;
  readonly quietHours?: QuietHours | undefined;
}

/**
 * Good manners towards hosts that several sources may share: one request at a time unless told otherwise, a pause between requests,
 * quiet hours, and a circuit breaker. An open circuit refuses at once with `circuit-open`; when its time is over one request tries.
 *
 *     ok ok ✗ ✗ ✗ ✗ ✗ │ refused … 30 s … │ try ✗ │ refused … 60 s … │ try ok │ ok ok
 */
export class HostGates {
  readonly #hosts = new Map<string, Host>();

  /** Runs `request` when it is its turn. Rejects with what it throws, with `circuit-open`, or `aborted`. */
  async run<T>(
    origin: string,
    settings: GateSettings,
    context: CollectorContext,
    signal: AbortSignal,
    request: () => Promise<T>,
  ): Promise<T> {
    const host = this.#host(origin);
    await enter(host, settings.concurrency, signal);
    try {
      await this.#mayStart(host, origin, settings, context, signal);
      return await this.#observe(host, settings.source, context, request);
    } finally {
      host.lastFinishedAt = context.now();
      leave(host, settings.concurrency);
    }
  }

  async #mayStart(
    host: Host,
    origin: string,
    settings: GateSettings,
    context: CollectorContext,
    signal: AbortSignal,
  ): Promise<void> {
    const quiet = settings.quietHours && quietUntil(settings.quietHours, context.now());
    if (quiet !== undefined) {
      const retry = { kind: 'wait', ms: quiet - context.now() } as const;
      throw new FetchFault('quiet-hours', `${origin} is not called in its quiet hours`, { retry });
    }
    const closedInMs = host.openUntil - context.now();
    if (closedInMs > 0) {
      const retry = { kind: 'wait', ms: closedInMs } as const;
      throw new FetchFault('circuit-open', `${origin} failed repeatedly; it is left alone for a while`, {
        retry,
      });
    }
    const pauseMs = host.lastFinishedAt + settings.minIntervalMs - context.now();
    if (pauseMs > 0 && settings.minIntervalMs > 0) await context.sleep(pauseMs, signal);
    if (signal.aborted) throw new FetchFault('aborted', 'stopped while waiting for a turn');
  }

  async #observe<T>(
    host: Host,
    source: string,
    context: CollectorContext,
    request: () => Promise<T>,
  ): Promise<T> {
    try {
      const answer = await request();
      if (host.opened > 0) context.report({ kind: 'circuit-closed', source });
      host.failures = 0;
      host.opened = 0;
      return answer;
    } catch (error) {
      if (error instanceof FetchFault && error.serverDown) this.#failed(host, source, context, error);
      throw error;
    }
  }

  #failed(host: Host, source: string, context: CollectorContext, error: FetchFault): void {
    host.failures += 1;
    // After an opening, one failed try is enough to open again.
    if (host.failures < FAILURES_TO_OPEN && host.opened === 0) return;
    const longest = Math.min(FIRST_OPEN_MS * 2 ** host.opened, LONGEST_OPEN_MS);
    // Between half and all of it: agents that lost the same host together do not come back together.
    host.openUntil = context.now() + longest * (0.5 + context.random() / 2);
    host.opened += 1;
    host.failures = 0;
    context.report({ kind: 'circuit-opened', source, untilMs: host.openUntil, error: error.message });
  }

  #host(origin: string): Host {
    const known = this.#hosts.get(origin);
    if (known !== undefined) return known;
    const host: Host = {
      running: [],
      waiting: [],
      failures: 0,
      opened: 0,
      openUntil: 0,
      lastFinishedAt: Number.NEGATIVE_INFINITY,
    };
    this.#hosts.set(origin, host);
    return host;
  }
}

/** Resolves when it is its turn; rejects with `aborted` as soon as the signal says so. */
async function enter(host: Host, concurrency: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new FetchFault('aborted', 'stopped while waiting for a turn');
  if (host.waiting.length === 0 && hasRoom(host, concurrency)) {
    host.running.push(concurrency);
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waiting: Waiting = { concurrency, enter: resolve };
  const giveUp = (): void => {
    host.waiting = host.waiting.filter((other) => other !== waiting);
    admit(host);
    reject(new FetchFault('aborted', 'stopped while waiting for a turn'));
  };
  host.waiting.push(waiting);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

const hasRoom = (host: Host, concurrency: number): boolean =>
  host.running.length < Math.min(concurrency, ...host.running);

function leave(host: Host, concurrency: number): void {
  host.running.splice(host.running.indexOf(concurrency), 1);
  admit(host);
}

function admit(host: Host): void {
  for (
    let next = host.waiting[0];
    next !== undefined && hasRoom(host, next.concurrency);
    next = host.waiting[0]
  ) {
    host.waiting.shift();
    host.running.push(next.concurrency);
    next.enter();
  }
}
