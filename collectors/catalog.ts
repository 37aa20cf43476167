import { readReportingLag } from '../rules/yaml-lag.ts';
import { type Fields, readFields } from '../rules/yaml-reader.ts';
import { readExpression, readZone } from '../rules/yaml-terms.ts';
import type { YamlEntry } from '../rules/yaml-tree.ts';
import { readSize } from '../rules/yaml-values.ts';
import type { Collector } from './collector.ts';
import { HostGates } from './http-client-gate.ts';
import type { NatsLender } from './nats/nats.ts';
import type { SourceConfig, SourceSettings } from './settings.ts';
import type { SettingsContext } from './settings-access.ts';
import { readFiles, readSftp } from './settings-files.ts';
import { readNats, subjectFault } from './settings-nats.ts';
import { readHttp, readOData } from './settings-poll.ts';
import { readDcsa, readOracle } from './settings-vendors.ts';
import { readWebhook } from './settings-webhook.ts';
import { WebhookListeners } from './webhook/listeners.ts';

/** What a source inherits from the whole configuration. */
export interface SourceDefaults {
  readonly tenant: string;
  readonly maxMessageBytes: number;
  /** Servers of the agent's own NATS connection. */
  readonly natsServers: readonly string[];
}

/** One kind of source. Its `key` under a source's name says that the source is of this kind. */
export interface SourceKind {
  readonly key: SourceConfig['kind'];
  readonly title: string;
  read(
    common: SourceSettings,
    fields: Fields,
    context: SettingsContext,
    defaults: SourceDefaults,
  ): SourceConfig | undefined;
}

/** Every kind of source that can be configured: a new one is a folder beside this file and a line here. */
export const SOURCE_KINDS: readonly SourceKind[] = [
  {
    key: 'nats',
    title: 'NATS: a JetStream stream, or plain subjects',
    read: (common, fields, context, { natsServers }) => readNats(common, fields, context, natsServers),
  },
  { key: 'odata', title: 'OData v2 or v4 service, polled', read: readOData },
  { key: 'http', title: 'JSON or XML over HTTP, polled', read: readHttp },
  { key: 'oracle', title: 'Oracle Fusion REST resource, polled', read: readOracle },
  { key: 'dcsa', title: 'DCSA Track & Trace 3.0, polled', read: readDcsa },
  { key: 'files', title: 'Files dropped into a folder', read: readFiles },
  { key: 'sftp', title: 'Files dropped into a folder of an SFTP server', read: readSftp },
  { key: 'webhook', title: 'Signed messages that a partner pushes over HTTP', read: readWebhook },
];

/** Reads one entry of `sources:`; undefined when it is unusable (then it is reported). */
export function readSource(
  entry: YamlEntry,
  context: SettingsContext,
  defaults: SourceDefaults,
): SourceConfig | undefined {
  const { report } = context;
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(entry.key)) {
    const fix = 'use a-z, 0-9, - and _: the name becomes a part of NATS subjects';
    report.error(entry.keyPlace, 'bad-name', `"${entry.key}" is no name for a source`, fix);
  }
  const fields = readFields(entry.value, report, `source ${entry.key}`);
  if (fields === undefined) return undefined;
  const common = readCommon(entry.key, fields, context, defaults);
  const kinds = SOURCE_KINDS.filter((k) => fields.has(k.key));
  const [kind, second] = kinds;
  const all = SOURCE_KINDS.map((k) => k.key).join(', ');
  if (kind === undefined) {
    report.error(entry.keyPlace, 'source-kind', `source ${entry.key}: of what kind?`, `add one of ${all}`);
    // Without a kind nobody can tell a key that is unknown from one that belongs to it.
    return undefined;
  }
  if (second !== undefined) {
    const message = `source ${entry.key}: it is ${kind.key} and ${second.key}`;
    report.error(fields.keyPlace(second.key), 'source-kind', message, 'make two sources');
  }
  const source = kind.read(common, fields, context, defaults);
  for (const other of SOURCE_KINDS) if (other !== kind) fields.entry(other.key);
  fields.end();
  return common.map === '' ? undefined : source;
}

function readCommon(
  name: string,
  fields: Fields,
  context: SettingsContext,
  defaults: SourceDefaults,
): SourceSettings {
  const { report } = context;
  const map = fields.requiredText('map', 'builtin:cloudevents') ?? '';
  const zoneNode = fields.get('zone');
  const zone = zoneNode === undefined ? undefined : readZone(zoneNode, report, 'zone');
  const expectEveryMs = fields.duration('expect_every', { minMs: 1000 });
  const servesNode = fields.get('serves');
  const serves = servesNode === undefined ? undefined : readExpression(servesNode, report, 'serves');
  const heartbeatSubject = fields.text('heartbeat', 'broker.nl.alive');
  const fault = heartbeatSubject === undefined ? undefined : subjectFault(heartbeatSubject);
  if (fault !== undefined) report.error(fields.get('heartbeat')!.place, 'bad-subject', `heartbeat: ${fault}`);
  const sizeNode = fields.get('max_message');
  const size = sizeNode === undefined ? undefined : readSize(sizeNode, report, 'max_message');
  return {
    name,
    tenant: fields.text('tenant') ?? defaults.tenant,
    partner: fields.text('partner') ?? name,
    map,
    ...readReportingLag(fields),
    maxMessageBytes: size ?? defaults.maxMessageBytes,
    ...(zone === undefined ? {} : { zone }),
    ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
    ...(serves === undefined ? {} : { serves }),
    ...(heartbeatSubject === undefined ? {} : { heartbeatSubject }),
  };
}

/** What collectors of one process share. */
export interface CollectorTools {
  /** One request at a time to a host, whichever source asks, and one circuit a host. */
  readonly gates: HostGates;
  /** Addresses that partners push to, shared by the sources that name them. */
  readonly listeners: WebhookListeners;
  /** The agent's own NATS connection, for sources that name none of their own. */
  readonly nats: NatsLender;
}

/** The tools of a process; `nats` is asked when a collector runs, not before. */
export const collectorTools = (nats: NatsLender): CollectorTools => ({
  gates: new HostGates(),
  listeners: new WebhookListeners(),
  nats,
});

/**
 * The collector of a configured source; its code is loaded here and not before, for an agent at the edge has one kind of
 * source or two. Nothing is connected or read until it runs.
 */
export async function createCollector(settings: SourceConfig, tools: CollectorTools): Promise<Collector> {
  switch (settings.kind) {
    case 'nats': {
      const { NatsCollector } = await import('./nats/nats.ts');
      return new NatsCollector(settings, tools.nats);
    }
    case 'odata': {
      const { odataCollector } = await import('./odata/odata.ts');
      return odataCollector(settings, tools.gates);
    }
    case 'http': {
      const { httpCollector } = await import('./http/http.ts');
      return httpCollector(settings, tools.gates);
    }
    case 'oracle': {
      const { oracleCollector } = await import('./oracle/oracle.ts');
      return oracleCollector(settings, tools.gates);
    }
    case 'dcsa': {
      const { dcsaCollector } = await import('./dcsa/dcsa.ts');
      return dcsaCollector(settings, tools.gates);
    }
    case 'files': {
      const { FilesCollector } = await import('./files/files.ts');
      return new FilesCollector(settings);
    }
    case 'sftp': {
      const { SftpCollector } = await import('./sftp/sftp.ts');
      return new SftpCollector(settings, tools.gates);
    }
    case 'webhook': {
      const { WebhookCollector } = await import('./webhook/webhook.ts');
      return new WebhookCollector(settings, tools.listeners);
    }
  }
}
