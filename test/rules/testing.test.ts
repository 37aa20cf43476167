import t from 'tap';
import { formatProblem } from '../../rules/problem.ts';
import { parseRules } from '../../rules/sla.ts';
import { runTestFile, type TestResult } from '../../rules/testing.ts';
import { drawResult } from '../../rules/testing-draw.ts';
import { parseTestFile } from '../../rules/testing-parse.ts';
import { localText, parseTime, spanText, zonedText } from '../../rules/testing-time.ts';

const RULES = parseRules(
  [
    {
      file: 'r.yaml',
      text: `rules:
  release: { from: arrived at destination, to: customs.released, within: 24h, warn: 4h before }
`,
    },
  ],
  2026,
).ruleSet;

const run = (text: string): TestResult => {
  const { testFile, problems } = parseTestFile(text, 'r.test.yaml');
  if (testFile === undefined) throw new Error(problems.map((each) => formatProblem(each, text)).join('\n'));
  return runTestFile(testFile, RULES);
};

t.test('a failure is a timeline with what was expected and what was so', async (t) => {
  const result = run(`scenarios:
  late:
    timeline:
      - { at: 2026-06-01 09:00, event: arrived at destination }
      - { at: 2026-06-02 11:00, event: customs.released }
    expect:
      - { at: 2026-06-02 09:00, clock: met }
      - { at: 2026-06-02 12:00, alerts: [at-risk, fired, resolved] }
`);
  t.equal(
    drawResult(result),
    `r.test.yaml:7:33: late: 1 of 2 expectations failed
  2026-06-01 09:00  ● arrived at destination
                    │ release: running (within-budget), due 2026-06-02 09:00
  2026-06-02 05:00  │ release: at-risk (warn-reached), due 2026-06-02 09:00
                    ! release: at-risk (warn-reached)
  2026-06-02 09:00  │ release: breached (deadline-passed-proved), due 2026-06-02 09:00
                    ! release: fired (deadline-passed-proved)
                    ✗ expected clock release: met, got breached, deadline-passed-proved, due 2026-06-02 09:00
  2026-06-02 11:00  ● customs.released
                    │ release: met-late (done-late), due 2026-06-02 09:00, 2h late
                    ! release: resolved (done-late)
  2026-06-02 12:00  ✓ alerts release: at-risk, fired, resolved
r.test.yaml: 1 scenario, 2 expectations: FAILED (1)`,
  );
});

t.test('what a scenario can say', async (t) => {
  const result = run(`zone: Europe/Amsterdam
scenarios:
  a dead letter may be the proof:
    channels: { broker: { proves: [customs.released], expect_every: 1h, reporting_lag: 10m } }
    timeline:
      - { at: 2026-06-01 09:00, event: arrived at destination }
      - { at: 2026-06-02 08:00, dead_letter: broker }
      - { at: 2026-06-02 10:00, resolved: broker }
    expect:
      - { at: 2026-06-02 09:30, clock: { state: unknown, reason: deadline-passed-awaiting-proof } }
      - { at: 2026-06-02 10:00, clock: breached, alert: fired }
  an operator waives a clock:
    timeline:
      - { at: 2026-06-01 09:00, event: arrived at destination }
      - { at: 2026-06-02 06:00, waive: release }
    expect:
      - { at: 2026-06-02 05:00, alert: at-risk }
      - { at: 2026-06-02 06:00, clock: waived, alert: withdrawn }
  a source that never returns is never heard:
    channels: { broker: { proves: [customs.released], expect_every: 1h } }
    timeline:
      - { at: 2026-06-01 09:00, event: arrived at destination }
      - { at: 2026-06-01 10:00, blind: broker }
      - { at: 2026-06-01 12:00, source: broker, event: customs.released }
    expect:
      - { at: 2026-06-01 11:00, channel broker: blind }
      - { at: 2026-06-02 11:00, clock: { state: breached, reason: wait-for-feeds-passed } }
  a moment's events come before its expectations, and a date is a span:
    timeline:
      - { at: 2026-06-01, event: arrived at destination }
    expect:
      - { at: 2026-06-01 23:59:59.999, clock: running }
      - { at: 2026-06-01 12:00, clock: waiting }
`);
  t.equal(drawResult(result), 'r.test.yaml: 4 scenarios, 10 expectations: ok');
});

t.test('an expectation that cannot be met says why', async (t) => {
  const { testFile } = parseTestFile(
    `scenarios:\n  s:\n    expect:\n      - { at: 2026-06-01 09:00, clock relese: met }\n`,
    'r.test.yaml',
  );
  t.match(runTestFile(testFile!, RULES).scenarios[0]?.failures, [{ got: 'no such rule; there are release' }]);
});

t.test('every mistake is told at its place', async (t) => {
  const text = `zone: Europe/Amsterdm
scenarios:
  s:
    timeline:
      - { at: yesterday, event: arrived at destination }
      - { at: 2026-06-01 09:00, event: arived }
      - { at: 2026-06-01 09:00, blind: brokr }
      - { at: 2026-06-01 09:00, event: arrived, shipment: B }
    channels: { broker: { proves: [arrived] } }
    expect:
      - { at: 2026-06-01 09:00, clock: late }
      - { at: 2026-06-01 09:00, clock r: { state: met, reason: done } }
      - { at: 2026-06-01 09:00 }
      - { at: 2026-06-01 09:00, alert: raised, oops: 1 }
`;
  const { testFile, problems } = parseTestFile(text, 'r.test.yaml');
  t.equal(testFile, undefined);
  const lines = new Set(problems.map(({ line }) => line));
  for (const line of [1, 5, 6, 7, 8, 11, 12, 14]) t.ok(lines.has(line), `line ${line} has a problem`);
  t.match(parseTestFile('', 'empty.test.yaml').problems, [{ code: 'empty-file' }]);
  t.match(parseTestFile('zone: UTC', 'x.test.yaml').problems, [{ code: 'missing-key' }]);
});

t.test('a step says a plan, and not which it was', async (t) => {
  const text =
    'rules: [r.yaml]\nscenarios:\n  s:\n    timeline: [{ at: 2026-06-01 09:00, event: first planned arrived }]\n    expect: []\n';
  t.match(parseTestFile(text, 'r.test.yaml').problems, [
    { code: 'unknown-classifier', fix: 'write planned' },
  ]);
});

t.test('times and lengths as people write and read them', async (t) => {
  const noon = Date.parse('2026-06-01T10:00:00Z');
  t.same(parseTime('2026-06-01 12:00', 'Europe/Amsterdam')?.from, noon);
  t.same(parseTime('2026-06-01T10:00Z', 'Europe/Amsterdam')?.from, noon);
  t.match(parseTime('2026-03-29', 'Europe/Amsterdam'), { from: Date.parse('2026-03-28T23:00Z') });
  t.equal(
    parseTime('2026-03-29', 'Europe/Amsterdam')!.to - Date.parse('2026-03-28T23:00Z'),
    23 * 3_600_000 - 1,
  );
  t.equal(parseTime('soon', 'UTC'), undefined);
  t.equal(localText(noon + 1500, 'UTC'), '2026-06-01 10:00:01.500');
  t.equal(zonedText(noon, 'Europe/Amsterdam'), '2026-06-01 12:00 +02:00');
  t.equal(spanText(90_061_000), '1d 1h 1m');
  t.equal(spanText(0), '0s');
});
