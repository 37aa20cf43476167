import type { Collector, CollectorContext } from '../collector.ts';
import { pollUntilAborted } from '../poll.ts';
import type { FilesSourceConfig } from '../settings.ts';
import { LocalFolder } from './drop-folder.ts';
import { FolderPoll } from './folder-poll.ts';

/** Reads files that others drop into a folder of this machine. */
export class FilesCollector implements Collector {
  readonly source: string;
  readonly #settings: FilesSourceConfig;

  constructor(settings: FilesSourceConfig) {
    this.source = settings.name;
    this.#settings = settings;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    const { name: source, pollMs } = this.#settings;
    const folder = new LocalFolder(this.#settings, signal);
    const poll = new FolderPoll(this.#settings, context, signal);
    await pollUntilAborted({ source, pollMs }, context, signal, () => poll.once(folder));
  }
}
