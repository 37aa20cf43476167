import type { EpochMs } from '../../rules/time.ts';
import { type GuardedStream, StaleWriterError } from '../log/log.ts';
import type { OutboundMessage } from './route.ts';

/** What the outbox keeps of a message: first that it is to be sent, then what came of it. */
export type OutboxEntry =
  | {
      readonly kind: 'to-send';
      readonly route: string;
      /** Ids of every change that this message settles, also those that a newer one in it replaces. */
      readonly changes: readonly string[];
      readonly message: OutboundMessage;
      readonly at: EpochMs;
    }
  | {
      readonly kind: 'sent' | 'failed';
      readonly reason: string;
      readonly attempts: number;
      readonly at: EpochMs;
    }
  | { readonly kind: 'told'; readonly results: readonly Told[] };

/** What came of a change that was a message of its own. */
export interface Told {
  readonly route: string;
  readonly change: string;
  readonly key: string;
  readonly result: 'sent' | 'failed';
  readonly reason: string;
  readonly attempts: number;
  readonly at: EpochMs;
}

/** A message that is decided and not yet known to have arrived. */
export interface PendingMessage {
  readonly route: string;
  readonly message: OutboundMessage;
  readonly sequence: number;
}

/**
 * A message of several changes is decided before it is sent and recorded after. A crash between the two sends the same bytes under
 * the same key again; a crash before the first forms the group anew.
 *
 * A message of one change needs no decision: it follows from the change, which is in the alert log. It is sent, and recorded with
 * others that were sent meanwhile.
 *
 * ```text
 *   group       decide ── send ── record          (one record of the stream each)
 *   one change            send ┐
 *                         send ┼─ record          (one record of the stream for all)
 *                         send ┘
 * ```
 */
export class Outbox {
  readonly #stream: GuardedStream<OutboxEntry>;
  readonly #settled = new Set<string>();
  readonly #pending = new Map<string, PendingMessage>();

  private constructor(stream: GuardedStream<OutboxEntry>) {
    this.#stream = stream;
  }

  static async open(stream: GuardedStream<OutboxEntry>): Promise<Outbox> {
    const outbox = new Outbox(stream);
    await outbox.#readAll();
    return outbox;
  }

  async #readAll(): Promise<void> {
    for await (const { subject, sequence, value } of this.#stream.read(1)) {
      if (value.kind === 'told') {
        for (const { route, change } of value.results) this.settle(route, change);
      } else if (value.kind === 'to-send') {
        for (const change of value.changes) this.settle(value.route, change);
        this.#pending.set(subject, { route: value.route, message: value.message, sequence });
      } else this.#pending.delete(subject);
    }
  }

  /** True when a change was already put into a message on this route. */
  isSettled(route: string, change: string): boolean {
    return this.#settled.has(settledName(route, change));
  }

  /** From now on a change counts as told on a route. */
  settle(route: string, change: string): void {
    this.#settled.add(settledName(route, change));
  }

  /** Decided before a crash and perhaps never sent, oldest first. */
  pending(): readonly PendingMessage[] {
    return [...this.#pending.values()].sort((a, b) => a.sequence - b.sequence);
  }

  /**
   * Resolves with what is to be sent: the message as it was decided first, should this key be there already (the last write of
   * a process that died can arrive after its successor has read the stream); with undefined when that has been sent.
   */
  async decide(
    route: string,
    changes: readonly string[],
    message: OutboundMessage,
    at: EpochMs,
  ): Promise<PendingMessage | undefined> {
    const entry: OutboxEntry = { kind: 'to-send', route, changes, message, at };
    let sequence: number;
    try {
      sequence = await this.#stream.append(message.idempotencyKey, entry, 0);
    } catch (error) {
      if (!(error instanceof StaleWriterError)) throw error;
      await this.#readAll();
      return this.#pending.get(message.idempotencyKey);
    }
    for (const change of changes) this.settle(route, change);
    const pending = { route, message, sequence };
    this.#pending.set(message.idempotencyKey, pending);
    return pending;
  }

  async record(
    pending: PendingMessage,
    kind: 'sent' | 'failed',
    reason: string,
    attempts: number,
    at: EpochMs,
  ): Promise<void> {
    try {
      await this.#stream.append(
        pending.message.idempotencyKey,
        { kind, reason, attempts, at },
        pending.sequence,
      );
    } catch (error) {
      // Recorded before: by a process that died, or by us with the answer lost.
      if (!(error instanceof StaleWriterError)) throw error;
    }
    this.#pending.delete(pending.message.idempotencyKey);
  }

  /** Resolves when it is durable what came of messages of one change each. */
  async tell(results: readonly Told[]): Promise<void> {
    for (let rest = results; rest.length > 0; rest = rest.slice(1)) {
      try {
        await this.#stream.append(rest[0]!.key, { kind: 'told', results: rest }, 0);
        return;
      } catch (error) {
        // The first was recorded before: by a process that died, or by us with the answer lost.
        if (!(error instanceof StaleWriterError)) throw error;
      }
    }
  }
}

const settledName = (route: string, change: string): string => `${route} ${change}`;
