import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, glob, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { EpochMs } from '../../rules/time.ts';
import type { FilesSourceConfig } from '../settings.ts';

/** A regular file that lies in the folder now. */
export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: EpochMs;
  /** A `<name>.done` (or `.ok`) lies beside it: its writer says that it is complete. */
  readonly marked: boolean;
}

/** A folder that others drop files into. Everything rejects with what the file system or the server said. */
export interface DropFolder {
  /** What lies there now, in order of modification, then name. */
  list(): Promise<FoundFile[]>;
  /** The file as it is now; undefined when it is gone, or is a link or a folder: a drop folder gives only its own files. */
  look(name: string): Promise<FoundFile | undefined>;
  /** Its bytes; only the first `head` of them when that is given. */
  read(file: FoundFile, head?: number): AsyncIterable<Uint8Array>;
  /** Removes a finished file, or moves it (with its content's hash in the name if that name is taken), markers too. */
  putAway(file: FoundFile, hash: string): Promise<void>;
}

/** Names that writers use while they are still writing, and markers; never data. */
export const NOT_DATA = /^[.~]|\.(tmp|temp|part|partial|filepart|crdownload|done|ok)$|~$/i;
export const MARKERS: readonly string[] = ['.done', '.ok'];

export const byAge = (a: FoundFile, b: FoundFile): number =>
  a.modifiedAt - b.modifiedAt || (a.name < b.name ? -1 : 1);

/** A folder of this machine. */
export class LocalFolder implements DropFolder {
  readonly #settings: Pick<FilesSourceConfig, 'directory' | 'pattern' | 'afterwards' | 'moveTo'>;
  readonly #signal: AbortSignal;

  constructor(
    settings: Pick<FilesSourceConfig, 'directory' | 'pattern' | 'afterwards' | 'moveTo'>,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#signal = signal;
  }

  async list(): Promise<FoundFile[]> {
    const { directory, pattern, moveTo } = this.#settings;
    await lstat(directory);
    const moved = `${moveTo.replace(/[\\/]+$/, '')}/`;
    const found: FoundFile[] = [];
    for await (const entry of glob(pattern, { cwd: directory })) {
      const name = entry.split(sep).join('/');
      if (NOT_DATA.test(basename(name)) || name.startsWith(moved)) continue;
      const file = await this.look(name);
      if (file !== undefined) found.push(file);
    }
    return found.sort(byAge);
  }

  async look(name: string): Promise<FoundFile | undefined> {
    const path = join(this.#settings.directory, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined || !stats.isFile()) return undefined;
    let marked = false;
    for (const marker of MARKERS)
      marked ||= (await lstat(path + marker).catch(() => undefined)) !== undefined;
    return { name, path, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs), marked };
  }

  read(file: FoundFile, head?: number): AsyncIterable<Uint8Array> {
    const signal = this.#signal;
    return createReadStream(file.path, head === undefined ? { signal } : { signal, end: head - 1 });
  }

  async putAway(file: FoundFile, hash: string): Promise<void> {
    const { directory, afterwards, moveTo } = this.#settings;
    if (afterwards === 'keep') return;
    if (afterwards === 'delete') {
      await rm(file.path, { force: true });
    } else {
      const wanted = join(directory, moveTo, file.name);
      await mkdir(dirname(wanted), { recursive: true });
      const taken = (await lstat(wanted).catch(() => undefined)) !== undefined;
      await move(file.path, taken ? `${wanted}.${hash}` : wanted);
    }
    for (const marker of MARKERS) await rm(file.path + marker, { force: true });
  }
}

/** SHA-256 of a file's content, read once through in bounded memory; 22 characters of base64url. */
export async function contentOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('base64url').slice(0, 22);
}

/** All that the source gives, in one piece: for the head of a file. */
export async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
    await rm(from, { force: true });
  }
}
