import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../agent/config.ts';
import { lintRules } from '../../rules/lint.ts';
import { parseRules } from '../../rules/sla.ts';

const root = resolve(import.meta.dirname, '../..');
/** The YAML example of a page whose first line is a comment with this name. */
function example(page: string, name: string): string {
  const text = readFileSync(resolve(root, page), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1]!);
  const found = blocks.find((b) => b.startsWith(`# ${name}\n`));
  if (found === undefined) throw new Error(`${page} has no example ${name}`);
  return found;
}

t.test('the examples of the manual are read without a problem, and fit each other', async (t) => {
  const rules = parseRules(
    [{ file: 'rules/eu-release.yaml', text: example('rules/README.md', 'rules/eu-release.yaml') }],
    2026,
  );
  t.strictSame(rules.problems, []);
  t.strictSame(
    rules.ruleSet.rules.map((r) => r.kind),
    ['after', 'before', 'dwell', 'ack'],
  );
  const { config, problems } = parseConfig(
    example('agent/README.md', 'laytime.yaml'),
    '/etc/laytime/laytime.yaml',
    {
      env: () => 'x',
      readFile: () => 'x',
    },
  );
  t.strictSame(problems, []);
  t.strictSame(lintRules(rules, { routes: config!.notify.map((r) => r.name) }), []);
});
