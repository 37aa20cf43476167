import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import type { EpochMs } from '../../rules/time.ts';
import type { CollectorContext, RawMessage } from '../collector.ts';
import { withinLimit } from '../oversize.ts';
import { asFault, logged, retryInMs } from '../poll.ts';
import type { NatsSourceConfig } from '../settings.ts';
import { fromNats } from './message.ts';

const BATCH_MESSAGES = 500;
/** What waits for the log in memory; a plain subject cannot be told to wait. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const LONGEST_BACK_OFF_MS = 30_000;

type Waiting =
  | { readonly kind: 'message'; readonly message: RawMessage }
  | { readonly kind: 'heartbeat'; readonly provedUntil: EpochMs };

/** What was heard and is not in the log yet, in order, so that a heartbeat vouches only for what came before it. */
export class Inbox {
  readonly #settings: NatsSourceConfig;
  readonly #context: CollectorContext;
  readonly #signal: AbortSignal;
  readonly #subscriptions: { unsubscribe(): void }[] = [];
  #waiting: Waiting[] = [];
  #bytes = 0;
  #refused = 0;
  #failed: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(settings: NatsSourceConfig, context: CollectorContext, signal: AbortSignal) {
    this.#settings = settings;
    this.#context = context;
    this.#signal = signal;
  }

  /** Takes every message on `subject`, until memory's share is full: then they are lost, and counted. */
  subscribe(connection: NatsConnection, subject: string): void {
    this.#listen(connection, subject, (heard) => {
      if (this.#bytes + heard.data.byteLength > MAX_WAITING_BYTES) {
        this.#refused += 1;
        return;
      }
      const raw = fromNats(
        { subject: heard.subject, data: heard.data, headers: pairs(heard.headers) },
        this.#settings,
        this.#context.now(),
      );
      const message = withinLimit(raw, this.#settings.maxMessageBytes, this.#context);
      this.#bytes += message.data.byteLength;
      this.#waiting.push({ kind: 'message', message });
    });
  }

  /** Takes every message on `subject` as a sign of life, vouching for what was said until `marginMs` before. */
  hear(connection: NatsConnection, subject: string, marginMs: number): void {
    this.#listen(connection, subject, () => {
      const provedUntil = this.#context.now() - marginMs;
      // One proof says all that a row of them does.
      if (this.#waiting.at(-1)?.kind === 'heartbeat') this.#waiting.pop();
      this.#waiting.push({ kind: 'heartbeat', provedUntil });
    });
  }

  #listen(connection: NatsConnection, subject: string, take: (message: Msg) => void): void {
    const subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(message);
        else this.#failed = error;
        this.#wake();
      },
    });
    this.#subscriptions.push(subscription);
  }

  /** Ends the current drain with an error, as a failing subscription does. */
  fail(error: unknown): void {
    this.#failed = error instanceof Error ? error : new Error(String(error));
    this.#wake();
  }

  /** Ends all subscriptions; what was heard stays. */
  unsubscribe(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    this.#failed = undefined;
  }

  /** Hands over until aborted (then what was heard is still handed over once) or until the connection ends. */
  async drain(connection: NatsConnection): Promise<void> {
    let ended: Error | undefined;
    const closed = connection.closed().then((error) => {
      ended = error instanceof Error ? error : new Error('the connection was closed');
      this.#wake();
    });
    closed.catch(() => undefined);
    const onAbort = (): void => this.#wake();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!this.#signal.aborted && ended === undefined && this.#failed === undefined) {
        await this.#handOver();
        if (this.#waiting.length === 0) await this.#something(() => ended !== undefined);
      }
      if (this.#signal.aborted) await this.#lastWords();
      const failure = ended ?? this.#failed;
      if (failure !== undefined && !this.#signal.aborted) throw failure;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  async #something(ended: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#signal.aborted || this.#waiting.length > 0 || ended() || this.#failed !== undefined) return;
    await promise;
  }

  /** One batch; a log that refuses is asked again until it takes it, for nobody else has these messages. */
  async #handOver(): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0; ) {
      try {
        await this.#batch();
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) return;
        const fault = asFault(error);
        const waitMs = retryInMs(fault, failures, LONGEST_BACK_OFF_MS, this.#context.random);
        failures += 1;
        const { name: source } = this.#settings;
        const { message, fault: name } = fault;
        this.#context.report({ kind: 'poll-failed', source, error: message, fault: name, retryInMs: waitMs });
        await this.#context.sleep(waitMs, this.#signal);
      }
    }
  }

  async #batch(): Promise<void> {
    const { name: source } = this.#settings;
    this.#reportRefused();
    const first = this.#waiting[0]!;
    if (first.kind === 'heartbeat') {
      const { provedUntil } = first;
      await logged(() => this.#context.sink.prove({ source, kind: 'heartbeat', provedUntil }));
      // It may have been replaced by a later one meanwhile: that one is still to be told.
      if (this.#waiting[0] === first) this.#waiting.shift();
      return;
    }
    const messages: RawMessage[] = [];
    for (const waiting of this.#waiting) {
      if (waiting.kind !== 'message' || messages.length >= BATCH_MESSAGES) break;
      messages.push(waiting.message);
    }
    await logged(() => this.#context.sink.deliver(messages));
    this.#waiting = this.#waiting.slice(messages.length);
    const bytes = messages.reduce((sum, { data }) => sum + data.byteLength, 0);
    this.#bytes -= bytes;
    this.#context.report({ kind: 'received', source, messages: messages.length, bytes });
  }

  #reportRefused(): void {
    if (this.#refused === 0) return;
    const reason = `${this.#refused} messages lost: the log was away for longer than memory holds (best effort)`;
    this.#refused = 0;
    const origin = this.#settings.subjects.join(' ');
    this.#context.report({ kind: 'refused', source: this.#settings.name, origin, reason });
  }

  async #lastWords(): Promise<void> {
    this.unsubscribe();
    try {
      while (this.#waiting.length > 0) await this.#batch();
    } catch {
      // Stopping now, and the log is away: best effort ends here, as it is labelled.
    }
  }
}

function* pairs(headers: MsgHdrs | undefined): Generator<readonly [string, string]> {
  if (headers === undefined) return;
  for (const name of headers.keys()) yield [name, headers.get(name)];
}
