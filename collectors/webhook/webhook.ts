import type { IncomingMessage } from 'node:http';
import type { EpochMs } from '../../rules/time.ts';
import type { Collector, CollectorContext, RawMessage } from '../collector.ts';
import { pointerTokens, valueAt } from '../json-slices.ts';
import { asFault, retryInMs } from '../poll.ts';
import { revisionOf, scalarText } from '../records.ts';
import { contentHash, LastContents } from '../seen.ts';
import type { WebhookSourceConfig } from '../settings.ts';
import type { WebhookAnswer, WebhookListeners } from './listeners.ts';
import { TokenBucket } from './rate.ts';
import { type DeliveryMarks, Verifier } from './signature.ts';
import { Undelivered } from './undelivered.ts';

/** So many deliveries of a source are read or wait for the log at once; one flooding partner fills no more memory than that. */
const MAX_IN_FLIGHT = 16;
/** Refusals are told at most so often: whoever knocks at random must not fill the log. */
const TELL_REFUSALS_EVERY_MS = 60_000;

/**
 * Takes what a partner pushes. A delivery is read only as far as `max_message`, verified before anything looks into it, and
 * answered with success only when the log has it; else the partner is asked to send it again.
 *
 *     POST ─ headers ─ body ─ signature ─ rate ─ log ──► 200 / 204
 *             404 405 411   413    401     429   503 ──► nothing kept, or kept and recognised when it comes again
 */
export class WebhookCollector implements Collector {
  readonly source: string;
  readonly #settings: WebhookSourceConfig;
  readonly #listeners: WebhookListeners;

  constructor(settings: WebhookSourceConfig, listeners: WebhookListeners) {
    this.source = settings.name;
    this.#settings = settings;
    this.#listeners = listeners;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    const { listen, path } = this.#settings;
    const intake = new WebhookIntake(this.#settings, context, signal);
    const stopped = new Promise<void>((stop) => {
      if (signal.aborted) stop();
      signal.addEventListener('abort', () => stop(), { once: true });
    });
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const close = await this.#listeners.serve(listen, path, this.source, (request) =>
          intake.take(request),
        );
        await stopped;
        await close();
      } catch (error) {
        const fault = asFault(error);
        const waitMs = retryInMs(fault, failures, 0, context.random);
        const named = { error: fault.message, fault: fault.fault, retryInMs: waitMs };
        context.report({ kind: 'poll-failed', source: this.source, ...named });
        await context.sleep(waitMs, signal);
      }
    }
  }
}

type Body = { readonly bytes: Uint8Array } | { readonly answer: WebhookAnswer };

/** One delivery that the partner has signed. */
interface Delivery {
  readonly message: RawMessage;
  /** Recognises it when it is sent again; undefined when nothing identifies it but its content. */
  readonly key: string | undefined;
  readonly hash: string;
}

class WebhookIntake {
  readonly #settings: WebhookSourceConfig;
  readonly #context: CollectorContext;
  readonly #signal: AbortSignal;
  readonly #verifier: Verifier;
  readonly #bucket: TokenBucket;
  readonly #delivered = new LastContents();
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #undelivered = new Undelivered();
  #inFlight = 0;
  #refusals = { count: 0, toldAt: Number.NEGATIVE_INFINITY };

  constructor(settings: WebhookSourceConfig, context: CollectorContext, signal: AbortSignal) {
    this.#settings = settings;
    this.#context = context;
    this.#signal = signal;
    this.#verifier = new Verifier(settings.scheme, settings.secrets, settings.replayWindowMs);
    this.#bucket = new TokenBucket(settings.maxPerMinute);
  }

  /** Resolves with the answer. Rejects only when the sender has hung up. */
  async take(request: IncomingMessage): Promise<WebhookAnswer> {
    const early = this.#byHeaders(request);
    if (early !== undefined) return early;
    if (this.#inFlight >= MAX_IN_FLIGHT) return { status: 429, retryAfterS: 1, close: true };
    this.#inFlight += 1;
    let holds: Promise<unknown> = Promise.resolve();
    try {
      const body = await this.#read(request);
      if ('answer' in body) return body.answer;
      const now = this.#context.now();
      const verified = this.#verifier.verify(request.headers, body.bytes, now);
      if ('refused' in verified) return this.#unverified(verified.refused);
      if (body.bytes.byteLength === 0) return await this.#heartbeat(verified.marks, now);
      const delivery = this.#delivery(request, body.bytes, verified.marks, now);
      const waitMs = this.#bucket.take(now);
      if (waitMs > 0) {
        this.#undelivered.add(delivery.key ?? delivery.hash, now);
        return { status: 429, retryAfterS: Math.ceil(waitMs / 1000) };
      }
      const delivering = this.#deliver(delivery);
      holds = delivering;
      return await this.#answerWhenDurable(delivery, delivering);
    } finally {
      // What the log has not taken yet is still in memory, whatever was answered.
      void holds.finally(() => {
        this.#inFlight -= 1;
      });
    }
  }

  #byHeaders(request: IncomingMessage): WebhookAnswer | undefined {
    const { scheme, maxMessageBytes } = this.#settings;
    const { headers, method } = request;
    // DCSA: a publisher asks with HEAD whether somebody is there before it subscribes us.
    if (method === 'HEAD' && scheme.answer === 204) return { status: 204 };
    if (method !== 'POST') return { status: 405, headers: { allow: 'POST' }, close: true };
    const encoding = headers['content-encoding'];
    // A signature is over the bytes on the wire; unpacking first would be work done for strangers.
    if (encoding !== undefined && encoding !== 'identity') return { status: 415, close: true };
    if (Number(headers['content-length'] ?? 0) > maxMessageBytes) return this.#tooLarge(request);
    const refused = this.#verifier.refusedByHeaders(headers, this.#context.now());
    return refused === undefined ? undefined : { ...this.#unverified(refused), close: true };
  }

  async #read(request: IncomingMessage): Promise<Body> {
    const stop = (): void => {
      request.destroy();
    };
    this.#signal.addEventListener('abort', stop, { once: true });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of request as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > this.#settings.maxMessageBytes) return { answer: this.#tooLarge(request) };
        chunks.push(chunk);
      }
    } finally {
      this.#signal.removeEventListener('abort', stop);
    }
    return { bytes: Buffer.concat(chunks) };
  }

  #tooLarge(request: IncomingMessage): WebhookAnswer {
    const size = request.headers['content-length'] ?? 'unknown';
    this.#refused(
      `too-large: ${size} bytes, at most ${this.#settings.maxMessageBytes} (max_message); answered 413`,
    );
    return { status: 413, close: true };
  }

  #unverified(why: string): WebhookAnswer {
    this.#refused(`not-verified: ${why}; answered 401`);
    return { status: 401 };
  }

  #refused(reason: string): void {
    const now = this.#context.now();
    const refusals = this.#refusals;
    refusals.count += 1;
    if (now - refusals.toldAt < TELL_REFUSALS_EVERY_MS) return;
    const others = refusals.count > 1 ? ` (and ${refusals.count - 1} more since the last line)` : '';
    const { name: source, path } = this.#settings;
    this.#context.report({ kind: 'refused', source, origin: path, reason: `${reason}${others}` });
    this.#refusals = { count: 0, toldAt: now };
  }

  /** Nothing but a signature over its time: the partner lives, and has told us everything that it was not asked to repeat. */
  async #heartbeat({ signedAt }: DeliveryMarks, now: EpochMs): Promise<WebhookAnswer> {
    // Without a signed time anybody could repeat it for ever.
    if (signedAt === undefined) return { status: 400 };
    const before = [...this.#pending.values()];
    const open = this.#undelivered.oldest(now);
    const provedUntil = Math.min(now, signedAt, open === undefined ? now : open - 1);
    const proving = Promise.all(before).then(() =>
      this.#context.sink.prove({ source: this.#settings.name, kind: 'heartbeat', provedUntil }),
    );
    return (await this.#inTime(
      proving.then(
        () => true,
        () => false,
      ),
    ))
      ? this.#ok()
      : this.#later();
  }

  #delivery(request: IncomingMessage, bytes: Uint8Array, marks: DeliveryMarks, now: EpochMs): Delivery {
    const { name, id: idAt, changedAt, path } = this.#settings;
    const contentType = (request.headers['content-type'] ?? 'application/json')
      .split(';')[0]!
      .trim()
      .toLowerCase();
    const document = idAt === undefined && changedAt === undefined ? undefined : parsed(bytes);
    const own = idAt === undefined ? undefined : scalarText(valueAt(document, pointerTokens(idAt)));
    const hash = contentHash(bytes);
    const stamp = changedAt === undefined ? undefined : valueAt(document, pointerTokens(changedAt));
    const revision = own === undefined ? undefined : revisionOf(stamp, bytes);
    const traceparent = request.headers.traceparent;
    const key = marks.id ?? own;
    const message: RawMessage = {
      source: name,
      contentType,
      sourceId: own ?? marks.id ?? hash,
      fetchedAt: now,
      origin: path,
      ...(marks.id !== undefined && { deliveryId: marks.id }),
      ...(revision !== undefined && { revision }),
      ...(typeof traceparent === 'string' && { traceparent }),
      data: bytes,
    };
    return { message, key, hash };
  }

  /** Resolves with whether the log has it. A delivery that is being written already is not written twice. */
  #deliver({ message, key, hash }: Delivery): Promise<boolean> {
    if (key !== undefined && this.#delivered.get(key) === hash) return Promise.resolve(true);
    const known = this.#pending.get(`${key} ${hash}`);
    if (known !== undefined) return known;
    const delivering = this.#context.sink.deliver([message]).then(
      () => {
        if (key !== undefined) this.#delivered.set(key, hash);
        this.#undelivered.remove(key ?? hash);
        const bytes = message.data.byteLength;
        this.#context.report({ kind: 'received', source: message.source, messages: 1, bytes });
        return true;
      },
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        const fault = { error: `the log did not take it: ${why}`, fault: 'log-unavailable' };
        this.#context.report({ kind: 'poll-failed', source: message.source, ...fault, retryInMs: 0 });
        return false;
      },
    );
    this.#pending.set(`${key} ${hash}`, delivering);
    return delivering.finally(() => this.#pending.delete(`${key} ${hash}`));
  }

  async #answerWhenDurable(delivery: Delivery, delivering: Promise<boolean>): Promise<WebhookAnswer> {
    if (await this.#inTime(delivering)) return this.#ok();
    this.#undelivered.add(delivery.key ?? delivery.hash, delivery.message.fetchedAt);
    return this.#later();
  }

  /** False when it is not done within `answer_within`, or when we are being stopped. */
  async #inTime(done: Promise<boolean>): Promise<boolean> {
    const enough = new AbortController();
    const late = this.#context
      .sleep(this.#settings.answerWithinMs, AbortSignal.any([this.#signal, enough.signal]))
      .then(() => false);
    try {
      return await Promise.race([done, late]);
    } finally {
      enough.abort();
    }
  }

  #ok(): WebhookAnswer {
    return { status: this.#settings.scheme.answer };
  }

  #later(): WebhookAnswer {
    return { status: 503, retryAfterS: 5 };
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
