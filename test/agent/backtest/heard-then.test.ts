import fc from 'fast-check';
import t from 'tap';
import type { HeardThen } from '../../../agent/backtest/heard-then.ts';
import { listen, type Waited } from '../../../agent/backtest/listen.ts';
import { RulesInForce } from '../../../agent/track/rules-in-force.ts';
import { Channels } from '../../../rules/channels.ts';
import type { ChannelSource } from '../../../rules/channels-channel.ts';
import type { MilestoneCode } from '../../../rules/milestone.ts';
import { hubSettings, rulesOf } from '../../support/judge.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 5, 1);
const PROVES: readonly MilestoneCode[] = ['arrived', 'customs.released'];

const sources: readonly ChannelSource[] = [
  {
    ...{ name: 'hub', partners: 'from-messages', proves: PROVES, reportingLagMs: 5 * MINUTE },
    ...{ bestEffort: false, provenBy: 'messages', expectEveryMs: HOUR },
  },
  {
    ...{ name: 'erp', partners: ['erp'], proves: ['customs.released'], reportingLagMs: 0 },
    ...{ bestEffort: false, provenBy: 'polls', expectEveryMs: 2 * HOUR },
  },
];

/** The last proof by then of a channel that is heard from `since` on. */
const lastProof = (since: number, now: number): number =>
  since + Math.floor((now - since) / (15 * MINUTE)) * 15 * MINUTE;

const heardFrom = (
  hearings: Parameters<typeof listen>[0]['hearings'],
  waited: readonly Waited[],
  until: number,
) =>
  listen(
    { hearings, waited, firstTold: async function* () {} },
    {
      ...{ tenant: 'default', channels: sources, rules: new RulesInForce(rulesOf('rules: {}')) },
      renderAlert: hubSettings({ rules: 'rules: {}' }).renderAlert,
    },
    until,
  );

const answersOf = (heard: HeardThen): unknown =>
  PROVES.flatMap((milestone) =>
    [['a'], ['b'], ['erp'], []].map((partners) => heard.provers(milestone, { partners, attributes: {} })),
  );

/** Hearing and blind by turns, in whole minutes. */
const turns = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
const waits = fc.array(
  fc.record({
    partner: fc.constantFrom('a', 'b'),
    milestone: fc.constantFrom(...PROVES),
    since: fc.integer({ min: 0, max: 900 }),
    forMinutes: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
  }),
  { maxLength: 4 },
);

t.test('asked in any order, it answers as the channels would have answered at that moment', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ a: turns, b: turns, erp: turns }),
      waits,
      fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 8 }),
      async (by, waitsOf, asked) => {
        const hearings = Object.entries(by).flatMap(([partner, lengths]) => {
          let at = START;
          return lengths.map((minutes, i) => {
            const since = at;
            at += minutes * MINUTE;
            const status = i % 2 === 0 ? ('hearing' as const) : ('blind' as const);
            return { source: partner === 'erp' ? 'erp' : 'hub', partner, status, since, until: at };
          });
        });
        const waited = waitsOf.map(({ partner, milestone, since, forMinutes }, i): Waited => {
          const from = START + since * MINUTE;
          const event = { key: `k${i}`, source: 'hub', partner, milestone, since: from };
          return forMinutes === undefined ? event : { ...event, until: from + forMinutes * MINUTE };
        });
        const end = START + 1_600 * MINUTE;
        const { heard } = await heardFrom(hearings, waited, end);
        for (const minute of asked) {
          const now = START + minute * MINUTE;
          heard.now = now;
          // What was heard only until then is all that the channels of then could know.
          const { heard: then } = await heardFrom(
            hearings
              .filter(({ since }) => since <= now)
              .map((each) => ({
                ...each,
                until: now >= each.until ? each.until : lastProof(each.since, now),
              })),
            waited
              .filter(({ since }) => since <= now)
              .map(({ until, ...each }) => (until !== undefined && until <= now ? { ...each, until } : each)),
            now,
          );
          then.now = now;
          t.strictSame(answersOf(heard), answersOf(then));
        }
      },
    ),
    { numRuns: 60 },
  );
});

t.test(
  'it says when a channel will have been heard far enough, for a milestone that was held back too',
  async (t) => {
    const hearings = [
      { source: 'hub', partner: 'a', status: 'hearing' as const, since: START, until: START + 10 * HOUR },
    ];
    const waited: Waited[] = [
      {
        ...{ key: 'k', source: 'hub', partner: 'a', milestone: 'arrived' },
        ...{ since: START + 2 * HOUR, until: START + 6 * HOUR },
      },
    ];
    const { heard } = await heardFrom(hearings, waited, START + 12 * HOUR);
    heard.now = START;
    const due = START + 3 * HOUR;
    t.equal(
      (heard.reaches('hub/a', 'customs.released', due) - START) / MINUTE,
      195,
      'the proof after the lag',
    );
    t.equal((heard.reaches('hub/a', 'arrived', due) - START) / HOUR, 6, 'when the event found its shipment');
    t.equal(heard.reaches('hub/a', 'arrived', START + 11 * HOUR), Number.POSITIVE_INFINITY);
    heard.now = START + 7 * HOUR;
    t.equal(heard.reaches('hub/a', 'arrived', START + 8 * HOUR) > heard.now, true);
    heard.now = Number.NEGATIVE_INFINITY;
    t.equal(
      heard.reaches('hub/*', 'arrived', due),
      START,
      'whoever waits for anybody asks those who speak first',
    );
  },
);

t.test(
  'a channel that nobody is known of yet is answered for by the one that stands for everybody',
  async (t) => {
    const { heard } = await heardFrom(
      [{ source: 'hub', partner: 'a', status: 'hearing', since: START + HOUR, until: START + 2 * HOUR }],
      [],
      START + 3 * HOUR,
    );
    const ids = (): readonly string[] =>
      heard.provers('arrived', { partners: [], attributes: {} }).map(({ id }) => id);
    heard.now = START;
    t.strictSame(ids(), ['hub/*']);
    heard.now = START + 90 * MINUTE;
    t.strictSame(ids(), ['hub/a']);
    const channels = new Channels(sources);
    t.strictSame(
      heard.stateOf('erp/erp'),
      channels.stateOf('erp/erp'),
      'one that was never heard stands as it began',
    );
  },
);
