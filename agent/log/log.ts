import type { NatsConnection } from '@nats-io/transport-node';
import type { CursorStore, Sink } from '../../collectors/collector.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Redrive } from './redrive.ts';

/** Next-to-read minus one, per stream: every message up to and including it has been taken. */
export type Positions = Readonly<Record<string, number>>;

/**
 * What a record in the log is. `message`: raw bytes from a source. `proof`: proof of life. `operator`: an operator's
 * action. `redrive`: a message once more, to be read again. `restate`: history, mapped anew. `tick`: time passing in the demo and in stories, honoured only under
 * an injected clock.
 */
export type RecordKind = 'message' | 'proof' | 'operator' | 'redrive' | 'restate' | 'tick';

/** A record as read in order. Header names are in headers.ts. */
export interface LogRecord {
  readonly kind: RecordKind;
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  /** The server's append time; or the header's, under an injected clock. */
  readonly observedAt: EpochMs;
  /** Name of the configured source; for streams of others, decided by stream and subject. */
  readonly source: string;
  readonly header: (name: string) => string | undefined;
  /** All headers, names in lower case. */
  readonly headers: () => Iterable<readonly [name: string, value: string]>;
  readonly data: Uint8Array;
}

export interface LogBatch {
  /** In (observedAt, stream, sequence) order over all streams. */
  readonly records: readonly LogRecord[];
  /** True when every stream was read to its end: time may now pass by the wall clock. */
  readonly caughtUp: boolean;
}

/** A stream to read: our own, or another's read where it is. */
export interface StreamBinding {
  readonly stream: string;
  /** Subject filters with the source they belong to; empty for our own stream, whose records name their source. */
  readonly subjects: readonly { readonly filter: string; readonly source: string }[];
  /** For a stream on another account or server; absent: the log's own connection. */
  readonly connection?: NatsConnection;
}

export interface LogReader {
  /** Resolves with at least one record, or with none when `maxWaitMs` passed, or the signal aborted. */
  next(options: {
    readonly maxRecords: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<LogBatch>;
  close(): Promise<void>;
}

/** An anomaly of a stream that the log notices and the agent must tell. */
export type LogFault =
  | {
      readonly kind: 'went-backwards';
      readonly stream: string;
      readonly expected: number;
      readonly found: number;
    }
  | { readonly kind: 'gap'; readonly stream: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'retention-near-floor';
      readonly stream: string;
      readonly firstSequence: number;
      readonly floor: number;
    }
  | { readonly kind: 'consumer-silent'; readonly stream: string; readonly pending: number }
  /** Records cannot be appended at the moment and are tried again: no room, or the stream is not there. */
  | { readonly kind: 'append-waits'; readonly stream: string; readonly reason: string }
  | { readonly kind: 'server-version'; readonly version: string; readonly advice: string }
  | { readonly kind: 'setting-ignored'; readonly stream: string; readonly setting: string };

/** The JetStream log: the one thing that must be durable before anything is acknowledged. */
export interface Log extends Sink {
  readonly cursors: CursorStore;
  /** Appends an operator's action or a tick; `id` makes a repeat harmless. */
  append(record: {
    readonly kind: 'operator' | 'restate' | 'tick';
    readonly id: string;
    readonly observedAt?: EpochMs;
    readonly body: unknown;
  }): Promise<void>;
  /** Appends a message that is to be read again. Rejects when it is larger than the server takes. */
  redrive(id: string, redrive: Redrive): Promise<void>;
  read(bindings: readonly StreamBinding[], from: Positions): Promise<LogReader>;
  /** Lets our own stream forget what is below; other people's streams are never touched. */
  setFloor(floor: Positions): Promise<void>;
  onFault(listener: (fault: LogFault) => void): void;
  close(): Promise<void>;
}

/** One record of the alert log: the truth of alerts, and the outbox. */
export interface AlertLogEntry<T> {
  readonly subject: string;
  readonly sequence: number;
  readonly value: T;
}

/** Thrown when the expected last sequence of a subject is not the one there: another writer was first. */
export class StaleWriterError extends Error {
  readonly subject: string;
  readonly expected: number;
  constructor(subject: string, expected: number) {
    super(`alert log: ${subject} is no longer at sequence ${expected}; another judge wrote it`);
    this.name = 'StaleWriterError';
    this.subject = subject;
    this.expected = expected;
  }
}

/** A JetStream stream with one subject per key, each append guarded by the expected last sequence of its subject. */
export interface GuardedStream<T> {
  /** Entries in stream order from a sequence (1 = all). Ends at the last one there at the call. */
  read(fromSequence: number): AsyncIterable<AlertLogEntry<T>>;
  /** Resolves with the new sequence. Rejects with {@link StaleWriterError}. Appends may be in flight together. */
  append(subject: string, value: T, expectedLastSequence: number): Promise<number>;
}
