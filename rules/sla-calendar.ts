import type { Calendar } from './calendar.ts';
import { type CalendarSpec, growingCalendar } from './calendar-compile.ts';
import type { Problem } from './problem.ts';
import { readFields } from './yaml-reader.ts';
import { placeWithin, YamlReport } from './yaml-report.ts';
import { readZone } from './yaml-terms.ts';
import type { Place, YamlEntry, YamlNode } from './yaml-tree.ts';
import { readTextNodes } from './yaml-values.ts';

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

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

interface Hours {
  readonly from: string;
  readonly to: string;
}

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
  const zone = fields.required('zone', (n) => readZone(n, report, 'zone'), 'Europe/Amsterdam');
  const open = fields.required('open', (n) => readOpen(n, report), '{ Mon-Fri: "08:00-17:00" }') ?? [];
  const holidays = fields.texts('holidays', 'NL');
  const closed = readDates(fields.get('closed'), report);
  const special = fields.named('special').map((entry) => ({
    date: readDate(entry.key, entry.keyPlace, report) ?? entry.key,
    windows: readHours(entry, report),
  }));
  fields.end();
  if (report.problems.slice(before).some((p) => p.severity === 'error') || zone === undefined)
    return undefined;
  return { name, zone, open, holidays, closed, special };
}

/** `{ Mon-Fri: "08:00-17:00", Sat: ["08:00-12:00", "13:00-15:00"], Sun: closed }` */
function readOpen(node: YamlNode, report: YamlReport): CalendarSpec['open'] {
  const fields = readFields(node, report, 'open');
  if (fields === undefined) return [];
  const seen = new Map<number, string>();
  const out: { days: number[]; from: string; to: string }[] = [];
  for (const entry of fields.all()) {
    const days = readDays(entry, report);
    for (const day of days) {
      const earlier = seen.get(day);
      if (earlier !== undefined) {
        const message = `open: ${DAYS[day - 1]} is in "${earlier}" and in "${entry.key}"`;
        report.error(entry.keyPlace, 'day-twice', message, 'write each day once; several windows are a list');
      }
      seen.set(day, entry.key);
    }
    for (const { from, to } of readHours(entry, report)) out.push({ days, from, to });
  }
  return out;
}

/** `Mon`, `Mon-Fri`, `Fri-Mon`, `Mon,Wed` → ISO weekdays, Monday is 1. */
function readDays(entry: YamlEntry, report: YamlReport): number[] {
  const out: number[] = [];
  for (const part of entry.key.split(',')) {
    const ends = part.trim().split('-').map(dayOf);
    const [first, last = first] = ends;
    if (first === undefined || last === undefined || ends.includes(undefined) || ends.length > 2) {
      const message = `open: "${part.trim()}" is no day`;
      report.unknown(entry.keyPlace, 'unknown-day', message, part.trim(), [...DAYS, 'Mon-Fri']);
      continue;
    }
    for (let day = first; ; day = (day % 7) + 1) {
      out.push(day);
      if (day === last) break;
    }
  }
  return out;
}

function dayOf(text: string): number | undefined {
  const short = text.trim().slice(0, 3).toLowerCase();
  const full = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
  const index = full.findIndex(
    (d) => d.slice(0, 3) === short && (text.trim().length === 3 || d === text.trim().toLowerCase()),
  );
  return index < 0 ? undefined : index + 1;
}

/** `08:00-17:00`; `22:00-06:00` ends on the next day. */
function readHours(entry: YamlEntry, report: YamlReport): Hours[] {
  const out: Hours[] = [];
  for (const { text, node } of readTextNodes(entry.value, report, entry.key, '"08:00-17:00"')) {
    if (text === 'closed') continue;
    const m = /^([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
    const from = m === null ? '' : `${m[1]}:${m[2]}`;
    const to = m === null ? '' : `${m[3]}:${m[4]}`;
    if (m === null || to > '24:00') {
      report.error(
        node.place,
        'bad-hours',
        `${entry.key}: "${text}" are no hours`,
        'write "08:00-17:00" or closed',
      );
    } else if (from === to) {
      const fix = 'write 00:00-24:00 for all day, or closed';
      report.error(
        placeWithin(node, 0, text.length),
        'bad-hours',
        `${entry.key}: ${text} is all day or nothing`,
        fix,
      );
    } else out.push({ from, to });
  }
  return out;
}

function readDates(node: YamlNode | undefined, report: YamlReport): string[] {
  if (node === undefined) return [];
  const out: string[] = [];
  for (const { text, node: item } of readTextNodes(node, report, 'closed', '2026-12-24')) {
    const date = readDate(text, item.place, report);
    if (date !== undefined) out.push(date);
  }
  return out;
}

function readDate(text: string, place: Place, report: YamlReport): string | undefined {
  try {
    if (/^\d{4}-\d\d-\d\d$/.test(text))
      return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString();
  } catch {
    // reported below
  }
  report.error(place, 'bad-date', `"${text}" is no date`, 'write it as 2026-12-24');
  return undefined;
}
