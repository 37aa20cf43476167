import t from 'tap';
import { before, countedWindows, dueAt, parseBudget } from '../../rules/budget.ts';
import { compileCalendar } from '../../rules/calendar-compile.ts';
import type { Budget } from '../../rules/sla.ts';

const HOUR = 3_600_000;
const utc = (text: string): number => Temporal.Instant.from(`${text}Z`).epochMilliseconds;
const nl = (text: string): number =>
  Temporal.ZonedDateTime.from(`${text}[Europe/Amsterdam]`).epochMilliseconds;

function budget(text: string): Budget {
  const parsed = parseBudget(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed;
}

const office = compileCalendar(
  {
    name: 'office',
    zone: 'Europe/Amsterdam',
    open: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '17:00' }],
    holidays: [],
    closed: [],
    special: [],
  },
  { fromYear: 2026, toYear: 2026 },
);

t.test('reads lengths of time', async (t) => {
  const cases: [string, object][] = [
    ['24bh', { unit: 'business-hours', ms: 24 * HOUR }],
    ['1.5 bh', { unit: 'business-hours', ms: 1.5 * HOUR }],
    ['3bd', { unit: 'business-days', days: 3 }],
    ['10cd', { unit: 'calendar-days', days: 10 }],
    ['36h', { unit: 'elapsed', ms: 36 * HOUR }],
    ['30m', { unit: 'elapsed', ms: HOUR / 2 }],
    ['7d', { unit: 'elapsed', ms: 168 * HOUR }],
    ['2w', { unit: 'elapsed', ms: 336 * HOUR }],
    ['90s', { unit: 'elapsed', ms: HOUR / 40 }],
    ['1h30m', { unit: 'elapsed', ms: 1.5 * HOUR }],
    ['1h 30m', { unit: 'elapsed', ms: 1.5 * HOUR }],
    ['PT36H', { unit: 'elapsed', ms: 36 * HOUR }],
    ['P1DT2H', { unit: 'elapsed', ms: 26 * HOUR }],
    ['PT0,5H', { unit: 'elapsed', ms: HOUR / 2 }],
  ];
  for (const [text, value] of cases) t.same(parseBudget(text), { ...value, text }, text);
});

t.test('says why a text is no budget', async (t) => {
  const cases: [string, RegExp][] = [
    ['24', /"24" has no unit; write 24bh/],
    ['', /no length of time/],
    ['24 busy hours', /no length of time/],
    ['30m1h', /no length of time/],
    ['0h', /allows no time/],
    ['PT0S', /allows no time/],
    ['1.5bd', /days are counted whole/],
    ['P1M', /months and years have no fixed length/],
    ['P', /no ISO 8601 duration/],
    ['PT', /no ISO 8601 duration/],
    ['P1DT', /no ISO 8601 duration/],
    ['9999999h', /longer than ten years/],
    ['-3h', /no length of time/],
  ];
  for (const [text, error] of cases) {
    const parsed = parseBudget(text);
    t.match('error' in parsed ? parsed.error : 'no error', error, text);
  }
});

t.test('elapsed time stands still in a pause', async (t) => {
  const start = utc('2026-06-01T10:00');
  const pauses = [
    { from: utc('2026-06-01T13:00'), to: utc('2026-06-01T15:00') },
    { from: utc('2026-06-01T09:00'), to: utc('2026-06-01T11:00') },
    { from: utc('2026-06-01T14:00'), to: utc('2026-06-01T16:00') },
    { from: utc('2026-06-09T00:00'), to: utc('2026-06-10T00:00') },
  ];
  t.equal(
    dueAt(start, budget('4h'), office, pauses),
    utc('2026-06-01T18:00'),
    'any order, overlaps count once',
  );
  t.equal(
    dueAt(start, budget('2h'), office, pauses),
    utc('2026-06-01T13:00'),
    'used up when the next begins',
  );
  t.equal(
    dueAt(start, budget('4bh'), undefined, pauses),
    utc('2026-06-01T18:00'),
    'always open without a calendar',
  );
});

t.test('calendar days end at midnight of the place', async (t) => {
  const start = nl('2026-03-27T23:30');
  t.equal(dueAt(start, budget('2cd'), office), nl('2026-03-30T00:00'), 'one of them is 23 hours long');
  t.equal(dueAt(start, budget('2cd'), undefined), utc('2026-03-30T00:00'), 'days of UTC without a calendar');
  t.equal(
    dueAt(start, budget('2bd'), undefined),
    utc('2026-03-30T00:00'),
    'every day is a business day then',
  );
  const pause = { from: nl('2026-03-28T12:00'), to: nl('2026-03-31T12:00') };
  t.equal(dueAt(start, budget('2cd'), office, [pause]), nl('2026-04-01T00:00'), 'two whole days stood still');
  t.equal(before(nl('2026-04-01T00:00'), budget('1cd'), office), nl('2026-03-31T00:00'));
  t.equal(before(nl('2026-04-01T15:00'), budget('1cd'), office), nl('2026-04-01T00:00'));
});

t.test('warnings before a due time', async (t) => {
  const due = nl('2026-06-08T10:00');
  t.equal(before(due, budget('8bh'), office), nl('2026-06-05T11:00'));
  t.equal(before(due, budget('2h'), office), nl('2026-06-08T08:00'));
  t.equal(before(due, budget('1bd'), office), nl('2026-06-05T17:00'));
  t.equal(
    before(nl('2026-06-08T08:00'), budget('9bh'), office),
    nl('2026-06-05T08:00'),
    'the latest such moment',
  );
});

t.test('the counted windows explain a due time', async (t) => {
  const start = nl('2026-06-01T09:00');
  const pauses = [{ from: nl('2026-06-01T11:00'), to: nl('2026-06-03T15:00') }];
  const due = dueAt(start, budget('6bh'), office, pauses);
  const window = (from: string, to: string) => ({ from: nl(from), to: nl(to) });
  t.same(countedWindows(start, due, budget('6bh'), office, pauses), [
    window('2026-06-01T09:00', '2026-06-01T11:00'),
    window('2026-06-03T15:00', '2026-06-03T17:00'),
    window('2026-06-04T08:00', '2026-06-04T10:00'),
  ]);
  const until = nl('2026-06-03T16:00');
  t.same(countedWindows(start, until, budget('3h'), office, pauses), [
    window('2026-06-01T09:00', '2026-06-01T11:00'),
    window('2026-06-03T15:00', '2026-06-03T16:00'),
  ]);
  t.same(countedWindows(start, start, budget('3h'), office), []);
});
