import type { Readable } from 'node:stream';
import type { TLSSocketOptions } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { DurationMs } from '../rules/time.ts';
import type { CollectorContext } from './collector.ts';
import {
  accepted,
  answerOf,
  type HttpAnswer,
  headerText,
  publicUrl,
  redirectTarget,
} from './http-client-answer.ts';
import { Credentials } from './http-client-auth.ts';
import { readBody } from './http-client-body.ts';
import { FetchFault, faultOf } from './http-client-fault.ts';
import type { HostGates } from './http-client-gate.ts';
import type { PollSettings, TlsSettings } from './settings.ts';

/** The part of a source's settings that fetching needs. */
export type HttpClientSettings = Pick<
  PollSettings,
  | 'url'
  | 'auth'
  | 'tls'
  | 'proxy'
  | 'headers'
  | 'secretHeaders'
  | 'timeoutMs'
  | 'maxResponseBytes'
  | 'minIntervalMs'
  | 'concurrency'
  | 'quietHours'
> & { readonly name: string };

const USER_AGENT = 'laytime/0.1 (+shipment SLA agent)';
const LONGEST_CONNECT_MS: DurationMs = 10_000;
/** A server that drips a byte at a time keeps every time-out but this one: so many times `timeoutMs` for all of it. */
const WHOLE_REQUEST_FACTOR = 10;
/** Clocks of servers differ by seconds; by minutes, somebody should know. */
const NOTABLE_SKEW_MS: DurationMs = 300_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface GetOptions {
  readonly signal: AbortSignal;
  readonly accept: string;
  readonly etag?: string;
  /** Of this request alone, lower case; what the source configures goes before. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Fetches for one source: credentials, TLS, proxy, limits, redirects within the host, one request at a time to it.
 * Every failure is a {@link FetchFault}. `close` ends its connections.
 */
export class HttpClient {
  readonly #settings: HttpClientSettings;
  readonly #context: CollectorContext;
  readonly #gates: HostGates;
  readonly #credentials: Credentials;
  readonly #dispatcher: Dispatcher;
  #skewed = false;

  constructor(settings: HttpClientSettings, gates: HostGates, context: CollectorContext) {
    this.#settings = settings;
    this.#gates = gates;
    this.#context = context;
    this.#credentials = new Credentials(settings.auth);
    this.#dispatcher = dispatcherFor(settings);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** One GET, in its turn. Rejects with a {@link FetchFault}; with `aborted` promptly when the signal says so. */
  get(url: URL, options: GetOptions): Promise<HttpAnswer> {
    const { name: source, minIntervalMs, concurrency, quietHours } = this.#settings;
    const gate = { source, minIntervalMs, concurrency, quietHours };
    return this.#gates.run(url.origin, gate, this.#context, options.signal, () => this.#get(url, options));
  }

  async #get(first: URL, options: GetOptions): Promise<HttpAnswer> {
    let url = first;
    let renewed = false;
    for (let hops = 0; ; ) {
      const answer = await this.#once(url, options);
      if (REDIRECTS.has(answer.status)) {
        hops += 1;
        url = redirectTarget(answer, url, first, hops);
        continue;
      }
      if (answer.status === 401 && !renewed && this.#credentials.renewable()) {
        renewed = true;
        continue;
      }
      return accepted(answer, url, options.etag !== undefined);
    }
  }

  /** One exchange with the server, whatever its status. */
  async #once(url: URL, options: GetOptions): Promise<HttpAnswer> {
    const { settings, target, headers } = {
      settings: this.#settings,
      target: new URL(url),
      headers: { ...options.headers, ...this.#headers() },
    };
    headers.accept = options.accept;
    if (options.etag !== undefined) headers['if-none-match'] = options.etag;
    await this.#credentials.apply(target, headers, this.#context.now, (token) =>
      this.#exchange(
        new URL(token.url),
        {
          method: 'POST',
          headers: { 'user-agent': USER_AGENT, ...token.headers },
          body: token.form,
        },
        options.signal,
        settings.maxResponseBytes,
      ),
    );
    return this.#exchange(target, { method: 'GET', headers }, options.signal, settings.maxResponseBytes);
  }

  async #exchange(
    url: URL,
    message: {
      readonly method: 'GET' | 'POST';
      readonly headers: Record<string, string>;
      readonly body?: string;
    },
    signal: AbortSignal,
    maxBytes: number,
  ): Promise<HttpAnswer> {
    this.#context.report({ kind: 'called', source: this.#settings.name });
    const what = publicUrl(url);
    const wholeMs = this.#settings.timeoutMs * WHOLE_REQUEST_FACTOR;
    const deadline = AbortSignal.timeout(wholeMs);
    // The client's own time-outs are only as fine as a second; these hold to the millisecond.
    const stall = new StallTimer(this.#settings.timeoutMs);
    const either = AbortSignal.any([signal, deadline, stall.signal]);
    let phase: 'headers' | 'body' = 'headers';
    try {
      const response = await request(url, {
        dispatcher: this.#dispatcher,
        method: message.method,
        headers: message.headers,
        ...(message.body === undefined ? {} : { body: message.body }),
        signal: either,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      phase = 'body';
      stall.restart();
      const encoding = headerText(response.headers['content-encoding']) ?? '';
      const stream: Readable = response.body;
      const body = await readBody(stream, { encoding, maxBytes, what, onBytes: () => stall.restart() });
      const answer = answerOf(response.statusCode, response.headers, body, url, this.#context.now());
      this.#tellSkew(answer);
      return answer;
    } catch (error) {
      if (signal.aborted) throw new FetchFault('aborted', `${what}: stopped`, { cause: error });
      if (deadline.aborted) throw new FetchFault('too-slow', `${what}: not complete after ${wholeMs} ms`);
      if (stall.signal.aborted) {
        const waited = `nothing came for ${this.#settings.timeoutMs} ms (timeout)`;
        throw new FetchFault(phase === 'headers' ? 'headers-timeout' : 'body-timeout', `${what}: ${waited}`);
      }
      throw faultOf(error, phase, what);
    } finally {
      stall.stop();
    }
  }

  /** Said once, and again when it has been right in between. */
  #tellSkew({ date }: HttpAnswer): void {
    const aheadMs = date - this.#context.now();
    const skewed = Math.abs(aheadMs) > NOTABLE_SKEW_MS;
    if (skewed && !this.#skewed)
      this.#context.report({ kind: 'clock-skew', source: this.#settings.name, aheadMs });
    this.#skewed = skewed;
  }

  #headers(): Record<string, string> {
    const headers: Record<string, string> = { 'user-agent': USER_AGENT, 'accept-encoding': 'gzip' };
    for (const [name, value] of Object.entries(this.#settings.headers)) headers[name.toLowerCase()] = value;
    for (const [name, secret] of Object.entries(this.#settings.secretHeaders)) {
      headers[name.toLowerCase()] = secret.reveal();
    }
    return headers;
  }
}

/** Aborts when nothing has happened for so long. */
class StallTimer {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: DurationMs) {
    this.#timer = setTimeout(() => this.#abort.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function tlsOptions(tls: TlsSettings | undefined): TLSSocketOptions & { servername?: string } {
  if (tls === undefined) return {};
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function dispatcherFor(settings: HttpClientSettings): Dispatcher {
  const connectTimeout = Math.min(settings.timeoutMs, LONGEST_CONNECT_MS);
  // One dialect of HTTP: what truncation and time-outs look like is tested for HTTP/1.1.
  const common = { allowH2: false, pipelining: 1, connections: 2, connectTimeout };
  const tls = tlsOptions(settings.tls);
  if (settings.proxy === undefined) {
    return new Agent({ ...common, connect: { ...tls, timeout: connectTimeout } });
  }
  const { url, user, password } = settings.proxy;
  const token =
    user === undefined
      ? {}
      : { token: `Basic ${Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')}` };
  return new ProxyAgent({ ...common, uri: url, ...token, requestTls: tls });
}
