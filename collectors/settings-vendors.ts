import type { Fields } from '../rules/yaml-reader.ts';
import type { DcsaSourceConfig, OracleSourceConfig, SourceSettings } from './settings.ts';
import type { SettingsContext } from './settings-access.ts';
import { readPoll, readQuery } from './settings-poll.ts';

const OVERLAP_MS = 5 * 60_000;

/** `oracle: <root of the resources>` with `resource:` and what of it. */
export function readOracle(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): OracleSourceConfig | undefined {
  const poll = readPoll(fields, 'oracle', context, { overlapMs: OVERLAP_MS, zone: common.zone });
  const resource = fields.requiredText('resource', 'shipments');
  const finder = fields.text('finder');
  const filter = fields.text('filter');
  const rest = {
    keys: fields.texts('keys'),
    fields: fields.texts('fields'),
    expand: fields.texts('expand'),
    changedAt: fields.text('changed_at', 'LastUpdateDate') ?? 'LastUpdateDate',
    framework: fields.number('framework', { integer: true, min: 1, max: 99 }) ?? 2,
    ...(finder === undefined ? {} : { finder }),
    ...(filter === undefined ? {} : { filter }),
  };
  if (poll === undefined || resource === undefined) return undefined;
  return { kind: 'oracle', ...common, ...poll, resource, ...rest };
}

/** `dcsa: <API>` with the filters that its producer asks for. */
export function readDcsa(
  common: SourceSettings,
  fields: Fields,
  context: SettingsContext,
): DcsaSourceConfig | undefined {
  const poll = readPoll(fields, 'dcsa', context, { overlapMs: OVERLAP_MS, zone: common.zone });
  const query = readQuery(fields, context);
  return poll === undefined ? undefined : { kind: 'dcsa', ...common, ...poll, query };
}
