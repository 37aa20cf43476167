import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import type { CursorStore, ProofOfLife, RawMessage } from '../../collectors/collector.ts';
import type { EpochMs } from '../../rules/time.ts';
import { KvCursorStore } from './cursors.ts';
import { Faults } from './faults.ts';
import { outgoingMessage, outgoingRecord } from './headers.ts';
import type { Log, LogFault, LogReader, Positions, StreamBinding } from './log.ts';
import { patiently, REQUEST_TIMEOUT_MS } from './patience.ts';
import { Publisher } from './publisher.ts';
import { MergingReader } from './reader.ts';
import { recogniser } from './record.ts';
import { outgoingRedrive, type Redrive } from './redrive.ts';
import { RetentionWatch } from './retention.ts';
import { StreamReader } from './stream-reader.ts';
import { ensureStream, versionFault } from './streams.ts';

/** Names and limits of our log; the defaults suit one agent on an account of its own. */
export interface LogOptions {
  /** Name of our stream. */
  readonly stream?: string;
  /** Subjects of our stream are below this. */
  readonly prefix?: string;
  readonly cursorBucket?: string;
  readonly replicas?: number;
  /** At this size appends wait until the store has moved the floor; nothing is dropped. */
  readonly maxBytes?: number;
  readonly dedupeWindowMs?: number;
  /** Readers take time from the records (demo, stories). Never set against a log that strangers can write to. */
  readonly injectedClock?: boolean;
  /** Writers put this time into the records; only of use to readers with `injectedClock`. */
  readonly stampWith?: () => EpochMs;
  /** How often a server with nothing to deliver shows that it is there. */
  readonly heartbeatMs?: number;
}

const DEFAULTS = {
  stream: 'LAYTIME_LOG',
  prefix: 'laytime.log',
  cursorBucket: 'laytime-cursors',
  dedupeWindowMs: 120_000,
  injectedClock: false,
  heartbeatMs: 5_000,
};

/** Opens the log on a connection, which stays the caller's to close. Makes the stream and the cursor bucket when they are absent. */
export async function openLog(connection: NatsConnection, options: LogOptions = {}): Promise<Log> {
  const settings = { ...DEFAULTS, ...options };
  const faults = new Faults();
  const oddVersion = versionFault(connection.info?.version ?? '');
  if (oddVersion !== undefined) faults.tell(oddVersion);
  const manager = await jetstreamManager(connection, { timeout: REQUEST_TIMEOUT_MS });
  await ensureStream(
    manager,
    {
      name: settings.stream,
      subjects: [`${settings.prefix}.>`],
      description: 'Laytime: raw messages, proofs of life and operator actions, in order',
      dedupeWindowMs: settings.dedupeWindowMs,
      ...(settings.replicas === undefined ? {} : { replicas: settings.replicas }),
      ...(settings.maxBytes === undefined ? {} : { maxBytes: settings.maxBytes }),
    },
    faults.tell,
  );
  const buckets = new Kvm(jetstream(connection, { timeout: REQUEST_TIMEOUT_MS }));
  const cursors = await buckets.create(settings.cursorBucket, {
    history: 1,
    ...(settings.replicas === undefined ? {} : { replicas: settings.replicas }),
  });
  return new JetStreamLog(connection, manager, settings, new KvCursorStore(cursors), faults);
}

type Settings = typeof DEFAULTS & LogOptions;

class JetStreamLog implements Log {
  readonly cursors: CursorStore;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #settings: Settings;
  readonly #faults: Faults;
  readonly #publisher: Publisher;
  readonly #retention: RetentionWatch;
  readonly #readers = new Set<LogReader>();

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    settings: Settings,
    cursors: CursorStore,
    faults: Faults,
  ) {
    this.cursors = cursors;
    this.#connection = connection;
    this.#manager = manager;
    this.#settings = settings;
    this.#faults = faults;
    const { stream } = settings;
    this.#publisher = new Publisher(connection, (reason) =>
      faults.tell({ kind: 'append-waits', stream, reason }),
    );
    this.#retention = new RetentionWatch(manager, faults.tell);
  }

  async deliver(messages: readonly RawMessage[]): Promise<void> {
    const { prefix, stampWith } = this.#settings;
    const maxBytes = this.#connection.info?.max_payload ?? 1_048_576;
    const durable: Promise<unknown>[] = [];
    for (const message of messages) {
      if (this.#publisher.full) await this.#publisher.room();
      durable.push(this.#publisher.append(outgoingMessage(prefix, message, stampWith?.(), maxBytes)));
    }
    await Promise.all(durable);
  }

  async prove(proof: ProofOfLife): Promise<void> {
    const { source, partner } = proof;
    const { prefix, stampWith } = this.#settings;
    const observedAt = stampWith?.();
    await this.#publisher.append(
      outgoingRecord(prefix, {
        kind: 'proof',
        id: nuid.next(),
        source,
        body: proof,
        ...(partner === undefined ? {} : { partner }),
        ...(observedAt === undefined ? {} : { observedAt }),
      }),
    );
  }

  async append(record: {
    readonly kind: 'operator' | 'restate' | 'tick';
    readonly id: string;
    readonly observedAt?: EpochMs;
    readonly body: unknown;
  }): Promise<void> {
    const observedAt = record.observedAt ?? this.#settings.stampWith?.();
    await this.#publisher.append(
      outgoingRecord(this.#settings.prefix, {
        kind: record.kind,
        id: `${record.kind}-${record.id}`,
        source: record.kind,
        body: record.body,
        ...(observedAt === undefined ? {} : { observedAt }),
      }),
    );
  }

  async redrive(id: string, redrive: Redrive): Promise<void> {
    const outgoing = outgoingRedrive(this.#settings.prefix, id, redrive, this.#settings.stampWith?.());
    const room = this.#connection.info?.max_payload ?? 1_048_576;
    const size = outgoing.data.length + outgoing.headers.encode().length;
    if (size > room) throw new Error(`it has ${size} bytes with its headers, and the server takes ${room}`);
    await this.#publisher.append(outgoing);
  }

  async read(bindings: readonly StreamBinding[], from: Positions): Promise<LogReader> {
    const { prefix, injectedClock, heartbeatMs } = this.#settings;
    const streams: StreamReader[] = [];
    const merged = new MergingReader(streams);
    for (const binding of bindings) {
      const only = binding.subjects.length === 1 ? binding.subjects[0]?.filter : undefined;
      const connection = binding.connection ?? this.#connection;
      streams.push(
        new StreamReader(
          {
            connection,
            manager: connection === this.#connection ? this.#manager : await jetstreamManager(connection),
            stream: binding.stream,
            recognise: recogniser(binding, prefix),
            injectedClock,
            heartbeatMs,
            tell: this.#faults.tell,
            wake: merged.wake,
            ...(only === undefined ? {} : { filter: only }),
          },
          from[binding.stream] ?? 0,
        ),
      );
    }
    try {
      await Promise.all(streams.map((stream) => patiently(() => stream.open())));
    } catch (error) {
      await merged.close();
      throw error;
    }
    this.#readers.add(merged);
    return merged;
  }

  async setFloor(floor: Positions): Promise<void> {
    const own = floor[this.#settings.stream];
    if (own !== undefined && own > 0) {
      await patiently(() => this.#manager.streams.purge(this.#settings.stream, { seq: own + 1 }));
    }
    await this.#retention.check(floor);
  }

  onFault(listener: (fault: LogFault) => void): void {
    this.#faults.listen(listener);
  }

  async close(): Promise<void> {
    this.#publisher.close();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }
}
