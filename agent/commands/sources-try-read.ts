import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { DeliverPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { collectorTools, createCollector } from '../../collectors/catalog.ts';
import type { CollectorContext, RawMessage } from '../../collectors/collector.ts';
import { formatOfFile } from '../../collectors/files/file-format.ts';
import { splitFile } from '../../collectors/files/records.ts';
import type { LoggedMessage } from '../../collectors/maps/map.ts';
import { connectOptions } from '../../collectors/nats/connection.ts';
import { fromNats } from '../../collectors/nats/message.ts';
import { withoutPrivate } from '../../collectors/privacy/private-sink.ts';
import type { HttpSourceConfig, ODataSourceConfig } from '../../collectors/settings.ts';
import { parseConfig } from '../config.ts';
import { type CommandContext, textOption, UsageError } from './command.ts';
import type { Trial } from './sources-try.ts';

/** Messages as the log would hold them, from a file, a URL, or a NATS subject. Leaves no trace anywhere. */
export async function readMessages(
  trial: Trial,
  target: string,
  context: CommandContext,
): Promise<readonly LoggedMessage[]> {
  const raw = await readRaw(trial, target, context);
  const { privacy } = trial.map;
  return raw.map((message, i) =>
    toLogged(privacy === undefined ? message : withoutPrivate(message, privacy), i, context.clock.now()),
  );
}

function readRaw(trial: Trial, target: string, context: CommandContext): Promise<readonly RawMessage[]> {
  if (/^https?:\/\//.test(target)) return readUrl(trial, target, context);
  const path = resolve(context.cwd, target);
  if (existsSync(path)) {
    return statSync(path).isDirectory() ? readFolder(trial, path, context) : readFile(trial, path, context);
  }
  if (/^[^\s/\\]+$/.test(target) && trial.config !== undefined) return readSubject(trial, target, context);
  const why = trial.config === undefined ? ' (for a NATS subject, name a source of the configuration)' : '';
  throw new UsageError(`there is no file ${target}${why}`, 1);
}

function toLogged(message: RawMessage, i: number, now: number): LoggedMessage {
  const { contentType, sourceId, revision, partner, correlationId, data, origin } = message;
  return {
    stream: 'TRY',
    sequence: i + 1,
    subject: origin,
    observedAt: now,
    contentType,
    ...(sourceId !== undefined && { sourceId }),
    ...(revision !== undefined && { revision }),
    ...(partner !== undefined && { partner }),
    ...(correlationId !== undefined && { correlationId }),
    data,
  };
}

const MAX_BYTES = 16 * 1024 * 1024;

/** Taken apart into records as the drop folder does, so that each is judged alone. */
async function readFile(trial: Trial, path: string, context: CommandContext): Promise<readonly RawMessage[]> {
  const { source } = trial;
  const settings = source?.kind === 'files' || source?.kind === 'sftp' ? source : undefined;
  const format = await formatOfFile(path, settings?.format ?? 'auto', (bytes) =>
    createReadStream(path, { end: bytes - 1 }),
  );
  const name = basename(path);
  const head = { source: trial.identity.name, fetchedAt: context.clock.now() };
  const out: RawMessage[] = [];
  const csv = settings?.csv ?? { delimiter: ',', encoding: 'utf-8' as const };
  const split = { ...csv, maxRecordBytes: MAX_BYTES };
  // A page of records (an object around a list) stays whole; the map knows where the records are.
  const records = splitFile(createReadStream(path), format ?? 'xml', split);
  for await (const record of records) {
    const contentType = format === undefined ? 'application/octet-stream' : record.contentType;
    const origin = `${name}:${record.position}`;
    out.push({ ...head, contentType, origin, sourceId: origin, data: record.data });
  }
  return out;
}

/** Every file in a folder but those still being written, in the order of their names. */
async function readFolder(
  trial: Trial,
  folder: string,
  context: CommandContext,
): Promise<readonly RawMessage[]> {
  const most = seconds(context, 'max', 10_000);
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  const out: RawMessage[] = [];
  for (const name of names.sort()) {
    if (out.length >= most) break;
    out.push(...(await readFile(trial, resolve(folder, name), context)));
  }
  return out.slice(0, most);
}

const seconds = (context: CommandContext, name: string, otherwise: number): number => {
  const given = Number(textOption(context, name) ?? otherwise);
  if (!(given > 0)) throw new UsageError(`--${name} needs a number above 0`);
  return given;
};

/** One poll of a URL, with the source's own settings (authentication, paging) where there are any. */
async function readUrl(trial: Trial, url: string, context: CommandContext): Promise<readonly RawMessage[]> {
  const settings = pollSettings(trial, url, context);
  const max = seconds(context, 'max', 20);
  const stop = new AbortController();
  const messages: RawMessage[] = [];
  let failure: string | undefined;
  const collecting: CollectorContext = {
    sink: {
      deliver: async (batch) => {
        messages.push(...batch.slice(0, max - messages.length));
        if (messages.length >= max) stop.abort();
      },
      prove: async () => stop.abort(),
    },
    cursors: { get: async () => undefined, put: async () => {} },
    now: () => context.clock.now(),
    // The first wait is the one after the first poll: there is no second.
    sleep: async () => stop.abort(),
    random: () => 0.5,
    report: (event) => {
      if (event.kind === 'poll-failed') failure = event.error;
      if (event.kind === 'poll-failed' || event.kind === 'poll-finished') stop.abort();
    },
  };
  const waited = AbortSignal.timeout(seconds(context, 'wait', 10) * 1000);
  const signal = AbortSignal.any([context.signal, stop.signal, waited]);
  const collector = await createCollector(settings, collectorTools(refuseNats));
  await collector.run(collecting, signal);
  if (failure !== undefined && messages.length === 0) throw new UsageError(failure, 1);
  return messages;
}

const refuseNats = (): Promise<never> => Promise.reject(new Error('a URL needs no NATS connection'));

function pollSettings(
  trial: Trial,
  url: string,
  context: CommandContext,
): HttpSourceConfig | ODataSourceConfig {
  const { source } = trial;
  if (source?.kind === 'http') return { ...source, url };
  if (source?.kind === 'odata') return { ...source, url };
  const yaml = `nats: embedded\nclickhouse: embedded\nsources:\n  try:\n    http: ${JSON.stringify(url)}\n    map: builtin:cloudevents\n`;
  const parsed = parseConfig(yaml, resolve(context.cwd, 'try.yaml'), {
    env: () => undefined,
    readFile: () => '',
  });
  const made = parsed.config?.sources[0];
  if (made?.kind !== 'http') throw new UsageError(parsed.problems[0]?.message ?? `cannot read ${url}`, 1);
  return { ...made, name: trial.identity.name };
}

/** The newest messages of the stream that keeps the subject; without one, what is published while we listen. */
async function readSubject(
  trial: Trial,
  subject: string,
  context: CommandContext,
): Promise<readonly RawMessage[]> {
  const { source, config } = trial;
  const own = source?.kind === 'nats' ? source.connection : undefined;
  const shared = config?.nats;
  const settings = own ?? (shared !== undefined && 'servers' in shared ? shared : undefined);
  if (settings === undefined) throw new UsageError('the configuration names no NATS server to read from', 1);
  const naming = { name: trial.identity.name, ...correlationOf(trial) };
  const connection = await connect({ ...connectOptions(settings), maxReconnectAttempts: 0 });
  try {
    const limit = { max: seconds(context, 'max', 20), waitMs: seconds(context, 'wait', 10) * 1000 };
    const now = context.clock.now();
    const read = (message: AnyMessage): RawMessage => fromNats(plainMessage(message), naming, now);
    const manager = await jetstreamManager(connection).catch(() => undefined);
    const stream = await manager?.streams.find(subject).catch(() => undefined);
    if (manager === undefined || stream === undefined) return await listen(connection, subject, limit, read);
    return await newest(manager, stream, subject, limit, read);
  } finally {
    await connection.close();
  }
}

interface Limit {
  readonly max: number;
  readonly waitMs: number;
}

async function listen(
  connection: NatsConnection,
  subject: string,
  limit: Limit,
  read: (message: AnyMessage) => RawMessage,
): Promise<readonly RawMessage[]> {
  const out: RawMessage[] = [];
  const subscription = connection.subscribe(subject, { max: limit.max });
  const timer = setTimeout(() => subscription.unsubscribe(), limit.waitMs);
  for await (const message of subscription) out.push(read(message));
  clearTimeout(timer);
  return out;
}

/** How far back from a subject's newest message to look, in messages of the whole stream: this many for each that is wanted. */
const LOOK_BACK = 25;

async function newest(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  limit: Limit,
  read: (message: AnyMessage) => RawMessage,
): Promise<readonly RawMessage[]> {
  const last = await manager.streams.getMessage(stream, { last_by_subj: subject });
  if (last === null) return [];
  const lookBack = LOOK_BACK * limit.max;
  const start = Math.max(1, last.seq - lookBack);
  const consumer = await manager.jetstream().consumers.get(stream, {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: start,
  });
  const out: RawMessage[] = [];
  const messages = await consumer.fetch({ max_messages: lookBack + 1, expires: limit.waitMs });
  for await (const message of messages) {
    out.push(read(message));
    if (message.seq >= last.seq) break;
  }
  await consumer.delete();
  return out.slice(-limit.max);
}

const correlationOf = (trial: Trial): { correlationHeader?: string } =>
  trial.source?.kind === 'nats' && trial.source.correlationHeader !== undefined
    ? { correlationHeader: trial.source.correlationHeader }
    : {};

interface AnyMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { keys(): string[]; last(key: string): string } | undefined;
}

function plainMessage(message: AnyMessage): Parameters<typeof fromNats>[0] {
  const { subject, data, headers } = message;
  const pairs = headers?.keys().map((key): [string, string] => [key, headers.last(key)]) ?? [];
  return { subject, data, headers: pairs };
}
