import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs } from '../../rules/time.ts';
import type { App } from '../app.ts';
import type { JudgeBatch } from '../track/outcome.ts';
import { HEARD_BY_HEARTBEAT, type Stage } from './stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The collectors that sleep between polls; those of streams do not. */
const POLLING = 5;
/** A heartbeat that nobody heard (its listener was not there yet) is repeated after so long. */
const REPEAT_HEARTBEAT_MS = 1_000;

/** Lets virtual time pass, the world and the agent in step. */
export class Driver {
  readonly #stage: Stage;
  readonly #clock: VirtualClock;
  readonly #signal: AbortSignal;
  readonly #proofs = new Map<string, number>();
  #lastTickAt: EpochMs = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #changed: () => void = () => undefined;

  constructor(stage: Stage, clock: VirtualClock, signal: AbortSignal) {
    this.#stage = stage;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** To be given every batch of the agent. */
  readonly observe = (batch: JudgeBatch): void => {
    for (const record of batch.records) {
      if (record.kind === 'proof')
        this.#proofs.set(record.source, (this.#proofs.get(record.source) ?? 0) + 1);
      if (record.kind === 'tick') this.#lastTickAt = record.observedAt;
    }
    this.#changed();
  };

  /**
   * Moves time to `until`. Every poll on the way happens at its own time, after what was published by then; at the end the systems show
   * that they live, and the agent has judged all of it.
   *
   *     publish ─ poll ─ publish ─ poll ─ … ─ publish ─ heartbeats ─ tick ─ (judged)
   */
  async moveTo(app: App, until: EpochMs): Promise<void> {
    await this.#clock.allAsleep(POLLING, this.#signal);
    for (let at = this.#clock.nextWakeAt(); at < until; at = this.#clock.nextWakeAt()) {
      if (this.#signal.aborted) return;
      // What is published at the very moment of a poll must be there before it.
      this.#clock.moveTo(at - 1);
      await this.#stage.publishDue();
      this.#clock.moveTo(at);
      await this.#clock.allAsleep(POLLING, this.#signal);
    }
    this.#clock.moveTo(until);
    await this.#stage.publishDue();
    await this.#clock.allAsleep(POLLING, this.#signal);
    await this.#judged(app, until);
  }

  /** Shows that the systems live, ends the step, and waits until the agent has judged all of it. */
  async #judged(app: App, at: EpochMs): Promise<void> {
    const before = HEARD_BY_HEARTBEAT.map((source) => this.#proofs.get(source) ?? 0);
    const heard = (): boolean =>
      HEARD_BY_HEARTBEAT.every((source, i) => (this.#proofs.get(source) ?? 0) > before[i]!);
    const judged = (): boolean => {
      const positions = app.judging?.judge.parts.positions ?? {};
      const read = Object.entries(this.#stage.positions);
      return (
        this.#lastTickAt >= at && heard() && read.every(([stream, last]) => (positions[stream] ?? 0) >= last)
      );
    };
    this.#ticks += 1;
    await this.#stage.heartbeat();
    await app.log.append({ kind: 'tick', id: `demo-${this.#ticks}`, observedAt: at, body: {} });
    await this.#until(judged, REPEAT_HEARTBEAT_MS);
    while (!judged() && !this.#signal.aborted) {
      if (!heard()) await this.#stage.heartbeat();
      await this.#until(judged, REPEAT_HEARTBEAT_MS);
    }
  }

  /** Resolves when it holds, at the latest after `limitMs`. */
  async #until(holds: () => boolean, limitMs: number): Promise<void> {
    const limit = new AbortController();
    const over = delay(limitMs, undefined, { signal: AbortSignal.any([limit.signal, this.#signal]) }).catch(
      () => undefined,
    );
    let waiting = true;
    void over.then(() => {
      waiting = false;
      this.#changed();
    });
    while (waiting && !holds()) {
      await new Promise<void>((changed) => {
        this.#changed = changed;
      });
    }
    limit.abort();
    await over;
  }
}
