import type { Calendar, Window } from './calendar.ts';
import { cutOut, normalPauses } from './calendar-intervals.ts';
import { dayOf, startOfDay } from './local-days.ts';
import type { Budget } from './sla.ts';
import type { EpochMs } from './time.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};
const DAY_MS = 86_400_000;
/** Longer than any clock of this trade, and short of what a calendar can be compiled for. */
const MAX_DAYS = 3_650;
const EXAMPLES = 'write 24bh, 3bd, 10cd, 36h, 1h30m or PT36H';

/**
 * Reads a length of time that a contract allows:
 *
 * - `24bh`, `1.5bh`: open hours of the rule's calendar (24 of them are three days of eight hours, not one
 *   day)
 * - `3bd`: business days, see {@link Calendar.addOpenDays}; `10cd`: calendar days
 * - `36h`, `30m`, `90s`, `7d`, `2w`, `1h30m`, and ISO 8601 durations `PT36H`, `P7D`: elapsed time; a day is
 *   24 hours
 *
 * Months and years are refused, for they have no fixed length, and so is nothing at all.
 */
export function parseBudget(text: string): Budget | { readonly error: string } {
  const trimmed = text.trim();
  const business = /^(\d+(?:\.\d+)?)\s*(bh|bd|cd)$/i.exec(trimmed);
  if (business !== null) return countedBudget(trimmed, Number(business[1]), business[2]!.toLowerCase());
  const ms = /^p/i.test(trimmed) ? isoMs(trimmed) : shortMs(trimmed);
  if (typeof ms !== 'number') return ms;
  return checkLength(trimmed, ms / DAY_MS) ?? { unit: 'elapsed', ms, text: trimmed };
}

function countedBudget(text: string, amount: number, unit: string): Budget | { readonly error: string } {
  const wrong = checkLength(text, unit === 'bh' ? amount / 24 : amount);
  if (wrong !== undefined) return wrong;
  if (unit === 'bh') return { unit: 'business-hours', ms: Math.round(amount * UNIT_MS.h!), text };
  if (!Number.isInteger(amount))
    return { error: `"${text}": days are counted whole; use hours for a part of a day` };
  return { unit: unit === 'bd' ? 'business-days' : 'calendar-days', days: amount, text };
}

function shortMs(text: string): number | { readonly error: string } {
  if (/^\d+(\.\d+)?$/.test(text)) return { error: `"${text}" has no unit; ${EXAMPLES}` };
  const m =
    /^(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/i.exec(
      text.replace(/\s+/g, ''),
    );
  if (m === null || text === '') return { error: `"${text}" is no length of time; ${EXAMPLES}` };
  return sumOf(m);
}

function isoMs(text: string): number | { readonly error: string } {
  const n = '(\\d+(?:[.,]\\d+)?)';
  const iso = new RegExp(`^P(?:${n}W)?(?:${n}D)?(?:T(?:${n}H)?(?:${n}M)?(?:${n}S)?)?$`, 'i');
  const m = iso.exec(text);
  if (m !== null && /\d[wdhms]$/i.test(text)) return sumOf(m);
  const calendarUnits = /^P[^T]*\d[YM]/i.test(text);
  const why = calendarUnits ? 'months and years have no fixed length' : 'is no ISO 8601 duration';
  return { error: `"${text}": ${why}; ${EXAMPLES}` };
}

function sumOf(match: RegExpExecArray): number {
  const amounts = match.slice(1).map((amount) => Number((amount ?? '0').replace(',', '.')));
  return Math.round(
    ['w', 'd', 'h', 'm', 's'].reduce((sum, unit, i) => sum + amounts[i]! * UNIT_MS[unit]!, 0),
  );
}

function checkLength(text: string, days: number): { readonly error: string } | undefined {
  if (!(days > 0)) return { error: `"${text}" allows no time; ${EXAMPLES}` };
  return days <= MAX_DAYS ? undefined : { error: `"${text}" is longer than ten years; ${EXAMPLES}` };
}

/**
 * When a budget that starts at `start` is used up. `pauses` (in any order, overlapping or not) stop the
 * clock: their open time is added for business hours, their elapsed time for elapsed budgets, and the days
 * that they cover wholly for budgets in days. Without a calendar it is always open and days are days of UTC.
 * A budget in calendar days ends when the n-th day after the local day of `start` ends.
 *
 * ```text
 *   start ──counted──┤ pause ├──counted──┤ due
 * ```
 */
export function dueAt(
  start: EpochMs,
  budget: Budget,
  calendar: Calendar | undefined,
  pauses: readonly Window[] = [],
): EpochMs {
  switch (budget.unit) {
    case 'elapsed':
      return addElapsed(start, budget.ms, pauses);
    case 'business-hours':
      return calendar === undefined
        ? addElapsed(start, budget.ms, pauses)
        : calendar.addOpen(start, budget.ms, pauses);
    case 'business-days':
      return calendar === undefined
        ? addCalendarDays(start, budget.days, 'UTC', pauses)
        : calendar.addOpenDays(start, budget.days, pauses);
    case 'calendar-days':
      return addCalendarDays(start, budget.days, calendar?.zone ?? 'UTC', pauses);
  }
}

/**
 * The latest moment that keeps `budget` free before `end`: for warnings, and for deadlines ahead of a planned
 * event. Days are reckoned as in {@link Calendar.subtractOpenDays}: one day before Friday 17:00 is Thursday's
 * end.
 */
export function before(end: EpochMs, budget: Budget, calendar: Calendar | undefined): EpochMs {
  switch (budget.unit) {
    case 'elapsed':
      return end - budget.ms;
    case 'business-hours':
      return calendar === undefined ? end - budget.ms : calendar.subtractOpen(end, budget.ms);
    case 'business-days':
      if (calendar !== undefined) return calendar.subtractOpenDays(end, budget.days);
      return daysBefore(end, budget.days, 'UTC');
    case 'calendar-days':
      return daysBefore(end, budget.days, calendar?.zone ?? 'UTC');
  }
}

const daysBefore = (end: EpochMs, days: number, zone: string): EpochMs =>
  startOfDay(dayOf(end - 1, zone) + 1 - days, zone);

/**
 * What was counted between a start and its due time, for people: open windows for business budgets, else all
 * time, pauses cut out.
 */
export function countedWindows(
  start: EpochMs,
  due: EpochMs,
  budget: Budget,
  calendar: Calendar | undefined,
  pauses: readonly Window[] = [],
): readonly Window[] {
  if (due <= start) return [];
  const business = budget.unit === 'business-hours' || budget.unit === 'business-days';
  if (business && calendar !== undefined) return calendar.windows(start, due, pauses);
  return cutOut([{ from: start, to: due }], pauses);
}

function addElapsed(start: EpochMs, ms: number, pauses: readonly Window[]): EpochMs {
  let due = start + ms;
  if (pauses.length === 0) return due;
  for (const { from, to } of normalPauses(pauses)) {
    if (to <= start) continue;
    if (from >= due) break;
    due += to - Math.max(from, start);
  }
  return due;
}

function addCalendarDays(start: EpochMs, days: number, zone: string, pauses: readonly Window[]): EpochMs {
  const first = dayOf(start, zone) + 1;
  let due = startOfDay(first + days, zone);
  let count = days;
  for (const { from, to } of pauses.length === 0 ? pauses : normalPauses(pauses)) {
    if (to <= start) continue;
    if (from >= due) break;
    count += wholeDays(Math.max(from, startOfDay(first, zone)), to, zone);
    due = startOfDay(first + count, zone);
  }
  return due;
}

/** Local days that lie wholly between two moments. */
function wholeDays(from: EpochMs, to: EpochMs, zone: string): number {
  const day = dayOf(from, zone);
  const firstWhole = startOfDay(day, zone) === from ? day : day + 1;
  return Math.max(0, dayOf(to, zone) - firstWhole);
}
