import type {
  DcsaSourceConfig,
  FilesSourceConfig,
  HttpSourceConfig,
  NatsSourceConfig,
  ODataSourceConfig,
  OracleSourceConfig,
  SecretText,
  SftpSourceConfig,
  WebhookSourceConfig,
} from '../../collectors/settings.ts';
import { WEBHOOK_SCHEMES } from '../../collectors/webhook/signature.ts';

export const secret = (text: string): SecretText => ({ reveal: () => text });

const common = (name: string) => ({
  name,
  tenant: 'default',
  partner: name,
  map: 'builtin:cloudevents',
  reportingLagMs: 0,
  maxMessageBytes: 1024 * 1024,
});

const polled = (url: string) => ({
  url,
  headers: {},
  secretHeaders: {},
  pollMs: 60_000,
  timeoutMs: 5_000,
  overlapMs: 300_000,
  initialLookbackMs: 86_400_000,
  maxResponseBytes: 1024 * 1024,
  maxPages: 100,
  minIntervalMs: 0,
  concurrency: 1,
});

/** Settings of an HTTP source as `config` would read them, with what a test wants otherwise. */
export const httpSettings = (url: string, other: Partial<HttpSourceConfig> = {}): HttpSourceConfig => ({
  kind: 'http',
  ...common('carrier'),
  ...polled(url),
  query: {},
  items: '/items',
  id: '/id',
  paging: { kind: 'auto' },
  ...other,
});

export const odataSettings = (url: string, other: Partial<ODataSourceConfig> = {}): ODataSourceConfig => ({
  kind: 'odata',
  ...common('sap-deliveries'),
  ...polled(url),
  entity: 'A_OutbDeliveryHeader',
  version: 'v2',
  keys: [],
  select: [],
  expand: [],
  changedAt: 'LastChangeDate',
  createdAt: 'CreationDate',
  stampType: 'datetime',
  delta: false,
  ...other,
});

export const oracleSettings = (url: string, other: Partial<OracleSourceConfig> = {}): OracleSourceConfig => ({
  kind: 'oracle',
  ...common('fusion'),
  ...polled(url),
  resource: 'shipments',
  keys: ['ShipmentId'],
  fields: [],
  expand: [],
  changedAt: 'LastUpdateDate',
  framework: 2,
  ...other,
});

export const dcsaSettings = (url: string, other: Partial<DcsaSourceConfig> = {}): DcsaSourceConfig => ({
  kind: 'dcsa',
  ...common('carrier'),
  ...polled(url),
  query: {},
  ...other,
});

const folder = {
  pattern: '*',
  format: 'auto',
  csv: { delimiter: ',', encoding: 'utf-8' },
  pollMs: 10_000,
  settleMs: 2_000,
  afterwards: 'keep',
  moveTo: 'done',
  complete: true,
  maxFileBytes: 64 * 1024 * 1024,
} as const;

export const filesSettings = (
  directory: string,
  other: Partial<FilesSourceConfig> = {},
): FilesSourceConfig => ({
  kind: 'files',
  ...common('broker-files'),
  ...folder,
  directory,
  ...other,
});

export const sftpSettings = (
  port: number,
  hostKey: string,
  other: Partial<SftpSourceConfig> = {},
): SftpSourceConfig => ({
  kind: 'sftp',
  ...common('broker-sftp'),
  ...folder,
  host: '127.0.0.1',
  port,
  user: 'laytime',
  login: { kind: 'password', password: secret('hunter2') },
  hostKeys: [hostKey],
  directory: '/',
  timeoutMs: 5_000,
  concurrency: 1,
  ...other,
});

export const natsSettings = (other: Partial<NatsSourceConfig> = {}): NatsSourceConfig => ({
  kind: 'nats',
  ...common('broker-nl'),
  subjects: ['broker.nl.>'],
  capture: 'auto',
  ...other,
});

/** 32 bytes, as Standard Webhooks writes them. */
export const WEBHOOK_SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

export const webhookSettings = (
  port: number,
  other: Partial<WebhookSourceConfig> = {},
): WebhookSourceConfig => ({
  kind: 'webhook',
  ...common('carrier-push'),
  listen: { host: '127.0.0.1', port },
  path: '/hooks/carrier',
  scheme: WEBHOOK_SCHEMES.standard,
  secrets: [secret(WEBHOOK_SECRET)],
  replayWindowMs: 300_000,
  maxPerMinute: 6000,
  answerWithinMs: 10_000,
  ...other,
});
