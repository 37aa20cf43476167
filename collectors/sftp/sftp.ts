import type { Collector, CollectorContext } from '../collector.ts';
import { FolderPoll } from '../files/folder-poll.ts';
import type { HostGates } from '../http-client-gate.ts';
import { type PollSummary, pollUntilAborted } from '../poll.ts';
import type { SftpSourceConfig } from '../settings.ts';
import { openSession } from './connection.ts';
import { RemoteFolder } from './remote-folder.ts';

/**
 * Reads files that others put on an SFTP server, like those of a drop folder. Each look is a connection of its own: servers of
 * brokers count them, and close idle ones without a word.
 */
export class SftpCollector implements Collector {
  readonly source: string;
  readonly #settings: SftpSourceConfig;
  readonly #gates: HostGates;

  constructor(settings: SftpSourceConfig, gates: HostGates) {
    this.source = settings.name;
    this.#settings = settings;
    this.#gates = gates;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    const { name: source, pollMs, concurrency, quietHours, host, port } = this.#settings;
    const poll = new FolderPoll(this.#settings, context, signal);
    const gate = { source, minIntervalMs: 0, concurrency, quietHours };
    await pollUntilAborted({ source, pollMs, quietHours }, context, signal, () =>
      this.#gates.run(`sftp://${host}:${port}`, gate, context, signal, () =>
        this.#look(poll, context, signal),
      ),
    );
  }

  async #look(poll: FolderPoll, context: CollectorContext, signal: AbortSignal): Promise<PollSummary> {
    context.report({ kind: 'called', source: this.source });
    const session = await openSession(this.#settings, signal);
    try {
      return await poll.once(new RemoteFolder(this.#settings, session));
    } finally {
      session.close();
    }
  }
}
