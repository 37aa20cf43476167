import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { Clock } from '../clock.ts';
import type { Chance } from './random.ts';

interface Sleeper {
  readonly at: EpochMs;
  readonly wake: () => void;
}

/**
 * A clock that stands until it is moved. Whoever sleeps on it is woken when it gets there; {@link allAsleep} tells that everyone who
 * was woken has gone to sleep again, so that nothing is still happening at the time that it shows.
 */
export class VirtualClock implements Clock {
  readonly now = (): EpochMs => this.#now;
  readonly elapsed = (): DurationMs => this.#now - this.#startAt;
  readonly random = (): number => this.#chance.next();
  readonly #startAt: EpochMs;
  readonly #chance: Chance;
  readonly #sleepers = new Set<Sleeper>();
  #now: EpochMs;
  #changed: () => void = () => undefined;

  constructor(startAt: EpochMs, chance: Chance) {
    this.#startAt = startAt;
    this.#now = startAt;
    this.#chance = chance;
  }

  readonly sleep = (ms: DurationMs, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper: Sleeper = {
      at: this.#now + Math.max(1, Math.ceil(ms)),
      wake: () => {
        signal.removeEventListener('abort', sleeper.wake);
        this.#sleepers.delete(sleeper);
        resolve();
      },
    };
    signal.addEventListener('abort', sleeper.wake, { once: true });
    this.#sleepers.add(sleeper);
    this.#changed();
    return promise;
  };

  /** When the next sleeper wants to be woken; `Infinity` when nobody sleeps. */
  nextWakeAt(): EpochMs {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#sleepers) next = Math.min(next, at);
    return next;
  }

  /** Moves on and wakes everyone whose time has come. It never goes back. */
  moveTo(at: EpochMs): void {
    this.#now = Math.max(this.#now, at);
    for (const sleeper of [...this.#sleepers]) if (sleeper.at <= this.#now) sleeper.wake();
  }

  /** Resolves when so many are asleep at once, or the signal aborts. */
  async allAsleep(count: number, signal: AbortSignal): Promise<void> {
    while (this.#sleepers.size < count && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const abort = (): void => resolve();
      this.#changed = resolve;
      signal.addEventListener('abort', abort, { once: true });
      await promise;
      signal.removeEventListener('abort', abort);
    }
  }
}
