import type { Calendar, Window } from './calendar.ts';
import { IntervalCalendar, type OpenDay, OutsideCalendar } from './calendar-intervals.ts';
import { publicHolidays } from './holidays.ts';
import type { EpochMs } from './time.ts';

/**
 * Opening hours in wall time. `from` "00:00".."23:59", `to` up to "24:00"; when `to` is not after `from`, the
 * shift ends on the next day.
 */
export interface OpenHours {
  readonly from: string;
  readonly to: string;
}

/** A business calendar as a person writes it. */
export interface CalendarSpec {
  readonly name: string;
  /** IANA time zone. */
  readonly zone: string;
  /**
   * Weekly hours; several windows on a day leave breaks between them. `days` are ISO weekdays, Monday is 1.
   */
  readonly open: readonly ({ readonly days: readonly number[] } & OpenHours)[];
  /** Codes of countries or regions whose public holidays close the day: `NL`, `US-NY`. */
  readonly holidays: readonly string[];
  /** Own holidays: dates such as `2026-12-24`. */
  readonly closed: readonly string[];
  /**
   * Dates with their own hours instead of the weekly ones, holidays or not; without windows the day is
   * closed.
   */
  readonly special: readonly { readonly date: string; readonly windows: readonly OpenHours[] }[];
}

/** Local milliseconds: wall time of the zone, counted as if it were UTC. */
type LocalMs = number;

/** A stretch of time with one offset from UTC. */
interface Segment {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly offset: number;
}

const DAY_MS = 86_400_000;
const MAX_YEARS = 200;
/** Years before and after the present that a growing calendar goes. */
const MAX_GROWTH = 50;

/**
 * The years worth compiling for judging around `year`: five back for history and re-judging, three ahead for
 * plans.
 */
export const calendarYears = (year: number): { readonly fromYear: number; readonly toYear: number } => ({
  fromYear: year - 5,
  toYear: year + 3,
});

/**
 * Compiles a calendar to sorted open intervals for whole local years, both included. It is open at exactly
 * the moments at which a clock on its wall shows an open time: an hour that summer time skips is no open
 * time, an hour that comes twice counts twice. Special dates go before own holidays, those before public
 * holidays; a night shift belongs to the date on which it begins. Throws a RangeError that says what is wrong
 * with the spec.
 */
export function compileCalendar(
  spec: CalendarSpec,
  years: { readonly fromYear: number; readonly toYear: number },
): Calendar {
  const { fromYear, toYear } = years;
  if (!(fromYear <= toYear && toYear - fromYear < MAX_YEARS)) {
    throw new RangeError(`a calendar covers 1 to ${MAX_YEARS} years, not ${fromYear} to ${toYear}`);
  }
  const hoursOf = dayPlan(spec, fromYear, toYear);
  const first = Date.UTC(fromYear, 0, 1);
  const end = Date.UTC(toYear + 1, 0, 1);
  const segments = offsetsOf(spec.zone, first - 3 * DAY_MS, end + 3 * DAY_MS);
  const covers = spanOf(pieces(segments, first, end));
  const open: Window[] = [];
  const days: OpenDay[] = [];
  // A shift of the last night before the first year reaches into it.
  for (let date = first - DAY_MS; date < end; date += DAY_MS) {
    const shifts = hoursOf(date).flatMap(({ from, to }) => pieces(segments, date + from, date + to));
    if (shifts.length === 0) continue;
    open.push(...shifts);
    const hours = spanOf(shifts);
    const day = spanOf(pieces(segments, date, date + DAY_MS));
    // A long shift of the day before may outlast this day's own: then it ends both.
    const close = Math.max(hours.to, days.at(-1)?.close ?? hours.to);
    days.push({ dateFrom: day.from, dateTo: day.to, open: hours.from, close });
  }
  if (open.length === 0) throw new RangeError(`${spec.name} is never open; write opening hours`);
  return new IntervalCalendar(spec.name, spec.zone, covers, merge(open, covers), days);
}

/**
 * A calendar that compiles more years when it is asked about them, up to 50 before and after `year`; further
 * away, calls throw a RangeError. Answers do not depend on what was asked before; only `covers` grows.
 */
export function growingCalendar(spec: CalendarSpec, year: number): Calendar {
  let { fromYear, toYear } = calendarYears(year);
  let compiled = compileCalendar(spec, { fromYear, toYear });
  const grow = <T>(ask: (calendar: Calendar) => T): T => {
    for (;;) {
      try {
        return ask(compiled);
      } catch (e) {
        if (!(e instanceof OutsideCalendar)) throw e;
        // A placeholder such as 9999-12-31 must not cost the compiling of fifty years.
        const asked = e.at === undefined ? year : new Date(e.at).getUTCFullYear();
        if (!(Math.abs(asked - year) <= MAX_GROWTH)) throw e;
        if (e.side === 'before' ? fromYear <= year - MAX_GROWTH : toYear >= year + MAX_GROWTH) throw e;
        if (e.side === 'before') fromYear = Math.max(Math.min(fromYear - 10, asked), year - MAX_GROWTH);
        else toYear = Math.min(Math.max(toYear + 10, asked), year + MAX_GROWTH);
        compiled = compileCalendar(spec, { fromYear, toYear });
      }
    }
  };
  return {
    name: spec.name,
    zone: spec.zone,
    get covers() {
      return compiled.covers;
    },
    addOpen: (from, openMs, pauses) => grow((c) => c.addOpen(from, openMs, pauses)),
    subtractOpen: (to, openMs) => grow((c) => c.subtractOpen(to, openMs)),
    addOpenDays: (from, days, pauses) => grow((c) => c.addOpenDays(from, days, pauses)),
    subtractOpenDays: (to, days) => grow((c) => c.subtractOpenDays(to, days)),
    openMsBetween: (from, to) => grow((c) => c.openMsBetween(from, to)),
    windows: (from, to, pauses) => grow((c) => c.windows(from, to, pauses)),
  };
}

interface Shift {
  /** Milliseconds after local midnight; `to` may lie on the next day. */
  readonly from: number;
  readonly to: number;
}

/** The hours of each local date. */
function dayPlan(spec: CalendarSpec, fromYear: number, toYear: number): (date: LocalMs) => readonly Shift[] {
  const weekly: Shift[][] = Array.from({ length: 8 }, () => []);
  for (const hours of spec.open) {
    for (const day of hours.days) {
      const shifts = weekly[day];
      if (shifts === undefined || day < 1)
        throw new RangeError(`${day} is no weekday; Monday is 1, Sunday 7`);
      shifts.push(readShift(hours));
    }
  }
  const dated = new Map<LocalMs, readonly Shift[]>();
  for (const code of spec.holidays) {
    for (let year = fromYear - 1; year <= toYear + 1; year++) {
      for (const date of publicHolidays(code, year)) dated.set(readDate(date), []);
    }
  }
  for (const date of spec.closed) dated.set(readDate(date), []);
  for (const { date, windows } of spec.special) dated.set(readDate(date), windows.map(readShift));
  // 1970-01-01 was a Thursday, ISO weekday 4.
  return (date) => dated.get(date) ?? weekly[((((date / DAY_MS + 3) % 7) + 7) % 7) + 1]!;
}

function readShift({ from, to }: OpenHours): Shift {
  const a = readTime(from);
  const b = readTime(to);
  if (a === DAY_MS) throw new RangeError('24:00 can only end opening hours; write 00:00 of the next day');
  return { from: a, to: b > a ? b : b + DAY_MS };
}

function readTime(text: string): number {
  const m = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
  const minutes = m === null ? Number.NaN : Number(m[1]) * 60 + Number(m[2]);
  if (!(minutes <= 1440)) throw new RangeError(`"${text}" is no time of day; write it as 08:00`);
  return minutes * 60_000;
}

function readDate(text: string): LocalMs {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text) {
    throw new RangeError(`"${text}" is no date; write it as 2026-12-24`);
  }
  return at;
}

/** Every offset that the zone has between two moments. */
function offsetsOf(zone: string, from: EpochMs, to: EpochMs): readonly Segment[] {
  const out: Segment[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    const end = next === null ? to : Math.min(next.epochMilliseconds, to);
    out.push({ from: at.epochMilliseconds, to: end, offset: at.offsetNanoseconds / 1e6 });
    if (next === null || end >= to) return out;
    at = next;
  }
}

/**
 * The moments at which the wall shows a time from `from` to before `to`: none in a gap, several pieces in an
 * overlap.
 */
function pieces(segments: readonly Segment[], from: LocalMs, to: LocalMs): Window[] {
  const out: Window[] = [];
  for (let i = firstSegment(segments, from); i < segments.length; i++) {
    const segment = segments[i]!;
    const a = Math.max(segment.from, from - segment.offset);
    const b = Math.min(segment.to, to - segment.offset);
    if (a < b) out.push({ from: a, to: b });
    // No zone is more than 26 hours from itself.
    if (segment.from > to + 2 * DAY_MS) break;
  }
  return out;
}

function firstSegment(segments: readonly Segment[], local: LocalMs): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.to < local - 2 * DAY_MS) low = middle + 1;
    else high = middle;
  }
  return low;
}

const spanOf = (windows: readonly Window[]): Window => ({
  from: Math.min(...windows.map((w) => w.from)),
  to: Math.max(...windows.map((w) => w.to)),
});

function merge(windows: readonly Window[], covers: Window): readonly Window[] {
  const out: { from: EpochMs; to: EpochMs }[] = [];
  for (const { from, to } of [...windows].sort((a, b) => a.from - b.from)) {
    const a = Math.max(from, covers.from);
    const b = Math.min(to, covers.to);
    const last = out.at(-1);
    if (a >= b) continue;
    if (last !== undefined && a <= last.to) last.to = Math.max(last.to, b);
    else out.push({ from: a, to: b });
  }
  return out;
}
