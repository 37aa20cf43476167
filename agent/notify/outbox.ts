import type { EpochMs } from '../../rules/time.ts';
import type { GuardedStream } from '../log/log.ts';
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
    };

/** A message that is decided and not yet known to have arrived. */
export interface PendingMessage {
  readonly route: string;
  readonly message: OutboundMessage;
  readonly sequence: number;
}

/**
 * Messages are decided before they are sent and recorded after. A crash between the two sends the same bytes under the same
 * key again; a crash before the first forms the group anew.
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
    for await (const { subject, sequence, value } of stream.read(1)) {
      if (value.kind === 'to-send') {
        for (const change of value.changes) outbox.#settled.add(settledName(value.route, change));
        outbox.#pending.set(subject, { route: value.route, message: value.message, sequence });
      } else outbox.#pending.delete(subject);
    }
    return outbox;
  }

  /** True when a change was already put into a message on this route. */
  isSettled(route: string, change: string): boolean {
    return this.#settled.has(settledName(route, change));
  }

  /** Decided before a crash and perhaps never sent, oldest first. */
  pending(): readonly PendingMessage[] {
    return [...this.#pending.values()].sort((a, b) => a.sequence - b.sequence);
  }

  async decide(
    route: string,
    changes: readonly string[],
    message: OutboundMessage,
    at: EpochMs,
  ): Promise<PendingMessage> {
    const entry: OutboxEntry = { kind: 'to-send', route, changes, message, at };
    const sequence = await this.#stream.append(message.idempotencyKey, entry, 0);
    for (const change of changes) this.#settled.add(settledName(route, change));
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
    await this.#stream.append(
      pending.message.idempotencyKey,
      { kind, reason, attempts, at },
      pending.sequence,
    );
    this.#pending.delete(pending.message.idempotencyKey);
  }
}

const settledName = (route: string, change: string): string => `${route} ${change}`;
