import { createHmac } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { NotificationGroup, NotifyChannel } from '../route.ts';
import { post } from './post.ts';
import { groupHeadline, recordJson } from './text.ts';

export interface WebhookSettings {
  readonly url: string;
  /** Standard Webhooks secret, `whsec_` and base64; absent: unsigned. */
  readonly secret?: { reveal(): string };
  /** Adds what the receiver asks for beside the signature: an Authorization header, a key in the query. */
  readonly credentials?: (url: URL, headers: Record<string, string>) => Promise<void>;
  /** For a receiver with a certificate authority of its own. */
  readonly dispatcher?: Dispatcher;
  readonly now: () => number;
}

/**
 * JSON over HTTP POST, signed as Standard Webhooks 1.0 says (`webhook-id`, `webhook-timestamp`, `webhook-signature`:
 * `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`). `webhook-id` and `Idempotency-Key` are the same in every attempt.
 */
export function webhookChannel(settings: WebhookSettings): NotifyChannel {
  return {
    kind: 'webhook',
    render: renderJson,
    async send(message, signal) {
      const now = settings.now();
      const url = new URL(settings.url);
      const seconds = Math.floor(now / 1000);
      const headers: Record<string, string> = {
        'idempotency-key': message.idempotencyKey,
        'webhook-id': message.idempotencyKey,
        'webhook-timestamp': String(seconds),
      };
      if (settings.secret !== undefined) {
        const signed = `${message.idempotencyKey}.${seconds}.${message.body}`;
        headers['webhook-signature'] = `v1,${sign(settings.secret.reveal(), signed)}`;
      }
      try {
        await settings.credentials?.(url, headers);
      } catch (error) {
        return { kind: 'retry', reason: error instanceof Error ? error.message : String(error) };
      }
      const { dispatcher } = settings;
      return post(url.href, message, headers, { signal, now, ...(dispatcher && { dispatcher }) });
    },
    async close() {
      await settings.dispatcher?.close();
    },
  };
}

/** The group as one JSON object; also the payload on a NATS subject. */
export function renderJson(group: NotificationGroup): { subject: string; contentType: string; body: string } {
  const body = {
    type: 'laytime.alerts',
    route: group.route,
    group: group.labels,
    title: groupHeadline(group),
    alerts: group.records.map(recordJson),
  };
  return { subject: groupHeadline(group), contentType: 'application/json', body: JSON.stringify(body) };
}

function sign(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}
