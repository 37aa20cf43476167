import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { BUILTIN_MAPS, builtinMapText } from '../../../collectors/maps/builtin.ts';
import { compileMap, loadBuiltinMap } from '../../../collectors/maps/compile.ts';
import { runMapTests } from '../../../collectors/maps/testing.ts';
import { formatProblem } from '../../../rules/problem.ts';

const folder = new URL('../../../collectors/maps/', import.meta.url);
const samples = new URL('../../fixtures/samples/', import.meta.url);

t.test('the list of ready maps is the folder', async (t) => {
  const files = readdirSync(folder);
  const maps = files.filter((f) => f.endsWith('.yaml') && !f.endsWith('.test.yaml'));
  t.same(
    maps.map((f) => f.slice(0, -5)),
    [...BUILTIN_MAPS],
  );
  for (const map of BUILTIN_MAPS) t.ok(files.includes(`${map}.test.yaml`), `${map} has tests beside it`);
  t.throws(() => loadBuiltinMap('nothing'), /no ready map/);
});

for (const name of BUILTIN_MAPS) {
  t.test(name, async (t) => {
    const text = builtinMapText(name) ?? '';
    const { problems } = compileMap(text, `${name}.yaml`);
    t.same(problems.map((p) => formatProblem(p, text)).join('\n'), '');
    const tests = readFileSync(new URL(`${name}.test.yaml`, folder), 'utf8');
    const outcomes = runMapTests(tests, `${name}.test.yaml`, loadBuiltinMap(name), (file) =>
      readFileSync(new URL(encodeURIComponent(file).replaceAll('%2F', '/'), samples)),
    );
    t.ok(outcomes.length > 0, 'there are tests');
    for (const { name: test, differences } of outcomes) t.equal(differences.join('\n'), '', test);
  });
}

/** `#     extends: builtin:x` and the lines indented with it. */
const SHOWN = /^# {5}extends: .+\n(?:# {5}.+\n)+/gm;

t.test('what the ready maps show of maps that extend them compiles', async (t) => {
  const shown = BUILTIN_MAPS.flatMap((name) => builtinMapText(name)?.match(SHOWN) ?? []);
  t.ok(shown.length >= 4);
  for (const block of shown) {
    const text = `map: mine\n${block.replaceAll(/^# {5}/gm, '')}`;
    const { problems } = compileMap(text, 'mine.yaml');
    t.equal(problems.map((p) => formatProblem(p, text)).join('\n'), '', text);
  }
});
