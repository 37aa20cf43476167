import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { LogFault } from './log.ts';

/** What we ask of a stream of our own; the rest is the server's default. */
export interface WantedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly description: string;
  /** How long the server recognises a repeated message id. */
  readonly dedupeWindowMs: number;
  readonly replicas?: number;
  /** At this size appends are refused (and tried again), never old records dropped. */
  readonly maxBytes?: number;
}

/** JetStream's number for "stream not found". */
const STREAM_NOT_FOUND = 10_059;
/** JetStream's number for "stream name already in use with a different configuration". */
const NAME_IN_USE = 10_058;

/** Makes the stream, or brings an existing one in line. What the server would not take is told as a fault, not hidden. */
export async function ensureStream(
  manager: JetStreamManager,
  wanted: WantedStream,
  tell: (fault: LogFault) => void,
): Promise<StreamInfo> {
  const config: Partial<StreamConfig> & { name: string } = {
    name: wanted.name,
    subjects: [...wanted.subjects],
    description: wanted.description,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(wanted.dedupeWindowMs),
    max_bytes: wanted.maxBytes ?? -1,
    max_age: 0,
    allow_direct: true,
    ...(wanted.replicas === undefined ? {} : { num_replicas: wanted.replicas }),
  };
  let info = (await find(manager, wanted.name)) ?? (await add(manager, config));
  if (differences(info.config, config).length > 0) {
    info = await manager.streams.update(wanted.name, { ...info.config, ...config }).catch(() => info);
  }
  for (const setting of differences(info.config, config)) {
    tell({ kind: 'setting-ignored', stream: wanted.name, setting });
  }
  return info;
}

async function find(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Another agent may have made it between our question and our request. */
async function add(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  try {
    return await manager.streams.add(config);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NAME_IN_USE)
      return manager.streams.info(config.name);
    throw error;
  }
}

/** Names of the settings that are not as asked. */
export function differences(got: StreamConfig, asked: Partial<StreamConfig>): string[] {
  const seen = new Map<string, unknown>(Object.entries(got));
  return Object.entries(asked)
    .filter(([name, value]) => JSON.stringify(seen.get(name)) !== JSON.stringify(value))
    .map(([name]) => name);
}

/** What to tell about a server's version; undefined when there is nothing. */
export function versionFault(version: string): LogFault | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  if (major === 2 && minor === 10 && patch >= 20 && patch <= 22) {
    const advice =
      'releases 2.10.20 to 2.10.22 can lose a stream when the server is killed: use 2.10.23 or later';
    return { kind: 'server-version', version, advice };
  }
  if (major < 2 || (major === 2 && minor < 9)) {
    return { kind: 'server-version', version, advice: 'older than 2.9, which is the oldest that is tested' };
  }
  return undefined;
}
