import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  ReplayPolicy,
  type StreamInfo,
} from '@nats-io/jetstream';
import {
  createInbox,
  type Msg,
  type NatsConnection,
  nanos,
  nuid,
  type Subscription,
} from '@nats-io/transport-node';
import type { LogFault } from './log.ts';
import { type Recognise, readDelivery, StreamRecord } from './record.ts';

/** What a reader of one stream needs. */
export interface StreamReaderOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Server-side filter; absent when several subjects are filtered here, or all are wanted. */
  readonly filter?: string;
  readonly recognise: Recognise;
  readonly injectedClock: boolean;
  readonly tell: (fault: LogFault) => void;
  /** Something changed: records arrived, or the end was reached. */
  readonly wake: () => void;
  /** How often the server shows that it is there while it has nothing for us. */
  readonly heartbeatMs: number;
}

const BATCH = 4_096;
const MAX_BUFFERED = 12_288;
const BATCH_BYTES = 16 * 1024 * 1024;
const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 5_000;

/**
 * Reads one stream in sequence from a position, with a consumer of its own that nobody acknowledges to.
 *
 * ```text
 *   create ─ pull 4096 ─ records … ─ pull 4096 ─ records … ─ pull ─ heartbeat ─ heartbeat ─ (two missed) ─ create at the next …
 * ```
 *
 * The consumer is made anew, from the record after the last one taken, after a reconnect, after missed heartbeats, when the server
 * says it is gone, and when it delivers nothing although it has something.
 */
export class StreamReader {
  readonly stream: string;
  readonly #o: StreamReaderOptions;
  #buffer: StreamRecord[] = [];
  #head = 0;
  #last: number;
  #created: string | undefined;
  /** False when holes between sequences are how this stream is read or kept, and no loss. */
  #isWhole = true;
  #pending = Number.POSITIVE_INFINITY;
  #consumer = '';
  #inbox = '';
  #subscription: Subscription | undefined;
  #outstanding = 0;
  #delivered = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #closed = false;
  #making: Promise<void> | undefined;

  constructor(options: StreamReaderOptions, position: number) {
    this.stream = options.stream;
    this.#o = options;
    this.#last = position;
  }

  /** Makes the consumer for the first time; rejects when the stream is not there or may not be read. */
  async open(): Promise<void> {
    await this.#make();
    void this.#followConnection();
  }

  /** The next record, without taking it. */
  peek(): StreamRecord | undefined {
    return this.#buffer[this.#head];
  }

  /** The newest record that has arrived and is not taken. */
  newest(): StreamRecord | undefined {
    return this.#head < this.#buffer.length ? this.#buffer.at(-1) : undefined;
  }

  take(): StreamRecord | undefined {
    const record = this.#buffer[this.#head];
    if (record === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#buffer.length) {
      this.#buffer = [];
      this.#head = 0;
    }
    return record;
  }

  /** To be called after records were taken: asks the server for more when there is room. */
  refill(): void {
    if (this.#head > MAX_BUFFERED) {
      this.#buffer = this.#buffer.slice(this.#head);
      this.#head = 0;
    }
    this.#pull();
  }

  /** True when nothing is buffered and the server has nothing more. */
  get atEnd(): boolean {
    return this.#pending === 0 && this.#head === this.#buffer.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#drop();
    await this.#making?.catch(() => undefined);
    if (this.#consumer !== '' && !this.#o.connection.isClosed()) {
      await this.#o.manager.consumers.delete(this.stream, this.#consumer).catch(() => false);
    }
  }

  async #make(): Promise<void> {
    this.#drop();
    const { manager, connection, filter } = this.#o;
    const info = await manager.streams.info(this.stream);
    this.#checkState(info);
    const name = `laytime-${nuid.next()}`;
    const made = await manager.consumers.add(this.stream, {
      name,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#last + 1,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(300_000),
      ...(filter === undefined ? {} : { filter_subject: filter }),
    });
    if (this.#closed) return;
    this.#consumer = name;
    this.#inbox = createInbox();
    const inbox = this.#inbox;
    this.#subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null && inbox === this.#inbox) this.#received(message);
      },
    });
    this.#outstanding = 0;
    this.#pending = made.num_pending;
    this.#pull();
    this.#o.wake();
  }

  /** Compares what the stream has with what we have read of it. */
  #checkState({ state, created, config }: StreamInfo): void {
    this.#isWhole = this.#o.filter === undefined && config.max_msgs_per_subject <= 0;
    const isAnother = this.#created !== undefined && String(created) !== this.#created;
    this.#created = String(created);
    const { stream } = this;
    if (state.last_seq < this.#last || isAnother) {
      this.#o.tell({ kind: 'went-backwards', stream, expected: this.#last, found: state.last_seq });
      this.#last = 0;
    } else if (this.#last > 0 && state.first_seq > this.#last + 1) {
      this.#o.tell({ kind: 'gap', stream, from: this.#last + 1, to: state.first_seq - 1 });
      this.#last = state.first_seq - 1;
    }
  }

  #drop(): void {
    clearTimeout(this.#watchdog);
    // One that was cleared cannot be refreshed: the next consumer would go without.
    this.#watchdog = undefined;
    if (!this.#o.connection.isClosed()) this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#inbox = '';
    this.#pending = Number.POSITIVE_INFINITY;
  }

  /** Makes the consumer anew until it works: the stream of a server that has just started may not be there yet. */
  #remake(): void {
    if (this.#making !== undefined || this.#closed) return;
    this.#making = (async () => {
      for (let waitMs = RETRY_FIRST_MS; !this.#closed; waitMs = Math.min(waitMs * 2, RETRY_LONGEST_MS)) {
        try {
          await this.#make();
          break;
        } catch {
          await new Promise((wake) => setTimeout(wake, waitMs));
        }
      }
      this.#making = undefined;
    })();
  }

  #pull(): void {
    const room = MAX_BUFFERED - (this.#buffer.length - this.#head);
    if (this.#outstanding > 0 || room < BATCH || this.#subscription === undefined) return;
    this.#outstanding = BATCH;
    this.#delivered = 0;
    const expires = nanos(this.#o.heartbeatMs * 6);
    const request = {
      batch: BATCH,
      max_bytes: BATCH_BYTES,
      expires,
      idle_heartbeat: nanos(this.#o.heartbeatMs),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.#consumer}`;
    this.#o.connection.publish(subject, JSON.stringify(request), { reply: this.#inbox });
    this.#alive();
  }

  /** Two heartbeats and a half without a word: the consumer is lost. */
  #alive(): void {
    if (this.#watchdog !== undefined) {
      this.#watchdog.refresh();
      return;
    }
    this.#watchdog = setTimeout(() => {
      this.#watchdog = undefined;
      if (this.#outstanding > 0) this.#remake();
    }, this.#o.heartbeatMs * 2.5).unref();
  }

  #received(message: Msg): void {
    this.#alive();
    if (message.reply === '' || message.reply === undefined || !message.reply.startsWith('$JS.ACK.')) {
      this.#status(message);
      return;
    }
    const delivery = readDelivery(message.reply);
    this.#outstanding -= 1;
    this.#delivered += 1;
    this.#pending = delivery.pending;
    if (delivery.sequence > this.#last) {
      if (this.#isWhole && this.#last > 0 && delivery.sequence > this.#last + 1) {
        const { stream } = this;
        this.#o.tell({ kind: 'gap', stream, from: this.#last + 1, to: delivery.sequence - 1 });
      }
      this.#last = delivery.sequence;
      const what = this.#o.recognise(message.subject);
      if (what !== undefined) {
        const { stream } = this;
        const { injectedClock } = this.#o;
        this.#buffer.push(new StreamRecord(message, { ...what, stream, delivery, injectedClock }));
      }
    }
    if (this.#outstanding === 0) this.#pull();
    this.#o.wake();
  }

  /** 100 is a heartbeat; 408, 404 and most of 409 end a request; 409 "Consumer Deleted" and 503 end the consumer. */
  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const description = message.headers?.description ?? '';
    if (code === 100) return;
    if (code === 503 || /deleted|leadership/i.test(description)) {
      this.#remake();
      return;
    }
    const gotNothing = this.#delivered === 0;
    this.#outstanding = 0;
    if (gotNothing) void this.#checkSilence();
    this.#pull();
  }

  async #checkSilence(): Promise<void> {
    try {
      const info = await this.#o.manager.consumers.info(this.stream, this.#consumer);
      if (this.#delivered > 0 || this.#closed) return;
      this.#pending = info.num_pending;
      if (info.num_pending === 0) return;
      this.#o.tell({ kind: 'consumer-silent', stream: this.stream, pending: info.num_pending });
    } catch {
      // Gone, or not reachable: both are mended by making it anew.
    }
    this.#remake();
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#o.connection.status()) {
      if (this.#closed) return;
      if (type === 'disconnect') this.#drop();
      if (type === 'reconnect') this.#remake();
    }
  }
}
