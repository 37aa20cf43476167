import { mkdtempSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Attributes, type AuthContext, type Connection, type SFTPWrapper } from 'ssh2';
import { fingerprint } from '../../collectors/sftp/connection.ts';

const { STATUS_CODE } = ssh2.utils.sftp;

interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

/** What a test may change while it runs. */
interface Behaviour {
  /** Requests are left unanswered. */
  silent: boolean;
  /** The connection is cut after so many READ requests; counted down. */
  cutAfterReads: number;
  /** Answers every request for this path with "permission denied". */
  denied: string;
}

/** A real SSH server on loopback whose SFTP serves a folder of this machine. */
export interface TestSftpServer {
  readonly port: number;
  /** As OpenSSH prints it. */
  readonly hostKey: string;
  readonly folder: string;
  readonly behaviour: Behaviour;
  /** Log-ins that succeeded. */
  readonly logins: string[];
  /** Writes a file the way careful writers do: under another name first. */
  put(name: string, text: string): Promise<void>;
}

/** Not ed25519: ssh2 leaves out a leading zero byte of those it makes, and then cannot read one in 150 of them itself. */
export const newKeys = (passphrase?: string) =>
  ssh2.utils.generateKeyPairSync('ecdsa', {
    bits: 256,
    ...(passphrase !== undefined && { passphrase, cipher: 'aes256-ctr', rounds: 8 }),
  });

/** Lets `laytime` in with the password `hunter2`, or with the key whose public part is `publicKey`. */
export async function withSftpServer(t: Teardown, publicKey?: string): Promise<TestSftpServer> {
  const folder = mkdtempSync(join(tmpdir(), 'laytime-sftp-'));
  const { private: hostKey, public: hostPublic } = newKeys();
  const behaviour: Behaviour = { silent: false, cutAfterReads: Number.POSITIVE_INFINITY, denied: '' };
  const logins: string[] = [];
  const connections = new Set<Connection>();
  const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    connections.add(client);
    client.on('close', () => connections.delete(client));
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (!mayEnter(context, publicKey)) return context.reject(['password', 'publickey']);
      logins.push(context.method);
      context.accept();
    });
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => new Serving(acceptSftp(), folder, behaviour, client));
    });
  });
  const server = createServer({ noDelay: true }, (socket) => ssh.injectSocket(socket));
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(async () => {
    for (const each of connections) each.end();
    await new Promise<void>((closed) => server.close(() => closed()));
    await rm(folder, { recursive: true, force: true });
  });
  const key = ssh2.utils.parseKey(hostPublic);
  if (key instanceof Error) throw key;
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: fingerprint(key.getPublicSSH()),
    folder,
    behaviour,
    logins,
    put: async (name, text) => {
      await writeFile(join(folder, `${name}.part`), text);
      await rename(join(folder, `${name}.part`), join(folder, name));
    },
  };
}

function mayEnter(context: AuthContext, publicKey: string | undefined): boolean {
  if (context.username !== 'laytime') return false;
  if (context.method === 'password') return context.password === 'hunter2';
  if (context.method !== 'publickey' || publicKey === undefined) return false;
  const known = ssh2.utils.parseKey(publicKey);
  if (known instanceof Error || !known.getPublicSSH().equals(context.key.data)) return false;
  const { signature, blob, hashAlgo } = context;
  return signature === undefined || known.verify(blob!, signature, hashAlgo) === true;
}

/** One SFTP session: as much of version 3 as reading, renaming and removing need. */
class Serving {
  readonly #sftp: SFTPWrapper;
  readonly #folder: string;
  readonly #behaviour: Behaviour;
  readonly #client: Connection;
  readonly #handles = new Map<number, { readonly path: string; listed: boolean }>();
  #next = 0;

  constructor(sftp: SFTPWrapper, folder: string, behaviour: Behaviour, client: Connection) {
    this.#sftp = sftp;
    this.#folder = folder;
    this.#behaviour = behaviour;
    this.#client = client;
    const name = (id: number, path: string) =>
      sftp.name(id, [{ filename: path, longname: path, attrs: NO_ATTRIBUTES }]);
    sftp.on('REALPATH', (id, path) => this.#do(id, path, async () => name(id, path === '.' ? '/' : path)));
    const stat = (id: number, path: string): void =>
      this.#do(id, path, async () => sftp.attrs(id, await this.#attributes(path)));
    sftp.on('LSTAT', stat);
    sftp.on('STAT', stat);
    const opening = (id: number, path: string): void => {
      this.#do(id, path, async () => {
        await this.#attributes(path);
        sftp.handle(id, this.#handle(path));
      });
    };
    sftp.on('OPENDIR', opening);
    sftp.on('OPEN', opening);
    sftp.on('FSTAT', (id, handle) => {
      const { path } = this.#of(handle);
      this.#do(id, path, async () => sftp.attrs(id, await this.#attributes(path)));
    });
    sftp.on('READDIR', (id, handle) => this.#readdir(id, this.#of(handle)));
    sftp.on('READ', (id, handle, offset, length) => this.#read(id, this.#of(handle).path, offset, length));
    sftp.on('CLOSE', (id, handle) =>
      this.#do(id, '', async () => void this.#handles.delete(handle.readUInt32BE(0)), true),
    );
    sftp.on('RENAME', (id, from, to) =>
      this.#do(id, from, () => rename(this.#real(from), this.#real(to)), true),
    );
    sftp.on('REMOVE', (id, path) => this.#do(id, path, () => rm(this.#real(path)), true));
    sftp.on('MKDIR', (id, path) => this.#do(id, path, () => mkdir(this.#real(path)), true));
  }

  #real(path: string): string {
    return join(this.#folder, path);
  }

  #handle(path: string): Buffer {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(this.#next);
    this.#handles.set(this.#next, { path, listed: false });
    this.#next += 1;
    return handle;
  }

  #of(handle: Buffer): { readonly path: string; listed: boolean } {
    return this.#handles.get(handle.readUInt32BE(0)) ?? { path: '', listed: true };
  }

  #do(id: number, path: string, work: () => Promise<unknown>, ok = false): void {
    if (this.#behaviour.silent) return;
    const denied = path !== '' && path === this.#behaviour.denied;
    (denied ? Promise.reject(Object.assign(new Error(path), { code: 'EACCES' })) : work()).then(
      () => ok && this.#sftp.status(id, STATUS_CODE.OK),
      (error: NodeJS.ErrnoException) =>
        this.#sftp.status(id, STATUS[error.code ?? ''] ?? STATUS_CODE.FAILURE),
    );
  }

  async #attributes(path: string): Promise<Attributes> {
    const { mode, size, mtimeMs, uid, gid } = await lstat(this.#real(path));
    const mtime = Math.floor(mtimeMs / 1000);
    return { mode, size, uid, gid, atime: mtime, mtime };
  }

  #readdir(id: number, handle: { readonly path: string; listed: boolean }): void {
    this.#do(id, handle.path, async () => {
      if (handle.listed) return this.#sftp.status(id, STATUS_CODE.EOF);
      handle.listed = true;
      const names = await readdir(this.#real(handle.path));
      const entries = await Promise.all(
        names.map(async (filename) => ({
          filename,
          longname: filename,
          attrs: await this.#attributes(join(handle.path, filename)),
        })),
      );
      return this.#sftp.name(id, entries);
    });
  }

  #read(id: number, path: string, offset: number, length: number): void {
    this.#behaviour.cutAfterReads -= 1;
    if (this.#behaviour.cutAfterReads < 0) {
      this.#behaviour.cutAfterReads = Number.POSITIVE_INFINITY;
      this.#client.end();
      return;
    }
    this.#do(id, path, async () => {
      const file = await open(this.#real(path));
      try {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
        if (bytesRead === 0) this.#sftp.status(id, STATUS_CODE.EOF);
        else this.#sftp.data(id, buffer.subarray(0, bytesRead));
      } finally {
        await file.close();
      }
    });
  }
}

const STATUS: Readonly<Record<string, number>> = {
  ENOENT: STATUS_CODE.NO_SUCH_FILE,
  EACCES: STATUS_CODE.PERMISSION_DENIED,
};

const NO_ATTRIBUTES: Attributes = { mode: 0, size: 0, uid: 0, gid: 0, atime: 0, mtime: 0 };
