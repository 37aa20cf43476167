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

/** Names that writers use while they are still writing, and markers; never data. */
const NOT_DATA = /^[.~]|\.(tmp|temp|part|partial|filepart|crdownload|done|ok)$|~$/i;
const MARKERS = ['.done', '.ok'];

/** Lists the folder in order of modification, then name. Rejects when the folder itself cannot be read. */
export async function listFolder(
  settings: Pick<FilesSourceConfig, 'directory' | 'pattern' | 'moveTo'>,
): Promise<FoundFile[]> {
  await lstat(settings.directory);
  const moved = `${settings.moveTo.replace(/[\\/]+$/, '')}/`;
  const found: FoundFile[] = [];
  for await (const entry of glob(settings.pattern, { cwd: settings.directory })) {
    const name = entry.split(sep).join('/');
    if (NOT_DATA.test(basename(name)) || name.startsWith(moved)) continue;
    const file = await look(settings.directory, name);
    if (file !== undefined) found.push(file);
  }
  return found.sort((a, b) => a.modifiedAt - b.modifiedAt || (a.name < b.name ? -1 : 1));
}

/** The file as it is now; undefined when it is gone, or is a link or a folder: a drop folder gives only its own files. */
export async function look(directory: string, name: string): Promise<FoundFile | undefined> {
  const path = join(directory, name);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || !stats.isFile()) return undefined;
  let marked = false;
  for (const marker of MARKERS) marked ||= (await lstat(path + marker).catch(() => undefined)) !== undefined;
  return { name, path, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs), marked };
}

/** SHA-256 of the file's content, read once through in bounded memory; 22 characters of base64url. */
export async function fileHash(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Uint8Array);
  return hash.digest('base64url').slice(0, 22);
}

/** Removes a finished file, or moves it (with its content's hash in the name if that name is taken), markers too. */
export async function putAway(
  file: FoundFile,
  hash: string,
  settings: Pick<FilesSourceConfig, 'directory' | 'afterwards' | 'moveTo'>,
): Promise<void> {
  if (settings.afterwards === 'keep') return;
  if (settings.afterwards === 'delete') {
    await rm(file.path, { force: true });
  } else {
    const wanted = join(settings.directory, settings.moveTo, file.name);
    await mkdir(dirname(wanted), { recursive: true });
    const taken = (await lstat(wanted).catch(() => undefined)) !== undefined;
    await move(file.path, taken ? `${wanted}.${hash}` : wanted);
  }
  for (const marker of MARKERS) await rm(file.path + marker, { force: true });
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
