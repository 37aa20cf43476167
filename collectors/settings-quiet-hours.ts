import type { QuietHours } from '../rules/quiet-hours.ts';
import type { Fields } from '../rules/yaml-reader.ts';
import { readZone } from '../rules/yaml-terms.ts';
import type { SettingsContext } from './settings-access.ts';

/** `quiet_hours: { from: "22:00", to: "06:00", zone: Europe/Berlin }`; the zone is the source's when none is given. */
export function readQuietHours(
  fields: Fields,
  sourceZone: string | undefined,
  context: SettingsContext,
): QuietHours | undefined {
  const quiet = fields.fields('quiet_hours');
  if (quiet === undefined) return undefined;
  const fromMinute = readMinute(quiet, 'from', '"22:00"', context);
  const toMinute = readMinute(quiet, 'to', '"06:00"', context);
  const zoneNode = quiet.get('zone');
  const zone = zoneNode === undefined ? sourceZone : readZone(zoneNode, context.report, 'zone');
  if (zoneNode === undefined && sourceZone === undefined) quiet.requiredText('zone', 'Europe/Berlin');
  quiet.end();
  if (fromMinute === undefined || toMinute === undefined || zone === undefined) return undefined;
  if (fromMinute === toMinute) {
    const fix = 'leave the source out instead';
    context.report.error(quiet.keyPlace('to'), 'never-called', 'quiet_hours: they last the whole day', fix);
    return undefined;
  }
  return { fromMinute, toMinute, zone };
}

function readMinute(
  fields: Fields,
  key: string,
  example: string,
  context: SettingsContext,
): number | undefined {
  const text = fields.requiredText(key, example);
  if (text === undefined) return undefined;
  const time = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (time !== null) return Number(time[1]) * 60 + Number(time[2]);
  context.report.error(
    fields.get(key)!.place,
    'bad-time',
    `${key}: "${text}" is no time of day`,
    `such as ${example}`,
  );
  return undefined;
}
