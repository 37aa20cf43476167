import type { Calendar } from './calendar.ts';
import type { Budget } from './sla.ts';
import type { EpochMs } from './time.ts';

/** A day that people find in a calendar: `15th working day of next month`. */
export interface DateRule {
  /** 1 is the first; -1 the last. */
  readonly ordinal: number;
  /** A working day is one on which the rule's calendar opens. */
  readonly day: 'working' | 'calendar';
  readonly period: 'week' | 'month' | 'quarter' | 'year';
  /** How many periods after the one in which the clock starts. */
  readonly ahead: number;
  readonly text: string;
}

const WORDS: Readonly<Record<string, number>> = { first: 1, second: 2, third: 3, last: -1 };
const SHAPE =
  /^(?:the\s+)?(\d{1,3}(?:st|nd|rd|th)?|first|second|third|last)\s+(working|business|calendar)?\s*day\s+of\s+(?:the\s+)?(this|same|next|following)\s+(week|month|quarter|year)$/i;
const LONGEST = { week: 7, month: 31, quarter: 92, year: 366 } as const;

/** Reads `15th working day of next month`, `last day of this quarter`, `10th day of the following month`. */
export function parseDateRule(text: string): DateRule | { readonly error: string } {
  const m = SHAPE.exec(text.trim());
  if (m === null) return { error: `"${text}" is no day; write 15th working day of next month` };
  const period = m[4]!.toLowerCase() as DateRule['period'];
  const ordinal = WORDS[m[1]!.toLowerCase()] ?? Number.parseInt(m[1]!, 10);
  if (ordinal === 0 || ordinal > LONGEST[period]) {
    return { error: `"${text}": no ${period} has that day; write 1st to ${LONGEST[period]}th, or last` };
  }
  const day = m[2] === undefined || m[2].toLowerCase() === 'calendar' ? 'calendar' : 'working';
  const ahead = /next|following/i.test(m[3]!) ? 1 : 0;
  return { ordinal, day, period, ahead, text: text.trim() };
}

/**
 * When the day ends that a rule names for a clock that starts at `start`: a working day when the calendar closes, any other at midnight in
 * the calendar's zone (UTC without one). A period that is too short has its last day instead.
 *
 * ```text
 *   start 14 May │ 1 June … 15th working day closes = due
 * ```
 */
export function dateAfter(start: EpochMs, rule: DateRule, calendar: Calendar | undefined): EpochMs {
  const zone = calendar?.zone ?? 'UTC';
  const date = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(zone).toPlainDate();
  const first = firstOf(date, rule.period, rule.ahead);
  const next = firstOf(date, rule.period, rule.ahead + 1);
  const midnight = (day: Temporal.PlainDate): EpochMs => day.toZonedDateTime(zone).epochMilliseconds;
  if (rule.day === 'working' && calendar !== undefined) {
    // A closing time at midnight belongs to the day before, and so would the first moment of the next period.
    const last = calendar.subtractOpenDays(midnight(next) + 1, 1);
    if (rule.ordinal < 0) return last;
    return Math.min(last, calendar.addOpenDays(midnight(first) - 1, rule.ordinal));
  }
  if (rule.ordinal < 0) return midnight(next);
  return Math.min(midnight(next), midnight(first.add({ days: rule.ordinal })));
}

/** What is counted on the way to the day: working days, or all time. */
export const countedOf = ({ day, text }: DateRule): Budget =>
  day === 'working' ? { unit: 'business-days', days: 1, text } : { unit: 'elapsed', ms: 0, text };

function firstOf(date: Temporal.PlainDate, period: DateRule['period'], ahead: number): Temporal.PlainDate {
  switch (period) {
    case 'week':
      return date.subtract({ days: date.dayOfWeek - 1 }).add({ weeks: ahead });
    case 'month':
      return date.with({ day: 1 }).add({ months: ahead });
    case 'quarter':
      return date
        .with({ day: 1 })
        .subtract({ months: (date.month - 1) % 3 })
        .add({ months: 3 * ahead });
    case 'year':
      return date.with({ month: 1, day: 1 }).add({ years: ahead });
  }
}
