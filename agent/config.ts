import { dirname, resolve } from 'node:path';
import { readSource } from '../collectors/catalog.ts';
import type { ListenAddress, SecretText, SourceConfig } from '../collectors/settings.ts';
import { readUrl, type SettingsContext } from '../collectors/settings-access.ts';
import { isLoopback, readListen } from '../collectors/settings-listen.ts';
import { compareProblems, type Problem } from '../rules/problem.ts';
import { REF_TYPES, type RefType } from '../rules/refs.ts';
import type { DurationMs } from '../rules/time.ts';
import { type Fields, readYaml } from '../rules/yaml-reader.ts';
import { readZone } from '../rules/yaml-terms.ts';
import type { Place } from '../rules/yaml-tree.ts';
import { readSize, readTextNodes } from '../rules/yaml-values.ts';
import { type NotifyRouteConfig, readRoute, readSmtp, type SmtpConfig } from './config-notify.ts';
import { type ConfigAccess, settingsContext } from './config-secret.ts';
import {
  type ApiToken,
  type ClickHouseConfig,
  type NatsConfig,
  readClickHouse,
  readNatsConfig,
  readTokens,
} from './config-server.ts';

/** `laytime.yaml`, read and checked. Durations are milliseconds, sizes bytes, paths absolute. */
export interface Config {
  readonly file: string;
  /** Directory of the file: paths in it are relative to this. */
  readonly directory: string;
  /** IANA zone in which times are shown; storage is UTC. */
  readonly timezone: string;
  readonly tenant: string;
  readonly role: 'collect' | 'judge' | 'both';
  /** The ref that makes a shipment. */
  readonly shipmentIs: RefType;
  readonly dataDir: string;
  readonly nats: NatsConfig;
  readonly clickhouse: ClickHouseConfig;
  readonly listen: ListenAddress;
  readonly tokens: readonly ApiToken[];
  /** Where people reach the agent, for links in messages; without a slash at the end. */
  readonly publicUrl: string;
  /** In the order of the file: where two sources contradict each other, the earlier one ranks higher. */
  readonly sources: readonly SourceConfig[];
  /** Globs and `builtin:<pack>`, with their places for messages. */
  readonly rules: readonly RuleGlob[];
  readonly notify: readonly NotifyRouteConfig[];
  readonly smtp?: SmtpConfig;
  readonly retention: { readonly rawMs: DurationMs; readonly eventsMs: DurationMs };
  readonly telemetry: TelemetryConfig;
  readonly limits: LimitsConfig;
}

export interface RuleGlob extends Place {
  readonly pattern: string;
}

/** What the file names elsewhere, whether or not it has errors: so that those files are checked too. */
export interface ConfigNames {
  readonly rules: readonly RuleGlob[];
  readonly maps: readonly { readonly name: string; readonly place: Place }[];
  readonly routes: readonly string[];
}

export interface TelemetryConfig {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** OTLP over HTTP: the base URL of a collector, to which `/v1/traces` is added. */
  readonly otlp?: { readonly endpoint: string; readonly headers: Readonly<Record<string, SecretText>> };
}

export interface LimitsConfig {
  readonly maxMessageBytes: number;
  /** Rows that wait for ClickHouse in memory; beyond, the store re-reads the log later. */
  readonly pendingRows: number;
  /** Alert changes older than this when first seen are recorded, not sent. */
  readonly alertHorizonMs: DurationMs;
}

const DAY_MS = 86_400_000;
const LOCAL_SMTP: SmtpConfig = { host: '127.0.0.1', port: 25, security: 'none', from: 'laytime@localhost' };

/**
 * Parses the configuration. `config` is present when no error was found; `problems` then holds warnings only. `file` names
 * the file in messages and anchors relative paths.
 */
export function parseConfig(
  text: string,
  file: string,
  access: ConfigAccess,
): { readonly config?: Config; readonly names: ConfigNames; readonly problems: readonly Problem[] } {
  const { root, report } = readYaml(text, file, file);
  if (root === undefined) return { names: { rules: [], maps: [], routes: [] }, problems: report.problems };
  const directory = dirname(resolve(file));
  const context = settingsContext(report, directory, access);
  const config = readConfig(root, context, file, directory);
  root.end();
  const failed = report.hasErrors || config === undefined;
  const names = readNames(root, context);
  const problems = report.problems.sort(compareProblems);
  return failed ? { names, problems } : { config, names, problems };
}

/** Reads again, leniently: what is wrong with these has been reported. */
function readNames(root: Fields, context: SettingsContext): ConfigNames {
  const { report } = context;
  const known = report.problems.length;
  const maps = root.named('sources').flatMap(({ value }) => {
    const map = value.kind === 'map' ? value.entries.find((e) => e.key === 'map')?.value : undefined;
    return map?.kind === 'scalar' && map.source !== '' ? [{ name: map.source, place: map.place }] : [];
  });
  const names = { rules: readRuleGlobs(root, context), maps, routes: root.named('notify').map((e) => e.key) };
  report.problems.length = known;
  return names;
}

function readConfig(
  root: Fields,
  context: SettingsContext,
  file: string,
  directory: string,
): Config | undefined {
  const { report } = context;
  const tenant = root.text('tenant') ?? 'default';
  const role = root.oneOf('role', ['collect', 'judge', 'both']) ?? 'both';
  const zoneNode = root.get('timezone');
  const timezone = zoneNode === undefined ? 'UTC' : readZone(zoneNode, report, 'timezone');
  const nats = root.required('nats', (n) => readNatsConfig(n, context), 'embedded');
  // An agent at the edge has the log alone.
  const clickhouse =
    role === 'collect' && !root.has('clickhouse')
      ? ({ kind: 'embedded' } as const)
      : root.required('clickhouse', (n) => readClickHouse(n, context), 'embedded');
  const limits = readLimits(root, context);
  const http = readHttpServer(root, context);
  const sources = readSources(root, context, {
    tenant,
    maxMessageBytes: limits.maxMessageBytes,
    natsServers: nats?.kind === 'remote' ? nats.servers : [],
  });
  const notify = readNotify(root, context);
  const refTypes = Object.keys(REF_TYPES) as RefType[];
  const rest = {
    file,
    directory,
    tenant,
    role,
    shipmentIs: root.oneOf('shipment_is', refTypes) ?? 'delivery',
    dataDir: resolve(directory, root.text('data_dir') ?? '.laytime'),
    ...http,
    sources: sources.map((s) =>
      s.kind === 'files' ? { ...s, directory: resolve(directory, s.directory) } : s,
    ),
    rules: readRuleGlobs(root, context),
    ...notify,
    retention: readRetention(root),
    telemetry: readTelemetry(root, context),
    limits,
  };
  if (timezone === undefined || nats === undefined || clickhouse === undefined) return undefined;
  return { ...rest, timezone, nats, clickhouse };
}

function readSources(
  root: Fields,
  context: SettingsContext,
  defaults: { tenant: string; maxMessageBytes: number; natsServers: readonly string[] },
): SourceConfig[] {
  const out: SourceConfig[] = [];
  for (const entry of root.named('sources')) {
    const source = readSource(entry, context, defaults);
    if (source !== undefined) out.push(source);
  }
  return out;
}

function readRuleGlobs(root: Fields, context: SettingsContext): RuleGlob[] {
  const node = root.get('rules');
  if (node === undefined) return [];
  return readTextNodes(node, context.report, 'rules', 'rules/*.yaml').map(({ text, node: item }) => ({
    pattern: text,
    ...item.place,
  }));
}

function readNotify(root: Fields, context: SettingsContext): Pick<Config, 'notify' | 'smtp'> {
  const notify: NotifyRouteConfig[] = [];
  for (const entry of root.named('notify')) {
    const route = readRoute(entry, context);
    if (route !== undefined) notify.push(route);
  }
  const fields = root.fields('smtp');
  const smtp = fields === undefined ? undefined : readSmtp(fields, context);
  const email = notify.find((r) => r.target.kind === 'email');
  if (email === undefined || root.has('smtp')) return smtp === undefined ? { notify } : { notify, smtp };
  const fix = 'add smtp: { host: mail.acme.example, from: laytime@acme.example }';
  const message = `route ${email.name} sends e-mail and there is no smtp: mail is handed to this host, port 25`;
  context.report.warning(root.keyPlace('notify'), 'no-smtp', message, fix);
  return { notify, smtp: LOCAL_SMTP };
}

function readHttpServer(
  root: Fields,
  context: SettingsContext,
): Pick<Config, 'listen' | 'tokens' | 'publicUrl'> {
  const { report } = context;
  const node = root.get('listen');
  const listen = (node === undefined ? undefined : readListen(node, context)) ?? {
    host: '127.0.0.1',
    port: 8080,
  };
  const tokens = readTokens(root, context);
  if (node !== undefined && !isLoopback(listen.host) && !root.has('tokens')) {
    const message = `listen: ${listen.host} is reachable from other machines, and there are no tokens:`;
    const fix =
      'add tokens: [{ name: ops, role: operator, token: { env: LAYTIME_TOKEN } }], or listen on 127.0.0.1';
    report.error(node.place, 'listen-without-tokens', message, fix);
  }
  const urlNode = root.get('public_url');
  const url = urlNode === undefined ? undefined : readUrl(urlNode, report, 'public_url', ['https:', 'http:']);
  const own = isLoopback(listen.host) && !listen.host.includes(':') ? listen.host : 'localhost';
  return { listen, tokens, publicUrl: (url ?? `http://${own}:${listen.port}`).replace(/\/+$/, '') };
}

function readRetention(root: Fields): Config['retention'] {
  const fields = root.fields('retention');
  const rawMs = fields?.duration('raw', { minMs: DAY_MS }) ?? 30 * DAY_MS;
  const eventsMs = fields?.duration('events', { minMs: DAY_MS }) ?? 730 * DAY_MS;
  if (fields !== undefined && rawMs > eventsMs) {
    const fix = 'keep events at least as long as raw messages';
    fields.report.error(fields.place, 'retention-order', 'retention: raw outlives events', fix);
  }
  fields?.end();
  return { rawMs, eventsMs };
}

function readTelemetry(root: Fields, context: SettingsContext): TelemetryConfig {
  const fields = root.fields('telemetry');
  const logLevel = fields?.oneOf('log_level', ['debug', 'info', 'warn', 'error']) ?? 'info';
  const otlp = fields?.fields('otlp', 'telemetry.otlp');
  const read = (n: Parameters<typeof readUrl>[0]): string | undefined =>
    readUrl(n, context.report, 'endpoint', ['https:', 'http:']);
  const endpoint = otlp?.required('endpoint', read, 'http://otel-collector:4318');
  const headers: Record<string, SecretText> = {};
  for (const { key, value } of otlp?.named('headers') ?? []) {
    const secret = context.secret(value, key);
    if (secret !== undefined) headers[key] = secret;
  }
  otlp?.end();
  fields?.end();
  return endpoint === undefined ? { logLevel } : { logLevel, otlp: { endpoint, headers } };
}

function readLimits(root: Fields, context: SettingsContext): LimitsConfig {
  const fields = root.fields('limits');
  const size = fields?.get('max_message');
  const limits = {
    maxMessageBytes: (size && readSize(size, context.report, 'max_message')) ?? 4 * 1024 ** 2,
    pendingRows: fields?.number('pending_rows', { integer: true, min: 1000 }) ?? 200_000,
    alertHorizonMs: fields?.duration('alert_horizon') ?? DAY_MS,
  };
  fields?.end();
  return limits;
}
