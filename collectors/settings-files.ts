import type { Fields } from '../rules/yaml-reader.ts';
import { readSize, readTextNodes } from '../rules/yaml-values.ts';
import { FILE_FORMATS } from './files/records.ts';
import type {
  FilesSourceConfig,
  FolderSettings,
  SecretText,
  SftpSourceConfig,
  SourceSettings,
} from './settings.ts';
import type { SettingsContext } from './settings-access.ts';
import { readQuietHours } from './settings-quiet-hours.ts';

/** What is said of a folder and its files, wherever it is. */
function readFolder(
  fields: Fields,
  context: SettingsContext,
  defaults: { readonly pollMs: number; readonly settleMs: number },
): FolderSettings {
  const { report } = context;
  const csv = fields.fields('csv');
  const delimiter = csv?.text('delimiter', '";"') ?? ',';
  if (delimiter.length !== 1) {
    report.error(
      csv!.keyPlace('delimiter'),
      'wrong-type',
      'delimiter: expected one character',
      'such as ";"',
    );
  }
  const encoding = csv?.oneOf('encoding', ['utf-8', 'latin1']) ?? 'utf-8';
  csv?.end();
  const maxFile = fields.get('max_file');
  return {
    pattern: fields.text('pattern', '"*.csv"') ?? '*',
    format: fields.oneOf('format', ['auto', ...FILE_FORMATS]) ?? 'auto',
    csv: { delimiter, encoding },
    pollMs: fields.duration('poll', { minMs: 100 }) ?? defaults.pollMs,
    settleMs: fields.duration('settle') ?? defaults.settleMs,
    afterwards: fields.oneOf('afterwards', ['keep', 'move', 'delete']) ?? 'keep',
    moveTo: fields.text('move_to', 'done') ?? 'done',
    complete: fields.flag('complete') ?? false,
    maxFileBytes:
      (maxFile === undefined ? undefined : readSize(maxFile, report, 'max_file')) ?? 256 * 1024 ** 2,
  };
}

/** `files: <directory>` with `pattern:` and what to do with a file that was read. */
export function readFiles(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): FilesSourceConfig | undefined {
  const directory = fields.requiredText('files', '/var/spool/laytime/in');
  const folder = readFolder(fields, context, { pollMs: 10_000, settleMs: 2000 });
  return directory === undefined ? undefined : { kind: 'files', ...common, directory, ...folder };
}

/** `sftp: <host>` or `<host>:<port>`, with its key, how to log in, and the folder there. */
export function readSftp(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): SftpSourceConfig | undefined {
  const { report } = context;
  const address = fields.requiredText('sftp', 'sftp.broker.example:22');
  const [, host, port = '22'] = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(address ?? '') ?? [];
  if (address !== undefined && host === undefined) {
    const fix = 'write host, or host:port';
    report.error(fields.get('sftp')!.place, 'bad-address', `sftp: "${address}" is no address`, fix);
  }
  const hostKeys = readHostKeys(fields, context);
  const user = fields.requiredText('user');
  const secret = (key: string): SecretText | undefined => {
    const node = fields.get(key);
    return node === undefined ? undefined : context.secret(node, key);
  };
  const [password, key, passphrase] = [secret('password'), secret('key'), secret('passphrase')];
  if (fields.has('password') === fields.has('key')) {
    const fix = 'such as key: { file: /run/secrets/id_ed25519 }';
    report.error(fields.place, 'auth-kind', 'sftp: log in with either password: or key:', fix);
  }
  const quietHours = readQuietHours(fields, common.zone, context);
  const rest = {
    directory: fields.text('directory', '/outbound') ?? '.',
    timeoutMs: fields.duration('timeout', { minMs: 100, maxMs: 3_600_000 }) ?? 30_000,
    concurrency: fields.number('concurrency', { integer: true, min: 1, max: 32 }) ?? 1,
    ...readFolder(fields, context, { pollMs: 300_000, settleMs: 10_000 }),
    ...(quietHours === undefined ? {} : { quietHours }),
  };
  const login =
    key !== undefined
      ? ({ kind: 'key', key, ...(passphrase === undefined ? {} : { passphrase }) } as const)
      : password && ({ kind: 'password', password } as const);
  if (host === undefined || user === undefined || login === undefined || hostKeys.length === 0)
    return undefined;
  return {
    kind: 'sftp',
    ...common,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    user,
    login,
    hostKeys,
    ...rest,
  };
}

/** `host_key: SHA256:…`, one or a list. A server is never trusted because it is the first to answer. */
function readHostKeys(fields: Fields, context: SettingsContext): string[] {
  const node = fields.get('host_key');
  if (node === undefined) {
    fields.requiredText('host_key', 'SHA256:… (ssh-keyscan HOST | ssh-keygen -lf -)');
    return [];
  }
  const keys = readTextNodes(node, context.report, 'host_key', 'SHA256:…');
  for (const { text, node: item } of keys) {
    if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text)) continue;
    const fix = 'write SHA256: and 43 characters, as ssh-keygen -l prints it';
    context.report.error(item.place, 'bad-host-key', `host_key: "${text}" is no fingerprint`, fix);
  }
  return keys.map(({ text }) => text.replace(/=$/, ''));
}
