import fc from 'fast-check';
import t from 'tap';
import { type DateRule, dateAfter, parseDateRule } from '../../rules/date-rule.ts';
import { parseRules } from '../../rules/sla.ts';
import { utc } from '../support/hand-trace.ts';

const { ruleSet } = parseRules(
  [
    {
      file: 'c.yaml',
      text: `calendars:
  us: { zone: America/New_York, open: { Mon-Fri: "08:00-17:00" }, holidays: US }
  nights: { zone: Europe/Amsterdam, open: { Mon-Sat: "22:00-06:00" } }
  round: { zone: Asia/Riyadh, open: { Sun-Thu: "00:00-24:00" } }
`,
    },
  ],
  2026,
);
const calendar = (name: string) => ruleSet.calendars.get(name)!;
const rule = (text: string): DateRule => {
  const parsed = parseDateRule(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed;
};
const due = (start: string, text: string, name?: string): string =>
  new Date(dateAfter(utc(start), rule(text), name === undefined ? undefined : calendar(name))).toISOString();

t.test('days that people find in a calendar', async (t) => {
  t.equal(due('2026-06-12 12:00', '15th working day of next month', 'us'), '2026-07-22T21:00:00.000Z');
  t.equal(due('2026-06-12 12:00', 'last working day of this month', 'us'), '2026-06-30T21:00:00.000Z');
  t.equal(
    due('2026-04-12 12:00', 'last business day of the following month', 'us'),
    '2026-05-29T21:00:00.000Z',
  );
  t.equal(due('2026-06-12 12:00', '10th day of next month'), '2026-07-11T00:00:00.000Z');
  t.equal(due('2026-06-12 12:00', 'last day of this quarter'), '2026-07-01T00:00:00.000Z');
  t.equal(due('2026-06-12 12:00', 'first calendar day of next year', 'us'), '2027-01-02T05:00:00.000Z');
  t.equal(due('2026-06-12 12:00', '3rd working day of next week', 'us'), '2026-06-17T21:00:00.000Z');
  t.equal(
    due('2026-01-31 12:00', '31st day of next month'),
    '2026-03-01T00:00:00.000Z',
    'February has no 31st: its last',
  );
  t.equal(
    due('2026-06-12 12:00', '31st working day of next month', 'us'),
    '2026-07-31T21:00:00.000Z',
    'nor 31 working days',
  );
});

t.test('a night shift belongs to the day on which it begins, and a day may close at midnight', async (t) => {
  // Sunday 31 May to Monday 1 June nobody works; Saturday's shift ends on Sunday morning.
  t.equal(due('2026-05-15 12:00', 'first working day of next month', 'nights'), '2026-06-02T04:00:00.000Z');
  t.equal(due('2026-05-15 12:00', 'last working day of this month', 'nights'), '2026-05-31T04:00:00.000Z');
  t.equal(due('2026-06-15 12:00', 'last working day of this month', 'round'), '2026-06-30T21:00:00.000Z');
  t.equal(due('2026-06-15 12:00', 'first working day of next month', 'round'), '2026-07-01T21:00:00.000Z');
});

t.test('what is no day says so', async (t) => {
  t.match(parseDateRule('soon'), { error: /"soon" is no day; write 15th working day of next month/ });
  t.match(parseDateRule('0th day of next month'), { error: /no month has that day/ });
  t.match(parseDateRule('8th day of this week'), { error: /1st to 7th/ });
});

t.test(
  'property: a later start is never due earlier, and a start is due in its own period or the one named',
  async () => {
    const texts = [
      '15th working day of next month',
      'last working day of this month',
      '3rd day of next quarter',
      '2nd working day of this week',
    ];
    const at = fc.integer({ min: utc('2024-01-01 00:00'), max: utc('2028-01-01 00:00') });
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.constantFrom('us', 'nights', 'round'),
        at,
        at,
        (text, name, a, b) => {
          const [first, second] = a <= b ? [a, b] : [b, a];
          return (
            dateAfter(first, rule(text), calendar(name)) <= dateAfter(second, rule(text), calendar(name))
          );
        },
      ),
      { numRuns: 300 },
    );
  },
);
