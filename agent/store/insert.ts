import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { classify, messageOf, type StoreFault } from './faults.ts';
import { type EncodedRows, sliceRows } from './row-binary.ts';
import { COLUMNS, quote, type TableName } from './tables.ts';

/** A row that ClickHouse will not have, and what it said. */
export interface RefusedRow {
  readonly table: TableName;
  readonly bytes: Uint8Array;
  readonly error: string;
}

export interface InserterOptions {
  readonly client: ClickHouseClient;
  readonly database: string;
  readonly onFault: (fault: StoreFault) => void;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

/** A lone row that cannot be read is given up after so many attempts: until then the table may have been changed under us. */
const LONE_SUSPECT_ATTEMPTS = 20;

/** Inserts that end: with every row either stored or refused for its content. Only an abort makes them reject. */
export class Inserter {
  readonly #options: InserterOptions;

  constructor(options: InserterOptions) {
    this.#options = options;
  }

  /**
   * Sends the identical rows with the identical token until ClickHouse has them; resolves with the rows that it refused.
   * `token` names these very bytes and never any others.
   */
  async insert(table: TableName, rows: EncodedRows, token: string): Promise<readonly RefusedRow[]> {
    if (rows.ends.length === 0) return [];
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#send(table, rows, token);
        return [];
      } catch (error) {
        this.#options.signal.throwIfAborted();
        const fault = classify(error);
        if (fault !== 'retry') {
          const refused = await this.#bisect(table, rows, token, messageOf(error));
          const allRefused = refused.length === rows.ends.length;
          if (fault === 'content' || !allRefused) return refused;
          if (refused.length === 1 && attempt >= LONE_SUSPECT_ATTEMPTS) return refused;
        }
        await this.#pause(`insert into ${table}`, error, attempt);
      }
    }
  }

  /** Sends rows that must be stored whatever is said of them: dead letters and commits. Each says what it waits for. */
  persistRows(table: TableName, rows: EncodedRows, token: string): Promise<void> {
    return this.persist(`insert into ${table}`, () => this.#send(table, rows, token));
  }

  /** Repeats a request until it succeeds or the store stops. */
  async persist<T>(doing: string, request: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        this.#options.signal.throwIfAborted();
        await this.#pause(doing, error, attempt);
      }
    }
  }

  /** `rows` was refused as a whole: halves it until the guilty rows stand alone. */
  async #bisect(
    table: TableName,
    rows: EncodedRows,
    token: string,
    error: string,
  ): Promise<readonly RefusedRow[]> {
    const count = rows.ends.length;
    if (count === 1) return [{ table, bytes: Buffer.concat(rows.chunks), error }];
    const middle = count >> 1;
    const refused: RefusedRow[] = [];
    for (const [from, to] of [
      [0, middle],
      [middle, count],
    ] as const) {
      refused.push(...(await this.#insertHalf(table, sliceRows(rows, from, to), `${token}/${from}-${to}`)));
    }
    return refused;
  }

  async #insertHalf(table: TableName, rows: EncodedRows, token: string): Promise<readonly RefusedRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#send(table, rows, token);
        return [];
      } catch (error) {
        this.#options.signal.throwIfAborted();
        if (classify(error) !== 'retry') return this.#bisect(table, rows, token, messageOf(error));
        await this.#pause(`insert into ${table}`, error, attempt);
      }
    }
  }

  async #send(table: TableName, rows: EncodedRows, token: string): Promise<void> {
    const { client, database, signal } = this.#options;
    signal.throwIfAborted();
    const { stream } = await client.exec({
      query: `INSERT INTO ${quote(database)}.${table} (${COLUMNS[table]}) FORMAT RowBinary`,
      values: Readable.from(rows.chunks),
      abort_signal: signal,
      clickhouse_settings: {
        // These are large inserts already; waiting for others would only delay them.
        async_insert: 0,
        insert_deduplication_token: token,
        // Rows of one insert are distinct; collapsing them again costs the server a pass over all columns.
        optimize_on_insert: 0,
        // A catch-up may span years of months.
        max_partitions_per_insert_block: '0',
      },
    });
    stream.resume();
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.once('end', resolve);
      stream.once('close', resolve);
    });
  }

  async #pause(doing: string, error: unknown, attempt: number): Promise<void> {
    const { onFault, sleep, signal, firstRetryMs, longestRetryMs } = this.#options;
    const retryInMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempt - 1, 16));
    onFault({ kind: 'unreachable', doing, error: messageOf(error), attempt, retryInMs });
    await sleep(retryInMs, signal);
    signal.throwIfAborted();
  }
}
