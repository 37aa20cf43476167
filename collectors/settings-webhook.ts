import { type Fields, readFields } from '../rules/yaml-reader.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';
import type { SourceSettings, WebhookScheme, WebhookSourceConfig } from './settings.ts';
import type { SettingsContext } from './settings-access.ts';
import { isLoopback, readListen } from './settings-listen.ts';
import { readPointer } from './settings-poll.ts';
import { secretKey, WEBHOOK_SCHEMES } from './webhook/signature.ts';

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8090 };

/** `webhook: <path>` with how deliveries are signed. */
export function readWebhook(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): WebhookSourceConfig | undefined {
  const { report } = context;
  const path = fields.requiredText('webhook', '/hooks/carrier');
  if (path !== undefined && !/^\/[^\s?#]*$/.test(path)) {
    const fix = `write /${path.replace(/^\/+|[\s?#].*$/g, '')}`;
    report.error(fields.get('webhook')!.place, 'bad-path', `webhook: "${path}" is no path`, fix);
  }
  const listenNode = fields.get('listen');
  const listen = (listenNode === undefined ? undefined : readListen(listenNode, context)) ?? DEFAULT_LISTEN;
  if (listenNode !== undefined && !isLoopback(listen.host)) {
    const message = `listen: ${listen.host} takes deliveries over plain HTTP`;
    report.warning(listenNode.place, 'plain-http', message, 'let a proxy before it end TLS');
  }
  const scheme = fields.required('verify', (n) => readScheme(n, context), 'standard');
  const secretsNode = fields.get('secrets');
  if (secretsNode === undefined) fields.requiredText('secrets', '[{ env: NAME }]');
  const nodes =
    secretsNode?.kind === 'list' ? secretsNode.items : secretsNode === undefined ? [] : [secretsNode];
  const secrets = nodes.flatMap((node) => {
    const secret = context.secret(node, 'secrets');
    if (secret === undefined) return [];
    const text = secret.reveal();
    if (scheme !== undefined && text !== '' && secretKey(text, scheme.secretEncoding) === undefined) {
      report.error(node.place, 'bad-secret', `secrets: this one is not ${scheme.secretEncoding}`);
    }
    return [secret];
  });
  const id = readPointer(fields, 'id', context);
  const changedAt = readPointer(fields, 'changed_at', context);
  const rest = {
    replayWindowMs: fields.duration('replay_window', { minMs: 1000 }) ?? 300_000,
    maxPerMinute: fields.number('max_per_minute', { min: 1 }) ?? 6000,
    answerWithinMs: fields.duration('answer_within', { minMs: 100, maxMs: 60_000 }) ?? 10_000,
    ...(id === undefined ? {} : { id }),
    ...(changedAt === undefined ? {} : { changedAt }),
  };
  if (path === undefined || scheme === undefined) return undefined;
  return { kind: 'webhook', ...common, path, listen, scheme, secrets, ...rest };
}

/** `standard`, `github`, `dcsa`, or `{ header, algorithm, prefix, signed, timestamp, id, secret, answer }`. */
function readScheme(node: YamlNode, context: SettingsContext): WebhookScheme | undefined {
  const { report } = context;
  if (node.kind !== 'map') {
    const name = node.kind === 'scalar' ? String(node.value) : '';
    const known = Object.hasOwn(WEBHOOK_SCHEMES, name)
      ? WEBHOOK_SCHEMES[name as keyof typeof WEBHOOK_SCHEMES]
      : undefined;
    if (known === undefined) {
      const fix = 'write standard, github, dcsa, or { header: X-Signature, prefix: "sha256=" }';
      report.error(node.place, 'unknown-scheme', `verify: "${name}" is no way of signing that is known`, fix);
    }
    return known;
  }
  const fields = readFields(node, report, 'verify')!;
  const header = fields.requiredText('header', 'X-Signature');
  const timestamp = fields.text('timestamp', 'X-Timestamp');
  const id = fields.text('id', 'X-Delivery');
  const signed =
    fields.text('signed', '"{timestamp}.{body}"') ??
    (timestamp === undefined ? '{body}' : '{timestamp}.{body}');
  const scheme = {
    algorithm: fields.oneOf('algorithm', ['sha256', 'sha512', 'sha1']) ?? 'sha256',
    prefix: fields.text('prefix', '"sha256="') ?? '',
    signed,
    secretEncoding: fields.oneOf('secret', ['text', 'base64', 'hex']) ?? 'text',
    answer: fields.number('answer', { integer: true, min: 200, max: 204 }) === 204 ? 204 : 200,
  } as const;
  fields.end();
  if (!signed.includes('{body}')) {
    report.error(
      node.place,
      'unsigned-body',
      'verify: signed: must contain {body}',
      'such as "{timestamp}.{body}"',
    );
  }
  if (timestamp !== undefined && !signed.includes('{timestamp}')) {
    const message = 'verify: a time that is not signed can be changed by anybody';
    report.error(
      fields.keyPlace('timestamp'),
      'unsigned-time',
      message,
      'put {timestamp} into signed:, or leave timestamp: out',
    );
  }
  if (header === undefined) return undefined;
  return {
    header: header.toLowerCase(),
    ...scheme,
    ...(id === undefined ? {} : { idHeader: id.toLowerCase() }),
    ...(timestamp === undefined ? {} : { timestampHeader: timestamp.toLowerCase() }),
  };
}
