import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import type { NatsAuth, NatsConnectionSettings, TlsSettings } from '../settings.ts';

/**
 * Options of a connection that never gives up: after a loss it returns by itself, with jitter, so that a fleet does not
 * come back in the same moment. Secrets are revealed at each (re)connect, so that a renewed one is used. `name` is what
 * the server's monitoring shows. The first `connect` still rejects when no server answers: the caller decides then.
 */
export function connectOptions(settings: NatsConnectionSettings, name = 'laytime'): NodeConnectionOptions {
  return {
    servers: [...settings.servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 1500,
    reconnectJitterTLS: 1500,
    // A dead peer is noticed after 20 s to 30 s, not after minutes.
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 10_000,
    // A password that is being changed must not end the connection for good.
    ignoreAuthErrorAbort: true,
    ...(settings.auth === undefined ? {} : { authenticator: authenticatorFor(settings.auth) }),
    ...(settings.tls === undefined ? {} : { tls: tlsFor(settings.tls) }),
  };
}

function authenticatorFor(auth: NatsAuth): Authenticator {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  switch (auth.kind) {
    case 'credentials':
      return credsAuthenticator(() => bytes(auth.creds.reveal()));
    case 'nkey':
      return nkeyAuthenticator(() => bytes(auth.seed.reveal().trim()));
    case 'user':
      return usernamePasswordAuthenticator(auth.user, () => auth.password.reveal());
    case 'token':
      return tokenAuthenticator(() => auth.token.reveal());
  }
}

/** The client hands these to `tls.connect`, `servername` among them, though its types do not name it. */
function tlsFor(tls: TlsSettings): NonNullable<NodeConnectionOptions['tls']> & { servername?: string } {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
