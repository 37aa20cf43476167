import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { MILESTONES } from '../../rules/milestone.ts';
import { parseRules } from '../../rules/sla.ts';
import { CALENDAR_KEYS } from '../../rules/sla-calendar.ts';
import { RULE_KEYS } from '../../rules/sla-keys.ts';
import { KIND_NAMES, kindInfo, type RuleKind } from '../../rules/sla-kind.ts';
import { OVERRIDE_KEYS } from '../../rules/sla-override.ts';
import { PEOPLE_KEYS } from '../../rules/sla-people.ts';
import { referencePage } from '../../rules/sla-reference.ts';
import { ruleFileSchema } from '../../rules/sla-schema.ts';
import type { Keys } from '../../rules/yaml-type.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
const validate = ajv.compile(ruleFileSchema());

/** What an editor says of a text: nothing when it is well. */
const editor = (text: string): string[] =>
  validate(parse(text)) ? [] : validate.errors!.map((e) => `${e.instancePath} ${e.message}`);
const errors = (text: string): string[] =>
  parseRules([{ file: 'r.yaml', text }], 2026).problems.flatMap(({ severity, code }) =>
    severity === 'error' ? [code] : [],
  );

t.test('the committed page and schema are what the tables say', async (t) => {
  const again = 'else run: node agent/main.ts rules schema';
  t.ok(
    read('rules/REFERENCE.md') === referencePage(),
    `rules/REFERENCE.md is current; ${again} --reference > rules/REFERENCE.md`,
  );
  t.ok(
    read('rules/rules.schema.json') === `${JSON.stringify(ruleFileSchema(), null, 2)}\n`,
    `rules/rules.schema.json is current; ${again} > rules/rules.schema.json`,
  );
});

t.test('the examples of the page are rules', async (t) => {
  const examples = [...referencePage().matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
  t.equal(examples.length, KIND_NAMES.length + 1, 'one for each kind, and a calendar');
  for (const text of examples) {
    t.same(parseRules([{ file: 'r.yaml', text }], 2026).problems, [], text);
    t.same(editor(text), [], text);
  }
});

t.test('every rule file of this repository is well, names its schema, and the schema is there', async (t) => {
  const files = globSync(
    [
      'rules/packs/*.yaml',
      'agent/demo/rules.yaml',
      'deploy/examples/rules/*.yaml',
      'test/fixtures/kinds/*.yaml',
    ],
    { cwd: ROOT },
  ).filter((path) => !path.endsWith('.test.yaml'));
  t.ok(files.length > 20);
  for (const path of files) {
    const text = read(path);
    t.same(editor(text), [], path);
    if (path.startsWith('test/')) continue;
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    t.equal(schema && join(path, '..', schema), 'rules/rules.schema.json', `${path} begins with its schema`);
  }
});

/** Lines of a rule with every key of a table, one of them written otherwise or left out. */
function lines(keys: Keys, change: Readonly<Record<string, string | undefined>> = {}): string[] {
  const said = {
    ...Object.fromEntries(Object.entries(keys).map(([name, { example }]) => [name, example])),
    ...change,
  };
  return Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
}
const ruleOf = (kind: RuleKind, change?: Readonly<Record<string, string | undefined>>): string =>
  `rules:\n  r:\n    ${[`kind: ${kind}`, ...lines(kindInfo(kind).keys, change)].join('\n    ')}\n`;

/** Values that have the wrong shape whatever the key is. */
const MISSHAPEN = ['{ a: { b: 1 } }', '[[1]]', 'true', '5.5.5 of', '""'];

t.test('what the parser refuses for its shape, the schema refuses, in every kind and key', async (t) => {
  for (const kind of KIND_NAMES) {
    const { keys } = kindInfo(kind);
    t.same([errors(ruleOf(kind)), editor(ruleOf(kind))], [[], []], kind);
    const withoutKind = ruleOf(kind).replace(/ {4}kind: .*\n/, '');
    t.same([errors(withoutKind), editor(withoutKind)], [[], []], `${kind}, told by its keys`);
    for (const [name, { required = false }] of Object.entries(keys)) {
      const without = ruleOf(kind, { [name]: undefined });
      t.equal(errors(without).includes('missing-key'), required, `${kind} without ${name}`);
      t.equal(editor(without).length > 0, required, `${kind} without ${name}`);
    }
    const wrong = [
      ...Object.keys(keys).flatMap((name) => MISSHAPEN.map((value) => ruleOf(kind, { [name]: value }))),
      ...Object.keys(keys).map((name) =>
        ruleOf(kind, { [name]: undefined, [`${name}_x`]: keys[name]!.example }),
      ),
      ...KIND_NAMES.flatMap((other) => lines(kindInfo(other).keys))
        .filter((line) => !Object.hasOwn(keys, line.split(':')[0]!))
        .map((line) => `${ruleOf(kind)}    ${line}\n`),
    ];
    for (const text of wrong) compare(t, text);
  }
});

/** Both refuse it, or both take it: some values are misshapen for most keys and good for a few. */
function compare(t: Test, text: string): void {
  t.equal(editor(text).length > 0, errors(text).length > 0, text);
}

t.test('the keys of all rules, of calendars and of overrides', async (t) => {
  const calendar = (change?: Readonly<Record<string, string | undefined>>): string =>
    `calendars:\n  c:\n    ${lines(CALENDAR_KEYS, change).join('\n    ')}\n`;
  const override = (line: string): string => `${ruleOf('after')}override:\n  r:\n    ${line}\n`;
  const whole = (line: string): string => `${ruleOf('after')}    ${line}\n`;
  const common = { ...RULE_KEYS, ...PEOPLE_KEYS };
  for (const [name, { example }] of Object.entries(common)) {
    if (name === 'kind') continue;
    for (const value of [example, '', ...MISSHAPEN]) {
      // A calendar that is nowhere has a good shape, and so has a condition that is none.
      if (name === 'when' && value === '5.5.5 of') continue;
      if (name !== 'calendar') compare(t, whole(`${name}: ${value}`));
      if (Object.hasOwn(OVERRIDE_KEYS, name) && name !== 'calendar')
        compare(t, override(`${name}: ${value}`));
    }
  }
  for (const name of Object.keys(CALENDAR_KEYS))
    for (const value of [undefined, '', ...MISSHAPEN]) compare(t, calendar({ [name]: value }));
  for (const line of ['from: arrived', 'kind: by', 'nonsense: 1']) compare(t, override(line));
  for (const text of ['rule: {}\n', 'rules: { "A b": {} }\n', 'rules: 5\n', '[]\n', 'rules: { r: }\n'])
    t.ok(editor(text).length > 0 && errors(text).length > 0, text);
});

t.test('every milestone, with a place or planned, and no other word', async (t) => {
  for (const code of Object.keys(MILESTONES)) {
    for (const text of [code, `${code} at destination`, `planned ${code} at origin`, `first planned ${code}`])
      t.same(editor(ruleOf('after', { from: text })), [], text);
  }
  for (const text of [
    'arived',
    'arrived in Rotterdam',
    'planed arrived',
    'first arrived',
    'planned first arrived',
    'first actual arrived',
    'arrived at home',
    'estimated arrived',
    '[]',
  ])
    compare(t, ruleOf('after', { from: text }));
});

t.test('lengths of time, days of the calendar and hours, as the parser reads them', async (t) => {
  for (const text of [
    '24BH',
    '1.5 bh',
    '1h30m',
    '2w',
    'PT36H',
    'P1DT2H',
    '3 bd',
    '36',
    'P1M',
    '1x',
    '24 bhs',
  ])
    compare(t, ruleOf('after', { within: text }));
  for (const text of [
    'last day of this week',
    'First Working Day of the following month',
    '3 day of next year',
    'today',
  ])
    compare(t, ruleOf('calendar-date', { due: text }));
  for (const text of ['500ms', '1h 30m', 'P1D', '1bd', '5'])
    compare(t, `${ruleOf('after')}    wait_for_feeds: ${text}\n`);
  const hours = (text: string): string => `calendars:\n  c: { zone: UTC, open: ${text} }\n`;
  for (const text of [
    '{ monday: "08:00-17:00" }',
    '{ "Mon,Wed-Fri": ["22:00-06:00"] }',
    '{ Mon: 8-17 }',
    '{ Mo: "08:00-17:00" }',
  ])
    compare(t, hours(text));
});

t.test('a chain of steps', async (t) => {
  const chain = (step: string): string =>
    `rules:\n  r:\n    legal: true\n    steps:\n      - { step: a, from: arrived, to: customs.filed, within: 4h }\n      - ${step}\n`;
  for (const step of [
    '{ step: b, to: customs.released, within: 8bh }',
    '{ step: b, to: customs.released, within: 8bh, foo: 1 }',
    '{ to: delivered, within: 2h }',
    '5',
  ])
    compare(t, chain(step));
  compare(t, 'rules: { r: { steps: often } }\n');
  compare(t, 'rules: { r: { steps: [] } }\n');
});
