import type { DurationMs, EpochMs } from '../../rules/time.ts';

const MOST = 10_000;
/** A partner that has not sent it again by then has given it up. */
const GIVEN_UP_AFTER_MS: DurationMs = 86_400_000;

/**
 * What a partner has signed and was asked to send again. Until it comes, a heartbeat proves nothing past the first of them. Bounded:
 * beyond the limit the oldest stay, which is the careful side.
 */
export class Undelivered {
  readonly #since = new Map<string, EpochMs>();

  add(key: string, at: EpochMs): void {
    if (this.#since.size < MOST && !this.#since.has(key)) this.#since.set(key, at);
  }

  remove(key: string): void {
    this.#since.delete(key);
  }

  /** When the first of them was turned away; undefined when there is none. */
  oldest(now: EpochMs): EpochMs | undefined {
    let oldest: EpochMs | undefined;
    for (const [key, at] of this.#since) {
      if (now - at > GIVEN_UP_AFTER_MS) this.#since.delete(key);
      else oldest = Math.min(oldest ?? at, at);
    }
    return oldest;
  }
}
