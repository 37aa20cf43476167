import type {
  Collector,
  CollectorContext,
  CollectorEvent,
  CursorStore,
  ProofOfLife,
  RawMessage,
  Sink,
} from '../../collectors/collector.ts';

/** What happened at the edges of a collector, in order. */
export type JournalEntry =
  | { readonly kind: 'delivered'; readonly messages: readonly RawMessage[] }
  | { readonly kind: 'proved'; readonly proof: ProofOfLife }
  | { readonly kind: 'cursor'; readonly key: string; readonly value: unknown };

/** 2026-03-02T08:00:00Z, a Monday. */
export const START_MS = Date.UTC(2026, 2, 2, 8);

/**
 * A sink, a cursor store and a clock for collectors under test. Time stands still until `until` lets it jump to the next
 * sleeper; cursors survive a restart; the sink can be told to fail or to keep a delivery waiting.
 */
export class CollectorWorld {
  readonly journal: JournalEntry[] = [];
  readonly events: CollectorEvent[] = [];
  readonly cursors = new Map<string, string>();
  nowMs = START_MS;
  /** So many calls of `deliver` from now on reject, as a log that is away does. */
  failDeliveries = 0;
  failProofs = 0;
  /** While set, `deliver` waits for it. */
  hold: Promise<void> | undefined;
  waitingDeliveries = 0;
  /** Lengths of the sleeps asked for, in order. */
  readonly sleeps: number[] = [];
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  get messages(): readonly RawMessage[] {
    return this.journal.flatMap((entry) => (entry.kind === 'delivered' ? entry.messages : []));
  }

  get proofs(): readonly ProofOfLife[] {
    return this.journal.flatMap((entry) => (entry.kind === 'proved' ? [entry.proof] : []));
  }

  get faults(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'poll-failed' ? [event.fault] : []));
  }

  /** What was reported under this kind (of faults: with this name), as text. */
  said(kind: CollectorEvent['kind'], fault?: string): string[] {
    return this.events
      .filter((event) => event.kind === kind && (event.kind !== 'poll-failed' || event.fault === fault))
      .map((event) => JSON.stringify(event));
  }

  texts(): string[] {
    return this.messages.map(({ data }) => Buffer.from(data).toString('utf8'));
  }

  context(): CollectorContext {
    const sink: Sink = {
      deliver: async (messages) => {
        this.waitingDeliveries += 1;
        await this.hold;
        this.waitingDeliveries -= 1;
        if (this.failDeliveries > 0) {
          this.failDeliveries -= 1;
          throw new Error('the log is away');
        }
        this.journal.push({ kind: 'delivered', messages });
      },
      prove: async (proof) => {
        if (this.failProofs > 0) {
          this.failProofs -= 1;
          throw new Error('the log is away');
        }
        this.journal.push({ kind: 'proved', proof });
      },
    };
    const cursors: CursorStore = {
      get: async (key) => {
        const stored = this.cursors.get(key);
        return stored === undefined ? undefined : (JSON.parse(stored) as unknown);
      },
      put: async (key, value) => {
        this.cursors.set(key, JSON.stringify(value));
        this.journal.push({ kind: 'cursor', key, value });
      },
    };
    return {
      sink,
      cursors,
      now: () => this.nowMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      random: () => 0.5,
      report: (event) => this.events.push(event),
    };
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.sleeps.push(ms);
    return new Promise((resolve) => {
      const sleeper = { until: this.nowMs + ms, wake: () => resolve() };
      this.#sleepers.push(sleeper);
      const onAbort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  get sleeping(): boolean {
    return this.#sleepers.length > 0;
  }

  /** Lets time jump to the next sleeper. */
  tick(): void {
    const next = this.#sleepers.sort((a, b) => a.until - b.until).shift();
    if (next === undefined) return;
    this.nowMs = Math.max(this.nowMs, next.until);
    next.wake();
  }

  /** Lets time run, from sleep to sleep, until `check` holds; rejects after `limitMs` of real time. */
  async until(what: string, check: () => boolean, limitMs = 20_000): Promise<void> {
    const late = AbortSignal.timeout(limitMs);
    while (!check()) {
      if (late.aborted) {
        throw new Error(`not within ${limitMs} ms: ${what}; faults: ${this.faults.slice(-5).join(', ')}`);
      }
      if (this.sleeping) this.tick();
      await new Promise((wake) => setTimeout(wake, 1));
    }
  }

  /** Starts a collector; `stop` aborts it and resolves when `run` has ended. */
  start(collector: Collector): { stop(): Promise<void>; readonly ended: Promise<void> } {
    const abort = new AbortController();
    const ended = collector.run(this.context(), abort.signal);
    ended.catch(() => undefined);
    return {
      ended,
      stop: () => {
        abort.abort();
        return ended;
      },
    };
  }
}
