import { before, dueAt } from './budget.ts';
import type { Calendar } from './calendar.ts';
import { publicHolidays } from './holidays.ts';
import { spotOf } from './lint-place.ts';
import type { Problem } from './problem.ts';
import type { Budget, ParsedRules, Rule, RuleSource } from './sla.ts';
import type { CalendarSource } from './sla-calendar.ts';
import { kindInfo, type RuleKind } from './sla-kind.ts';
import type { EpochMs } from './time.ts';
import { YamlReport } from './yaml-report.ts';

/** Years in which rules will be judged. */
export interface Years {
  readonly fromYear: number;
  readonly toYear: number;
}

const size = (budget: Budget): number => ('ms' in budget ? budget.ms : budget.days);
const isBusiness = (budget: Budget): boolean => budget.unit.startsWith('business');

/** Kinds whose deadline is known when they start, so long before: a warning before that is none. */
const FROM_START: readonly RuleKind[] = ['after', 'ack', 'dwell', 'silence', 'feed'];
/** Kinds whose clock can stand still. */
const PAUSED: readonly RuleKind[] = ['after', 'ack', 'dwell', 'calendar-date', 'silence'];

/** Warnings, budgets, calendars and pauses of one rule that do not fit each other. */
export function checkTimes(
  source: RuleSource,
  parsed: ParsedRules,
  years: Years | undefined,
  problems: Problem[],
): void {
  checkWarnings(source, parsed.ruleSet.calendars, years, problems);
  checkPauses(source, problems);
  const { rule } = source;
  const counted = [
    rule.on?.day === 'working' ? rule.on : undefined,
    ...[rule.within, ...rule.warn].filter(isBusiness),
  ];
  const business = counted.find((each) => each !== undefined);
  if (business !== undefined && rule.calendar === undefined) {
    const { place, report } = spotOf(source, kindInfo(rule.kind).budget, problems);
    const message = `${business.text} counts business time, and the rule has no calendar: every hour is open`;
    report.warning(place, 'no-calendar', message, 'add calendar:');
  }
  const elapsed = [rule.within, ...rule.warn].every((b) => b.unit === 'elapsed');
  if (rule.calendar !== undefined && elapsed && rule.on === undefined) {
    const { place, report } = spotOf(source, 'calendar', problems);
    const message = `the calendar is not used: ${rule.within.text} is elapsed time`;
    report.warning(place, 'calendar-unused', message, 'write bh or bd for business time');
  }
}

function checkWarnings(
  source: RuleSource,
  calendars: ReadonlyMap<string, Calendar>,
  years: Years | undefined,
  problems: Problem[],
): void {
  const { rule } = source;
  if (rule.warn.length === 0) return;
  const { place, report } = spotOf(source, 'warn', problems);
  if (kindInfo(rule.kind).budget === '' || (size(rule.within) === 0 && FROM_START.includes(rule.kind))) {
    const message = `warn: nothing is due later here, so there is nothing to warn of`;
    report.warning(place, 'warn-unused', message, 'leave it out');
    return;
  }
  for (const warn of rule.warn) {
    if (
      FROM_START.includes(rule.kind) &&
      warnsBeforeStart(rule, warn, calendars.get(rule.calendar ?? ''), years)
    ) {
      const message = `warn: ${warn.text} before the deadline is before the clock starts (${rule.within.text})`;
      report.warning(place, 'warn-before-start', message, `write less than ${rule.within.text}`);
    }
  }
}

/** In one unit that can be said at once; in two, whether it is so from every hour of two weeks. */
function warnsBeforeStart(
  { within }: Rule,
  warn: Budget,
  calendar: Calendar | undefined,
  years: Years | undefined,
): boolean {
  if (warn.unit === within.unit) return size(warn) >= size(within);
  if (years === undefined) return false;
  const first: EpochMs = Date.UTC(years.fromYear, 2, 2);
  for (let hour = 0; hour < 14 * 24; hour += 1) {
    const start = first + hour * 3_600_000;
    if (before(dueAt(start, within, calendar), warn, calendar) > start) return false;
  }
  return true;
}

function checkPauses(source: RuleSource, problems: Problem[]): void {
  const { rule } = source;
  if (rule.pauseWhile.length === 0) return;
  const { place, report } = spotOf(source, 'pause_while', problems);
  if (!PAUSED.includes(rule.kind)) {
    const message = `pause_while: a clock of kind ${rule.kind} never stands still`;
    report.warning(place, 'pause-unused', message, `leave it out; it is for ${PAUSED.join(', ')}`);
  } else if (
    rule.kind === 'dwell' &&
    rule.pauseWhile.some((p) => p.state === 'customs.hold' && p.agency === undefined)
  ) {
    const message =
      'pause_while: the hold whose length is measured is open all the time, so this clock never runs';
    report.warning(
      place,
      'never-runs',
      message,
      'leave it out, or name another agency: { state: customs.hold, agency: FDA }',
    );
  }
}

/** Calendars that nobody uses, or that leave out holidays. */
export function checkCalendars(parsed: ParsedRules, years: Years | undefined, problems: Problem[]): void {
  for (const calendar of parsed.calendars) {
    const report = new YamlReport(calendar.file, problems);
    if (!parsed.usedCalendars.has(calendar.name) && !calendar.file.startsWith('builtin:')) {
      const message = `no rule uses the calendar ${calendar.name}`;
      report.warning(
        calendar.place,
        'calendar-unused',
        message,
        'write calendar: in a rule, or leave it out',
      );
    }
    checkHolidays(calendar, report, years);
  }
}

function checkHolidays(
  { spec, name, place, places }: CalendarSource,
  report: YamlReport,
  years: Years | undefined,
): void {
  if (spec.holidays.length === 0 && spec.closed.length === 0) {
    const message = `calendar ${name} has no holidays: every one of its weekdays counts`;
    report.warning(place, 'no-holidays', message, 'add holidays: NL (a country), or closed: [dates]');
    return;
  }
  if (years === undefined) return;
  const own = new Set(spec.closed.map((date) => Number(date.slice(0, 4))));
  const missing: number[] = [];
  for (let year = years.fromYear; year <= years.toYear; year += 1) {
    const listed = own.has(year) || spec.holidays.some((code) => publicHolidays(code, year).length > 0);
    if (!listed) missing.push(year);
  }
  if (missing.length === 0) return;
  const message = `calendar ${name} lists no closed day in ${missing.join(', ')}`;
  const fix = 'add the dates under closed:, or holidays: with a country';
  report.warning(places.closed ?? places.holidays ?? place, 'uncovered-years', message, fix);
}
