import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Outgoing } from './headers.ts';

/** The server's answer: the record is durable at this sequence; `duplicate` when it was there already. */
export interface Ack {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

/** The server understood a record and refused it for good; no retry can help. */
export class AppendRefusedError extends Error {
  /** JetStream's own error number, such as 10071 (wrong last sequence). */
  readonly errorCode: number;
  constructor(subject: string, errorCode: number, description: string) {
    super(`the server refused a record for ${subject}: ${description} (${errorCode})`);
    this.name = 'AppendRefusedError';
    this.errorCode = errorCode;
  }
}

/** Thrown for what was still unacknowledged when the log was closed. It may or may not be in the log. */
export class LogClosedError extends Error {
  constructor() {
    super('the log was closed before the record was acknowledged');
    this.name = 'LogClosedError';
  }
}

interface Pending {
  readonly record: Outgoing;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: Error) => void;
  /** Counted in ticks, so that nothing here reads a clock. */
  sentAtTick: number;
}

const MAX_IN_FLIGHT = 16_384;
const MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024;
const TICK_MS = 250;
/** Five seconds without an answer: the record or its answer was lost on the way. */
const LOST_AFTER_TICKS = 20;

/**
 * Appends records at the speed of the wire: one subscription takes the acknowledgements of all, instead of a request each.
 *
 * ```text
 *   publish 1 ─ publish 2 ─ publish 3 ──(server killed)──(reconnected) publish 2 ─ publish 3
 *        ack 1 ──────┘                                        ack 2 (duplicate) ─ ack 3
 * ```
 *
 * A record is sent again, under the same message id, after a reconnect, after five seconds without an answer, and when nobody was
 * there to answer (a stream that is still recovering) or the server had no room: so a promise stays open until the record is durable.
 */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #pending = new Map<number, Pending>();
  readonly #onTrouble: (reason: string) => void;
  readonly #ticker: NodeJS.Timeout;
  #bytes = 0;
  #nextId = 0;
  #tick = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  /** `onTrouble` hears why records have to be sent again; the same reason once until an append succeeds. */
  constructor(connection: NatsConnection, onTrouble: (reason: string) => void = () => undefined) {
    this.#connection = connection;
    this.#onTrouble = once(onTrouble);
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
      },
    });
    this.#ticker = setInterval(() => this.#sweep(), TICK_MS);
    void this.#followConnection();
  }

  /** True when a caller should wait for {@link room} before it appends more. */
  get full(): boolean {
    return this.#pending.size >= MAX_IN_FLIGHT || this.#bytes >= MAX_IN_FLIGHT_BYTES;
  }

  /** Resolves when there is room for more in flight. Rejects with {@link LogClosedError}. */
  async room(): Promise<void> {
    while (this.full && !this.#closed) await new Promise<void>((wake) => this.#waiting.push(wake));
    if (this.#closed) throw new LogClosedError();
  }

  /** Resolves when the record is durable. Rejects with {@link AppendRefusedError} or {@link LogClosedError}. */
  append(record: Outgoing): Promise<Ack> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new LogClosedError());
      const id = this.#nextId;
      this.#nextId += 1;
      const pending: Pending = { record, resolve, reject, sentAtTick: this.#tick };
      this.#pending.set(id, pending);
      this.#bytes += record.data.length;
      this.#send(id, pending);
    });
  }

  /** Gives up on what is in flight. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticker);
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
    for (const { reject } of this.#pending.values()) reject(new LogClosedError());
    this.#pending.clear();
    this.#wake();
  }

  #send(id: number, pending: Pending): void {
    const { subject, headers, data } = pending.record;
    pending.sentAtTick = this.#tick;
    try {
      this.#connection.publish(subject, data, { headers, reply: `${this.#inbox}.${id.toString(36)}` });
    } catch (error) {
      this.#settle(id, pending);
      pending.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #settle(id: number, pending: Pending): void {
    this.#pending.delete(id);
    this.#bytes -= pending.record.data.length;
    if (this.#waiting.length > 0 && !this.full) this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #answered(message: Msg): void {
    const id = Number.parseInt(message.subject.slice(this.#inbox.length + 1), 36);
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (message.data.length === 0) {
      this.#later(pending, 'no stream takes records at the moment');
      return;
    }
    const answer = message.json<{
      stream?: string;
      seq?: number;
      duplicate?: boolean;
      error?: { code: number; err_code?: number; description?: string };
    }>();
    if (answer.error !== undefined) {
      const { code, err_code = 0, description = '' } = answer.error;
      if (code >= 500) {
        this.#later(pending, description);
        return;
      }
      this.#settle(id, pending);
      pending.reject(new AppendRefusedError(pending.record.subject, err_code, description));
      return;
    }
    this.#settle(id, pending);
    pending.resolve({
      stream: answer.stream ?? '',
      sequence: answer.seq ?? 0,
      duplicate: answer.duplicate === true,
    });
  }

  /** The next tick sends it again. */
  #later(pending: Pending, reason: string): void {
    pending.sentAtTick = this.#tick - LOST_AFTER_TICKS;
    this.#onTrouble(reason);
  }

  #sweep(): void {
    this.#tick += 1;
    for (const [id, pending] of this.#pending) {
      if (this.#tick - pending.sentAtTick > LOST_AFTER_TICKS) this.#send(id, pending);
    }
  }

  async #followConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== 'reconnect') continue;
      for (const [id, pending] of this.#pending) this.#send(id, pending);
    }
    this.close();
  }
}

/** Passes a reason on once until another comes. */
function once(tell: (reason: string) => void): (reason: string) => void {
  let last = '';
  return (reason) => {
    if (reason === last) return;
    last = reason;
    tell(reason);
  };
}
