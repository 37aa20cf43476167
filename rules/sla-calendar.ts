import type { Calendar } from './calendar.ts';
import { type CalendarSpec, growingCalendar } from './calendar-compile.ts';
import type { Problem } from './problem.ts';
import { CLOSED, HOLIDAYS, OPEN, SPECIAL } from './sla-calendar-hours.ts';
import { readFields } from './yaml-reader.ts';
import { YamlReport } from './yaml-report.ts';
import { ZONE } from './yaml-terms.ts';
import type { Place, YamlEntry, YamlNode } from './yaml-tree.ts';
import { optional, readKeys, required, withDefault } from './yaml-type.ts';

/** A calendar as written, with its place. */
export interface CalendarSource {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  /** Places of its keys' values. */
  readonly places: Readonly<Record<string, Place>>;
  readonly spec: CalendarSpec;
  /** Equal for calendars that mean the same. */
  readonly canonical: string;
}

/** Keys of a calendar. */
export const CALENDAR_KEYS = {
  zone: required(ZONE, 'the time zone of the place', 'Europe/Amsterdam'),
  open: required(OPEN, 'the hours of each day of the week', '{ Mon-Fri: "08:00-17:00" }'),
  holidays: withDefault(HOLIDAYS, 'countries or regions whose public holidays are kept', 'NL', [], 'none'),
  closed: withDefault(CLOSED, 'dates that are closed besides', '[2026-12-24]', [], 'none'),
  special: optional(
    SPECIAL,
    'dates with hours of their own; they go before everything else',
    '{ 2026-12-31: "08:00-12:00" }',
  ),
};

/** Reads the entries of `calendars:` in a rule file; calendars with errors are reported and left out. */
export function readCalendars(entries: readonly YamlEntry[], report: YamlReport): CalendarSource[] {
  const out: CalendarSource[] = [];
  for (const { key, keyPlace, value } of entries) {
    const spec = readSpec(key, value, report);
    if (spec === undefined) continue;
    const places = Object.fromEntries(
      value.kind === 'map' ? value.entries.map((e) => [e.key, e.value.place]) : [],
    );
    const canonical = JSON.stringify(spec);
    out.push({ name: key, file: report.file, place: keyPlace, places, spec, canonical });
  }
  return out;
}

/** Compiles each for the years around `year`; a name that is taken, and whatever the compiler refuses, becomes a problem. */
export function compileCalendars(
  sources: readonly CalendarSource[],
  year: number,
  problems: Problem[],
): Map<string, Calendar> {
  const out = new Map<string, Calendar>();
  for (const source of sources) {
    const report = new YamlReport(source.file, problems);
    if (out.has(source.name)) {
      const first = sources.find((s) => s.name === source.name)!;
      const message = `a calendar "${source.name}" is already in ${first.file}:${first.place.line}`;
      report.error(source.place, 'duplicate-calendar', message, 'choose another name');
      continue;
    }
    try {
      out.set(source.name, growingCalendar(source.spec, year));
    } catch (e) {
      if (!(e instanceof RangeError)) throw e;
      // What the reader lets through and the compiler refuses are codes of holidays, and weeks without an open hour.
      const about = e.message.includes('never open') ? 'open' : 'holidays';
      const place = source.places[about] ?? source.place;
      report.error(place, 'bad-calendar', `calendar ${source.name}: ${e.message}`);
    }
  }
  return out;
}

function readSpec(name: string, node: YamlNode, report: YamlReport): CalendarSpec | undefined {
  const before = report.problems.length;
  const fields = readFields(node, report, `calendar ${name}`);
  if (fields === undefined) return undefined;
  const { zone, open = [], special = [], holidays, closed } = readKeys(fields, CALENDAR_KEYS);
  fields.end();
  if (report.problems.slice(before).some((p) => p.severity === 'error') || zone === undefined)
    return undefined;
  return { name, zone, open, holidays, closed, special };
}
