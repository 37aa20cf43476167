import fc from 'fast-check';
import t from 'tap';
import { before, dueAt } from '../../rules/budget.ts';
import { compileCalendar } from '../../rules/calendar-compile.ts';
import { dateAfter, parseDateRule } from '../../rules/date-rule.ts';
import { evaluate } from '../../rules/evaluate.ts';
import type { Budget } from '../../rules/sla.ts';
import { actual, fact, heardUntil, hold, traceOf } from '../support/hand-trace.ts';
import { rulesOf } from '../support/judge.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEKDAYS = [1, 2, 3, 4, 5];
/** Lunch, a holiday, and both changes of the clock within reach. */
const office = compileCalendar(
  {
    name: 'office',
    zone: 'Europe/Amsterdam',
    open: [
      { days: WEEKDAYS, from: '08:00', to: '12:00' },
      { days: WEEKDAYS, from: '13:00', to: '17:00' },
    ],
    holidays: [],
    closed: ['2026-04-06', '2026-10-27'],
    special: [{ date: '2026-03-28', windows: [{ from: '09:00', to: '11:00' }] }],
  },
  { fromYear: 2025, toYear: 2028 },
);
const SPRING = Date.UTC(2026, 2, 27);
const AUTUMN = Date.UTC(2026, 9, 23);

const start = fc
  .tuple(fc.constantFrom(SPRING, AUTUMN), fc.integer({ min: 0, max: 8 * 24 * 60 }))
  .map(([from, minutes]) => from + minutes * MINUTE);
const ms = fc.integer({ min: 1, max: 90 * 60 }).map((minutes) => minutes * MINUTE);
const days = fc.integer({ min: 1, max: 12 });
const UNITS = {
  elapsed: (n: number): Budget => ({ unit: 'elapsed', ms: n, text: '' }),
  'business-hours': (n: number): Budget => ({ unit: 'business-hours', ms: n, text: '' }),
  'business-days': (n: number): Budget => ({
    unit: 'business-days',
    days: Math.ceil(n / (8 * HOUR)),
    text: '',
  }),
  'calendar-days': (n: number): Budget => ({ unit: 'calendar-days', days: Math.ceil(n / DAY), text: '' }),
};
const unit = fc.constantFrom(...Object.values(UNITS));
const calendar = fc.constantFrom(office, undefined);
const pauses = fc.array(
  fc
    .tuple(start, fc.integer({ min: 0, max: 3 * 24 * 60 }))
    .map(([from, length]) => ({ from, to: from + length * MINUTE })),
  { maxLength: 4 },
);

t.test('due dates of every unit are monotone in start and budget, pauses that overlap included', async () => {
  fc.assert(
    fc.property(start, start, ms, ms, unit, calendar, pauses, (a, b, budget, more, of, on, stopped) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      const due = dueAt(first, of(budget), on, stopped);
      if (dueAt(second, of(budget), on, stopped) < due) throw new Error('a later start is due earlier');
      if (dueAt(first, of(budget + more), on, stopped) < due) throw new Error('more time is due earlier');
      if (dueAt(first, of(budget), on) > due) throw new Error('a pause makes it due earlier');
      if (due < first) throw new Error('due before it starts');
      if (before(first, of(budget), on) > before(second, of(budget), on))
        throw new Error('back: not monotone');
      const turned = dueAt(first, of(budget), on, [...stopped].reverse());
      if (turned !== due) throw new Error('the order of pauses matters');
    }),
    { numRuns: 300 },
  );
});

t.test('a pause adds exactly the open time paused, however pauses overlap', async () => {
  const open = (from: number, to: number) => (to <= from ? 0 : office.openMsBetween(from, to));
  fc.assert(
    fc.property(start, ms, pauses, (from, budget, stopped) => {
      const due = dueAt(from, UNITS['business-hours'](budget), office, stopped);
      // Open time that nobody stopped, by cutting the time at every end of a pause.
      const cuts = [from, due, ...stopped.flatMap((p) => [p.from, p.to])].filter(
        (at) => at >= from && at <= due,
      );
      cuts.sort((a, b) => a - b);
      let counted = 0;
      let paused = 0;
      for (let i = 0; i + 1 < cuts.length; i += 1) {
        const [a, b] = [cuts[i]!, cuts[i + 1]!];
        if (stopped.some((p) => p.from <= a && p.to >= b && p.to > p.from)) paused += open(a, b);
        else counted += open(a, b);
      }
      if (counted !== budget) throw new Error(`${counted} counted of ${budget}`);
      if (open(from, due) !== budget + paused) throw new Error('more or less than was paused');
    }),
    { numRuns: 300 },
  );
});

t.test('days of the calendar never come earlier for a later start', async () => {
  const texts = ['15th working day of next month', 'last day of this month', '3rd working day of next week'];
  const rules = texts.map((text) => {
    const rule = parseDateRule(text);
    if ('error' in rule) throw new Error(rule.error);
    return rule;
  });
  fc.assert(
    fc.property(start, days, fc.constantFrom(...rules), calendar, (from, later, rule, on) => {
      if (dateAfter(from + later * DAY, rule, on) < dateAfter(from, rule, on)) throw new Error('earlier');
    }),
    { numRuns: 200 },
  );
});

t.test('a clock is due later by exactly the open time of its holds', async () => {
  const { rules, calendars } = rulesOf(`
calendars: { office: { zone: Europe/Amsterdam, open: { Mon-Fri: ["08:00-12:00", "13:00-17:00"] }, closed: [2026-04-06] } }
rules: { r: { from: arrived, to: customs.released, within: 24bh, calendar: office, pause_while: customs.hold } }
`);
  const [rule] = rules;
  const desk = calendars.get('office')!;
  fc.assert(
    fc.property(start, fc.array(fc.tuple(days, days), { maxLength: 3 }), (from, spans) => {
      const arrived = actual('arrived', {}, fact(from));
      const holds = spans.map(([after, hours], i) =>
        hold(`A${i}`, fact(from + after * HOUR), fact(from + (after + hours) * HOUR)),
      );
      const now = from + 90 * DAY;
      const [verdict] = evaluate(traceOf([arrived], holds), rule!, desk, heardUntil(now), now);
      const stopped = new Set<number>();
      for (const [after, hours] of spans) for (let h = after; h < after + hours; h += 1) stopped.add(h);
      const paused = [...stopped].reduce(
        (sum, h) => sum + desk.openMsBetween(from + h * HOUR, from + (h + 1) * HOUR),
        0,
      );
      if (desk.openMsBetween(from, verdict!.dueAt!) !== 24 * HOUR + paused) throw new Error('not exactly');
    }),
    { numRuns: 100 },
  );
});
