import type { EpochMs } from '../rules/time.ts';
import { FetchFault, statusFault } from './http-client-fault.ts';
import type { HttpAuth } from './settings.ts';

/** A form sent to the token endpoint, and its JSON answer. */
export type TokenExchange = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: string;
}) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** A token is renewed this long before it runs out, so that it does not run out on the way. */
const RENEW_BEFORE_MS = 60_000;

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;

/** Puts the credentials of a source on its requests. OAuth2 tokens are kept until they run out or are refused. */
export class Credentials {
  readonly #auth: HttpAuth | undefined;
  #token: { readonly value: string; readonly expiresAt: EpochMs } | undefined;

  constructor(auth: HttpAuth | undefined) {
    this.#auth = auth;
  }

  /** True for credentials that can be renewed: after a 401 the request is worth one more try. Forgets the token. */
  renewable(): boolean {
    this.#token = undefined;
    return this.#auth?.kind === 'oauth2';
  }

  /** Adds what the server wants to see to `headers`, or to the query of `url`. Rejects with `token-…` faults. */
  async apply(
    url: URL,
    headers: Record<string, string>,
    now: () => EpochMs,
    exchange: TokenExchange,
  ): Promise<void> {
    const auth = this.#auth;
    if (auth === undefined) return;
    switch (auth.kind) {
      case 'basic':
        headers.authorization = basic(auth.user, auth.password.reveal());
        return;
      case 'bearer':
        headers.authorization = `Bearer ${auth.token.reveal()}`;
        return;
      case 'api-key':
        if (auth.in === 'header') headers[auth.name.toLowerCase()] = auth.key.reveal();
        else appendQuery(url, auth.name, auth.key.reveal());
        return;
      case 'oauth2':
        headers.authorization = `Bearer ${await this.#accessToken(auth, now, exchange)}`;
    }
  }

  async #accessToken(
    auth: Extract<HttpAuth, { kind: 'oauth2' }>,
    now: () => EpochMs,
    exchange: TokenExchange,
  ): Promise<string> {
    if (this.#token !== undefined && this.#token.expiresAt > now()) return this.#token.value;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (auth.scope !== undefined) form.set('scope', auth.scope);
    if (auth.audience !== undefined) form.set('audience', auth.audience);
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (auth.style === 'basic') {
      // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
      headers.authorization = basic(formEncode(auth.clientId), formEncode(auth.clientSecret.reveal()));
    } else {
      form.set('client_id', auth.clientId);
      form.set('client_secret', auth.clientSecret.reveal());
    }
    const answer = await exchange({ url: auth.tokenUrl, headers, form: form.toString() });
    this.#token = readToken(answer, now());
    return this.#token.value;
  }
}

/** Adds a parameter and leaves the rest of the query as it was written: `URLSearchParams` would re-encode all of it. */
export function appendQuery(url: URL, name: string, value: string): void {
  if (url.searchParams.has(name)) return;
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  url.search = url.search === '' ? pair : `${url.search}&${pair}`;
}

const formEncode = (text: string): string => new URLSearchParams({ k: text }).toString().slice(2);

/** RFC 6749, sections 5.1 and 5.2. An absent `expires_in` means: until it is refused. */
function readToken(
  answer: { readonly status: number; readonly body: Uint8Array },
  now: EpochMs,
): { value: string; expiresAt: EpochMs } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(answer.body));
  } catch {
    parsed = undefined;
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  if (answer.status === 429 || answer.status >= 500) {
    throw statusFault(answer.status, 'the token endpoint', undefined);
  }
  if (answer.status !== 200) {
    const why = typeof fields.error === 'string' ? `: ${fields.error}` : '';
    throw new FetchFault('token-refused', `the token endpoint answered ${answer.status}${why}`);
  }
  const value = fields.access_token;
  if (typeof value !== 'string' || value === '') {
    throw new FetchFault('token-malformed', 'the token endpoint answered without an access_token');
  }
  const seconds = Number(fields.expires_in);
  const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
  return { value, expiresAt: now + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2) };
}
