import fc from 'fast-check';
import t from 'tap';
import { dayOf, startOfDay } from '../../rules/local-days.ts';

const DAY_MS = 86_400_000;
/** Half an hour of summer time, midnights that do not exist, a day that was left out, both ends of the day. */
const ZONES = [
  ...['UTC', 'Europe/Amsterdam', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo'],
  ...['Asia/Beirut', 'Asia/Kolkata', 'Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'],
];
const dateOf = (at: number, zone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
const numberOf = (date: Temporal.PlainDate): number =>
  Temporal.PlainDate.from('1970-01-01').until(date, { largestUnit: 'days' }).days;

t.test('property: the day of a moment and the first moment of a day are what Temporal says', async () => {
  const moment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) });
  fc.assert(
    fc.property(moment, fc.constantFrom(...ZONES), fc.integer({ min: -800, max: 800 }), (at, zone, days) => {
      const date = dateOf(at, zone);
      if (dayOf(at, zone) !== numberOf(date)) throw new Error(`${at} in ${zone}`);
      const moved = date.add({ days });
      const expected = moved.toZonedDateTime(zone).epochMilliseconds;
      if (startOfDay(dayOf(at, zone) + days, zone) !== expected) throw new Error(`${moved} in ${zone}`);
    }),
    { numRuns: 2000 },
  );
});

t.test('a midnight that comes not, a day that comes not, and the moment before a day', async (t) => {
  const beirut = numberOf(Temporal.PlainDate.from('2027-03-28'));
  t.equal(
    startOfDay(beirut, 'Asia/Beirut') % DAY_MS,
    22 * 3_600_000,
    'an hour after a midnight that was skipped',
  );
  const apia = numberOf(Temporal.PlainDate.from('2011-12-31'));
  t.equal(startOfDay(apia - 1, 'Pacific/Apia'), startOfDay(apia, 'Pacific/Apia'));
  t.equal(dayOf(startOfDay(apia, 'Pacific/Apia') - 1, 'Pacific/Apia'), apia - 2);
  t.equal(dayOf(startOfDay(20_000, 'Europe/Amsterdam') - 1, 'Europe/Amsterdam'), 19_999);
  t.throws(() => startOfDay(Number.NaN, 'UTC'), RangeError);
});
