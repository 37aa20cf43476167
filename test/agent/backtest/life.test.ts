import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { HeardThen } from '../../../agent/backtest/heard-then.ts';
import { type LinkedEvent, Lives } from '../../../agent/backtest/life.ts';
import { Assessor } from '../../../agent/track/assessor.ts';
import { MILESTONES, type MilestoneCode } from '../../../rules/milestone.ts';
import { parseRules, type RuleSet } from '../../../rules/sla.ts';
import { toldAt } from '../../support/judge.ts';
import { event, hour } from '../../support/trace-events.ts';

const PACKS = new URL('../../../rules/packs/', import.meta.url);
/** Rules of every kind, all of them judged. */
const packs: RuleSet = (() => {
  const files = readdirSync(PACKS).filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'));
  const { ruleSet } = parseRules(
    files.map((file) => ({ file, text: readFileSync(new URL(file, PACKS), 'utf8') })),
    2026,
  );
  return { ...ruleSet, rules: ruleSet.rules.map((rule) => ({ ...rule, mode: 'live' as const })) };
})();

/** What is told of a life, and how its clocks stand at the end; with `lazy` false it is judged at every fact. */
function judged(
  ruleSet: RuleSet,
  facts: readonly LinkedEvent[],
  lazy: boolean,
): { told: string[]; clocks: unknown } {
  const heard = new HeardThen([]);
  const assessor = new Assessor({
    ...{ tenant: 'one', ruleSet, channels: heard, refsOf: () => [], sourceRank: () => 0 },
    renderAlert: () => ({ labels: {}, text: { headline: '', lines: [], link: '' } }),
    ...{ tellSince: Number.NEGATIVE_INFINITY, told: () => undefined },
  });
  if (!lazy) assessor.isIndifferent = () => false;
  const told: string[] = [];
  let clocks: unknown;
  const tally = {
    alerts: (records: Parameters<typeof toldAt>[0]) => void told.push(...toldAt(records)),
    shipment: (_: unknown, verdicts: unknown) => {
      clocks = verdicts;
    },
  };
  new Lives(assessor, heard, tally, hour(2_000)).judge({ shipmentId: 's-1', facts });
  return { told, clocks };
}

const fact = fc.record({
  key: fc.integer({ min: 0, max: 25 }),
  at: fc.integer({ min: 0, max: 900 }),
  lag: fc.integer({ min: 0, max: 60 }),
  milestone: fc.constantFrom(...(Object.keys(MILESTONES) as MilestoneCode[])),
  classifier: fc.constantFrom('actual' as const, 'actual' as const, 'planned' as const, 'estimated' as const),
  role: fc.option(fc.constantFrom('origin' as const, 'destination' as const), { nil: undefined }),
  subject: fc.option(fc.constantFrom('LAYU1', 'MRN1'), { nil: undefined }),
  partner: fc.constantFrom('acme', 'line'),
  attributes: fc.dictionary(
    fc.constantFrom(
      'mode',
      'destination.country',
      'origin.country',
      'hold.agency',
      'declaration.version',
      'goods.value',
    ),
    fc.constantFrom<string | number>('sea', 'air', 'NL', 'US', 'GB', 1, 2),
    { maxKeys: 3 },
  ),
  retracted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  linked: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
});

t.test('what is left out of judging would have changed nothing', async (t) => {
  let told = 0;
  fc.assert(
    fc.property(fc.array(fact, { minLength: 1, maxLength: 25 }), (facts) => {
      const life = facts
        .map(({ key, at, lag, role, subject, linked, ...rest }): LinkedEvent => {
          const occurrence = { ...(role && { role }), ...(subject && { subject }) };
          const statement = event(`k${key}`, { ...rest, at, observed: at + lag, occurrence });
          return { at: statement.observedAt, linked, event: statement };
        })
        .sort((a, b) => a.at - b.at);
      const whole = judged(packs, life, false);
      told += whole.told.length;
      t.strictSame(judged(packs, life, true), whole);
    }),
    { numRuns: 150 },
  );
  t.ok(told > 100, 'and there was something to tell');
});

t.test('an event that no rule asks for is not judged, and is in the trace', async (t) => {
  const { ruleSet } = parseRules(
    [
      {
        file: 'r.yaml',
        text: 'rules: { r: { from: arrived, to: customs.released, within: 10h, wait_for_feeds: 1h } }',
      },
    ],
    2026,
  );
  const facts = [
    event('a', { at: 0, observed: 0 }),
    event('b', { at: 1, observed: 1, milestone: 'gate.out', attributes: { vessel: 'Ever Given' } }),
    event('c', { at: 30, observed: 30, milestone: 'customs.released' }),
  ].map((each): LinkedEvent => ({ at: each.observedAt, linked: true, event: each }));
  let assessed = 0;
  const assess = Assessor.prototype.assess;
  t.teardown(() => {
    Assessor.prototype.assess = assess;
  });
  Assessor.prototype.assess = function (...args) {
    assessed += 1;
    return assess.apply(this, args);
  };
  const { told } = judged(ruleSet, facts, true);
  t.strictSame(told, ['05-01T11:00 fired-unconfirmed r', '05-02T06:00 resolved r']);
  t.equal(assessed, 5, 'arrival, deadline, the limit of waiting, release, and the end of the period');
});
