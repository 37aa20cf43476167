import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { SecretText, WebhookScheme } from '../settings.ts';

/** What the headers of one delivery say about itself. `signedAt` is part of what was signed, or it is not here. */
export interface DeliveryMarks {
  readonly id?: string;
  readonly signedAt?: EpochMs;
}

/** A delivery is the partner's, or the reason why it is not taken for it: for our log, never for the sender. */
export type Verification = { readonly marks: DeliveryMarks } | { readonly refused: string };

/**
 * The well-known schemes. `standard`: Standard Webhooks 1.0 (`whsec_` secrets, id and time are signed). `github`: the hex digest
 * of the body alone. `dcsa`: the callbacks of event subscriptions, T&T 2.2; DCSA's reference implementation writes
 * `sha256=` before the digest and takes keys of 32 bytes and more, which the API hands over in base64.
 */
export const WEBHOOK_SCHEMES: Readonly<Record<'standard' | 'github' | 'dcsa', WebhookScheme>> = {
  standard: {
    header: 'webhook-signature',
    algorithm: 'sha256',
    prefix: 'v1,',
    signed: '{id}.{timestamp}.{body}',
    idHeader: 'webhook-id',
    timestampHeader: 'webhook-timestamp',
    secretEncoding: 'base64',
    answer: 200,
  },
  github: {
    header: 'x-hub-signature-256',
    algorithm: 'sha256',
    prefix: 'sha256=',
    signed: '{body}',
    idHeader: 'x-github-delivery',
    secretEncoding: 'text',
    answer: 200,
  },
  dcsa: {
    header: 'notification-signature',
    algorithm: 'sha256',
    prefix: 'sha256=',
    signed: '{body}',
    secretEncoding: 'base64',
    answer: 204,
  },
};

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The bytes of a secret; undefined when it is not written in `encoding`. `whsec_` before a base64 secret is no part of it. */
export function secretKey(text: string, encoding: WebhookScheme['secretEncoding']): Buffer | undefined {
  if (encoding === 'text') return Buffer.from(text, 'utf8');
  if (encoding === 'hex') return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  const bare = text.startsWith('whsec_') ? text.slice('whsec_'.length) : text;
  return BASE64.test(bare) ? Buffer.from(bare, 'base64') : undefined;
}

const headerOf = (headers: IncomingHttpHeaders, name: string | undefined): string | undefined => {
  const value = name === undefined ? undefined : headers[name];
  const text = Array.isArray(value) ? value.join(' ') : value;
  return text === undefined || text.trim() === '' ? undefined : text.trim();
};

/** Seconds or milliseconds since 1970, or an ISO time with its offset. */
function timeOf(text: string): EpochMs | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text) > 1e11 ? Number(text) : Number(text) * 1000;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** Checks deliveries of one source. Several secrets may be valid while they rotate. */
export class Verifier {
  readonly #scheme: WebhookScheme;
  readonly #keys: readonly Buffer[];
  readonly #windowMs: DurationMs;

  constructor(scheme: WebhookScheme, secrets: readonly SecretText[], windowMs: DurationMs) {
    this.#scheme = scheme;
    this.#windowMs = windowMs;
    this.#keys = secrets.flatMap((secret) => secretKey(secret.reveal(), scheme.secretEncoding) ?? []);
  }

  /** What can be refused before the body is read: no signature, or a time outside the window. */
  refusedByHeaders(headers: IncomingHttpHeaders, now: EpochMs): string | undefined {
    const { header, idHeader, timestampHeader, signed } = this.#scheme;
    if (headerOf(headers, header) === undefined) return `no ${header}`;
    if (signed.includes('{id}') && headerOf(headers, idHeader) === undefined) return `no ${idHeader}`;
    if (timestampHeader === undefined) return undefined;
    const at = timeOf(headerOf(headers, timestampHeader) ?? '');
    if (at === undefined) return `no time in ${timestampHeader}`;
    const offMs = Math.abs(now - at);
    return offMs > this.#windowMs ? `signed ${Math.round(offMs / 1000)} s away from now` : undefined;
  }

  /**
   * Compares every signature sent with that of every secret, in constant time, and tells nothing but yes or no. A signature is
   * read as hex or base64, whichever it is.
   */
  verify(headers: IncomingHttpHeaders, body: Uint8Array, now: EpochMs): Verification {
    const refused = this.refusedByHeaders(headers, now);
    if (refused !== undefined) return { refused };
    const { header, algorithm, prefix, idHeader, timestampHeader } = this.#scheme;
    const id = headerOf(headers, idHeader);
    const timestamp = headerOf(headers, timestampHeader);
    const sent = headerOf(headers, header)!
      .split(/\s+/)
      .filter((part) => part.startsWith(prefix))
      .map((part) => decodeSignature(part.slice(prefix.length)));
    let matches = 0;
    for (const key of this.#keys) {
      const hmac = createHmac(algorithm, key);
      for (const part of this.#signedParts(id, timestamp, body)) hmac.update(part);
      const expected = hmac.digest();
      for (const signature of sent) {
        if (signature.byteLength === expected.byteLength)
          matches += timingSafeEqual(signature, expected) ? 1 : 0;
      }
    }
    if (matches === 0) return { refused: `${header} fits none of ${this.#keys.length} secrets` };
    const signedAt = timestamp === undefined ? undefined : timeOf(timestamp);
    return { marks: { ...(id !== undefined && { id }), ...(signedAt !== undefined && { signedAt }) } };
  }

  #signedParts(id = '', timestamp = '', body: Uint8Array): (string | Uint8Array)[] {
    const values: Readonly<Record<string, string | Uint8Array>> = {
      '{id}': id,
      '{timestamp}': timestamp,
      '{body}': body,
    };
    return this.#scheme.signed
      .split(/(\{id\}|\{timestamp\}|\{body\})/)
      .filter((part) => part !== '')
      .map((part) => values[part] ?? part);
  }
}

const decodeSignature = (text: string): Buffer =>
  /^(?:[0-9a-f]{2})+$/i.test(text) && text.length >= 40
    ? Buffer.from(text, 'hex')
    : Buffer.from(text, 'base64');
