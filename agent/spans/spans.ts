import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import type { DurationMs } from '../../rules/time.ts';
import type { Clock } from '../clock.ts';
import type { TelemetryConfig } from '../config.ts';
import type { LogLevel } from '../log-line.ts';
import type { JudgeBatch } from '../track/outcome.ts';
import { FinishedSpans, type FinishedState } from './finished.ts';
import { hrTime, readableSpan, resourceOf, SCOPE } from './readable-span.ts';
import { SpanQueue, type SpanResult } from './span-queue.ts';

/** The third reader of the log: finished legs, holds and clocks as spans, and the agent's own work beside them. */
export interface Spans {
  /** Takes what a batch brought about; never waits. */
  take(batch: JudgeBatch, caughtUp: boolean): void;
  /** A commit to ClickHouse that ended just now. */
  committed(events: number, durationMs: DurationMs): void;
  /** A message that was sent, or could not be. */
  notified(route: string, result: string): void;
  /** Sends what waits and saves what must be known after a restart. */
  stop(): Promise<void>;
}

export interface SpansOptions {
  readonly clock: Clock;
  /** What must be known after a restart. */
  readonly stateFile: string;
  readonly telemetry: {
    spans(result: SpanResult, count: number): void;
    line(level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>): void;
  };
  /** How long after its end became known a span may still be corrected; default 15 minutes of log time. */
  readonly settleMs?: DurationMs;
}

const SETTLE_MS = 15 * 60_000;
const SAVE_EVERY_MS = 60_000;
/** A batch whose last message took longer from log to judged is worth a span of its own. */
const SLOW_BATCH_MS = 500;

/**
 * Spans over OTLP/HTTP when the configuration names a receiver, else nothing at all. Judging is never held up: what the receiver
 * does not take in time is dropped and counted.
 */
export async function createSpans(config: TelemetryConfig, options: SpansOptions): Promise<Spans> {
  if (config.otlp === undefined) return NO_SPANS;
  const { telemetry } = options;
  let failing = false;
  const queue = new SpanQueue(config.otlp, (result, count, error) => {
    telemetry.spans(result, count);
    if (result === 'failed' && !failing) telemetry.line('warn', 'spans-not-exported', { error });
    if (result !== 'dropped') failing = result === 'failed';
  });
  const finished = new FinishedSpans(
    { settleMs: options.settleMs ?? SETTLE_MS, mostWaiting: 5_000, mostRemembered: 100_000 },
    await readState(options.stateFile),
  );
  return new OtlpSpans(queue, finished, options);
}

const NO_SPANS: Spans = {
  take: () => undefined,
  committed: () => undefined,
  notified: () => undefined,
  stop: async () => undefined,
};

class OtlpSpans implements Spans {
  readonly #queue: SpanQueue;
  readonly #finished: FinishedSpans;
  readonly #options: SpansOptions;
  readonly #own: TracerProvider;
  #savedAt: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(queue: SpanQueue, finished: FinishedSpans, options: SpansOptions) {
    this.#queue = queue;
    this.#finished = finished;
    this.#options = options;
    this.#savedAt = options.clock.elapsed();
    const nothing = async (): Promise<void> => undefined;
    const onEnd = (span: ReadableSpan): void => queue.add([span]);
    this.#own = new TracerProvider({
      resource: resourceOf('laytime'),
      spanProcessors: [{ onStart: () => undefined, onEnd, forceFlush: nothing, shutdown: nothing }],
    });
  }

  take(batch: JudgeBatch, caughtUp: boolean): void {
    const { clock } = this.#options;
    const spans = this.#finished.take(batch.shipments, batch.logTime);
    if (spans.length > 0) this.#queue.add(spans.map(readableSpan));
    const last = batch.records.at(-1);
    const took = last === undefined ? 0 : clock.now() - last.observedAt;
    if (caughtUp && took > SLOW_BATCH_MS)
      this.#ownSpan('judge batch', took, {
        'laytime.messages': batch.records.length,
        'laytime.events': batch.events.length,
        'laytime.alerts': batch.alerts.length,
      });
    if (clock.elapsed() - this.#savedAt > SAVE_EVERY_MS) void this.#save();
  }

  committed(events: number, durationMs: DurationMs): void {
    this.#ownSpan('commit', durationMs, { 'laytime.events': events });
  }

  notified(route: string, result: string): void {
    this.#ownSpan('notify', 0, { 'laytime.route': route, 'laytime.result': result });
  }

  async stop(): Promise<void> {
    await this.#queue.close();
    await this.#save();
  }

  /** A span of the agent's own that ended now. */
  #ownSpan(
    name: string,
    durationMs: DurationMs,
    attributes: Readonly<Record<string, string | number>>,
  ): void {
    const now = this.#options.clock.now();
    const tracer = this.#own.getTracer(SCOPE.name);
    tracer.startSpan(name, { startTime: hrTime(now - durationMs), attributes, root: true }).end(hrTime(now));
  }

  async #save(): Promise<void> {
    const { stateFile, clock, telemetry } = this.#options;
    this.#savedAt = clock.elapsed();
    const state = JSON.stringify(this.#finished.state());
    this.#saving = this.#saving
      .then(() => writeState(stateFile, state))
      .catch((error: unknown) => telemetry.line('warn', 'spans-not-remembered', { error: String(error) }));
    await this.#saving;
  }
}

async function readState(file: string): Promise<FinishedState | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '') return undefined;
  try {
    const state = JSON.parse(text) as FinishedState;
    return state.version === 1 ? state : undefined;
  } catch {
    // A file that was half written is as good as none: spans are sent again, with the ids they had.
    return undefined;
  }
}

async function writeState(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
