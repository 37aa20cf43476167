import { ATTRIBUTES } from './attribute.ts';
import { INCOTERMS } from './incoterm.ts';
import { MILESTONES } from './milestone.ts';
import { CALENDAR_KEYS } from './sla-calendar.ts';
import { FILE_KEYS, RULE_KEYS } from './sla-keys.ts';
import { KIND_NAMES, kindInfo, type RuleKind } from './sla-kind.ts';
import { OVERRIDE_KEYS } from './sla-override.ts';
import { PEOPLE_KEYS } from './sla-people.ts';
import { namedTypes, OVERRIDE_LENGTHS } from './sla-schema.ts';
import { STEP_KEYS } from './sla-steps.ts';
import type { Key, Keys } from './yaml-type.ts';

/** The reference page of the language, in Markdown: every key, kind, value, milestone and attribute, from the tables that the parser reads. */
export function referencePage(): string {
  const sections = [
    '# The SLA language: reference',
    '<!-- Written by `laytime rules schema --reference`; a test fails when it is not current. -->',
    'Every key of a rule file. How clocks behave is told in the [README](README.md); `laytime rules schema` prints the same as a JSON Schema, by\n' +
      'which editors complete and check.',
    '## Rule file',
    keyTable(FILE_KEYS),
    '## Rule',
    'Keys that a rule of any kind may have, beside those of its [kind](#kinds).',
    keyTable({ ...RULE_KEYS, ...PEOPLE_KEYS }),
    '### Steps',
    'A rule with `steps:` is several, one for each step. A step has the keys of the rule unless it has its own, and starts where the step before\n' +
      'it ends unless it says where.',
    keyTable(STEP_KEYS),
    '## Kinds',
    ...KIND_NAMES.flatMap(kindSection),
    '## Calendar',
    keyTable(CALENDAR_KEYS),
    yaml('calendars', 'nl-customs', CALENDAR_KEYS),
    '## Override',
    'Keys of a rule of another file that may be changed under `override:`; people replace all that the rule said of them.',
    keyTable({ ...OVERRIDE_KEYS, ...PEOPLE_KEYS, ...OVERRIDE_LENGTHS }, { partial: true }),
    '## Values',
    table(
      ['value', 'is written'],
      namedTypes().map(({ name, words }) => [name, words]),
    ),
    '## Milestones',
    table(
      ['milestone', 'what people read'],
      Object.entries(MILESTONES).map(([code, { title }]) => [`\`${code}\``, title]),
    ),
    '## Attributes',
    'Names with an agreed meaning; maps may set others.',
    table(
      ['attribute', 'type', 'meaning'],
      Object.entries(ATTRIBUTES).map(([name, { type, title, values = [] }]) => [
        `\`${name}\``,
        type,
        [title, values.map((value) => `\`${value}\``).join(', ')].filter((text) => text !== '').join(': '),
      ]),
    ),
    '## Incoterms rules',
    INCOTERMS.map((term) => `\`${term}\``).join(', '),
  ];
  return `${sections.join('\n\n')}\n`;
}

function kindSection(kind: RuleKind): readonly string[] {
  const { meaning, keys } = kindInfo(kind);
  return [
    `### ${kind}`,
    `${capital(meaning)}.`,
    keyTable(keys),
    yaml('rules', `${kind}-example`, keys, kind),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One entry with every key of a table, as it is written in a file. */
function yaml(under: string, name: string, keys: Keys, kind?: string): string {
  const said = Object.entries(keys).map(([key, { example }]) => `    ${key}: ${example}`);
  return ['```yaml', `${under}:`, `  ${name}:`, ...(kind ? [`    kind: ${kind}`] : []), ...said, '```'].join(
    '\n',
  );
}

function keyTable(keys: Keys, { partial = false } = {}): string {
  const rows = Object.entries(keys).map(([name, key]) => [
    `\`${name}\``,
    writtenAs(key),
    ...(partial ? [] : [absent(key)]),
    key.meaning,
    key.example === '' ? '' : `\`${key.example}\``,
  ]);
  return table(['key', 'value', ...(partial ? [] : ['when absent']), 'meaning', 'example'], rows);
}

const writtenAs = ({ type: { name, words } }: Key): string => (name === '' ? words : `[${name}](#values)`);

const absent = ({ required, default: text = '' }: Key): string =>
  required === true ? '**required**' : text === '' ? '–' : text;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
