import type { LogBatch, LogReader, LogRecord } from './log.ts';
import type { StreamReader } from './stream-reader.ts';

/** The part of a stream's reader that merging needs. */
export type MergeInput = Pick<
  StreamReader,
  'stream' | 'peek' | 'newest' | 'take' | 'refill' | 'atEnd' | 'close'
>;

/**
 * A record that is only known to be the oldest because another stream is at its end waits this long: the other stream's server may
 * have appended an older one that is still on its way to us.
 */
const SETTLE_MS = 20;

/**
 * Reads several streams as one, oldest first. A record is given out when every other stream shows its next one, or is at its end.
 *
 * ```text
 *   A   10 ── 30 ── 50
 *   B      20 ──────────(nothing yet, not at its end)          given out: 10, 20; then 30 waits for B
 * ```
 *
 * Within a stream the sequence rules: should the server's clock step back, the later record keeps its own time but counts as no
 * earlier than the one before it.
 */
export class MergingReader implements LogReader {
  readonly #streams: readonly MergeInput[];
  /** Highest time seen so far, per stream. */
  readonly #times = new Map<string, number>();
  /** Newest sequences that have waited long enough, per stream. */
  #settled = new Map<string, number>();
  #settling: NodeJS.Timeout | undefined;
  #wakeUp: () => void = () => undefined;
  #closed = false;

  constructor(streams: readonly MergeInput[]) {
    this.#streams = streams;
  }

  /** To be called whenever a stream has something new. */
  readonly wake = (): void => this.#wakeUp();

  async next(options: {
    readonly maxRecords: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<LogBatch> {
    const { maxRecords, maxWaitMs, signal } = options;
    let late = maxWaitMs <= 0;
    const timer = setTimeout(() => {
      late = true;
      this.wake();
    }, maxWaitMs);
    signal.addEventListener('abort', this.wake);
    try {
      for (;;) {
        const changed = new Promise<void>((wake) => {
          this.#wakeUp = wake;
        });
        const records = this.#takeReady(maxRecords);
        if (records.length > 0 || late || signal.aborted || this.#closed) {
          return { records, caughtUp: this.#streams.every(({ atEnd }) => atEnd) };
        }
        await changed;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', this.wake);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#settling);
    this.wake();
    await Promise.all(this.#streams.map((stream) => stream.close()));
  }

  #takeReady(maxRecords: number): LogRecord[] {
    const records: LogRecord[] = [];
    while (records.length < maxRecords) {
      const oldest = this.#oldest();
      if (oldest === undefined) break;
      const record = oldest.take();
      if (record === undefined) break;
      this.#times.set(oldest.stream, this.#timeOf(oldest.stream, record));
      records.push(record);
    }
    for (const stream of this.#streams) stream.refill();
    return records;
  }

  /** The stream whose next record may be given out now. */
  #oldest(): MergeInput | undefined {
    let oldest: MergeInput | undefined;
    let oldestTime = Number.POSITIVE_INFINITY;
    let someAtEnd = false;
    for (const stream of this.#streams) {
      const record = stream.peek();
      if (record === undefined) {
        if (!stream.atEnd) return undefined;
        someAtEnd = true;
        continue;
      }
      const time = this.#timeOf(stream.stream, record);
      if (
        oldest === undefined ||
        time < oldestTime ||
        (time === oldestTime && stream.stream < oldest.stream)
      ) {
        oldest = stream;
        oldestTime = time;
      }
    }
    if (oldest !== undefined && someAtEnd && !this.#hasSettled(oldest)) return undefined;
    return oldest;
  }

  #timeOf(stream: string, record: LogRecord): number {
    return Math.max(record.observedAt, this.#times.get(stream) ?? Number.NEGATIVE_INFINITY);
  }

  #hasSettled(stream: MergeInput): boolean {
    const sequence = stream.peek()?.sequence ?? 0;
    if (sequence <= (this.#settled.get(stream.stream) ?? 0)) return true;
    if (this.#settling === undefined) {
      const newest = new Map(this.#streams.map((s) => [s.stream, s.newest()?.sequence ?? 0]));
      this.#settling = setTimeout(() => {
        this.#settling = undefined;
        this.#settled = newest;
        this.wake();
      }, SETTLE_MS);
    }
    return false;
  }
}
