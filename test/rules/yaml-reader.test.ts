import fc from 'fast-check';
import t from 'tap';
import { closest, compareProblems, coverSecrets, formatProblem } from '../../rules/problem.ts';
import { readYaml } from '../../rules/yaml-reader.ts';
import { parseYamlTree } from '../../rules/yaml-tree.ts';
import { durationText, parseDuration } from '../../rules/yaml-values.ts';

t.test('every problem of a file is told at once, each with its place and the way out', async (t) => {
  const text = 'naem: x\npol: 5m\nflag: 7\npoll: 30\n';
  const { root, report } = readYaml(text, 'a.yaml', 'the thing');
  root!.text('name');
  root!.duration('poll');
  root!.flag('flag');
  root!.end();
  const printed = report.problems.sort(compareProblems).map((p) => formatProblem(p, text));
  t.strictSame(printed, [
    [
      'a.yaml:1:1: error: the thing has no key "naem" (unknown-key)',
      '  1 | naem: x',
      '    | ^^^^',
      '  fix: did you mean name?',
    ].join('\n'),
    [
      'a.yaml:2:1: error: the thing has no key "pol" (unknown-key)',
      '  2 | pol: 5m',
      '    | ^^^',
      '  fix: did you mean poll?',
    ].join('\n'),
    [
      'a.yaml:3:7: error: flag: expected true or false, found the number 7 (wrong-type)',
      '  3 | flag: 7',
      '    |       ^',
      '  fix: write true or false',
    ].join('\n'),
    [
      'a.yaml:4:7: error: poll: expected a duration such as 30m, 2h or 1d, found the number 30 (wrong-type)',
      '  4 | poll: 30',
      '    |       ^^',
      '  fix: write the unit: 30s, 30m or 30h',
    ].join('\n'),
  ]);
});

t.test('a tab in the line stays a tab under it, and a line of Windows ends before its return', async (t) => {
  const problem = {
    severity: 'error',
    code: 'x',
    message: 'm',
    file: 'f',
    line: 1,
    column: 3,
    length: 2,
  } as const;
  t.equal(formatProblem(problem, 'a\tbcd\r\n').split('\n')[2], '    |  \t^^');
  t.equal(formatProblem({ ...problem, line: 9 }, 'a'), 'f:9:3: error: m (x)', 'a line that is not there');
});

t.test('one forgotten quote is one mistake, and the lines after it keep their numbers', async (t) => {
  const text = 'a: ["08:00-\n12:00", "13:00"]\nb: 1\nc: [x: "y"]\nd: 3\ne: }\n';
  const { report } = readYaml(text, 'f');
  const syntax = report.problems.filter((p) => p.code === 'yaml-syntax');
  t.ok(syntax.length >= 1 && syntax.length <= 5, `${syntax.length}`);
  for (const p of report.problems) {
    const line = text.split('\n')[p.line - 1]!;
    t.ok(p.column <= line.length + 1, `${p.line}:${p.column} ${p.message}`);
  }
  t.match(readYaml('ok: 1\nbad: }\n', 'f').report.problems, [{ line: 2, column: 6 }]);
});

t.test('a key written twice is refused with the place of both', async (t) => {
  const { report } = readYaml('a: 1\nb: 2\na: 3\n', 'f');
  t.match(report.problems, [{ code: 'duplicate-key', line: 3, message: /line 1/ }]);
});

t.test('aliases are shared, a bomb of them is refused, and so is one inside itself', async (t) => {
  const { root, report } = readYaml('x: &x { q: 1 }\ny: *x\n', 'f');
  t.equal(root!.fields('y')!.number('q'), 1);
  t.strictSame(report.problems, []);
  const levels = Array.from(
    { length: 12 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
  );
  const bomb = parseYamlTree(`a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}\n`, 'f');
  t.match(bomb.problems, [{ code: 'alias-bomb' }]);
  t.match(parseYamlTree('a: &a [*a]\n', 'f').problems, [{ code: 'yaml-alias' }]);
  t.match(parseYamlTree('['.repeat(100_000), 'f').problems, [{ code: 'yaml-too-large' }]);
  t.match(parseYamlTree('- '.repeat(20_000), 'f').problems, [{ message: /nested/ }]);
});

t.test('identifiers that look like numbers stay as they were written', async (t) => {
  const { root } = readYaml('a: 0815\nb: 1.10\nc: 9007199254740993\nd: "x"\n01: one\n', 'f');
  t.equal(root!.text('a'), '0815');
  t.equal(root!.text('b'), '1.10');
  t.equal(root!.text('c'), '9007199254740993');
  t.equal(root!.text('01'), 'one', 'keys are texts');
});

t.test('an empty file, a list and a text are no mapping', async (t) => {
  t.match(readYaml('', 'f').report.problems, [{ code: 'empty-file' }]);
  t.match(readYaml('- a\n', 'f').report.problems, [{ code: 'wrong-type' }]);
  t.match(readYaml('a: 1\n---\nb: 2\n', 'f').report.problems, [{ message: /several documents/ }]);
});

t.test('any text whatever gives problems with places inside the file, never a crash', async () => {
  const pieces = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\n',
    '-',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&x',
    '*x',
    '|',
    '#',
    '!',
    '0',
    '\t',
    '?',
    '<<',
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map((p) => p.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const { root, report } = readYaml(text, 'f');
      root?.end();
      for (const p of report.problems) {
        if (p.line < 1 || p.column < 1 || p.length < 1) return false;
        if (p.line > text.split('\n').length) return false;
        formatProblem(p, text);
      }
      return root !== undefined || report.problems.length > 0;
    }),
    { numRuns: 2000 },
  );
});

t.test('durations', async (t) => {
  t.equal(parseDuration('30m'), 1_800_000);
  t.equal(parseDuration('1h30m'), 5_400_000);
  t.equal(parseDuration('PT36H'), 129_600_000);
  t.equal(parseDuration('P1DT1S'), 86_401_000);
  t.equal(parseDuration('500ms'), 500);
  for (const bad of ['', '30', 'm', 'P', 'PT', '1y', '5 5m', '-5m', '24bh'])
    t.equal(parseDuration(bad), undefined, bad);
  fc.assert(fc.property(fc.nat(2 ** 40), (ms) => parseDuration(durationText(ms)) === ms));
});

t.test('the word that was meant', async (t) => {
  const known = ['customs.released', 'customs.rejected', 'arrived'];
  t.equal(closest('customs.relesed', known), 'customs.released');
  t.equal(closest('Arrived', known), 'arrived');
  t.equal(closest('arrvied', known), 'arrived');
  t.equal(closest('teapot', known), undefined);
  t.equal(closest('x', ['a']), undefined, 'one letter resembles every other');
});

t.test('a secret written into a file is never shown again', async (t) => {
  const text =
    'a: { user: u, password: hunter2 }\ntoken: "abc def"\nkey: { env: NAME }\npassword: { env: P }\n';
  const covered = coverSecrets(text, []);
  t.notMatch(covered, /hunter2|abc|def/);
  t.equal(covered.length, text.length, 'places stay');
  t.match(covered, /env: NAME/);
  t.match(covered, /password: \{ env: P \}/);
});
