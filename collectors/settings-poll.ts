import type { Fields } from '../rules/yaml-reader.ts';
import { readFields } from '../rules/yaml-reader.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';
import { readSize, readText, readTextNodes } from '../rules/yaml-values.ts';
import type {
  HttpSourceConfig,
  ODataSourceConfig,
  PollSettings,
  SecretText,
  SourceSettings,
} from './settings.ts';
import { readHttpAuth, readProxy, readTls, readUrl, type SettingsContext } from './settings-access.ts';
import { readQuietHours } from './settings-quiet-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What polled sources share. `urlKey` is the key that says their kind: `odata` or `http`. */
export function readPoll(
  fields: Fields,
  urlKey: string,
  context: SettingsContext,
  defaults: { readonly overlapMs: number; readonly zone: string | undefined },
): PollSettings | undefined {
  const { report } = context;
  const url = fields.required(urlKey, (n) => readUrl(n, report, urlKey, ['https:', 'http:']));
  const at = <T>(key: string, read: (node: YamlNode) => T | undefined): T | undefined => {
    const node = fields.get(key);
    return node === undefined ? undefined : read(node);
  };
  const auth = at('auth', (n) => readHttpAuth(n, context));
  const tls = at('tls', (n) => readTls(n, context));
  const proxy = at('proxy', (n) => readProxy(n, context));
  const headers = readHeaders(fields, context);
  const quietHours = readQuietHours(fields, defaults.zone, context);
  const pageSize = fields.number('page_size', { integer: true, min: 1, max: 100_000 });
  const settings: Omit<PollSettings, 'url'> = {
    ...headers,
    pollMs: fields.duration('poll', { minMs: 1000 }) ?? 5 * MINUTE_MS,
    timeoutMs: fields.duration('timeout', { minMs: 100, maxMs: HOUR_MS }) ?? 30_000,
    overlapMs: fields.duration('overlap') ?? defaults.overlapMs,
    initialLookbackMs: fields.duration('look_back') ?? 30 * DAY_MS,
    maxResponseBytes: at('max_response', (n) => readSize(n, report, 'max_response')) ?? 64 * 1024 ** 2,
    maxPages: fields.number('max_pages', { integer: true, min: 1 }) ?? 10_000,
    minIntervalMs: fields.duration('min_interval') ?? 0,
    concurrency: fields.number('concurrency', { integer: true, min: 1, max: 32 }) ?? 1,
    ...(quietHours === undefined ? {} : { quietHours }),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(pageSize === undefined ? {} : { pageSize }),
  };
  return url === undefined ? undefined : { url, ...settings };
}

/** Headers that log somebody in; their values are secrets even where somebody writes them as a text. */
const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'apikey',
]);

function readHeaders(
  fields: Fields,
  context: SettingsContext,
): Pick<PollSettings, 'headers' | 'secretHeaders'> {
  const headers: Record<string, string> = {};
  const secretHeaders: Record<string, SecretText> = {};
  for (const { key, keyPlace, value } of fields.named('headers')) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)) {
      context.report.error(keyPlace, 'bad-name', `"${key}" is no name for a header`);
    } else if (value.kind === 'map' || SECRET_HEADERS.has(key.toLowerCase())) {
      const secret = context.secret(value, key);
      if (secret !== undefined) secretHeaders[key] = secret;
    } else {
      const text = readText(value, context.report, key);
      if (text !== undefined) headers[key] = text;
    }
  }
  return { headers, secretHeaders };
}

/** `odata: <service root>` with `entity:` and what follows. */
export function readOData(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): ODataSourceConfig | undefined {
  // For late commits. Stamps that are only a date are rounded down by the collector itself; a longer overlap would only
  // make every proof of life older.
  const poll = readPoll(fields, 'odata', context, { overlapMs: 10 * MINUTE_MS, zone: common.zone });
  const entity = fields.requiredText('entity', 'A_OutbDeliveryHeader');
  const filter = fields.text('filter');
  const changedAt = fields.text('changed_at', 'LastChangeDate');
  const createdAt = fields.text('created_at', 'CreationDate');
  const rest = {
    version: fields.oneOf('version', ['v2', 'v4', 'auto']) ?? 'auto',
    keys: fields.texts('keys'),
    select: fields.texts('select'),
    expand: fields.texts('expand'),
    delta: fields.flag('delta') ?? false,
    stampType: fields.oneOf('stamp', ['date', 'datetime', 'datetimeoffset']) ?? 'datetime',
    ...(filter === undefined ? {} : { filter }),
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(createdAt === undefined ? {} : { createdAt }),
  } as const;
  if (poll === undefined || entity === undefined) return undefined;
  return { kind: 'odata', ...common, ...poll, entity, ...rest };
}

/** `http: <url>` with where the records are and how pages follow. */
export function readHttp(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): HttpSourceConfig | undefined {
  const poll = readPoll(fields, 'http', context, { overlapMs: 5 * MINUTE_MS, zone: common.zone });
  const query = readQuery(fields, context);
  const items = readPointer(fields, 'items', context);
  const id = readPointer(fields, 'id', context);
  const changedAt = readPointer(fields, 'changed_at', context);
  const since = readSince(fields);
  const paging = readPaging(fields, context);
  if (poll === undefined) return undefined;
  return {
    kind: 'http',
    ...common,
    ...poll,
    query,
    paging,
    ...(items === undefined ? {} : { items }),
    ...(id === undefined ? {} : { id }),
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(since === undefined ? {} : { since }),
  };
}

export function readQuery(fields: Fields, context: SettingsContext): Record<string, string> {
  const query: Record<string, string> = {};
  for (const { key, value } of fields.named('query')) {
    const text = readText(value, context.report, key);
    if (text !== undefined) query[key] = text;
  }
  return query;
}

/** A JSON pointer (RFC 6901); `""` is the whole answer. */
export function readPointer(fields: Fields, key: string, context: SettingsContext): string | undefined {
  const node = fields.get(key);
  if (node === undefined) return undefined;
  if (node.kind === 'scalar' && node.value === '') return '';
  const [text] = readTextNodes(node, context.report, key, '/data/items');
  if (text === undefined || text.text.startsWith('/')) return text?.text;
  const fix = `write /${text.text.replaceAll('.', '/')}`;
  context.report.error(node.place, 'bad-pointer', `${key}: a path in JSON starts with a slash`, fix);
  return undefined;
}

function readSince(fields: Fields): HttpSourceConfig['since'] {
  const since = fields.fields('since');
  if (since === undefined) return undefined;
  const param = since.requiredText('param', 'updatedSince');
  const format = since.oneOf('format', ['iso', 'epoch-ms', 'epoch-s', 'date']) ?? 'iso';
  since.end();
  return param === undefined ? undefined : { param, format };
}

function readPaging(fields: Fields, context: SettingsContext): HttpSourceConfig['paging'] {
  const node = fields.get('paging');
  if (node === undefined) return { kind: 'auto' };
  if (node.kind === 'scalar') return { kind: fields.oneOf('paging', ['auto', 'none']) ?? 'auto' };
  const paging = readFields(node, context.report, 'paging');
  if (paging === undefined) return { kind: 'auto' };
  const cursor = readPointer(paging, 'cursor', context);
  const url = readPointer(paging, 'url', context);
  const nextPage = paging.text('next_page', 'cursor');
  const pageNumber = paging.text('page_number', 'page');
  const param = cursor === undefined ? undefined : paging.requiredText('param', 'cursor');
  const first = paging.number('first', { integer: true, min: 0, max: 1 }) ?? 1;
  paging.end();
  if (cursor !== undefined) return { kind: 'cursor', from: cursor, param: param ?? 'cursor' };
  if (url !== undefined) return { kind: 'url', from: url };
  if (nextPage !== undefined) return { kind: 'next-page', param: nextPage };
  if (pageNumber !== undefined) return { kind: 'page-number', param: pageNumber, first };
  const fix = 'such as paging: { cursor: /next, param: cursor }';
  context.report.error(
    node.place,
    'paging-kind',
    'paging: expected cursor, url, next_page or page_number',
    fix,
  );
  return { kind: 'auto' };
}
