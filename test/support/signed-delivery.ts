import { createHmac } from 'node:crypto';
import type { WebhookSourceConfig } from '../../collectors/settings.ts';
import { secretKey } from '../../collectors/webhook/signature.ts';

/** A delivery as a partner sends it by Standard Webhooks 1.0, signed with the last of the secrets. */
export function signedDelivery(
  settings: WebhookSourceConfig,
  body: string,
  {
    id,
    at,
    headers = {},
  }: { readonly id: string; readonly at: number; readonly headers?: Record<string, string> },
): { readonly url: string; readonly init: RequestInit } {
  const timestamp = String(Math.floor(at / 1000));
  const key = secretKey(settings.secrets.at(-1)!.reveal(), settings.scheme.secretEncoding)!;
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    url: `http://${settings.listen.host}:${settings.listen.port}${settings.path}`,
    init: {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
        ...headers,
      },
    },
  };
}
