import type { EpochMs } from '../../rules/time.ts';
import type { CollectorContext, RawMessage } from '../collector.ts';
import { FetchFault } from '../http-client-fault.ts';
import { withinLimit } from '../oversize.ts';
import { logged, type PollSummary } from '../poll.ts';
import { contentHash } from '../seen.ts';
import type { FolderSettings, SourceSettings } from '../settings.ts';
import { contentOf, type DropFolder, type FoundFile, gather } from './drop-folder.ts';
import { formatOfFile } from './file-format.ts';
import { type FileRecord, splitFile } from './records.ts';

const BATCH_RECORDS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/** How far a file has been read. */
interface Progress {
  readonly size: number;
  readonly modifiedAt: EpochMs;
  readonly hash: string;
  /** So many of its records are in the log. */
  readonly records: number;
  readonly done: boolean;
}

function progressOf(stored: unknown): Progress | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { hash, records } = stored as Partial<Progress>;
  return typeof hash === 'string' && typeof records === 'number' ? (stored as Progress) : undefined;
}

interface Sighting {
  readonly size: number;
  readonly modifiedAt: EpochMs;
  readonly since: EpochMs;
}

/** What taking files out of a folder needs to know. */
export type FolderSource = SourceSettings &
  FolderSettings & { readonly kind: string; readonly directory: string };

/**
 * Takes complete files out of a folder, record by record. A file is complete when its size and time stood still for `settleMs` between two
 * looks, or a marker lies beside it; names of files still being written are passed over.
 *
 *     look: new ──settleMs──► look: unchanged → read, deliver in batches → done → proof → keep, move or delete
 */
export class FolderPoll {
  readonly #settings: FolderSource;
  readonly #context: CollectorContext;
  readonly #signal: AbortSignal;
  #sightings = new Map<string, Sighting>();
  #progress = new Map<string, Progress>();

  constructor(settings: FolderSource, context: CollectorContext, signal: AbortSignal) {
    this.#settings = settings;
    this.#context = context;
    this.#signal = signal;
  }

  /** One look at the folder. A file that cannot be read stays for the next look; the others are read all the same. */
  async once(folder: DropFolder): Promise<PollSummary> {
    const files = await this.#list(folder);
    this.#forgetMissing(files);
    const sum = { messages: 0, pages: 0 };
    const waiting: EpochMs[] = [];
    let firstFault: FetchFault | undefined;
    for (const file of files) {
      if (this.#signal.aborted) break;
      const known = await this.#known(file);
      const complete = known?.done === true || this.#isComplete(file);
      if (!complete) {
        waiting.push(file.modifiedAt);
        continue;
      }
      try {
        const messages = await this.#file(folder, file, known, Math.min(...waiting));
        if (known?.done !== true) sum.pages += 1;
        sum.messages += messages;
      } catch (error) {
        const fault = named(error, file);
        if (fault.fault === 'log-unavailable' || fault.fault === 'aborted' || fault.serverDown) throw fault;
        firstFault ??= fault;
        waiting.push(file.modifiedAt);
      }
    }
    if (firstFault !== undefined) throw firstFault;
    return waiting.length === 0 ? sum : { ...sum, againInMs: this.#settings.settleMs };
  }

  async #list(folder: DropFolder): Promise<FoundFile[]> {
    try {
      return await folder.list();
    } catch (error) {
      if (error instanceof FetchFault) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new FetchFault('file-unreadable', `${this.#settings.directory}: ${why}`, { cause: error });
    }
  }

  #forgetMissing(files: readonly FoundFile[]): void {
    const names = new Set(files.map(({ name }) => name));
    for (const map of [this.#sightings, this.#progress]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }

  #isComplete(file: FoundFile): boolean {
    if (file.marked) return true;
    const now = this.#context.now();
    const seen = this.#sightings.get(file.name);
    if (seen === undefined || seen.size !== file.size || seen.modifiedAt !== file.modifiedAt) {
      this.#sightings.set(file.name, { size: file.size, modifiedAt: file.modifiedAt, since: now });
      return false;
    }
    return now - seen.since >= this.#settings.settleMs;
  }

  /** What is known of this very file; undefined when its name is new or its size or time have changed. */
  async #known(file: FoundFile): Promise<Progress | undefined> {
    let progress = this.#progress.get(file.name);
    if (progress === undefined) {
      progress = progressOf(await logged(() => this.#context.cursors.get(this.#key(file))));
      if (progress !== undefined) this.#progress.set(file.name, progress);
    }
    const same = progress?.size === file.size && progress.modifiedAt === file.modifiedAt;
    return same ? progress : undefined;
  }

  #key(file: FoundFile): string {
    return `${this.#settings.kind}/${this.#settings.name}/${contentHash(file.name)}`;
  }

  /** Takes one complete file to its end. Resolves with the number of messages that it gave now. */
  async #file(
    folder: DropFolder,
    file: FoundFile,
    known: Progress | undefined,
    oldestWaiting: EpochMs,
  ): Promise<number> {
    if (known?.done === true) {
      await folder.putAway(file, known.hash);
      return 0;
    }
    const hash = await contentOf(folder.read(file));
    const before = this.#progress.get(file.name);
    const sameContent = before?.hash === hash;
    const from = sameContent ? before.records : 0;
    // Touched, or written again as it was: nothing new to tell.
    const messages = sameContent && before.done ? 0 : await this.#read(folder, file, hash, from);
    const still = await folder.look(file.name);
    if (still?.size !== file.size || still.modifiedAt !== file.modifiedAt) {
      throw new FetchFault('file-unreadable', `${file.name} changed while it was read; it is read again`);
    }
    if (this.#settings.complete) await this.#prove(file, oldestWaiting);
    await this.#save(file, { hash, records: from + messages, done: true });
    await folder.putAway(file, hash);
    return messages;
  }

  /** Older files that are not read yet could still say what this one seems to leave out. */
  async #prove(file: FoundFile, oldestWaiting: EpochMs): Promise<void> {
    const provedUntil = Math.min(file.modifiedAt, this.#context.now(), oldestWaiting - 1);
    const source = this.#settings.name;
    await logged(() => this.#context.sink.prove({ source, kind: 'file-schedule', provedUntil }));
  }

  async #save(file: FoundFile, part: Pick<Progress, 'hash' | 'records' | 'done'>): Promise<void> {
    const progress: Progress = { size: file.size, modifiedAt: file.modifiedAt, ...part };
    await logged(() => this.#context.cursors.put(this.#key(file), progress));
    this.#progress.set(file.name, progress);
  }

  async #read(folder: DropFolder, file: FoundFile, hash: string, skip: number): Promise<number> {
    const format = await formatOfFile(file.name, this.#settings.format, (head) => folder.read(file, head));
    if (format === undefined || file.size > this.#settings.maxFileBytes) {
      const reason =
        format === undefined ? 'unknown-format: set `format`' : 'too-large: larger than max_file';
      return skip > 0 ? 0 : this.#refuseWhole(folder, file, hash, reason);
    }
    const { csv, maxMessageBytes } = this.#settings;
    const stream = folder.read(file);
    let seen = 0;
    let batch: RawMessage[] = [];
    let bytes = 0;
    for await (const record of splitFile(stream, format, { ...csv, maxRecordBytes: maxMessageBytes })) {
      seen += 1;
      if (seen <= skip) continue;
      batch.push(this.#message(file, hash, record));
      bytes += record.data.byteLength;
      if (batch.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
      await this.#deliver(batch);
      await this.#save(file, { hash, records: seen, done: false });
      batch = [];
      bytes = 0;
    }
    await this.#deliver(batch);
    return Math.max(seen - skip, 0);
  }

  /** A file that is not read at all still leaves its head in the log, as a dead letter to find it by. */
  async #refuseWhole(folder: DropFolder, file: FoundFile, hash: string, reason: string): Promise<number> {
    const { name: source, maxMessageBytes } = this.#settings;
    this.#context.report({ kind: 'refused', source, origin: file.name, reason });
    const data = await gather(folder.read(file, Math.min(16_384, maxMessageBytes + 1)));
    const contentType = 'application/octet-stream';
    const record = { data, contentType, position: 1, bytes: file.size };
    await this.#deliver([this.#message(file, hash, record)]);
    return 1;
  }

  async #deliver(batch: readonly RawMessage[]): Promise<void> {
    if (batch.length === 0) return;
    await logged(() => this.#context.sink.deliver(batch));
    const bytes = batch.reduce((sum, { data }) => sum + data.byteLength, 0);
    this.#context.report({ kind: 'received', source: this.#settings.name, messages: batch.length, bytes });
  }

  #message(file: FoundFile, hash: string, record: FileRecord): RawMessage {
    const { name: source, maxMessageBytes } = this.#settings;
    const origin = `${file.name}:${record.position}`;
    if (record.bad !== undefined) {
      this.#context.report({ kind: 'refused', source, origin, reason: `bad-record: ${record.bad}` });
    }
    const message: RawMessage = {
      source,
      contentType: record.contentType,
      // A later file of the same name is another file: its line 7 does not correct the line 7 of before.
      sourceId: `${file.name}@${hash.slice(0, 12)}#${record.position}`,
      // Read again after a crash, it must be the same message.
      revision: { order: file.modifiedAt, tag: hash },
      fetchedAt: this.#context.now(),
      origin,
      data: record.data,
    };
    return withinLimit(message, maxMessageBytes, this.#context, record.bytes);
  }
}

function named(error: unknown, file: FoundFile): FetchFault {
  if (error instanceof FetchFault) return error;
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === 'AbortError')
    return new FetchFault('aborted', `${file.name}: stopped`);
  return new FetchFault('file-unreadable', `${file.name}: ${why}`, { cause: error });
}
