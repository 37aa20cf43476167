import { type Fields, readFields } from '../rules/yaml-reader.ts';
import type { YamlReport } from '../rules/yaml-report.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';
import { readText } from '../rules/yaml-values.ts';
import type { HttpAuth, NatsAuth, PollSettings, SecretText, TlsSettings } from './settings.ts';

/** What reading settings needs of the process. Secrets and files come in through here alone. */
export interface SettingsContext {
  readonly report: YamlReport;
  /** `{ file: path }` or `{ env: NAME }`; a secret written down in the file itself is reported and not used. */
  secret(node: YamlNode, what: string): SecretText | undefined;
  /** The text of a file that is no secret (a CA certificate): `path` or `{ file: path }`. */
  fileText(node: YamlNode, what: string): string | undefined;
}

const AUTH_KINDS = ['basic', 'bearer', 'api_key', 'oauth2'] as const;

/** `auth: { basic: { user, password } }`, `{ bearer: secret }`, `{ api_key: { header, value } }`, `{ oauth2: {…} }`. */
export function readHttpAuth(node: YamlNode, context: SettingsContext): HttpAuth | undefined {
  const { report } = context;
  const fields = readFields(node, report, 'auth');
  if (fields === undefined) return undefined;
  const kinds = AUTH_KINDS.filter((k) => fields.get(k) !== undefined);
  const auth = readAuthKind(fields, context);
  fields.end();
  if (kinds.length !== 1) {
    const fix = 'such as auth: { basic: { user: NAME, password: { env: PASSWORD } } }';
    report.error(fields.place, 'auth-kind', `auth: expected exactly one of ${AUTH_KINDS.join(', ')}`, fix);
    return undefined;
  }
  return auth;
}

function readAuthKind(fields: Fields, context: SettingsContext): HttpAuth | undefined {
  const secretOf = (from: Fields, key: string): SecretText | undefined =>
    from.required(key, (n) => context.secret(n, key), '{ env: NAME }');
  const basic = fields.fields('basic', 'auth.basic');
  if (basic !== undefined) {
    const user = basic.requiredText('user');
    const password = secretOf(basic, 'password');
    basic.end();
    if (user !== undefined && password !== undefined) return { kind: 'basic', user, password };
  }
  const bearer = fields.get('bearer');
  if (bearer !== undefined) {
    const token = context.secret(bearer, 'bearer');
    if (token !== undefined) return { kind: 'bearer', token };
  }
  const apiKey = fields.fields('api_key', 'auth.api_key');
  if (apiKey !== undefined) {
    const header = apiKey.text('header', 'X-API-Key');
    const query = apiKey.text('query', 'key');
    const key = secretOf(apiKey, 'value');
    apiKey.end();
    if (header !== undefined && query !== undefined) {
      context.report.error(
        apiKey.keyPlace('query'),
        'auth-kind',
        'api_key goes in a header or in the query, not in both',
      );
    }
    const where = query === undefined ? 'header' : 'query';
    if (key !== undefined) return { kind: 'api-key', in: where, name: query ?? header ?? 'X-API-Key', key };
  }
  const oauth2 = fields.fields('oauth2', 'auth.oauth2');
  return oauth2 === undefined ? undefined : readOAuth2(oauth2, context);
}

function readOAuth2(fields: Fields, context: SettingsContext): HttpAuth | undefined {
  const tokenUrl = fields.required('token_url', (n) =>
    readUrl(n, context.report, 'token_url', ['https:', 'http:']),
  );
  const clientId = fields.requiredText('client_id');
  const clientSecret = fields.required(
    'client_secret',
    (n) => context.secret(n, 'client_secret'),
    '{ env: NAME }',
  );
  const scope = fields.text('scope');
  const audience = fields.text('audience');
  const style = fields.oneOf('style', ['basic', 'body']) ?? 'basic';
  fields.end();
  if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return {
    kind: 'oauth2',
    tokenUrl,
    clientId,
    clientSecret,
    style,
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  };
}

/** `credentials`, `nkey`, `user` with `password`, or `token`, beside the server's `url`. */
export function readNatsAuth(fields: Fields, context: SettingsContext): NatsAuth | undefined {
  const secret = (key: string): SecretText | undefined => {
    const node = fields.get(key);
    return node === undefined ? undefined : context.secret(node, key);
  };
  const said = ['credentials', 'nkey', 'user', 'token'].filter((k) => fields.has(k));
  if (said.length > 1) {
    const message = `one way to log in is enough: ${said.join(', ')}`;
    context.report.error(fields.keyPlace(said[1]!), 'auth-kind', message, `keep ${said[0]}`);
  }
  const creds = secret('credentials');
  if (creds !== undefined) return { kind: 'credentials', creds };
  const seed = secret('nkey');
  if (seed !== undefined) return { kind: 'nkey', seed };
  const token = secret('token');
  if (token !== undefined) return { kind: 'token', token };
  const user = fields.text('user');
  if (user === undefined) {
    if (fields.has('password')) fields.requiredText('user');
    return undefined;
  }
  const password = fields.required('password', (n) => context.secret(n, 'password'), '{ env: NAME }');
  return password === undefined ? undefined : { kind: 'user', user, password };
}

/** `tls: { ca, cert, key, server_name }`; files are read here. */
export function readTls(node: YamlNode, context: SettingsContext): TlsSettings | undefined {
  const fields = readFields(node, context.report, 'tls');
  if (fields === undefined) return undefined;
  const pem = (key: string): string | undefined => {
    const value = fields.get(key);
    return value === undefined ? undefined : context.fileText(value, key);
  };
  const ca = pem('ca');
  const cert = pem('cert');
  const keyNode = fields.get('key');
  const key = keyNode === undefined ? undefined : context.secret(keyNode, 'key');
  const serverName = fields.text('server_name');
  fields.end();
  if (fields.has('cert') !== fields.has('key')) {
    const fix = 'a client certificate needs cert: and key:';
    context.report.error(fields.place, 'tls-pair', 'tls: cert and key come together', fix);
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

/** `http://proxy:3128`, or `{ url, user, password }`. */
export function readProxy(node: YamlNode, context: SettingsContext): PollSettings['proxy'] {
  const protocols = ['http:', 'https:'];
  if (node.kind !== 'map') {
    const url = readUrl(node, context.report, 'proxy', protocols);
    return url === undefined ? undefined : { url };
  }
  const fields = readFields(node, context.report, 'proxy')!;
  const url = fields.required(
    'url',
    (n) => readUrl(n, context.report, 'url', protocols),
    'http://proxy:3128',
  );
  const user = fields.text('user');
  const secret = fields.get('password');
  const password = secret === undefined ? undefined : context.secret(secret, 'password');
  fields.end();
  if (url === undefined) return undefined;
  return { url, ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
}

/** An absolute URL with one of `protocols` and without a password in it; exactly as written. */
export function readUrl(
  node: YamlNode,
  report: YamlReport,
  what: string,
  protocols: readonly string[],
): string | undefined {
  const example = `${protocols[0]}//host:port`;
  const text = readText(node, report, what, example);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === '') {
    const kinds = protocols.map((p) => `${p}//`).join(' or ');
    report.error(
      node.place,
      'bad-url',
      `${what}: "${url?.password ? '…' : text}" is no URL`,
      `start it with ${kinds}`,
    );
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    const fix = 'take user and password out of the URL; write them under auth, password as { env: NAME }';
    report.error(node.place, 'literal-secret', `${what}: a password in a URL ends up in logs`, fix);
    return undefined;
  }
  return text;
}
