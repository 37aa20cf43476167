import {
  DiscardPolicy,
  JetStreamApiError,
  JetStreamError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsSourceConfig } from '../settings.ts';
import { covers, overlap } from './subjects.ts';

/** A stream that the log reads where it is, and the subjects in it that are this source's. Empty: all of them. */
export interface InPlace {
  readonly stream: string;
  readonly subjects: readonly string[];
}

/** Why a plain subject is not kept by any stream, so that what is published while we are away is lost. */
export type BestEffortReason =
  | 'configured'
  | 'jetstream-not-enabled'
  | 'not-permitted'
  | 'subjects-overlap'
  | 'limits-exceeded';

/** How the messages of a NATS source reach the log. */
export type NatsPlan =
  /** Somebody's stream that keeps its messages, or the stream of ours that captures the subjects. */
  | { readonly kind: 'in-place'; readonly binding: InPlace; readonly captured: boolean }
  /** Subscribed, handed to the sink, best effort; to be labelled so everywhere. */
  | { readonly kind: 'best-effort'; readonly reason: BestEffortReason; readonly detail: string };

/** A capture is the buffer for an agent that is away; it is read from day to day. */
const CAPTURE_MAX_AGE_MS = 14 * 86_400_000;
const API_TIMEOUT_MS = 5_000;
/** nats-server, JSStreamSubjectOverlapErr. */
const SUBJECTS_OVERLAP = 10_065;

/** The stream that captures the plain subjects of a source: `LAYTIME_CAPTURE_broker-nl`. */
export const captureStream = (source: string): string =>
  `LAYTIME_CAPTURE_${source.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;

/** For a source that names a stream: where the log reads it. Undefined for plain subjects; see {@link planNats}. */
export function readInPlace(settings: Pick<NatsSourceConfig, 'stream' | 'subjects'>): InPlace | undefined {
  if (settings.stream === undefined) return undefined;
  return { stream: settings.stream, subjects: settings.subjects };
}

/**
 * Decides how a source's messages reach the log, making the capture stream where that is needed and allowed. Safe to
 * repeat. Rejects when the server cannot be asked (not when it says no): then nothing is decided yet.
 */
export async function planNats(connection: NatsConnection, settings: NatsSourceConfig): Promise<NatsPlan> {
  const binding = readInPlace(settings);
  if (binding !== undefined) return { kind: 'in-place', binding, captured: false };
  if (settings.capture === 'best-effort') {
    return { kind: 'best-effort', reason: 'configured', detail: 'capture: best-effort' };
  }
  return ensureCapture(connection, settings.name, settings.subjects);
}

/**
 * Sees to it that a stream keeps `subjects`: one that somebody else has already, else one of ours, made or brought up to
 * date. Rejects when the server cannot be asked.
 */
export async function ensureCapture(
  connection: NatsConnection,
  source: string,
  subjects: readonly string[],
): Promise<NatsPlan> {
  const stream = captureStream(source);
  let manager: JetStreamManager | undefined;
  try {
    manager = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS });
    await captureWith(manager, stream, subjects);
    return { kind: 'in-place', binding: { stream, subjects: [...subjects] }, captured: true };
  } catch (error) {
    if (manager !== undefined && error instanceof JetStreamApiError && error.code === SUBJECTS_OVERLAP) {
      return overlapPlan(await overlapping(manager, stream, subjects), subjects);
    }
    const reason = refusal(error);
    if (reason === undefined) throw error;
    return { kind: 'best-effort', reason, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function captureWith(
  manager: JetStreamManager,
  name: string,
  subjects: readonly string[],
): Promise<void> {
  const existing = await manager.streams.info(name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  });
  const wanted = [...subjects];
  if (existing === undefined) {
    await manager.streams.add({
      name,
      description: 'Plain subjects kept for the SLA agent until it has read them',
      subjects: wanted,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: CAPTURE_MAX_AGE_MS * 1_000_000,
    });
  } else if (!sameSet(existing.config.subjects ?? [], wanted)) {
    await manager.streams.update(name, { subjects: wanted });
  }
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((subject) => b.includes(subject));

async function overlapping(
  manager: JetStreamManager,
  own: string,
  subjects: readonly string[],
): Promise<StreamInfo[]> {
  const found: StreamInfo[] = [];
  for await (const info of manager.streams.list()) {
    if (info.config.name === own) continue;
    const theirs = info.config.subjects ?? [];
    if (theirs.some((subject) => subjects.some((ours) => overlap(subject, ours)))) found.push(info);
  }
  return found;
}

/** Somebody keeps these subjects already. All of them, by limits only: read there. Else nothing is certain. */
function overlapPlan(streams: readonly StreamInfo[], subjects: readonly string[]): NatsPlan {
  const [only, second] = streams;
  const names = streams.map(({ config }) => config.name).join(', ');
  if (only !== undefined && second === undefined && only.config.retention === RetentionPolicy.Limits) {
    const theirs = only.config.subjects ?? [];
    if (subjects.every((subject) => theirs.some((wide) => covers(wide, subject)))) {
      const binding = { stream: only.config.name, subjects: [...subjects] };
      return { kind: 'in-place', binding, captured: false };
    }
  }
  const detail = `kept in part, or only until read, by ${names}; name a stream in the source, or mirror them into one`;
  return { kind: 'best-effort', reason: 'subjects-overlap', detail };
}

/** The server's "no", by name; undefined for anything that asking again may change. */
function refusal(error: unknown): BestEffortReason | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'PermissionViolationError' || error.cause instanceof Error) {
    const cause = error.cause instanceof Error ? error.cause : error;
    if (/permission/i.test(`${error.name} ${cause.name} ${error.message} ${cause.message}`))
      return 'not-permitted';
  }
  if (error instanceof JetStreamApiError) {
    if (error.status === 503 && /not enabled/i.test(error.message)) return 'jetstream-not-enabled';
    return /resource|limit|maximum|insufficient/i.test(error.message) ? 'limits-exceeded' : undefined;
  }
  // Nobody answers `$JS.API` where the server or the account has no JetStream.
  if (
    error.name === 'JetStreamNotEnabled' ||
    /no responders/i.test(`${error.message} ${String(error.cause)}`)
  ) {
    return 'jetstream-not-enabled';
  }
  if (error instanceof JetStreamError && /not enabled/i.test(error.message)) return 'jetstream-not-enabled';
  return undefined;
}
