import type { EpochMs } from '../../rules/time.ts';
import type { Clock } from '../clock.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Demo } from './demo.ts';
import { type DemoResult, resultOf } from './result.ts';
import { DAY, HOUR, MINUTE } from './shipment.ts';
import { alertLine, clockText, type Line, naiveLine } from './words.ts';

const HISTORY_STEP_MS = 3 * HOUR;
const LIVE_STEP_MS = 10 * MINUTE;
/** An hour of the last day in so much of ours. */
const LIVE_HOUR_MS = 1_000;
/** Kept for counting and stopping when the run has a limit. */
const RESERVE_MS = 6_000;

export interface ShowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** By `clock.elapsed()`; absent: the world goes on until somebody stops it. */
  readonly until?: number;
  readonly print: (text: string) => void;
}

/** Shows a demo from its beginning to its end. Resolves with what came of it. */
export class Show {
  readonly #options: ShowOptions;
  #alerts: AlertRecord[] = [];
  #nextNaive = 0;

  constructor(options: ShowOptions) {
    this.#options = options;
  }

  /** To be given every alert change as it is told. */
  readonly take = (records: readonly AlertRecord[]): void => {
    this.#alerts.push(...records);
  };

  async run(demo: Demo): Promise<DemoResult> {
    await this.#history(demo);
    await this.#lastDay(demo);
    if (this.#options.until === undefined) await this.#goOn(demo);
    return resultOf(demo);
  }

  async #history(demo: Demo): Promise<void> {
    const { clock, print, signal } = this.#options;
    const { startAt, endAt } = demo.world.times;
    const began = clock.elapsed();
    const live = endAt - DAY;
    let told = startAt;
    for (let at = startAt; at < live && !signal.aborted; ) {
      at = Math.min(at + HISTORY_STEP_MS, live);
      await demo.moveTo(at);
      if (at - told < 5 * DAY && at < live) continue;
      told = at;
      const seconds = ((clock.elapsed() - began) / 1000).toFixed(1);
      const { raised, resolved, withdrawn } = demo.ledger.counts;
      const counts = `alerts: ${raised} raised, ${resolved} resolved, ${withdrawn} withdrawn`;
      print(`day ${Math.round((at - startAt) / DAY)} after ${seconds} s; ${counts}\n`);
    }
    // What was told in the past is counted; only what happens now is shown.
    this.#alerts = [];
    this.#nextNaive = demo.naive.findIndex(({ at }) => at > live);
    if (this.#nextNaive === -1) this.#nextNaive = demo.naive.length;
    print(`\nThe last day, from ${clockText(live)}:\n`);
  }

  /** About an hour a second; faster when less than that is left. */
  async #lastDay(demo: Demo): Promise<void> {
    const { clock, signal, until } = this.#options;
    const { endAt } = demo.world.times;
    const from = demo.now();
    const began = clock.elapsed();
    const wanted = ((endAt - from) / HOUR) * LIVE_HOUR_MS;
    const length = Math.max(0, Math.min(wanted, until === undefined ? wanted : until - RESERVE_MS - began));
    for (let at = from; at < endAt && !signal.aborted; ) {
      at = Math.min(at + LIVE_STEP_MS, endAt);
      const behind = began + (length * (at - from)) / (endAt - from) - clock.elapsed();
      if (behind > 0) await clock.sleep(behind, signal);
      await demo.moveTo(at);
      this.#showUntil(demo, at);
    }
  }

  /** The world goes on at the pace of ours. */
  async #goOn(demo: Demo): Promise<void> {
    const { clock, print, signal } = this.#options;
    print('\nThe world goes on in real time; Ctrl-C ends it.\n');
    while (!signal.aborted) {
      await clock.sleep(1_000, signal);
      const now = clock.now();
      if (signal.aborted || now <= demo.now()) continue;
      await demo.moveTo(now);
      this.#showUntil(demo, now);
    }
  }

  #showUntil(demo: Demo, at: EpochMs): void {
    const lines: Line[] = this.#alerts.map(alertLine);
    this.#alerts = [];
    for (let alarm = demo.naive[this.#nextNaive]; alarm !== undefined && alarm.at <= at; ) {
      lines.push(naiveLine(alarm));
      this.#nextNaive += 1;
      alarm = demo.naive[this.#nextNaive];
    }
    lines.sort((a, b) => a.at - b.at);
    for (const { text } of lines) this.#options.print(`${text}\n`);
  }
}
