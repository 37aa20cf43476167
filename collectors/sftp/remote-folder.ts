import { posix } from 'node:path';
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { byAge, type DropFolder, type FoundFile, MARKERS, NOT_DATA } from '../files/drop-folder.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { SftpSourceConfig } from '../settings.ts';
import type { SftpSession } from './connection.ts';

/** Folders below folders are looked into this deep, when the pattern has a slash. */
const DEEPEST = 8;
const CHUNK_BYTES = 32_768;
/** SFTP version 3, section 7. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

type RemoteSettings = Pick<
  SftpSourceConfig,
  'directory' | 'pattern' | 'afterwards' | 'moveTo' | 'timeoutMs' | 'host' | 'port'
>;

/** A folder of an SFTP server, for as long as the session lasts. Rejects with a {@link FetchFault}. */
export class RemoteFolder implements DropFolder {
  readonly #settings: RemoteSettings;
  readonly #session: SftpSession;
  readonly #moved: string;

  constructor(settings: RemoteSettings, session: SftpSession) {
    this.#settings = settings;
    this.#session = session;
    this.#moved = posix.normalize(settings.moveTo).replace(/\/$/, '');
  }

  async list(): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    await this.#walk('', 0, found);
    return found.sort(byAge);
  }

  async #walk(folder: string, depth: number, found: FoundFile[]): Promise<void> {
    const entries = await this.#call<FileEntryWithStats[]>(this.#path(folder), (sftp, done) =>
      sftp.readdir(this.#path(folder), done),
    );
    const names = new Set(entries.map(({ filename }) => filename));
    for (const { filename, attrs } of entries) {
      const name = posix.join(folder, filename);
      if (filename === '.' || filename === '..' || name === this.#moved) continue;
      if (attrs.isDirectory() && this.#settings.pattern.includes('/') && depth < DEEPEST) {
        await this.#walk(name, depth + 1, found);
      }
      // A listing's attributes are those of the entry itself: a link is neither file nor folder here.
      if (!attrs.isFile() || NOT_DATA.test(filename) || !posix.matchesGlob(name, this.#settings.pattern))
        continue;
      found.push(
        this.#found(
          name,
          attrs,
          MARKERS.some((marker) => names.has(filename + marker)),
        ),
      );
    }
  }

  async look(name: string): Promise<FoundFile | undefined> {
    const attrs = await this.#stats(this.#path(name));
    return attrs?.isFile() ? this.#found(name, attrs, false) : undefined;
  }

  async *read(file: FoundFile, head?: number): AsyncGenerator<Uint8Array> {
    const options = { highWaterMark: CHUNK_BYTES, ...(head !== undefined && { end: head - 1 }) };
    const stream = this.#session.sftp.createReadStream(file.path, options);
    // Closing a handle of a connection that is gone fails after everybody has left.
    stream.on('error', () => undefined);
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      for (;;) {
        const { done, value } = await this.#inTime(file.name, chunks.next());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw remoteFault(error, file.name);
    } finally {
      stream.destroy();
    }
  }

  async putAway(file: FoundFile, hash: string): Promise<void> {
    const { afterwards, moveTo } = this.#settings;
    if (afterwards === 'keep') return;
    if (afterwards === 'delete') {
      await this.#remove(file.path);
    } else {
      const wanted = this.#path(posix.join(moveTo, file.name));
      await this.#makeFolder(posix.dirname(wanted));
      // A rename onto a name that is taken is refused by this protocol.
      const taken = (await this.#stats(wanted)) !== undefined;
      const to = taken ? `${wanted}.${hash}` : wanted;
      await this.#call<void>(file.name, (sftp, done) => sftp.rename(file.path, to, done));
    }
    for (const marker of MARKERS) await this.#remove(file.path + marker);
  }

  #path(name: string): string {
    return posix.join(this.#settings.directory, name);
  }

  #found(name: string, attrs: Stats, marked: boolean): FoundFile {
    return { name, path: this.#path(name), size: attrs.size, modifiedAt: attrs.mtime * 1000, marked };
  }

  #stats(path: string): Promise<Stats | undefined> {
    return this.#call<Stats>(path, (sftp, done) => sftp.lstat(path, done)).catch((error: unknown) => {
      if (error instanceof FetchFault && codeOf(error.cause) === NO_SUCH_FILE) return undefined;
      throw error;
    });
  }

  async #remove(path: string): Promise<void> {
    if ((await this.#stats(path)) === undefined) return;
    await this.#call<void>(path, (sftp, done) => sftp.unlink(path, done));
  }

  async #makeFolder(path: string): Promise<void> {
    if ((await this.#stats(path)) !== undefined) return;
    const parent = posix.dirname(path);
    if (parent !== path) await this.#makeFolder(parent);
    await this.#call<void>(path, (sftp, done) => sftp.mkdir(path, done));
  }

  async #call<T>(
    what: string,
    ask: (sftp: SFTPWrapper, done: (error: Error | null | undefined, value?: T) => void) => void,
  ): Promise<T> {
    const asked = new Promise<T>((resolve, reject) => {
      ask(this.#session.sftp, (error, value) => (error ? reject(error) : resolve(value as T)));
    });
    try {
      return await this.#inTime(what, asked);
    } catch (error) {
      throw remoteFault(error, what);
    }
  }

  /** A server that keeps the connection and answers nothing is given up after `timeout`. */
  async #inTime<T>(what: string, promise: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#settings;
    const patience = AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_, reject) => {
      const message = `${what}: nothing came for ${timeoutMs} ms (timeout)`;
      patience.addEventListener('abort', () => reject(new FetchFault('body-timeout', message)), {
        once: true,
      });
    });
    late.catch(() => undefined);
    return Promise.race([promise, this.#session.lost, late]);
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;

function remoteFault(error: unknown, what: string): FetchFault {
  if (error instanceof FetchFault) return error;
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  const code = codeOf(error);
  const name =
    code === NO_SUCH_FILE ? 'not-found' : code === PERMISSION_DENIED ? 'forbidden' : 'file-unreadable';
  return new FetchFault(name, message, { cause: error });
}
