import fc from 'fast-check';
import t from 'tap';
import { Channels } from '../../rules/channels.ts';
import type { ChannelSource } from '../../rules/channels-channel.ts';
import { ReportingLag } from '../../rules/reporting-lag.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The first day of a week as lags are counted: a Thursday. */
const WEEK = Date.UTC(2026, 5, 4);
const MONDAY = Date.UTC(2026, 5, 1);

/** A lag that was heard from the first, and then of reports that took so long each. */
function seen(lags: readonly number[], at = MONDAY): ReportingLag {
  const lag = new ReportingLag(0);
  lag.heardFrom(MONDAY - 100 * DAY);
  for (const [i, ms] of lags.entries()) lag.report({ eventId: `e${i}`, happened: at - ms }, at);
  return lag;
}

t.test(
  'within how long a share of the reports was known, to a tenth, in whatever order they came',
  async () => {
    const lags = fc.array(fc.integer({ min: 0, max: 60 * DAY }), { minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(lags, fc.constantFrom(0.5, 0.9, 0.95), (all, share) => {
        const exact = [...all].sort((a, b) => a - b)[Math.ceil(all.length * share) - 1]!;
        const { ms, of } = seen(all).measured(share)!;
        const backwards = seen([...all].reverse()).measured(share)!;
        return (
          of === all.length && ms === backwards.ms && ms >= exact && ms <= Math.max(MINUTE, exact * 1.1 + 1)
        );
      }),
    );
  },
);

t.test('too few reports say nothing; two weeks later an old habit is forgotten', async (t) => {
  t.equal(seen(Array(19).fill(HOUR)).measured(0.95), undefined);
  t.equal(seen(Array(19).fill(HOUR)).shareLater(MINUTE), undefined);
  const lag = seen(Array(40).fill(6 * HOUR));
  t.match(lag.measured(0.95), { of: 40 });
  t.equal(lag.shareLater(6 * HOUR), 0, 'as long as the limit is no longer than the limit');
  t.equal(lag.shareLater(5 * HOUR), 1);
  const report = (at: number) => lag.report({ eventId: 'x', happened: at - MINUTE }, at);
  report(MONDAY + 7 * DAY);
  t.match(lag.measured(0.5), { of: 41 });
  for (let i = 0; i < 30; i += 1) report(MONDAY + 14 * DAY);
  t.same(lag.measured(0.95), { ms: MINUTE, of: 31 }, 'last week there was one, this week thirty');
  for (let i = 0; i < 30; i += 1) report(MONDAY + 35 * DAY);
  t.match(lag.measured(0.95), { of: 30 }, 'a pause of a week and more leaves nothing');
});

t.test(
  'what happened before a channel was heard is history and no lag; the slowest report is named',
  async (t) => {
    const lag = new ReportingLag(0);
    t.equal(lag.slowest, undefined);
    lag.heardFrom(MONDAY);
    t.equal(lag.report({ eventId: 'old', happened: MONDAY - 1 }, MONDAY + HOUR), undefined);
    t.equal(lag.report({ eventId: 'a', happened: MONDAY }, MONDAY + HOUR), HOUR);
    t.equal(
      lag.report({ eventId: 'b', happened: MONDAY + HOUR }, MONDAY),
      0,
      'a clock that is ahead is no negative lag',
    );
    t.same(lag.slowest, { eventId: 'a', ms: HOUR });
    const again = new ReportingLag(0);
    again.load(JSON.parse(JSON.stringify(lag.dump())));
    t.same(again.dump(), lag.dump());
  },
);

const broker: ChannelSource = {
  name: 'broker',
  partners: ['acme'],
  proves: ['customs.released', 'arrived'],
  expectEveryMs: 6 * HOUR,
  reportingLagMs: 4 * HOUR,
  observedLag: { share: 0.95, atMostMs: 24 * HOUR },
  bestEffort: false,
  provenBy: 'messages',
};
const told = (channels: Channels, times: number, lagMs: number, at: number) => {
  for (let i = 0; i < times; i += 1) {
    channels.heard('broker', 'acme', at);
    channels.reported('broker', 'acme', { eventId: `e${i}`, happened: at - lagMs }, at);
  }
};

t.test('an observed lag replaces the first guess once enough is seen, and moves the watermark', async (t) => {
  const channels = new Channels([broker]);
  channels.heard('broker', 'acme', MONDAY);
  t.match(channels.list(), [{ watermark: MONDAY - 4 * HOUR, reportingLagMs: 4 * HOUR }]);
  told(channels, 19, MINUTE, MONDAY + HOUR);
  t.match(channels.list(), [{ watermark: MONDAY - 3 * HOUR }]);
  const { moved, reckoned } = channels.reported(
    'broker',
    'acme',
    { eventId: 'e', happened: MONDAY + HOUR },
    MONDAY + HOUR,
  );
  t.same(moved, [{ channelId: 'broker/acme', watermark: MONDAY + HOUR - MINUTE, unblocked: false }]);
  t.equal(reckoned, 'broker');
  t.match(channels.list(), [{ reportingLagMs: MINUTE }]);
});

t.test(
  'a longer lag takes nothing back that was proved, through a restart too; never more than at_most',
  async (t) => {
    let channels = new Channels([broker]);
    channels.heard('broker', 'acme', MONDAY);
    told(channels, 20, MINUTE, MONDAY + HOUR);
    channels.unmatched('waits', 'broker', 'acme', 'arrived', MONDAY + HOUR);
    const watermarks = () => [
      channels.list()[0]!.watermark,
      channels.stateOf('broker/acme', 'arrived')?.watermark,
    ];
    channels.heard('broker', 'acme', MONDAY + 2 * HOUR);
    const before = watermarks();
    t.same(before, [MONDAY + 2 * HOUR - MINUTE, MONDAY + HOUR - MINUTE]);
    told(channels, 40, 30 * HOUR, MONDAY + 40 * HOUR);
    t.same(channels.list()[0]!.reportingLagMs, 24 * HOUR);
    t.same(
      watermarks(),
      [MONDAY + 40 * HOUR - MINUTE, before[1]],
      'the unmatched event still holds its milestone back, and no further',
    );
    channels = new Channels([broker], JSON.parse(JSON.stringify(channels.dump())));
    t.same(watermarks(), [MONDAY + 40 * HOUR - MINUTE, before[1]]);
    channels.matched('waits');
    t.same(watermarks(), [MONDAY + 40 * HOUR - MINUTE, MONDAY + 40 * HOUR - MINUTE]);
  },
);

t.test('what came late because the channel was silent is not held against the partner', async (t) => {
  const channels = new Channels([broker]);
  channels.heard('broker', 'acme', MONDAY);
  told(channels, 20, MINUTE, MONDAY + HOUR);
  channels.advance(MONDAY + 20 * HOUR);
  t.equal(channels.list()[0]!.status, 'blind');
  told(channels, 60, 10 * HOUR, MONDAY + 20 * HOUR);
  t.match(channels.list(), [{ status: 'hearing', reportingLagMs: MINUTE }]);
  t.match(channels.feeds()[0]!.lag.measured(0.95), { ms: MINUTE, of: 20 });
});

t.test('any order of reports within a week gives the same lag', async () => {
  const reports = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 3 * DAY }), fc.integer({ min: 0, max: 6 * DAY })),
    {
      minLength: 20,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(reports, fc.infiniteStream(fc.nat()), (all, random) => {
      const lagOf = (ordered: typeof all) => {
        const lag = new ReportingLag(0);
        lag.heardFrom(WEEK - 30 * DAY);
        for (const [ms, after] of ordered)
          lag.report({ eventId: `${ms}`, happened: WEEK + after - ms }, WEEK + after);
        return JSON.stringify([lag.measured(0.95), lag.shareLater(HOUR), lag.dump()!.counts]);
      };
      const shuffled = all
        .map((one) => [random.next().value, one] as const)
        .sort((a, b) => a[0] - b[0])
        .map(([, one]) => one);
      return lagOf(all) === lagOf(shuffled);
    }),
  );
});
