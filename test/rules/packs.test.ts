import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { lintRules } from '../../rules/lint.ts';
import { formatProblem } from '../../rules/problem.ts';
import { parseRules } from '../../rules/sla.ts';
import { coverageOf, runTestFile } from '../../rules/testing.ts';
import { drawResult } from '../../rules/testing-draw.ts';
import { parseTestFile } from '../../rules/testing-parse.ts';

const FOLDER = join(import.meta.dirname, '../../rules/packs');
const read = (name: string) => ({ file: name, text: readFileSync(join(FOLDER, name), 'utf8') });
const PACKS = globSync('*.yaml', { cwd: FOLDER }).filter((name) => !name.endsWith('.test.yaml'));
const RULE_PACKS = PACKS.filter((name) => name !== 'calendars.yaml');

t.test('all packs together are one set without a problem', async (t) => {
  const parsed = parseRules(PACKS.map(read), 2026);
  const problems = [...parsed.problems, ...lintRules(parsed, {})];
  t.same(
    problems.map((problem) => formatProblem(problem)),
    [],
  );
  for (const rule of parsed.ruleSet.rules) {
    t.ok(rule.basis, `${rule.name} says where it comes from`);
    t.ok(rule.mode === 'shadow' || rule.mode === 'off', `${rule.name} tells nobody until somebody wants it`);
    t.equal(
      rule.basis?.includes('(unverified)'),
      rule.mode === 'off',
      `${rule.name} is off when it is unverified`,
    );
  }
});

for (const pack of RULE_PACKS) {
  const name = pack.replace('.yaml', '.test.yaml');
  t.test(`${name} holds, and shows every rule kept and broken`, async (t) => {
    const { testFile, problems } = parseTestFile(read(name).text, name);
    t.same(problems, []);
    if (testFile === undefined) return;
    const { ruleSet } = parseRules(testFile.rules.map(read), 2026);
    const result = runTestFile(testFile, ruleSet);
    for (const scenario of result.scenarios) t.same(scenario.failures, [], drawResult(result));
    const feeds = new Set(ruleSet.rules.flatMap(({ kind, name }) => (kind === 'feed' ? [name] : [])));
    for (const [rule, states] of coverageOf([result], [ruleSet])) {
      // A channel is never done with speaking.
      t.ok(states.has(feeds.has(rule) ? 'running' : 'met'), `${rule} is kept in a scenario`);
      t.ok(states.has('breached'), `${rule} is broken in a scenario`);
    }
  });
}

t.same(
  globSync('*.test.yaml', { cwd: FOLDER })
    .map((name) => basename(name, '.test.yaml'))
    .sort(),
  RULE_PACKS.map((name) => basename(name, '.yaml')).sort(),
  'each pack has its test beside it',
);
