import { setTimeout as delay } from 'node:timers/promises';
import type { DurationMs, EpochMs } from '../rules/time.ts';

/** Time and chance, as the process is given them; tests give virtual ones. */
export interface Clock {
  /** The wall clock; may jump either way. */
  now(): EpochMs;
  /** Milliseconds since some moment; never goes back. For measuring how long something took. */
  elapsed(): DurationMs;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: DurationMs, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

/** A timer of Node holds 31 bits; longer waits are made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock: the only place of the program that reads the time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    for (let rest = ms; rest > 0 && !signal.aborted; rest -= LONGEST_TIMER_MS) {
      // An abort is a normal end of waiting here, not a fault.
      await delay(Math.min(rest, LONGEST_TIMER_MS), undefined, { signal }).catch(() => undefined);
    }
  },
  random: () => Math.random(),
};
