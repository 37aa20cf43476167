import fc from 'fast-check';
import t from 'tap';
import { type CalendarSpec, compileCalendar } from '../../rules/calendar-compile.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const spec = (over: Pick<CalendarSpec, 'zone' | 'open' | 'closed'>): CalendarSpec => ({
  name: 'office',
  holidays: [],
  special: [],
  ...over,
});

/** What a person with a watch would do: look at the wall clock every minute. */
function naive(calendar: CalendarSpec): (at: number) => boolean {
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return (ms) => {
    const wall = Temporal.Instant.fromEpochMilliseconds(ms)
      .toZonedDateTimeISO(calendar.zone)
      .toPlainDateTime();
    const now = wall.hour * 60 + wall.minute;
    return [0, 1].some((daysAgo) => {
      const date = wall.toPlainDate().subtract({ days: daysAgo });
      if (calendar.closed.includes(date.toString())) return false;
      return calendar.open.some(({ days, from, to }) => {
        if (!days.includes(date.dayOfWeek)) return false;
        const end = minutes(to) > minutes(from) ? minutes(to) : minutes(to) + 1440;
        const minute = now + daysAgo * 1440;
        return minute >= minutes(from) && minute < end;
      });
    });
  };
}

function walk(
  open: (at: number) => boolean,
  from: number,
  openMs: number,
  stopped: (at: number) => boolean,
): number {
  let left = openMs;
  let now = from;
  while (left > 0) {
    if (open(now) && !stopped(now)) left -= MINUTE;
    now += MINUTE;
  }
  return now;
}

const CHANGES: readonly [zone: string, change: string][] = [
  ['Europe/Amsterdam', '2026-03-29T01:00Z'],
  ['Europe/Amsterdam', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['America/Santiago', '2026-04-05T03:00Z'],
  ['America/Santiago', '2026-09-06T04:00Z'],
  ['Asia/Riyadh', '2026-05-07T12:00Z'],
];
const time = fc
  .integer({ min: 0, max: 95 })
  .map((q) => `${String(q >> 2).padStart(2, '0')}:${(q & 3) * 15 || '00'}`);
const anySpec = fc
  .record({
    change: fc.constantFrom(...CHANGES),
    open: fc.array(
      fc.record({ days: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), from: time, to: time }),
      { minLength: 1, maxLength: 3 },
    ),
    closed: fc.subarray(['2026-03-29', '2026-03-30', '2026-10-25', '2026-11-02']),
  })
  .map(({ change: [zone, moment], open, closed }) => ({
    // Some hours every day, or the walk takes for ever.
    spec: spec({
      zone,
      open: [...open, { days: [1, 2, 3, 4, 5, 6, 7], from: '10:00', to: '11:30' }],
      closed,
    }),
    change: Temporal.Instant.from(moment.replace('Z', ':00Z')).epochMilliseconds,
  }));
const ONE_YEAR = { fromYear: 2026, toYear: 2026 };
/** Room for sixty hours of a calendar that opens for a quarter of an hour a week. */
const MANY_YEARS = { fromYear: 2019, toYear: 2033 };

t.test('equals walking the minutes, summer time and pauses included', async () => {
  const minutes = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * MINUTE);
  const anyPauses = fc.array(fc.tuple(minutes(-3000, 3000), minutes(0, 2000)), { maxLength: 3 });
  fc.assert(
    fc.property(
      anySpec,
      minutes(-2880, 1440),
      minutes(1, 400),
      anyPauses,
      ({ spec, change }, offset, ms, p) => {
        const calendar = compileCalendar(spec, ONE_YEAR);
        const start = change + offset;
        const pauses = p.map(([from, length]) => ({ from: start + from, to: start + from + length }));
        const stopped = (now: number): boolean => pauses.some(({ from, to }) => now >= from && now < to);
        return calendar.addOpen(start, ms, pauses) === walk(naive(spec), start, ms, stopped);
      },
    ),
    { numRuns: 60 },
  );
});

t.test('laws of business time', async () => {
  const hours = fc.integer({ min: 1, max: 60 * HOUR });
  const near = fc.integer({ min: -5 * 24 * HOUR, max: 5 * 24 * HOUR });
  fc.assert(
    fc.property(anySpec, near, near, hours, hours, fc.nat(8), ({ spec, change }, a, b, ms, more, days) => {
      const c = compileCalendar(spec, MANY_YEARS);
      const [first, second] = [change + Math.min(a, b), change + Math.max(a, b)];
      const due = c.addOpen(first, ms);
      const pauses = [{ from: first, to: second }];
      const laws = {
        laterStart: c.addOpen(second, ms) >= due,
        moreBudget: c.addOpen(first, ms + more) > due,
        counted: c.openMsBetween(first, due) === ms,
        earliest: c.openMsBetween(first, due - 1) < ms,
        inverse: c.openMsBetween(c.subtractOpen(first, ms), first) === ms,
        latest: c.openMsBetween(c.subtractOpen(first, ms) + 1, first) < ms,
        back: c.subtractOpen(due, ms) >= first && c.openMsBetween(first, c.subtractOpen(due, ms)) === 0,
        pause: c.openMsBetween(first, c.addOpen(first, ms, pauses)) === ms + c.openMsBetween(first, second),
        windows: c.windows(first, due).reduce((sum, w) => sum + w.to - w.from, 0) === ms,
        laterDay: c.addOpenDays(second, days) >= c.addOpenDays(first, days),
        moreDays: c.addOpenDays(first, days + 1) >= c.addOpenDays(first, days),
        pausedDays: c.addOpenDays(first, days, pauses) >= c.addOpenDays(first, days),
        daysBack: c.subtractOpenDays(first, days) <= first,
      };
      const broken = Object.entries(laws).filter(([, holds]) => !holds);
      if (broken.length > 0) throw new Error(broken.map(([law]) => law).join(', '));
    }),
    { numRuns: 150 },
  );
});
