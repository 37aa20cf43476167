import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { TelemetryConfig } from '../config.ts';

/** What became of spans. `dropped`: the queue was full; `failed`: the receiver refused them or did not answer. */
export type SpanResult = 'exported' | 'dropped' | 'failed';

const MOST_WAITING = 8192;
const MOST_PER_REQUEST = 512;
const TIMEOUT_MS = 10_000;

/**
 * Sends spans over OTLP/HTTP, one request at a time, from a queue of fixed length: whoever adds never waits, and what finds the
 * queue full is dropped and counted.
 */
export class SpanQueue {
  readonly #exporter: OTLPTraceExporter;
  readonly #onResult: (result: SpanResult, spans: number, error?: string) => void;
  readonly #waiting: ReadableSpan[] = [];
  #sending: Promise<void> | undefined;
  #closing = false;

  constructor(
    { endpoint, headers }: NonNullable<TelemetryConfig['otlp']>,
    onResult: (result: SpanResult, spans: number, error?: string) => void,
  ) {
    this.#onResult = onResult;
    const entries = Object.entries(headers).map(([name, secret]) => [name, secret.reveal()]);
    this.#exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')}/v1/traces`,
      headers: Object.fromEntries(entries),
      timeoutMillis: TIMEOUT_MS,
    });
  }

  add(spans: readonly ReadableSpan[]): void {
    const room = MOST_WAITING - this.#waiting.length;
    this.#waiting.push(...spans.slice(0, room));
    if (spans.length > room) this.#onResult('dropped', spans.length - room);
    if (this.#waiting.length > 0) this.#sending ??= this.#send();
  }

  /** Sends what waits and closes. After a failure nothing more is tried: a receiver that is away must not hold up a stop. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#sending;
    await this.#exporter.shutdown();
  }

  async #send(): Promise<void> {
    // Let whatever else this batch brings join the request.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, MOST_PER_REQUEST);
      const error = await new Promise<Error | undefined>((resolve) => {
        this.#exporter.export(spans, ({ code, error }) =>
          resolve(code === 0 ? undefined : (error ?? new Error('refused'))),
        );
      });
      if (error === undefined) this.#onResult('exported', spans.length);
      else this.#onResult('failed', spans.length, error.message);
      if (error !== undefined && this.#closing) {
        this.#onResult('dropped', this.#waiting.length);
        this.#waiting.length = 0;
      }
    }
    this.#sending = undefined;
  }
}
