import type { DurationMs } from '../../rules/time.ts';
import type { AlertRecord } from '../track/outcome.ts';

/** What is sent, rendered once and kept, so that every retry sends the same bytes under the same key. */
export interface OutboundMessage {
  /** The same for every attempt: receivers drop what they have seen. */
  readonly idempotencyKey: string;
  readonly subject: string;
  readonly contentType: string;
  readonly body: string;
}

/** What came of one attempt; an instruction, not only a fact. */
export type SendResult =
  | { readonly kind: 'sent' }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: DurationMs }
  | { readonly kind: 'failed'; readonly reason: string };

/** Changes that go out as one message. */
export interface NotificationGroup {
  readonly route: string;
  /** Values of the `group_by` labels. */
  readonly labels: Readonly<Record<string, string>>;
  readonly records: readonly AlertRecord[];
}

/** A way to reach people or systems. One folder entry each in channels/; see README.md for adding one. */
export interface NotifyChannel {
  readonly kind: string;
  /** Pure: the same group gives the same message. */
  render(group: NotificationGroup): Omit<OutboundMessage, 'idempotencyKey'>;
  /** Never throws for what the receiver does; `signal` aborts. */
  send(message: OutboundMessage, signal: AbortSignal): Promise<SendResult>;
  close?(): Promise<void>;
}

/** A configured route: a channel, and what is gathered into one message. */
export interface Route {
  readonly name: string;
  readonly channel: NotifyChannel;
  /** Labels (see AlertRecord.labels) whose equal values go into one message; empty: one message a change. */
  readonly groupBy: readonly string[];
  /** How long the first change of a group waits for company; 0 sends at once. */
  readonly groupWaitMs: DurationMs;
}
