import type { NatsConnectionSettings, SecretText, TlsSettings } from '../collectors/settings.ts';
import { readTls, readUrl, type SettingsContext } from '../collectors/settings-access.ts';
import { readNatsConnection } from '../collectors/settings-nats.ts';
import { type Fields, readFields } from '../rules/yaml-reader.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';

export type NatsConfig =
  | { readonly kind: 'embedded' }
  | ({ readonly kind: 'remote' } & NatsConnectionSettings);

export type ClickHouseConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'remote';
      readonly url: string;
      readonly user: string;
      readonly password?: SecretText;
      readonly database: string;
      readonly tls?: TlsSettings;
    };

export const TOKEN_ROLES = ['viewer', 'operator', 'admin'] as const;
export interface ApiToken {
  readonly name: string;
  readonly role: (typeof TOKEN_ROLES)[number];
  readonly token: SecretText;
}

const EMBEDDED_FIX = 'write embedded, or { url: … }';

/** `nats: embedded`, or `{ url, credentials | nkey | user, password | token, tls }`. */
export function readNatsConfig(node: YamlNode, context: SettingsContext): NatsConfig | undefined {
  if (isEmbedded(node)) return { kind: 'embedded' };
  const fields = mappingOrEmbedded(node, context, 'nats');
  if (fields === undefined) return undefined;
  if (!fields.has('url')) fields.requiredText('url', 'nats://127.0.0.1:4222');
  const connection = readNatsConnection(fields, context);
  fields.end();
  return connection.servers.length === 0 ? undefined : { kind: 'remote', ...connection };
}

/** `clickhouse: embedded`, or `{ url, user, password, database, tls }`. */
export function readClickHouse(node: YamlNode, context: SettingsContext): ClickHouseConfig | undefined {
  if (isEmbedded(node)) return { kind: 'embedded' };
  const fields = mappingOrEmbedded(node, context, 'clickhouse');
  if (fields === undefined) return undefined;
  const { report } = context;
  const read = (n: YamlNode): string | undefined => readUrl(n, report, 'url', ['https:', 'http:']);
  const url = fields.required('url', read, 'https://clickhouse.acme.internal:8443');
  const user = fields.text('user') ?? 'default';
  const secret = fields.get('password');
  const password = secret === undefined ? undefined : context.secret(secret, 'password');
  const database = fields.text('database') ?? 'laytime';
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(database)) {
    const message = `"${database}" is no name of a database`;
    report.error(fields.get('database')!.place, 'bad-name', message, 'use letters, digits and _');
  }
  const tlsNode = fields.get('tls');
  const tls = tlsNode === undefined ? undefined : readTls(tlsNode, context);
  fields.end();
  if (url === undefined) return undefined;
  return {
    kind: 'remote',
    url,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

const isEmbedded = (node: YamlNode): boolean => node.kind === 'scalar' && node.value === 'embedded';

function mappingOrEmbedded(node: YamlNode, context: SettingsContext, what: string): Fields | undefined {
  if (node.kind === 'map') return readFields(node, context.report, what);
  context.report.error(node.place, 'wrong-type', `${what}: expected embedded or a mapping`, EMBEDDED_FIX);
  return undefined;
}

/** `tokens: [{ name, role, token }]` */
export function readTokens(root: Fields, context: SettingsContext): ApiToken[] {
  const out: ApiToken[] = [];
  for (const node of root.list('tokens')) {
    const fields = readFields(node, context.report, 'token');
    if (fields === undefined) continue;
    const name = fields.requiredText('name', 'grafana');
    const role = fields.oneOf('role', TOKEN_ROLES) ?? 'viewer';
    const token = fields.required('token', (n) => context.secret(n, 'token'), '{ env: NAME }');
    fields.end();
    if (out.some((t) => t.name === name)) {
      context.report.error(node.place, 'duplicate-token', `a token "${name}" is already there`);
    }
    if (name !== undefined && token !== undefined) out.push({ name, role, token });
  }
  return out;
}
