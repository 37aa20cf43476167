import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { parseConfig } from '../../agent/config.ts';
import { lintRules } from '../../rules/lint.ts';
import type { Problem } from '../../rules/problem.ts';
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

/** A person's slip: some characters gone, others there instead. */
const slips = fc.array(
  fc.tuple(
    fc.nat(),
    fc.nat(12),
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('\n', ': ', '- ', '{', '}', '[', ']', '"', '&a ', '*a', '24', 'x: 1\n'),
    ),
  ),
  { minLength: 1, maxLength: 4 },
);
const slip = (text: string, edits: readonly (readonly [number, number, string])[]): string =>
  edits.reduce((s, [at, n, put]) => s.slice(0, at % s.length) + put + s.slice((at % s.length) + n), text);

t.test('however the examples are mistyped, the answer is problems at places that exist', async () => {
  const rules = example('rules/README.md', 'rules/eu-release.yaml');
  const config = example('agent/README.md', 'laytime.yaml');
  const access = { env: () => 'x', readFile: () => 'x' };
  fc.assert(
    fc.property(slips, (edits) => {
      const ruleText = slip(rules, edits);
      const configText = slip(config, edits);
      const parsed = parseRules([{ file: 'r', text: ruleText }], 2026);
      const read = parseConfig(configText, 'c', access);
      const lint = lintRules(parsed, { routes: read.names.routes });
      const inside = (p: Problem, text: string): boolean => {
        const line = text.split('\n')[p.line - 1];
        return line !== undefined && p.column >= 1 && p.length >= 1 && p.column <= line.length + 1;
      };
      return (
        [...parsed.problems, ...lint].every((p) => inside(p, ruleText)) &&
        read.problems.every((p) => inside(p, configText)) &&
        (read.config !== undefined || read.problems.some((p) => p.severity === 'error'))
      );
    }),
    { numRuns: 150 },
  );
});
