import t from 'tap';
import { compileMap } from '../../../collectors/maps/compile.ts';
import { formatProblem } from '../../../rules/problem.ts';

const GOOD = `map: mine
format: json
id: id
refs: { container: box }
events:
  - name: arrived
    milestone: arrived
    time: at
`;

/** Problems as `line:column code`, as a person meets them. */
const problemsOf = (text: string): string[] =>
  compileMap(text, 'm.yaml').problems.map((p) => `${p.line}:${p.column} ${p.code}`);

t.test('a good map compiles, and its version is its text', async (t) => {
  const a = compileMap(GOOD, 'm.yaml');
  t.same(a.problems, []);
  t.match(a.map, { name: 'mine', proves: ['arrived'] });
  t.equal(compileMap(GOOD, 'other.yaml').map?.version, a.map?.version);
  t.not(compileMap(`${GOOD}# changed\n`, 'm.yaml').map?.version, a.map?.version);
});

t.test('every mistake is told with its place, and stops the map', async (t) => {
  const cases: readonly [what: string, text: string, problem: string][] = [
    ['a misspelt key', GOOD.replace('refs:', 'refz:'), '4:1 unknown-key'],
    ['a key of an event', GOOD.replace('time: at', 'tiem: at'), '8:5 unknown-key'],
    ['a milestone', GOOD.replace('milestone: arrived', 'milestone: arived'), '7:16 unknown-value'],
    ['a ref type', GOOD.replace('container:', 'kontainer:'), '4:9 unknown-ref-type'],
    ['a path', GOOD.replace('time: at', 'time: at..x'), '8:11 bad-path'],
    ['a format', GOOD.replace('format: json', 'format: edi'), '2:9 unknown-value'],
    ['no events', GOOD.replace(/events:[\s\S]*/, 'events: []\n'), '5:1 no-events'],
    ['no name', GOOD.replace('map: mine\n', ''), '1:1 missing-key'],
    [
      'two events of one name',
      `${GOOD}  - { name: arrived, milestone: loaded, time: x }\n`,
      '9:13 duplicate-event',
    ],
    ['records without id', GOOD.replace('id: id', 'records: list'), '3:1 missing-id-path'],
    [
      'a table that is not there',
      GOOD.replace('time: at', 'time: at\n    classifier: { from: c, codes: k }'),
      '9:35 unknown-code-table',
    ],
    [
      'a table with a wrong meaning',
      `${GOOD.replace('milestone: arrived', 'milestone: { from: c, codes: k }')}codes: { k: { A: arrivd } }\n`,
      '9:18 unknown-value',
    ],
    [
      'a regular expression',
      GOOD.replace('time: at', 'time: at\n    when: { x: { matches: "(?=a)" } }'),
      '9:27 bad-regex',
    ],
    [
      'for_each without item_id',
      GOOD.replace('time: at', 'for_each: s in stops\n    time: s.at'),
      '8:5 missing-item-id',
    ],
    [
      'for_each that is none',
      GOOD.replace('time: at', 'for_each: stops\n    item_id: x\n    time: at'),
      '8:15 bad-for-each',
    ],
    ['a role', GOOD.replace('time: at', 'time: at\n    occurrence: { role: port }'), '9:25 unknown-value'],
    ['a place', GOOD.replace('id: id', 'id: id\nplaces: { origin: [Rotterdam] }'), '4:20 bad-unlocode'],
    [
      'an attribute name',
      GOOD.replace('id: id', 'id: id\nattributes: { "My Attr": x }'),
      '4:15 bad-attribute-name',
    ],
    ['nothing to read', GOOD.replace('time: at', 'time: at\n    attributes: { mode: {} }'), '9:25 bad-value'],
    ['a parent', `extends: builtin:dcsa\n${GOOD}`, '1:10 unknown-parent'],
    [
      'a milestone that is not fixed in a snapshot',
      GOOD.replace('milestone: arrived', 'milestone: { from: c }').replace(
        'id: id',
        'id: id\nsnapshot: true',
      ),
      '8:16 snapshot-needs-word',
    ],
    ['not YAML', 'map: [', '1:6 yaml-syntax'],
    ['nothing', '', '1:1 empty-file'],
  ];
  for (const [what, text, problem] of cases) {
    const found = problemsOf(text);
    t.ok(found.includes(problem), `${what}: ${problem} in ${found.join(', ')}`);
    t.equal(compileMap(text, 'm.yaml').map, undefined, `${what} stops the map`);
  }
});

t.test('a problem underlines the words and says the fix', async (t) => {
  const text = GOOD.replace('container:', 'kontainer:');
  const [problem] = compileMap(text, 'm.yaml').problems;
  t.match(
    formatProblem(problem!, text),
    /m\.yaml:4:9[\s\S]*\n[\s\S]*kontainer[\s\S]*\^+[\s\S]*did you mean container\?/,
  );
});
