import { type Dispatcher, request } from 'undici';
import type { OutboundMessage, SendResult } from '../route.ts';

/** A receiver that does not answer in this time is tried again. */
const TIMEOUT_MS = 10_000;

/**
 * Posts a message over HTTP. Redirects are not followed: a receiver must not be able to point us at an address inside the
 * network. `Retry-After` is honoured in seconds and as an HTTP date (RFC 9110, section 10.2.3).
 */
export async function post(
  url: string,
  message: OutboundMessage,
  headers: Readonly<Record<string, string>>,
  options: { readonly signal: AbortSignal; readonly now: number; readonly dispatcher?: Dispatcher },
): Promise<SendResult> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': message.contentType, 'user-agent': 'laytime', ...headers },
      body: message.body,
      signal: options.signal,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(options.dispatcher && { dispatcher: options.dispatcher }),
    });
    await response.body.dump({ limit: 64 * 1024 });
    return judgeStatus(response.statusCode, response.headers['retry-after'], options.now);
  } catch (error) {
    return { kind: 'retry', reason: error instanceof Error ? error.message : String(error) };
  }
}

function judgeStatus(status: number, retryAfter: string | string[] | undefined, now: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status >= 300 && status < 400) {
    return { kind: 'failed', reason: `the receiver answered ${status}; redirects are not followed` };
  }
  if (status === 410) return { kind: 'failed', reason: 'the receiver answered 410: it is gone for good' };
  const reason = `the receiver answered ${status}`;
  const afterMs = retryAfterMs(typeof retryAfter === 'string' ? retryAfter : undefined, now);
  return { kind: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
}

function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 60 * 60_000) : undefined;
}
