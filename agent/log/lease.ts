import { JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { encodeToken } from './headers.ts';

/** Whose lease, and how long it lasts without being renewed. */
export interface LeaseOptions {
  /** What is leased, such as a tenant or a partition. */
  readonly name: string;
  /**
   * Who holds it: an id that at most one living process has (kept in a locked data directory). Its own earlier lease is taken
   * over at once, so that a restart does not wait for it to run out.
   */
  readonly holder: string;
  readonly ttlMs?: number;
  readonly bucket?: string;
  /** Stops waiting for another holder. */
  readonly signal?: AbortSignal;
}

/** Why a lease ended. */
export type LeaseLoss = 'released' | 'taken-by-another' | 'not-renewed-in-time';

export interface Lease {
  /** Greater than the epoch of every earlier holder: the fencing token. */
  readonly epoch: number;
  /** Resolves when the lease is no longer held; what it protects must have stopped writing by then. */
  readonly lost: Promise<LeaseLoss>;
  /** Gives it up, so that a standby can take it at once. */
  release(): Promise<void>;
}

const WRONG_LAST_SEQUENCE = 10_071;
const TTL_MS = 30_000;

/**
 * Waits until the lease is free and takes it. Rejects when `signal` aborts, or for a fault of the server.
 *
 * ```text
 *   create ── renew (ttl/3) ── renew ── renew ─X (server away) ───────── lost at 2/3 ttl after the last renewal that was sent
 *                                                                                   ── free for others at ttl
 * ```
 */
export async function acquireLease(connection: NatsConnection, options: LeaseOptions): Promise<Lease> {
  const { ttlMs = TTL_MS, bucket = 'laytime-leases', signal } = options;
  const kv = await new Kvm(jetstream(connection)).create(bucket, { history: 1, ttl: ttlMs });
  for (;;) {
    signal?.throwIfAborted();
    const revision = await tryTake(kv, options);
    if (revision !== undefined) return new HeldLease(kv, options, revision, ttlMs);
    await pause(ttlMs / 15, signal);
  }
}

/** The revision of our entry, or undefined while another holds it. */
async function tryTake(kv: KV, { name, holder }: LeaseOptions): Promise<number | undefined> {
  const key = encodeToken(name);
  const value = JSON.stringify({ holder });
  try {
    const entry = await kv.get(key);
    if (entry === null || entry.operation !== 'PUT') return await kv.create(key, value);
    if (entry.json<{ holder?: string }>().holder !== holder) return undefined;
    return await kv.update(key, value, entry.revision);
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((wake) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      wake();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });

class HeldLease implements Lease {
  readonly epoch: number;
  readonly lost: Promise<LeaseLoss>;
  readonly #kv: KV;
  readonly #key: string;
  readonly #value: string;
  readonly #ttlMs: number;
  #revision: number;
  #deadline: NodeJS.Timeout | undefined;
  readonly #renewals: NodeJS.Timeout;
  #end: (why: LeaseLoss) => void = () => undefined;
  #ended = false;
  #renewing = false;

  constructor(kv: KV, options: LeaseOptions, revision: number, ttlMs: number) {
    this.#kv = kv;
    this.#key = encodeToken(options.name);
    this.#value = JSON.stringify({ holder: options.holder });
    this.#revision = revision;
    this.#ttlMs = ttlMs;
    this.epoch = revision;
    this.lost = new Promise((resolve) => {
      this.#end = (why) => {
        this.#ended = true;
        clearInterval(this.#renewals);
        clearTimeout(this.#deadline);
        resolve(why);
      };
    });
    this.#renewals = setInterval(() => void this.#renew(), ttlMs / 3).unref();
    this.#deadline = this.#untilLate();
  }

  async release(): Promise<void> {
    if (this.#ended) return;
    this.#end('released');
    await this.#kv.delete(this.#key, { previousSeq: this.#revision });
  }

  #untilLate(): NodeJS.Timeout {
    return setTimeout(() => this.#end('not-renewed-in-time'), (this.#ttlMs * 2) / 3).unref();
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#ended) return;
    this.#renewing = true;
    const deadline = this.#untilLate();
    try {
      this.#revision = await this.#kv.update(this.#key, this.#value, this.#revision);
      clearTimeout(this.#deadline);
      this.#deadline = deadline;
    } catch (error) {
      clearTimeout(deadline);
      if (isConflict(error)) await this.#afterConflict();
    } finally {
      this.#renewing = false;
      if (this.#ended) clearTimeout(this.#deadline);
    }
  }

  /** An earlier renewal may have arrived with its answer lost: then the entry is still ours. */
  async #afterConflict(): Promise<void> {
    const entry = await this.#kv.get(this.#key).catch(() => undefined);
    if (entry === undefined || this.#ended) return;
    if (entry === null || entry.operation !== 'PUT' || entry.string() !== this.#value) {
      this.#end('taken-by-another');
      return;
    }
    this.#revision = entry.revision;
  }
}
