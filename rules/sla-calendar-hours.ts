import type { CalendarSpec } from './calendar-compile.ts';
import { readFields } from './yaml-reader.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { Place, YamlEntry, YamlNode } from './yaml-tree.ts';
import { anyCase, oneOrMore, type ValueType } from './yaml-type.ts';
import { readTextNodes, readTexts } from './yaml-values.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const FULL_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

interface Hours {
  readonly from: string;
  readonly to: string;
}

const HOURS_SCHEMA = oneOrMore({
  anyOf: [
    { const: 'closed' },
    { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d\\s*-\\s*([01]\\d|2[0-4]):[0-5]\\d$' },
  ],
});
const DATE_PATTERN = '^\\d{4}-\\d\\d-\\d\\d$';

/** Opening hours by the days of the week. */
export const OPEN: ValueType<CalendarSpec['open']> = {
  name: 'week',
  words:
    'a mapping of days (`Mon`, `Mon-Fri`, `Mon,Wed`) to hours: `"08:00-17:00"`, a list of them, or `closed`; `"22:00-06:00"` ends on the next day',
  schema: { type: 'object', propertyNames: { pattern: daysPattern() }, additionalProperties: HOURS_SCHEMA },
  read: readOpen,
};

/** Codes of countries and regions. */
export const HOLIDAYS: ValueType<readonly string[]> = {
  name: 'holidays',
  words: 'a country or region, or a list of them: `NL`, `US-NY`, `DE-BY`',
  schema: oneOrMore({ type: 'string', pattern: '^[A-Za-z]{2}(-[A-Za-z0-9]+){0,2}$' }),
  read: readTexts,
};

/** Dates that are closed. */
export const CLOSED: ValueType<readonly string[]> = {
  name: 'closed dates',
  words: 'a date `2026-12-24`, or a list of them',
  schema: oneOrMore({ type: 'string', pattern: DATE_PATTERN }),
  read: (node, report, key, example) =>
    readTextNodes(node, report, key, example).flatMap(
      ({ text, node: item }) => readDate(text, item.place, report) ?? [],
    ),
};

/** Dates with hours of their own. */
export const SPECIAL: ValueType<CalendarSpec['special']> = {
  name: 'special dates',
  words: 'a mapping of dates to hours: `{ 2026-12-31: "08:00-12:00" }`',
  schema: { type: 'object', propertyNames: { pattern: DATE_PATTERN }, additionalProperties: HOURS_SCHEMA },
  read: (node, report, key) =>
    readFields(node, report, key)
      ?.all()
      .map((entry) => ({
        date: readDate(entry.key, entry.keyPlace, report) ?? entry.key,
        windows: readHours(entry, report),
      })),
};

function daysPattern(): string {
  const day = `(${[...FULL_DAYS, ...DAYS].map(anyCase).join('|')})`;
  const range = `\\s*${day}(\\s*-\\s*${day})?\\s*`;
  return `^${range}(,${range})*$`;
}

/** `{ Mon-Fri: "08:00-17:00", Sat: ["08:00-12:00", "13:00-15:00"], Sun: closed }` */
function readOpen(node: YamlNode, report: YamlReport, key: string): CalendarSpec['open'] {
  const fields = readFields(node, report, key);
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
  const index = FULL_DAYS.findIndex(
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
