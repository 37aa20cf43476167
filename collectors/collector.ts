import type { Revision } from '../rules/event.ts';
import type { EpochMs } from '../rules/time.ts';

/** One message exactly as a source gave it, on its way into the log. Collectors never interpret it. */
export interface RawMessage {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** Who speaks; absent when only the map can tell. */
  readonly partner?: string;
  /** MIME type, lower case, without parameters unless they matter. */
  readonly contentType: string;
  /** The source's own id of the record, when the transport knows it (an OData key, a CloudEvents id, a file name with line). */
  readonly sourceId?: string;
  /** The source's own revision, when the transport knows it (ETag version, update time). */
  readonly revision?: Revision;
  /** Names a delivery that was pushed to us; the same when it is sent again, so that the log knows the repeat. */
  readonly deliveryId?: string;
  /** The server's clock when it answered, else ours. */
  readonly fetchedAt: EpochMs;
  /** Where it came from, for people: URL without secrets, subject, file and line. */
  readonly origin: string;
  /** Explicit correlation id (CloudEvents extension, NATS or HTTP header). */
  readonly correlationId?: string;
  readonly traceparent?: string;
  readonly data: Uint8Array;
}

/**
 * Proof that a source has been heard: everything it published up to `provedUntil` is in the log before this record.
 * Sent after the messages it vouches for.
 */
export interface ProofOfLife {
  readonly source: string;
  /** Absent: for every partner of the source. */
  readonly partner?: string;
  readonly kind: 'poll-complete' | 'heartbeat' | 'file-schedule';
  readonly provedUntil: EpochMs;
}

/** The way into the log. Both promises resolve only when the records are durable there: that is the acknowledgement. */
export interface Sink {
  deliver(messages: readonly RawMessage[]): Promise<void>;
  prove(proof: ProofOfLife): Promise<void>;
}

/** Durable small state of a collector (cursor, ETag, seen file list), kept beside the log. Values are JSON. */
export interface CursorStore {
  get(key: string): Promise<unknown>;
  /** Resolves when durable. Called only after `Sink.deliver` resolved for everything the cursor passes. */
  put(key: string, value: unknown): Promise<void>;
}

/** What a collector may use of the process. `now` and `sleep` come from the agent's clock (virtual in tests). */
export interface CollectorContext {
  readonly sink: Sink;
  readonly cursors: CursorStore;
  readonly now: () => EpochMs;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly report: (event: CollectorEvent) => void;
}

/** What a collector tells telemetry; one named event carries its log line and its metric (agent/telemetry.ts). */
export type CollectorEvent =
  | { readonly kind: 'received'; readonly source: string; readonly messages: number; readonly bytes: number }
  /** One request went out to the source's server: counted, so that calls per hour can be agreed with its owner. */
  | { readonly kind: 'called'; readonly source: string }
  | {
      readonly kind: 'poll-finished';
      readonly source: string;
      readonly messages: number;
      readonly pages: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'poll-failed';
      readonly source: string;
      readonly error: string;
      readonly fault: string;
      readonly retryInMs: number;
    }
  | {
      readonly kind: 'circuit-opened';
      readonly source: string;
      readonly untilMs: EpochMs;
      readonly error: string;
    }
  /** The server's clock is not ours: by so much it is ahead, or behind when negative. */
  | { readonly kind: 'clock-skew'; readonly source: string; readonly aheadMs: number }
  | { readonly kind: 'circuit-closed'; readonly source: string }
  | { readonly kind: 'refused'; readonly source: string; readonly origin: string; readonly reason: string };

/** One running source. `run` ends when `signal` aborts (promptly, within the current request) or rejects for a fault that no retry can mend. */
export interface Collector {
  readonly source: string;
  run(context: CollectorContext, signal: AbortSignal): Promise<void>;
}
