import type { TimeSpan } from '../../rules/time.ts';
import { readFields } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readOneOf } from '../../rules/yaml-values.ts';
import { compileCondition } from './condition.ts';
import { type MapContext, readPaths } from './context.ts';
import type { Path } from './path.ts';
import type { Scope, Test, TextOf } from './scope.ts';
import {
  type ReadTime,
  readTime,
  readTimeOfDay,
  TIME_FORMATS,
  type TimeFormat,
  writtenAt,
} from './time-text.ts';
import { compileText } from './value.ts';
import { zoneNamed } from './zone-named.ts';
import { localToEpoch } from './zones.ts';

/** `absent`: nothing is said there. `bad`: something is, and it is no time. */
export type When = TimeSpan | 'absent' | { readonly bad: string; readonly path: string };
export type WhenOf = (scope: Scope, placeZone: string | undefined) => When;

interface Settings {
  readonly paths: readonly Path[];
  readonly format: TimeFormat;
  readonly ofDay: TextOf | undefined;
  readonly zone: TextOf | undefined;
  /** When the offset in the text is not to be believed. */
  readonly offsetIsWrong: Test | undefined;
}

const DAY_MS = 86_400_000;

/**
 * `time:` a path, a list of paths (the first that says something), or `{from, format, of_day, zone, offset_is_wrong_when}`. A time without an offset is
 * read in the zone that the message names (`zone`), else the place's, else the partner's, else the fallback, which is
 * marked `assumed` and noted. A date alone becomes the interval of that day.
 */
export function compileWhen(node: YamlNode, context: MapContext, zone?: TextOf): WhenOf {
  const settings = readSettings(node, context, zone);
  if (settings === undefined) return () => 'absent';
  const { paths, format, ofDay, offsetIsWrong } = settings;
  return (scope, placeZone) => {
    for (const path of paths) {
      const text = path.first(scope);
      if (text === undefined) continue;
      const read = readTime(text, format);
      if (read === undefined) return { bad: text, path: path.pointer(scope) };
      if (read.kind === 'instant' && offsetIsWrong?.(scope) !== true)
        return { from: read.at, to: read.at, zone: read.zone, zoneFrom: 'text' };
      const local = read.kind === 'instant' ? ({ kind: 'local', at: writtenAt(read) } as const) : read;
      return inZone(withTimeOfDay(local, ofDay?.(scope)), path, settings, scope, placeZone);
    }
    return 'absent';
  };
}

function readSettings(node: YamlNode, context: MapContext, zone: TextOf | undefined): Settings | undefined {
  if (node.kind !== 'map') {
    const paths = readPaths(node, context, 'time');
    return { paths, format: 'any', ofDay: undefined, zone, offsetIsWrong: undefined };
  }
  const fields = readFields(node, context.report, 'time');
  if (fields === undefined) return undefined;
  const paths = fields.required('from', (n) => readPaths(n, context, 'from'), 'header.date') ?? [];
  const format = readFormat(fields.get('format'), context);
  const ofDayNode = fields.get('of_day');
  const zoneNode = fields.get('zone');
  const wrongNode = fields.get('offset_is_wrong_when');
  fields.end();
  return {
    paths,
    format,
    ofDay: ofDayNode === undefined ? undefined : compileText(ofDayNode, context, 'of_day'),
    zone: zoneNode === undefined ? zone : compileText(zoneNode, context, 'zone'),
    offsetIsWrong: wrongNode === undefined ? undefined : compileCondition(wrongNode, context),
  };
}

const readFormat = (node: YamlNode | undefined, context: MapContext): TimeFormat =>
  (node === undefined ? undefined : readOneOf(node, context.report, 'format', TIME_FORMATS)) ?? 'any';

/**
 * Midnight in a separate time-of-day field is the initial value, "not set": then only the day is known. Reading it as 00:00
 * would start clocks up to a day early.
 */
function withTimeOfDay(read: ReadTime, text: string | undefined): ReadTime {
  if (read.kind !== 'date' || text === undefined) return read;
  const ofDay = readTimeOfDay(text);
  return ofDay === undefined || ofDay === 0 ? read : { kind: 'local', at: read.at + ofDay };
}

function inZone(
  read: ReadTime,
  path: Path,
  settings: Settings,
  scope: Scope,
  placeZone: string | undefined,
): TimeSpan {
  const named = settings.zone?.(scope);
  const said = named === undefined ? undefined : zoneNamed(named);
  if (said !== undefined) return span(read, said, 'text');
  if (placeZone !== undefined) return span(read, placeZone, 'place');
  const { zone, fallbackZone } = scope.source;
  if (zone !== undefined) return span(read, zone, 'partner');
  const unknown = named === undefined ? 'no zone is said' : `the zone "${named}" is not known`;
  const why = `${unknown} by the text, the place or the partner's settings: read in ${fallbackZone}`;
  scope.notes.push({
    kind: 'zone-assumed',
    path: path.pointer(scope),
    value: path.first(scope) ?? '',
    why,
  });
  return span(read, fallbackZone, 'assumed');
}

function span(read: ReadTime, zone: string, zoneFrom: TimeSpan['zoneFrom']): TimeSpan {
  const from = localToEpoch(read.at, zone) ?? read.at;
  if (read.kind !== 'date') return { from, to: from, zone, zoneFrom };
  // The next midnight, not 24 hours: days on which clocks change have 23 or 25.
  return { from, to: (localToEpoch(read.at + DAY_MS, zone) ?? from + DAY_MS) - 1, zone, zoneFrom };
}
