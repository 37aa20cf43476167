import { type GuardedStream, StaleWriterError } from '../log/log.ts';
import type { AlertRecord } from './outcome.ts';

/** The last change of an alert that the alert log holds. */
interface Head {
  readonly number: number;
  readonly sequence: number;
}

export type PublishOutcome = 'published' | 'already-there';

/** Thrown when another judge writes this alert log: this one must stop at once and let the newer one go on. */
export class FencedError extends Error {
  constructor(alertId: string, number: number) {
    super(
      `another judge already told change ${number} of alert ${alertId} differently; this one has lost its lease`,
    );
    this.name = 'FencedError';
  }
}

/**
 * The judge's side of the alert log: the truth of alerts and the outbox. A change is told at most once: after a crash the judge
 * derives the same changes again from the log, and those that are already there are recognised by their number.
 *
 * ```text
 *   log      e1 ── e2 ── e3 ── kill -9          restart: snapshot at e1, then e2, e3 again
 *   alerts        #1    #2                                            #1 there, #2 there, #3 new
 * ```
 */
export class AlertLog {
  readonly #stream: GuardedStream<AlertRecord>;
  readonly #heads = new Map<string, Head>();
  #lastSequence = 0;

  private constructor(stream: GuardedStream<AlertRecord>) {
    this.#stream = stream;
  }

  /** Reads the alert log to its end. `onEntry` sees every record, oldest first (open alerts, unsent notices). */
  static async open(
    stream: GuardedStream<AlertRecord>,
    onEntry: (record: AlertRecord, sequence: number) => void = () => undefined,
  ): Promise<AlertLog> {
    const log = new AlertLog(stream);
    for await (const { value, sequence } of stream.read(1)) {
      log.#heads.set(value.change.alertId, { number: value.change.number, sequence });
      log.#lastSequence = sequence;
      onEntry(value, sequence);
    }
    return log;
  }

  /** Sequence of the newest record known to be there. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Number of the last change told of an alert; 0 when nothing was. */
  lastChange(alertId: string): number {
    return this.#heads.get(alertId)?.number ?? 0;
  }

  /**
   * Publishes changes in order (changes of different alerts in flight together). Resolves when all are durable.
   * Rejects with {@link FencedError} when another writer was first with other content.
   */
  async publish(records: readonly AlertRecord[]): Promise<PublishOutcome[]> {
    const chains = new Map<string, Promise<unknown>>();
    return Promise.all(
      records.map((record) => {
        const { alertId } = record.change;
        const turn = (chains.get(alertId) ?? Promise.resolve()).then(() => this.#publishOne(record));
        chains.set(alertId, turn);
        return turn;
      }),
    );
  }

  async #publishOne(record: AlertRecord): Promise<PublishOutcome> {
    const { alertId, number } = record.change;
    const head = this.#heads.get(alertId);
    if (head !== undefined && head.number >= number) return 'already-there';
    try {
      const sequence = await this.#stream.append(alertId, record, head?.sequence ?? 0);
      this.#heads.set(alertId, { number, sequence });
      this.#lastSequence = Math.max(this.#lastSequence, sequence);
      return 'published';
    } catch (error) {
      if (error instanceof StaleWriterError) throw new FencedError(alertId, number);
      throw error;
    }
  }
}
