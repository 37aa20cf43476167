import type { HttpAuth, SecretText, TlsSettings } from '../collectors/settings.ts';
import { readHttpAuth, readTls, readUrl, type SettingsContext } from '../collectors/settings-access.ts';
import { subjectFault } from '../collectors/settings-nats.ts';
import type { DurationMs } from '../rules/time.ts';
import { type Fields, readFields } from '../rules/yaml-reader.ts';
import type { YamlEntry, YamlNode } from '../rules/yaml-tree.ts';
import { readTextNodes } from '../rules/yaml-values.ts';

/** Where a route's messages go. */
export type NotifyTarget =
  | { readonly kind: 'email'; readonly to: readonly string[] }
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** Signs each request (Standard Webhooks: `whsec_` and base64). */
      readonly secret?: SecretText;
      readonly auth?: HttpAuth;
      readonly tls?: TlsSettings;
    }
  /** Incoming webhooks: their URL lets anyone post, so it is a secret. */
  | { readonly kind: 'slack' | 'teams'; readonly url: SecretText }
  | { readonly kind: 'nats'; readonly subject: string }
  | { readonly kind: 'log' };

export interface NotifyRouteConfig {
  readonly name: string;
  readonly target: NotifyTarget;
  readonly groupBy: readonly string[];
  readonly groupWaitMs: DurationMs;
}

export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte; `starttls`: required after greeting; `none`: plain, for a relay on this host. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly from: string;
  readonly user?: string;
  readonly password?: SecretText;
  readonly tls?: TlsSettings;
}

const TARGETS = ['email', 'webhook', 'slack', 'teams', 'nats', 'log'] as const;
const DEFAULT_GROUP_WAIT_MS = 30_000;
const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$/;

/** One entry of `notify:`; undefined when it is unusable (then it is reported). */
export function readRoute(entry: YamlEntry, context: SettingsContext): NotifyRouteConfig | undefined {
  const { report } = context;
  const fields = readFields(entry.value, report, `route ${entry.key}`);
  if (fields === undefined) return undefined;
  const kinds = TARGETS.filter((k) => fields.has(k));
  const groupBy = fields.texts('group_by', '[rule, place]');
  const groupWaitMs = fields.duration('group_wait') ?? (groupBy.length > 0 ? DEFAULT_GROUP_WAIT_MS : 0);
  // Each is read, even one too many: a secret that was written down must be found and covered.
  const targets = kinds.map((k) => readTarget(k, fields, context));
  const [kind, second] = kinds;
  if (kind === undefined || second !== undefined) {
    const message = `route ${entry.key}: expected exactly one of ${TARGETS.join(', ')}`;
    const fix = second === undefined ? 'add email: address, or log: true' : 'make two routes';
    report.error(entry.keyPlace, 'route-kind', message, fix);
    return undefined;
  }
  const target = targets[0];
  for (const other of TARGETS) fields.entry(other);
  fields.end();
  return target === undefined ? undefined : { name: entry.key, target, groupBy, groupWaitMs };
}

function readTarget(
  kind: (typeof TARGETS)[number],
  fields: Fields,
  context: SettingsContext,
): NotifyTarget | undefined {
  const node = fields.get(kind)!;
  switch (kind) {
    case 'log':
      fields.flag('log');
      return { kind };
    case 'email': {
      const to = readAddresses(node, context);
      return to.length === 0 ? undefined : { kind, to };
    }
    case 'nats': {
      const subject = fields.text('nats', 'laytime.alerts');
      const fault = subject === undefined ? undefined : (subjectFault(subject) ?? wildcard(subject));
      if (fault !== undefined) context.report.error(node.place, 'bad-subject', `nats: ${fault}`);
      return subject === undefined ? undefined : { kind, subject };
    }
    case 'slack':
    case 'teams': {
      const url = context.secret(node, kind);
      return url === undefined ? undefined : { kind, url };
    }
    case 'webhook':
      return readWebhook(fields, context);
  }
}

const wildcard = (subject: string): string | undefined =>
  /[*>]/.test(subject) ? 'a subject to publish to has no * or >' : undefined;

/** `name@host`, or a list of such. */
export function readAddresses(node: YamlNode, context: SettingsContext): string[] {
  const out: string[] = [];
  for (const { text, node: item } of readTextNodes(node, context.report, 'email', 'customs@acme.example')) {
    if (ADDRESS.test(text)) out.push(text);
    else
      context.report.error(item.place, 'bad-address', `"${text}" is no e-mail address`, 'such as name@host');
  }
  return out;
}

/** `webhook: <url>` beside `secret`, `auth`, `tls`. */
function readWebhook(fields: Fields, context: SettingsContext): NotifyTarget | undefined {
  const { report } = context;
  const url = fields.required('webhook', (n) => readUrl(n, report, 'webhook', ['https:', 'http:']));
  const secretNode = fields.get('secret');
  const secret = secretNode === undefined ? undefined : context.secret(secretNode, 'secret');
  const authNode = fields.get('auth');
  const auth = authNode === undefined ? undefined : readHttpAuth(authNode, context);
  const tlsNode = fields.get('tls');
  const tls = tlsNode === undefined ? undefined : readTls(tlsNode, context);
  if (url === undefined) return undefined;
  return {
    kind: 'webhook',
    url,
    ...(secret === undefined ? {} : { secret }),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** `smtp: { host, port, from, … }` */
export function readSmtp(fields: Fields, context: SettingsContext): SmtpConfig | undefined {
  const host = fields.requiredText('host', 'mail.acme.example');
  const security = fields.oneOf('security', ['tls', 'starttls', 'none']) ?? 'starttls';
  const fallbackPort = { tls: 465, starttls: 587, none: 25 }[security];
  const port = fields.number('port', { integer: true, min: 1, max: 65535 }) ?? fallbackPort;
  const from = fields.requiredText('from', 'laytime@acme.example');
  const user = fields.text('user');
  const secret = fields.get('password');
  const password = secret === undefined ? undefined : context.secret(secret, 'password');
  const tlsNode = fields.get('tls');
  const tls = tlsNode === undefined ? undefined : readTls(tlsNode, context);
  fields.end();
  if (host === undefined || from === undefined) return undefined;
  return {
    host,
    port,
    security,
    from,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}
