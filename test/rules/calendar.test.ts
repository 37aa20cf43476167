import t from 'tap';
import { before, dueAt } from '../../rules/budget.ts';
import type { Calendar } from '../../rules/calendar.ts';
import { type CalendarSpec, compileCalendar, growingCalendar } from '../../rules/calendar-compile.ts';
import { publicHolidays } from '../../rules/holidays.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEKDAYS = [1, 2, 3, 4, 5];
const YEARS = { fromYear: 2025, toYear: 2027 };

const spec = (over: Partial<CalendarSpec> = {}): CalendarSpec => ({
  name: 'office',
  zone: 'Europe/Amsterdam',
  open: [{ days: WEEKDAYS, from: '08:00', to: '17:00' }],
  holidays: [],
  closed: [],
  special: [],
  ...over,
});
const compile = (over: Partial<CalendarSpec> = {}): Calendar => compileCalendar(spec(over), YEARS);
const at = (text: string): number => Temporal.ZonedDateTime.from(text).epochMilliseconds;
const ams = (text: string): number => at(`${text}[Europe/Amsterdam]`);
const shown = (ms: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never' });
const bh = (hours: number) => ({ unit: 'business-hours', ms: hours * HOUR, text: `${hours}bh` }) as const;
const bd = (days: number) => ({ unit: 'business-days', days, text: `${days}bd` }) as const;

t.test('worked examples', async (t) => {
  const office = compile();
  const due = dueAt(ams('2026-03-27T15:00'), bh(24), office);
  t.equal(shown(due, office.zone), '2026-04-01T12:00:00+02:00', 'over the change to summer time');

  const riyadh = compile({
    zone: 'Asia/Riyadh',
    open: [{ days: [7, 1, 2, 3, 4], from: '08:00', to: '16:00' }],
  });
  const sunday = dueAt(at('2026-05-07T14:00[Asia/Riyadh]'), bh(24), riyadh);
  t.equal(shown(sunday, riyadh.zone), '2026-05-12T14:00:00+03:00', 'a week from Sunday to Thursday');

  const pause = { from: ams('2026-06-01T11:00'), to: ams('2026-06-03T15:00') };
  const paused = dueAt(ams('2026-06-01T09:00'), bh(24), office, [pause]);
  t.equal(shown(paused, office.zone), '2026-06-08T10:00:00+02:00', 'the clock stopped for two days');

  const weekend = dueAt(ams('2026-06-06T13:00'), bh(1), office);
  t.equal(shown(weekend, office.zone), '2026-06-08T09:00:00+02:00', 'started on a Saturday');
});

t.test('breaks, shifts and special days', async (t) => {
  const lunch = compile({
    open: [
      { days: WEEKDAYS, from: '08:00', to: '12:00' },
      { days: WEEKDAYS, from: '13:00', to: '17:00' },
    ],
  });
  t.equal(dueAt(ams('2026-06-01T11:30'), bh(1), lunch), ams('2026-06-01T13:30'), 'lunch is not counted');

  const night = compile({ open: [{ days: WEEKDAYS, from: '22:00', to: '06:00' }] });
  t.equal(
    dueAt(ams('2026-06-05T23:00'), bh(8), night),
    ams('2026-06-08T23:00'),
    'Friday night ends on Saturday',
  );
  t.equal(
    dueAt(ams('2026-06-02T03:00'), bd(1), night),
    ams('2026-06-03T06:00'),
    '03:00 is in Monday’s shift',
  );

  const whole = compile({ open: [{ days: WEEKDAYS, from: '00:00', to: '24:00' }] });
  t.equal(dueAt(ams('2026-06-05T23:00'), bh(2), whole), ams('2026-06-08T01:00'), 'days without a night');

  const special = compile({
    holidays: ['NL'],
    closed: ['2026-06-02'],
    special: [
      { date: '2026-04-27', windows: [{ from: '10:00', to: '12:00' }] },
      { date: '2026-06-06', windows: [{ from: '09:00', to: '11:00' }] },
      { date: '2026-06-03', windows: [] },
    ],
  });
  t.equal(
    dueAt(ams('2026-06-01T16:00'), bh(2), special),
    ams('2026-06-04T09:00'),
    'own holidays and closed days',
  );
  t.equal(dueAt(ams('2026-06-05T16:00'), bh(2), special), ams('2026-06-06T10:00'), 'an open Saturday');
  t.equal(
    dueAt(ams('2026-04-24T16:00'), bh(4), special),
    ams('2026-04-28T09:00'),
    'King’s Day, open for two hours',
  );
  t.equal(
    dueAt(ams('2026-12-24T16:00'), bh(2), special),
    ams('2026-12-28T09:00'),
    'Christmas and Boxing Day',
  );
});

t.test('business days end at closing time and never count their first day', async (t) => {
  const office = compile({ closed: ['2026-06-03'] });
  const cases: [string, number, string][] = [
    ['2026-06-05T15:00', 1, '2026-06-08T17:00'],
    ['2026-06-05T20:00', 1, '2026-06-08T17:00'],
    ['2026-06-06T12:00', 1, '2026-06-08T17:00'],
    ['2026-06-08T06:00', 1, '2026-06-09T17:00'],
    ['2026-06-01T09:00', 3, '2026-06-05T17:00'],
  ];
  for (const [start, days, due] of cases) {
    t.equal(dueAt(ams(start), bd(days), office), ams(due), `${start} + ${days}bd`);
  }
  const back: [string, number, string][] = [
    ['2026-06-05T15:00', 1, '2026-06-04T17:00'],
    ['2026-06-05T17:00', 1, '2026-06-04T17:00'],
    ['2026-06-07T12:00', 1, '2026-06-05T17:00'],
    ['2026-06-08T06:00', 1, '2026-06-05T17:00'],
    ['2026-06-05T17:00', 3, '2026-06-01T17:00'],
  ];
  for (const [end, days, due] of back) {
    t.equal(before(ams(end), bd(days), office), ams(due), `${end} − ${days}bd`);
  }
  const pause = { from: ams('2026-06-08T00:00'), to: ams('2026-06-09T18:00') };
  t.equal(
    dueAt(ams('2026-06-05T15:00'), bd(1), office, [pause]),
    ams('2026-06-10T17:00'),
    'two days stood still',
  );
  const part = { from: ams('2026-06-08T09:00'), to: ams('2026-06-08T18:00') };
  t.equal(
    dueAt(ams('2026-06-05T15:00'), bd(1), office, [part]),
    ams('2026-06-08T17:00'),
    'a part of a day counts',
  );
});

t.test('far years', async (t) => {
  const office = compile();
  t.throws(() => office.addOpen(ams('2031-01-01T00:00'), HOUR), /lies after that/);
  t.throws(() => office.addOpen(ams('2027-12-30T00:00'), 400 * HOUR), /covers 2024-12-31T23:00:00.000Z to/);
  const growing = growingCalendar(spec(), 2026);
  t.equal(growing.addOpen(ams('2040-01-02T08:00'), HOUR), ams('2040-01-02T09:00'));
  t.equal(growing.subtractOpen(ams('2001-01-01T09:00'), 2 * HOUR), ams('2000-12-29T16:00'));
  t.throws(
    () => growing.addOpen(ams('9999-12-31T00:00'), HOUR),
    /lies after that/,
    'the far future is refused',
  );
});

t.test('public holidays', async (t) => {
  t.ok(publicHolidays('US', 2027).includes('2027-12-31'), 'New Year 2028 is observed on Friday before');
  t.notOk(publicHolidays('US-NY', 2026).includes('2026-12-24'), 'Christmas Eve is no public holiday');
  t.ok(
    publicHolidays('SA', 2026).includes('2026-05-26'),
    'lunar days are closed on the date after the sunset',
  );
  t.throws(() => publicHolidays('XX', 2026), /no country or region/);
  t.throws(() => publicHolidays('US-ZZ', 2026), /no country or region/, 'not silently the country’s');
});

t.test('holidays do not depend on the clock', async (t) => {
  const RealDate = Date;
  const reads: string[] = [];
  class NoClock extends RealDate {
    constructor(...args: [] | [number]) {
      if (args.length === 0) reads.push('new Date()');
      super(...(args as [number]));
    }
    static override now(): number {
      reads.push('Date.now()');
      return 0;
    }
  }
  globalThis.Date = NoClock as DateConstructor;
  try {
    for (const code of ['DE-BY', 'GB-ENG', 'CN', 'IL', 'TR', 'IN']) publicHolidays(code, 2026);
  } finally {
    globalThis.Date = RealDate;
  }
  t.strictSame(reads, []);
});

t.test('a broken calendar says what is wrong', async (t) => {
  const hours = (from: string, to: string) => ({ open: [{ days: WEEKDAYS, from, to }] });
  t.throws(() => compile(hours('8', '17:00')), /"8" is no time of day; write it as 08:00/);
  t.throws(() => compile(hours('08:00', '24:30')), /"24:30" is no time of day/);
  t.throws(() => compile(hours('24:00', '08:00')), /24:00 can only end/);
  t.throws(() => compile({ closed: ['2026-02-30'] }), /"2026-02-30" is no date/);
  t.throws(() => compile({ holidays: ['ZZ'] }), /no country or region/);
  t.throws(() => compile({ open: [] }), /office is never open/);
  t.throws(() => compileCalendar(spec(), { fromYear: 1900, toYear: 9999 }), /covers 1 to 200 years/);
});
