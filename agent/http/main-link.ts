import type { Reloaded } from '../app-reload.ts';
import type { Clock } from '../clock.ts';
import type { Redrive } from '../log/redrive.ts';
import type { Restatement } from '../log/restate.ts';
import type { ActionRequest, Ask, HttpMain, ReadinessFacts, ToWorker } from './contract.ts';
import { HttpProblem } from './problem.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const QUICK_MS = 1_000;
/** An append waits for the log to be durable, which an unreachable NATS server delays. */
const APPEND_MS = 10_000;
/** Calendars with their holidays are compiled anew. */
const RELOAD_MS = 10_000;

/** The worker's end of the contract: asks the main thread, and does not wait for ever. */
export class MainLink implements HttpMain {
  readonly #ask: (id: number, ask: Ask) => void;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(ask: (id: number, ask: Ask) => void, clock: Pick<Clock, 'sleep'>) {
    this.#ask = ask;
    this.#clock = clock;
  }

  metrics(): Promise<string> {
    return this.#question({ what: 'metrics' }, QUICK_MS);
  }

  readiness(): Promise<ReadinessFacts> {
    return this.#question({ what: 'readiness' }, QUICK_MS);
  }

  append(action: ActionRequest): Promise<{ readonly id: string }> {
    return this.#question({ what: 'append', action }, APPEND_MS);
  }

  redrive(redrive: Redrive): Promise<{ readonly id: string }> {
    return this.#question({ what: 'redrive', redrive }, APPEND_MS);
  }

  restate(restatement: Restatement): Promise<{ readonly id: string }> {
    return this.#question({ what: 'restate', restatement }, APPEND_MS);
  }

  reloadRules(): Promise<Reloaded> {
    return this.#question({ what: 'reload-rules' }, RELOAD_MS);
  }

  /** What the main thread said. */
  take(message: Extract<ToWorker, { kind: 'answer' | 'refusal' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new HttpProblem(503, 'agent-refused', message.error));
  }

  async #question<T>(ask: Ask, limitMs: number): Promise<T> {
    const id = this.#next++;
    const settled = new AbortController();
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        void this.#clock
          .sleep(limitMs, settled.signal)
          .then(() =>
            reject(new HttpProblem(503, 'agent-busy', `the agent did not answer in ${limitMs} ms`)),
          );
        this.#ask(id, ask);
      });
    } finally {
      this.#waiting.delete(id);
      settled.abort();
    }
  }
}
