import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../support/cli.ts';
import { withTempDir } from '../../support/engines.ts';

/** Deadlines that were reckoned by hand and by walking the minutes on a wall clock, with every window that counts. */

const CALENDARS = `calendars:
  office: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" } }
  riyadh: { zone: Asia/Riyadh, open: { Sun-Thu: "08:00-16:00" } }
  lunch: { zone: Europe/Amsterdam, open: { Mon-Fri: ["08:00-12:00", "13:00-17:00"] }, closed: [2026-05-14] }
  night: { zone: America/New_York, open: { Mon-Fri: "22:00-06:00" } }
  weekend: { zone: Europe/Amsterdam, open: { Sat: "22:00-06:00", Sun: "22:00-06:00" } }
  london: { zone: Europe/London, open: { Mon-Fri: "09:00-17:00" }, holidays: GB-ENG, special: { 2026-12-28: "10:00-12:00" } }
`;

interface Example {
  readonly what: string;
  readonly calendar: string;
  readonly from: string;
  readonly within: string;
  readonly paused?: readonly string[];
  /** Local. */
  readonly due: string;
  /** Local, with how many hours each counts. */
  readonly windows: readonly string[];
}

const EXAMPLES: readonly Example[] = [
  {
    ...{ what: 'a break at noon, and a day of its own that is closed', calendar: 'lunch' },
    ...{ from: '2026-05-13 11:30', within: '8bh', due: '2026-05-15 11:30 +02:00' },
    windows: ['05-13 11:30 0.5', '05-13 13:00 4', '05-15 08:00 3.5'],
  },
  {
    ...{ what: 'shifts over midnight belong to the day on which they begin', calendar: 'night' },
    ...{ from: '2026-03-06 23:30', within: '16bh', due: '2026-03-10 23:30 -04:00' },
    windows: ['03-06 23:30 6.5', '03-09 22:00 8', '03-10 22:00 1.5'],
  },
  {
    ...{ what: 'the night that is an hour short', calendar: 'weekend' },
    ...{ from: '2026-03-28 23:00', within: '10bh', due: '2026-03-30 02:00 +02:00' },
    windows: ['03-28 23:00 6', '03-29 22:00 4'],
  },
  {
    ...{ what: 'the night that is an hour long', calendar: 'weekend' },
    ...{ from: '2026-10-24 23:00', within: '10bh', due: '2026-10-26 00:00 +01:00' },
    windows: ['10-24 23:00 8', '10-25 22:00 2'],
  },
  {
    ...{ what: 'a week from Sunday to Thursday, with pauses that overlap', calendar: 'riyadh' },
    ...{ from: '2026-05-07 15:30', within: '9bh', due: '2026-05-11 12:30 +03:00' },
    paused: [
      '2026-05-10 09:00/2026-05-10 11:00',
      '2026-05-10 10:00/2026-05-10 12:30',
      '2026-05-09 00:00/2026-05-10 08:30',
    ],
    windows: ['05-07 15:30 0.5', '05-10 08:30 0.5', '05-10 12:30 3.5', '05-11 08:00 4.5'],
  },
  {
    ...{ what: 'pauses over a break', calendar: 'lunch' },
    ...{ from: '2026-05-11 09:00', within: '8bh', due: '2026-05-12 11:30 +02:00' },
    paused: ['2026-05-11 11:30/2026-05-11 13:30', '2026-05-11 10:00/2026-05-11 12:15'],
    windows: ['05-11 09:00 1', '05-11 13:30 3.5', '05-12 08:00 3.5'],
  },
  {
    ...{ what: 'Christmas, a substitute day with hours of its own', calendar: 'london' },
    ...{ from: '2026-12-24 16:00', within: '4bh', due: '2026-12-29 10:00 +00:00' },
    windows: ['12-24 16:00 1', '12-28 10:00 2', '12-29 09:00 1'],
  },
  {
    ...{ what: 'business days end when the third closes', calendar: 'office' },
    ...{ from: '2026-03-27 15:00', within: '3bd', due: '2026-04-01 17:00 +02:00' },
    windows: ['03-27 15:00 2', '03-30 08:00 9', '03-31 08:00 9', '04-01 08:00 9'],
  },
  {
    ...{ what: 'and of nights in the morning after', calendar: 'night' },
    ...{ from: '2026-03-06 23:30', within: '2bd', due: '2026-03-11 06:00 -04:00' },
    windows: ['03-06 23:30 6.5', '03-09 22:00 8', '03-10 22:00 8'],
  },
  {
    ...{ what: 'days that were paused wholly do not count', calendar: 'office' },
    ...{ from: '2026-06-01 09:00', within: '3bd', due: '2026-06-08 17:00 +02:00' },
    paused: ['2026-06-02 00:00/2026-06-04 00:00'],
    windows: ['06-01 09:00 8', '06-04 08:00 9', '06-05 08:00 9', '06-08 08:00 9'],
  },
  {
    ...{ what: 'calendar days over a change of clocks', calendar: 'office' },
    ...{ from: '2026-03-20 15:00', within: '10cd', due: '2026-03-31 00:00 +02:00' },
    windows: ['03-20 15:00 248'],
  },
  {
    ...{ what: 'elapsed time, paused twice at once while clocks change', calendar: 'office' },
    ...{ from: '2026-03-27 15:00', within: 'PT36H', due: '2026-03-30 09:00 +02:00' },
    paused: ['2026-03-28 12:00/2026-03-29 12:00', '2026-03-29 06:00/2026-03-29 18:00'],
    windows: ['03-27 15:00 21', '03-29 18:00 15'],
  },
];

interface Report {
  readonly due: string;
  readonly dueLocal: string;
  readonly zone: string;
  readonly countedMs: number;
  readonly windows: readonly { readonly from: string; readonly to: string; readonly ms: number }[];
}

t.test(
  'rules due --json: the due time and every counted window of examples that were reckoned by hand',
  async (t) => {
    const cwd = await withTempDir(t);
    await writeFile(join(cwd, 'calendars.yaml'), CALENDARS);
    for (const { what, calendar, from, within, paused = [], due, windows } of EXAMPLES) {
      const argv = ['rules', 'due', '--file', 'calendars.yaml', '--calendar', calendar, '--from', from];
      const pauses = paused.flatMap((pause) => ['--paused', pause]);
      const { code, out } = await cli([...argv, '--within', within, ...pauses, '--json'], { cwd });
      t.equal(code, 0, what);
      const report = JSON.parse(out) as Report;
      t.equal(report.dueLocal, due, what);
      const local = (at: string): string =>
        Temporal.Instant.from(at)
          .toZonedDateTimeISO(report.zone)
          .toString({ smallestUnit: 'minute', timeZoneName: 'never', offset: 'never' })
          .slice(5)
          .replace('T', ' ');
      t.same(
        report.windows.map((window) => `${local(window.from)} ${window.ms / 3_600_000}`),
        windows,
        what,
      );
      t.equal(
        report.windows.reduce((sum, { ms }) => sum + ms, 0),
        report.countedMs,
        `${what}: what is counted adds up`,
      );
      t.equal(
        Date.parse(report.windows.at(-1)!.to),
        Date.parse(report.due),
        `${what}: the last window ends with it`,
      );
    }
  },
);
