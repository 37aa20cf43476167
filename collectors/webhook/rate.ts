import type { DurationMs, EpochMs } from '../../rules/time.ts';

const MINUTE_MS: DurationMs = 60_000;

/** Lets `perMinute` deliveries through in any minute, a minute's worth of them at once; a clock that goes back gives nothing. */
export class TokenBucket {
  readonly #perMinute: number;
  #tokens: number;
  #at: EpochMs | undefined;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
  }

  /** 0 when it may pass; else how long until the next one may. */
  take(now: EpochMs): DurationMs {
    const passedMs = Math.max(now - (this.#at ?? now), 0);
    this.#at = now;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (passedMs * this.#perMinute) / MINUTE_MS);
    // Whole milliseconds, and no tick lost to the last digit of a fraction.
    const missingMs = Math.ceil(((1 - this.#tokens) * MINUTE_MS) / this.#perMinute - 1e-6);
    if (missingMs > 0) return missingMs;
    this.#tokens -= 1;
    return 0;
  }
}
