import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { JudgeBatch } from '../track/outcome.ts';
import { commitOnce, type StoreCommit } from './commit.ts';
import type { StoreFault } from './faults.ts';
import {
  after,
  BEFORE_ALL,
  covers,
  distance,
  type Floor,
  farther,
  type Moment,
  NO_FLOOR,
  readFloor,
  readWholeFloor,
} from './floor.ts';
import { Inserter } from './insert.ts';
import { STORE_LIMITS, type StoreLimits } from './limits.ts';
import { Pending } from './pending.ts';
import type { StoreWriter } from './store.ts';
import type { RowVersion } from './tables.ts';
import { Turnstile } from './turnstile.ts';

export interface StoreWriterOptions {
  readonly client: ClickHouseClient;
  readonly database: string;
  /** Lease epoch: higher than that of every judge before. */
  readonly epoch: number;
  /** Positions the judge starts reading from, none when it remembers nothing; the store reads what it lacks up to here by itself. */
  readonly judgeFrom: Positions;
  /** Which floor is ours, where several judges share a database. */
  readonly writer?: string;
  readonly limits?: Partial<StoreLimits>;
  readonly onFault: (fault: StoreFault) => void;
  readonly onCommit?: (commit: StoreCommit) => void;
  readonly now: () => EpochMs;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The part of the writer that the catch-up drives. */
export interface CatchUpWriter extends StoreWriter {
  /** Resolves when batches have been missed; with undefined when the store stops. */
  whenBehind(): Promise<Positions | undefined>;
  /** Takes a batch that was read again, waiting for room. */
  push(batch: JudgeBatch): Promise<void>;
  /** Positions of everything taken so far, committed or not. */
  queued(): Positions;
  /** Goes back to taking the judge's batches if nothing lies between them and what is queued; says whether. */
  tryLevel(): boolean;
  readonly signal: AbortSignal;
}

/**
 * The store's writer. Starts at once, whether ClickHouse is there or not; until the floor is known it takes nothing.
 *
 * ```
 * offer ──► encoded rows (bounded) ──► facts ──► shipments_state ──► commits ──► floor
 *   └─ full: false; behind until a catch-up has read the log again up to the batch before the next offer
 * ```
 */
export function createStoreWriter(options: StoreWriterOptions): CatchUpWriter {
  return new Writer(options);
}

class Writer implements CatchUpWriter {
  readonly #options: StoreWriterOptions;
  readonly #limits: StoreLimits;
  readonly #stopping = new AbortController();
  readonly #inserter: Inserter;
  /** Names the inserts of this process: a token of an earlier one must never stand for other rows. */
  readonly #instance = randomUUID();
  readonly #pending = new Pending();
  readonly #changed = new Turnstile();
  readonly #listeners: ((floor: Positions) => void)[] = [];
  #sending = { bytes: 0, rows: 0 };
  #floor: Floor = NO_FLOOR;
  #whole: Moment = BEFORE_ALL;
  #queued: Positions = {};
  #version: RowVersion;
  #state: 'starting' | 'level' | 'behind' = 'starting';
  /** Positions after the last batch that was offered, taken or not: the next one's predecessor. */
  #offered: Positions;
  #offers = 0;
  #queuedOffers = 0;
  #committedOffers = 0;
  #urgent = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(options: StoreWriterOptions) {
    this.#options = options;
    this.#limits = { ...STORE_LIMITS, ...options.limits };
    this.#offered = options.judgeFrom;
    this.#version = { epoch: options.epoch, ordinal: 0 };
    this.#inserter = new Inserter({ ...options, ...this.#limits, signal: this.#stopping.signal });
    this.#running = this.#run();
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  offer(batch: JudgeBatch): boolean {
    const predecessor = this.#offered;
    this.#offered = batch.positions;
    this.#offers += 1;
    if (this.#state === 'level' && !this.#stopped && this.#hasRoom()) {
      this.#queuedOffers = this.#offers;
      this.#add(batch, after(this.#queued, predecessor, batch.positions));
      return true;
    }
    if (this.#state === 'level') {
      this.#state = 'behind';
      const { bytes, rows } = this.#load();
      this.#options.onFault({ kind: 'behind', queuedBytes: bytes, queuedRows: rows });
      this.#changed.turn();
    }
    return false;
  }

  floor(): Positions {
    return this.#floor.positions;
  }

  wholeFloor(): Moment {
    return this.#whole;
  }

  onFloor(listener: (floor: Positions) => void): void {
    this.#listeners.push(listener);
  }

  async flush(): Promise<void> {
    const target = this.#offers;
    this.#urgent += 1;
    this.#changed.turn();
    try {
      while (this.#state !== 'level' || this.#committedOffers < target) {
        this.signal.throwIfAborted();
        await this.#changed.next();
      }
    } finally {
      this.#urgent -= 1;
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#changed.turn();
    const done = new AbortController();
    const limit = this.#options.sleep(limitMs, done.signal);
    await Promise.race([this.#running, limit]);
    this.#stopping.abort();
    done.abort();
    this.#changed.turn();
    await this.#running;
  }

  async whenBehind(): Promise<Positions | undefined> {
    while (this.#state !== 'behind') {
      if (this.#stopped) return undefined;
      await this.#changed.next();
    }
    return this.#stopped ? undefined : this.#queued;
  }

  async push(batch: JudgeBatch): Promise<void> {
    while (!this.#hasRoom()) {
      this.signal.throwIfAborted();
      await this.#changed.next();
    }
    this.signal.throwIfAborted();
    this.#add(batch, farther(this.#queued, batch.positions));
  }

  queued(): Positions {
    return this.#queued;
  }

  tryLevel(): boolean {
    if (this.#state !== 'behind' || !covers(this.#queued, this.#offered)) return false;
    this.#becomeLevel();
    return true;
  }

  #becomeLevel(): void {
    this.#state = 'level';
    this.#queuedOffers = this.#offers;
    if (this.#pending.isEmpty && this.#sending.rows === 0) this.#committedOffers = this.#queuedOffers;
    this.#options.onFault({ kind: 'level', positions: this.#queued });
    this.#changed.turn();
  }

  #add(batch: JudgeBatch, positions: Positions): void {
    // Advances with the log, and at least by one: clocks also change while nothing is read.
    const ordinal = this.#version.ordinal + Math.max(1, distance(this.#queued, positions));
    this.#version = { epoch: this.#version.epoch, ordinal };
    this.#queued = positions;
    this.#pending.add(batch, positions, this.#version, this.#queuedOffers);
    this.#changed.turn();
  }

  #load(): { bytes: number; rows: number } {
    return {
      bytes: this.#pending.bytes + this.#sending.bytes,
      rows: this.#pending.rows + this.#sending.rows,
    };
  }

  #hasRoom(): boolean {
    const { bytes, rows } = this.#load();
    return bytes < this.#limits.queueBytes && rows < this.#limits.queueRows;
  }

  async #run(): Promise<void> {
    try {
      await this.#start();
      while (!this.#stopped || !this.#pending.isEmpty) await this.#step();
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      this.#stopped = true;
      this.#changed.turn();
    }
  }

  async #start(): Promise<void> {
    const { client, database, epoch, writer, onFault } = this.#options;
    const name = writer ?? 'judge';
    const [floor, whole] = await this.#inserter.persist('read the floor', () =>
      Promise.all([readFloor(client, database, name), readWholeFloor({ client, database }, name)]),
    );
    if (floor.version.epoch > epoch) {
      onFault({ kind: 'stale-epoch', epoch, found: floor.version.epoch });
    }
    this.#floor = floor;
    this.#whole = whole ?? BEFORE_ALL;
    this.#queued = floor.positions;
    this.#version = { epoch, ordinal: floor.version.ordinal };
    for (const listener of this.#listeners) listener(floor.positions);
    // Clocks also run out while nothing is read: a judge with memory may have told more than the floor has, at the same positions.
    const remembers = Object.keys(this.#options.judgeFrom).length > 0;
    if (!remembers && covers(this.#queued, this.#offered)) this.#becomeLevel();
    else {
      this.#state = 'behind';
      this.#changed.turn();
    }
  }

  async #step(): Promise<void> {
    if (this.#pending.isEmpty) {
      await this.#changed.next();
      return;
    }
    await this.#waitForCompany();
    const commit = this.#pending.take();
    if (commit === undefined) return;
    this.#sending = { bytes: commit.bytes, rows: commit.rows };
    const name = this.#options.writer ?? 'judge';
    const done = await commitOnce(commit, {
      inserter: this.#inserter,
      writer: name,
      token: `${this.#instance}:${commit.version.ordinal}`,
      now: this.#options.now,
      onFault: this.#options.onFault,
    });
    this.#sending = { bytes: 0, rows: 0 };
    this.#floor = { positions: commit.positions, version: commit.version };
    if (commit.heard !== undefined) this.#whole = commit;
    this.#committedOffers = commit.lastBatch;
    if (this.#state === 'level' && this.#pending.isEmpty) this.#committedOffers = this.#queuedOffers;
    for (const listener of this.#listeners) listener(commit.positions);
    this.#options.onCommit?.(done);
    this.#changed.turn();
  }

  /** Returns when the delay is over, enough has come together, or somebody is waiting. */
  async #waitForCompany(): Promise<void> {
    const over = new AbortController();
    let late = false;
    const delay = this.#options
      .sleep(this.#limits.commitDelayMs, AbortSignal.any([over.signal, this.signal]))
      .then(() => {
        late = true;
        this.#changed.turn();
      });
    while (!late && !this.#stopped && this.#urgent === 0 && this.#pending.bytes < this.#limits.commitBytes) {
      await this.#changed.next();
    }
    over.abort();
    await delay;
  }
}
