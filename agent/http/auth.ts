import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../../collectors/settings-listen.ts';
import { TOKEN_ROLES } from '../config-server.ts';
import type { HttpRole, TokenDigest } from './contract.ts';
import { HttpProblem } from './problem.ts';

/** Who asks. */
export interface Caller {
  readonly name: string;
  readonly role: HttpRole;
}

const RANK: Readonly<Record<HttpRole, number>> = Object.fromEntries(
  TOKEN_ROLES.map((role, rank) => [role, rank]),
) as Record<HttpRole, number>;

/** Without tokens only this machine can ask, and whoever is on it may everything. */
const LOCAL: Caller = { name: 'local', role: 'admin' };

/** Recognises the bearer of a token (RFC 6750); undefined when there is none or it is unknown. */
export function callerOf(
  authorization: string | undefined,
  tokens: readonly TokenDigest[],
): Caller | undefined {
  if (tokens.length === 0) return LOCAL;
  const said = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
  if (said === undefined) return undefined;
  const digest = createHash('sha256').update(said).digest();
  let found: Caller | undefined;
  // Every token is compared, in constant time: how long it takes tells nothing.
  for (const { name, role, sha256 } of tokens) {
    if (timingSafeEqual(digest, Buffer.from(sha256, 'hex'))) found = { name, role };
  }
  return found;
}

/** The caller when the role suffices; throws 401 or 403 otherwise. */
export function authorize(caller: Caller | undefined, needed: HttpRole): Caller {
  if (caller === undefined) {
    throw new HttpProblem(401, 'unauthorized', 'send the header Authorization: Bearer <token>');
  }
  if (RANK[caller.role] < RANK[needed]) {
    throw new HttpProblem(403, 'forbidden', `${caller.name} is ${caller.role}; this needs ${needed}`);
  }
  return caller;
}

/** What is looked at before anything else, to keep other sites out of a server that trusts this machine. */
export interface Origins {
  readonly host: string;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` of the browser. */
  readonly site: string | undefined;
  readonly changes: boolean;
}

/**
 * Refuses what another web site makes a browser ask. Without tokens a page could otherwise reach us under a name of its own
 * that it points at 127.0.0.1 (DNS rebinding), or post a form here (CSRF).
 */
export function checkOrigins(
  { host, origin, site, changes }: Origins,
  settings: { readonly tokens: readonly TokenDigest[]; readonly publicUrl: string },
): void {
  const own = URL.canParse(settings.publicUrl) ? new URL(settings.publicUrl).host : '';
  if (settings.tokens.length === 0 && host !== own && !isLoopback(nameOf(host))) {
    throw new HttpProblem(421, 'wrong-host', `${host} is not this machine; use http://127.0.0.1`);
  }
  if (!changes) return;
  const from = origin === undefined || !URL.canParse(origin) ? undefined : new URL(origin).host;
  const foreign = origin !== undefined && from !== host && from !== own;
  if (foreign || site === 'cross-site' || site === 'same-site') {
    throw new HttpProblem(403, 'wrong-origin', 'changes are taken from this site and from programs only');
  }
}

const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
