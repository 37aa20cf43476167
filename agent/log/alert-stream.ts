import { hash } from 'node:crypto';
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeToken, encodeToken, ReadyHeaders } from './headers.ts';
import { type AlertLogEntry, type GuardedStream, type LogFault, StaleWriterError } from './log.ts';
import { patiently, REQUEST_TIMEOUT_MS } from './patience.ts';
import { AppendRefusedError, Publisher } from './publisher.ts';
import { MergingReader } from './reader.ts';
import { StreamReader } from './stream-reader.ts';
import { ensureStream } from './streams.ts';

/** Names and limits of a guarded stream. */
export interface GuardedStreamOptions {
  readonly stream?: string;
  readonly prefix?: string;
  readonly replicas?: number;
  /** How long the server itself recognises a repeated append; later ones are recognised by reading back. */
  readonly dedupeWindowMs?: number;
  readonly tell?: (fault: LogFault) => void;
}

/** A guarded stream on JetStream; close it before the connection. */
export interface JetStreamGuardedStream<T> extends GuardedStream<T> {
  close(): void;
}

/** JetStream's number for "wrong last sequence". */
const WRONG_LAST_SEQUENCE = 10_071;
const MESSAGE_NOT_FOUND = 10_037;
const DEDUPE_WINDOW_MS = 120_000;

/** Opens the alert log: one subject per alert, values as JSON, each append guarded by the last sequence of its subject. */
export async function openGuardedStream<T>(
  connection: NatsConnection,
  options: GuardedStreamOptions = {},
): Promise<JetStreamGuardedStream<T>> {
  const { stream = 'LAYTIME_ALERTS', prefix = 'laytime.alerts', replicas, tell = () => undefined } = options;
  const { dedupeWindowMs = DEDUPE_WINDOW_MS } = options;
  const manager = await jetstreamManager(connection, { timeout: REQUEST_TIMEOUT_MS });
  await ensureStream(
    manager,
    {
      name: stream,
      subjects: [`${prefix}.>`],
      description: 'Laytime: every change of every alert; the truth of alerts and the outbox of notices',
      dedupeWindowMs,
      ...(replicas === undefined ? {} : { replicas }),
    },
    tell,
  );
  return new Guarded<T>(connection, manager, stream, prefix, tell);
}

class Guarded<T> implements JetStreamGuardedStream<T> {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #tell: (fault: LogFault) => void;
  readonly #publisher: Publisher;

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    stream: string,
    prefix: string,
    tell: (fault: LogFault) => void,
  ) {
    this.#connection = connection;
    this.#manager = manager;
    this.#stream = stream;
    this.#prefix = prefix;
    this.#tell = tell;
    this.#publisher = new Publisher(connection, (reason) => tell({ kind: 'append-waits', stream, reason }));
  }

  async *read(fromSequence: number): AsyncIterable<AlertLogEntry<T>> {
    const { state } = await patiently(() => this.#manager.streams.info(this.#stream));
    const end = state.last_seq;
    const from = Math.max(fromSequence, state.first_seq, 1);
    if (state.messages === 0 || from > end) return;
    const streams: StreamReader[] = [];
    const reader = new MergingReader(streams);
    streams.push(
      new StreamReader(
        {
          connection: this.#connection,
          manager: this.#manager,
          stream: this.#stream,
          recognise: () => ({ kind: 'message', source: '' }),
          injectedClock: false,
          tell: this.#tell,
          wake: reader.wake,
          heartbeatMs: 5_000,
        },
        from - 1,
      ),
    );
    const { signal } = new AbortController();
    try {
      await Promise.all(streams.map((stream) => patiently(() => stream.open())));
      for (;;) {
        const { records, caughtUp } = await reader.next({ maxRecords: 4_096, maxWaitMs: 1_000, signal });
        for (const { subject, sequence, data } of records) {
          if (sequence > end) return;
          const value = JSON.parse(Buffer.from(data).toString('utf8')) as T;
          yield { subject: decodeToken(subject.slice(this.#prefix.length + 1)), sequence, value };
          if (sequence === end) return;
        }
        if (caughtUp) return;
        if (this.#connection.isClosed())
          throw new Error(`the connection was closed while ${this.#stream} was read`);
      }
    } finally {
      await reader.close();
    }
  }

  async append(subject: string, value: T, expectedLastSequence: number): Promise<number> {
    const data = Buffer.from(JSON.stringify(value));
    const id = hash(
      'sha256',
      `${subject}\u001f${expectedLastSequence}\u001f${hash('sha256', data)}`,
      'base64url',
    );
    const headers = new ReadyHeaders([
      ['Nats-Msg-Id', id],
      ['Nats-Expected-Last-Subject-Sequence', String(expectedLastSequence)],
    ]);
    if (this.#publisher.full) await this.#publisher.room();
    const full = `${this.#prefix}.${encodeToken(subject)}`;
    try {
      return (await this.#publisher.append({ subject: full, id, headers, data })).sequence;
    } catch (error) {
      if (!(error instanceof AppendRefusedError) || error.errorCode !== WRONG_LAST_SEQUENCE) throw error;
      const own = await this.#ownEarlierWrite(full, id);
      if (own !== undefined) return own;
      throw new StaleWriterError(subject, expectedLastSequence);
    }
  }

  close(): void {
    this.#publisher.close();
  }

  /** Sequence of the subject's last record if it is this very append, made earlier with its answer lost on the way. */
  async #ownEarlierWrite(subject: string, id: string): Promise<number | undefined> {
    try {
      const last = await patiently(() =>
        this.#manager.streams.getMessage(this.#stream, { last_by_subj: subject }),
      );
      return last?.header.get('Nats-Msg-Id') === id ? last.seq : undefined;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === MESSAGE_NOT_FOUND) return undefined;
      throw error;
    }
  }
}
