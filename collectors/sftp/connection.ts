import { createHash } from 'node:crypto';
import type { Client, SFTPWrapper } from 'ssh2';
import { FetchFault, faultOf } from '../http-client-fault.ts';
import type { SftpSourceConfig } from '../settings.ts';

/** A session on the server; `lost` rejects with the named fault when the connection breaks. */
export interface SftpSession {
  readonly sftp: SFTPWrapper;
  readonly lost: Promise<never>;
  close(): void;
}

type Address = Pick<SftpSourceConfig, 'host' | 'port' | 'user' | 'login' | 'hostKeys' | 'timeoutMs'>;

/** SHA-256 of a host key as OpenSSH prints it, without padding. */
export const fingerprint = (key: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/**
 * Connects, checks the host's key, logs in and opens SFTP. Rejects with a {@link FetchFault}: `host-key-mismatch` (with the key that was
 * shown, so that somebody can compare and pin it), `unauthorized`, or why there is no connection. The library is loaded here, for agents
 * that have such a source.
 */
export async function openSession(settings: Address, signal: AbortSignal): Promise<SftpSession> {
  const { Client } = (await import('ssh2')).default;
  const client = new Client();
  const what = `sftp://${settings.host}:${settings.port}`;
  const shown: { key?: string } = {};
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  client.on('error', (error) => lose(faultOfSsh(error, what, shown.key)));
  client.on('close', () => lose(new FetchFault('connection-lost', `${what}: the connection was closed`)));
  const giveUp = (): void => {
    lose(new FetchFault('aborted', `${what}: stopped`));
    client.destroy();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  const close = (): void => {
    signal.removeEventListener('abort', giveUp);
    client.end();
  };
  try {
    if (signal.aborted) throw new FetchFault('aborted', `${what}: stopped`);
    const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
    connect(client, settings, (key) => {
      if (settings.hostKeys.includes(key)) return true;
      shown.key = key;
      return false;
    });
    await Promise.race([ready, lost]);
    const sftp = await Promise.race([openSftp(client), lost]);
    return { sftp, lost, close };
  } catch (error) {
    close();
    client.destroy();
    throw error instanceof FetchFault ? error : faultOf(error, 'headers', what);
  }
}

function connect(client: Client, settings: Address, accepts: (fingerprint: string) => boolean): void {
  const { host, port, user: username, login, timeoutMs } = settings;
  const proof =
    login.kind === 'password'
      ? { password: login.password.reveal() }
      : {
          privateKey: login.key.reveal(),
          ...(login.passphrase && { passphrase: login.passphrase.reveal() }),
        };
  client.connect({
    host,
    port,
    username,
    ...proof,
    readyTimeout: timeoutMs,
    // A server that is gone without a word is noticed within three of these.
    keepaliveInterval: timeoutMs,
    hostVerifier: (key: Buffer) => accepts(fingerprint(key)),
  });
  // Each request waits for the one before it: held back for company, a small packet costs 40 ms.
  client.setNoDelay(true);
}

const openSftp = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error === undefined) resolve(sftp);
      else
        reject(
          new FetchFault('forbidden', `the server has no SFTP for this user: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });

/** ssh2 says at which level it failed; a socket's error has its code. */
function faultOfSsh(
  error: Error & { readonly level?: string },
  what: string,
  shownKey: string | undefined,
): FetchFault {
  if (shownKey !== undefined) {
    const hint = 'another server answers, or its key was changed: ask its owner, then pin it under host_key';
    return new FetchFault('host-key-mismatch', `${what}: it shows the key ${shownKey}; ${hint}`, {
      cause: error,
    });
  }
  const said = `${what}: ${error.message}`;
  if (error.level === 'client-authentication') return new FetchFault('unauthorized', said, { cause: error });
  if (error.level === 'client-timeout') return new FetchFault('connect-timeout', said, { cause: error });
  if (error.level === 'protocol' || error.level === 'handshake')
    return new FetchFault('malformed-response', said, { cause: error });
  return faultOf(error, 'headers', what);
}
