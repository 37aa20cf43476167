import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lintRules } from '../../rules/lint.ts';
import { parseRules } from '../../rules/sla.ts';
import { runTestFile } from '../../rules/testing.ts';
import { drawResult } from '../../rules/testing-draw.ts';
import { parseTestFile } from '../../rules/testing-parse.ts';

/** Each kind of rule has scenarios of its own, written as users write theirs. */

const FOLDER = join(import.meta.dirname, '../fixtures/kinds');
const read = (name: string) => ({ file: name, text: readFileSync(join(FOLDER, name), 'utf8') });

for (const name of globSync('*.test.yaml', { cwd: FOLDER }).sort()) {
  t.test(name, async (t) => {
    const { testFile, problems } = parseTestFile(read(name).text, name);
    t.same(problems, []);
    if (testFile === undefined) return;
    const parsed = parseRules(testFile.rules.map(read), 2026);
    t.same([...parsed.problems, ...lintRules(parsed, {})], []);
    const result = runTestFile(testFile, parsed.ruleSet);
    for (const { failures } of result.scenarios) t.same(failures, [], drawResult(result));
  });
}
