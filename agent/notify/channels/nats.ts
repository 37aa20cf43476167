import type { NotifyChannel } from '../route.ts';
import { renderJson } from './webhook.ts';

export interface NatsChannelSettings {
  readonly subject: string;
  /** Publishes with headers; resolves when the server has taken it. */
  readonly publish: (
    subject: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ) => Promise<void>;
}

/** The webhook's JSON on a NATS subject; `Nats-Msg-Id` lets a stream that captures it drop repeats. */
export function natsChannel({ subject, publish }: NatsChannelSettings): NotifyChannel {
  return {
    kind: 'nats',
    render: renderJson,
    async send(message) {
      try {
        await publish(subject, message.body, {
          'Content-Type': message.contentType,
          'Nats-Msg-Id': message.idempotencyKey,
          'Idempotency-Key': message.idempotencyKey,
        });
        return { kind: 'sent' };
      } catch (error) {
        return { kind: 'retry', reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
