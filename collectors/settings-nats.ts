import type { Fields } from '../rules/yaml-reader.ts';
import { placeWithin } from '../rules/yaml-report.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';
import { readTextNodes } from '../rules/yaml-values.ts';
import type { NatsConnectionSettings, NatsSourceConfig, SourceSettings } from './settings.ts';
import { readNatsAuth, readTls, readUrl, type SettingsContext } from './settings-access.ts';

const PROTOCOLS = ['nats:', 'tls:'];

/** `url` (one or a list) with log-in and TLS; `servers` is empty when no `url` is given. */
export function readNatsConnection(fields: Fields, context: SettingsContext): NatsConnectionSettings {
  const { report } = context;
  const node = fields.get('url');
  const urls = node === undefined ? [] : node.kind === 'list' ? node.items : [node];
  const servers = urls.map((n) => readUrl(n, report, 'url', PROTOCOLS)).filter((u) => u !== undefined);
  const auth = readNatsAuth(fields, context);
  const tlsNode = fields.get('tls');
  const tls = tlsNode === undefined ? undefined : readTls(tlsNode, context);
  return { servers, ...(auth === undefined ? {} : { auth }), ...(tls === undefined ? {} : { tls }) };
}

/** `nats: { stream, subjects, … }`. Log-in without `url` means the agent's server under another account. */
export function readNats(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
  agentServers: readonly string[],
): NatsSourceConfig | undefined {
  const inner = fields.fields('nats');
  if (inner === undefined) return undefined;
  const stream = inner.get('stream');
  const streamName = stream === undefined ? undefined : readStreamName(stream, context);
  const subjects = readSubjects(inner, context, streamName !== undefined);
  const own = readNatsConnection(inner, context);
  const isOwn = own.servers.length > 0 || own.auth !== undefined || own.tls !== undefined;
  const connection = own.servers.length > 0 ? own : { ...own, servers: agentServers };
  const capture = inner.oneOf('capture', ['auto', 'best-effort']) ?? 'auto';
  const correlationHeader = inner.text('correlation_header', 'X-Correlation-Id');
  inner.end();
  return {
    kind: 'nats',
    ...common,
    subjects,
    capture,
    ...(streamName === undefined ? {} : { stream: streamName }),
    ...(isOwn ? { connection } : {}),
    ...(correlationHeader === undefined ? {} : { correlationHeader }),
  };
}

function readStreamName(node: YamlNode, context: SettingsContext): string | undefined {
  const [name] = readTextNodes(node, context.report, 'stream', 'BROKER');
  if (name === undefined) return undefined;
  if (/^[^\s.*>/\\]+$/.test(name.text)) return name.text;
  const message = `stream: "${name.text}" is no name of a stream`;
  context.report.error(node.place, 'bad-name', message, 'a name has no space, dot, *, > or slash');
  return undefined;
}

/** Required without a stream; with one, none means all of the stream. */
function readSubjects(inner: Fields, context: SettingsContext, hasStream: boolean): string[] {
  const node = inner.get('subjects');
  if (node === undefined) {
    if (!hasStream) inner.requiredText('subjects', '[broker.nl.>]');
    return [];
  }
  const out: string[] = [];
  for (const { text, node: item } of readTextNodes(node, context.report, 'subjects', 'broker.nl.>')) {
    const fault = subjectFault(text);
    if (fault === undefined) out.push(text);
    else
      context.report.error(placeWithin(item, 0, text.length), 'bad-subject', `subjects: "${text}": ${fault}`);
  }
  return out;
}

/** Why a text is no NATS subject filter; undefined when it is one. */
export function subjectFault(subject: string): string | undefined {
  if (/\s/.test(subject)) return 'a subject has no spaces';
  const tokens = subject.split('.');
  if (tokens.includes('')) return 'a part between two dots is empty';
  if (tokens.some((t) => t.length > 1 && /[*>]/.test(t))) return '* and > stand alone between dots';
  return tokens.indexOf('>') >= 0 && tokens.indexOf('>') < tokens.length - 1 ? '> comes last' : undefined;
}
