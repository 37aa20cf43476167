import fc from 'fast-check';
import t from 'tap';
import { readTime, readTimeOfDay, type TimeFormat } from '../../../collectors/maps/time-text.ts';
import { isZone, localToEpoch, offsetAt, sapZone } from '../../../collectors/maps/zones.ts';

const said = (text: string, format: TimeFormat = 'any'): string => {
  const time = readTime(text, format);
  if (time === undefined) return 'no time';
  return `${time.kind} ${new Date(time.at).toISOString()}${time.kind === 'instant' ? ` ${time.zone}` : ''}`;
};

t.test('texts', async (t) => {
  const cases: readonly [text: string, expected: string, format?: TimeFormat][] = [
    ['2026-03-01T10:06:00Z', 'instant 2026-03-01T10:06:00.000Z UTC'],
    ['2026-03-01T10:06:00.1234567Z', 'instant 2026-03-01T10:06:00.123Z UTC'],
    ['2026-03-01T10:06:00+08:30', 'instant 2026-03-01T01:36:00.000Z +08:30'],
    ['2026-03-01T10:06-0500', 'instant 2026-03-01T15:06:00.000Z -05:00'],
    ['2026-03-01 10:06:00+01', 'instant 2026-03-01T09:06:00.000Z +01:00'],
    ['2026-03-01T10:06:00', 'local 2026-03-01T10:06:00.000Z'],
    ['2026-03-01', 'date 2026-03-01T00:00:00.000Z'],
    ['2026-03-01T24:00:00', 'local 2026-03-02T00:00:00.000Z'],
    ['2024-02-29', 'date 2024-02-29T00:00:00.000Z'],
    ['2026-02-29', 'no time'],
    ['2026-13-01', 'no time'],
    ['2026-03-01T25:00:00Z', 'no time'],
    ['2026-03-01T10:06:00+1', 'no time'],
    ['2026-03-01T10:06:00 CET', 'no time'],
    ['20241107123000Z', 'instant 2024-11-07T12:30:00.000Z UTC'],
    ['20241107', 'date 2024-11-07T00:00:00.000Z'],
    ['202411071230', 'local 2024-11-07T12:30:00.000Z'],
    ['20241107123000+01', 'instant 2024-11-07T11:30:00.000Z +01:00'],
    ['2024110712', 'no time'],
    ['/Date(1523232000000)/', 'date 2018-04-09T00:00:00.000Z'],
    ['/Date(1523268360000)/', 'local 2018-04-09T10:06:00.000Z'],
    ['/Date(1523268360000+0060)/', 'instant 2018-04-09T10:06:00.000Z UTC'],
    ['/Date(-62135596800000)/', 'date 0001-01-01T00:00:00.000Z'],
    ['1523268360', 'instant 2018-04-09T10:06:00.000Z UTC', 'epoch-s'],
    ['1523268360123', 'instant 2018-04-09T10:06:00.123Z UTC', 'epoch-ms'],
    ['soon', 'no time', 'epoch-ms'],
    ['2026-03-01T23:30:00-05:00', 'date 2026-03-01T00:00:00.000Z', 'date'],
    ['2026-03-01T00:00:00Z', 'date 2026-03-01T00:00:00.000Z', 'date'],
    ['20260301', 'date 2026-03-01T00:00:00.000Z', 'date'],
    ['/Date(1523268360000)/', 'date 2018-04-09T00:00:00.000Z', 'date'],
    ['soon', 'no time', 'date'],
    ['', 'no time'],
  ];
  for (const [text, expected, format] of cases) t.equal(said(text, format), expected, text);
  t.same(['PT10H06M00S', 'PT00H00M00S', '10:06', '100600', '24:00', 'x'].map(readTimeOfDay), [
    36_360_000,
    0,
    36_360_000,
    36_360_000,
    undefined,
    undefined,
  ]);
});

t.test('any moment that a machine writes is read back', async (_t) => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1950, 0, 1), max: Date.UTC(2150, 0, 1) }), (at) => {
      const time = readTime(new Date(at).toISOString(), 'any');
      return time?.kind === 'instant' && time.at === at;
    }),
  );
});

t.test('local times agree with Temporal in every kind of zone', async (t) => {
  const zones = [
    'Europe/Amsterdam',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Africa/Casablanca',
    'America/Sao_Paulo',
    'Pacific/Apia',
    '+05:30',
    'UTC',
  ];
  const from = Date.UTC(2000, 0, 1);
  const to = Date.UTC(2035, 0, 1);
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: from / 900_000, max: to / 900_000 }),
      (zone, n) => {
        const local = n * 900_000;
        const plain = Temporal.Instant.fromEpochMilliseconds(local)
          .toZonedDateTimeISO('UTC')
          .toPlainDateTime();
        return localToEpoch(local, zone) === plain.toZonedDateTime(zone).epochMilliseconds;
      },
    ),
    { numRuns: 3000 },
  );
  // The hour that is skipped and the hour that comes twice, minute by minute.
  for (const day of ['2026-03-29', '2026-10-25']) {
    for (let minute = 0; minute < 300; minute++) {
      const local = Date.parse(`${day}T00:00:00Z`) + minute * 60_000;
      const plain = Temporal.Instant.fromEpochMilliseconds(local).toZonedDateTimeISO('UTC').toPlainDateTime();
      const expected = plain.toZonedDateTime('Europe/Amsterdam').epochMilliseconds;
      if (localToEpoch(local, 'Europe/Amsterdam') !== expected) t.fail(`${plain}`);
    }
  }
});

t.test(
  'the offset at any moment is that of Temporal, in the years of the tables and out of them',
  async (t) => {
    const zones = fc.constantFrom(
      'Europe/Amsterdam',
      'Asia/Kolkata',
      'America/St_Johns',
      'Pacific/Apia',
      '+05:45',
      'UTC',
    );
    const moments = fc.integer({ min: Date.UTC(1950, 0, 1), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(moments, zones, (at, zone) => {
        const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
        return offsetAt(at, zone) === offsetNanoseconds / 1e6;
      }),
      { numRuns: 500 },
    );
    t.throws(() => offsetAt(0, 'Mars/Olympus'), { name: 'RangeError' });
    t.throws(() => offsetAt(Date.UTC(2026, 0, 1), 'Mars/Olympus'), { name: 'RangeError' });
  },
);

t.test('zone names', async (t) => {
  t.equal(sapZone('CET'), 'Europe/Berlin');
  t.equal(sapZone('EST'), 'America/New_York');
  t.equal(sapZone('UTC+8'), '+08:00');
  t.equal(sapZone('ZACME'), undefined);
  t.equal(isZone('Europe/Berlin'), true);
  t.equal(isZone('Berlin'), false);
});
