import { ATTRIBUTES } from './attribute.ts';
import {
  type Ast,
  type Attribute,
  type Literal,
  type Operand,
  parseExpression,
} from './expression-syntax.ts';
import { spotOfWord } from './lint-place.ts';
import { closest, type Problem } from './problem.ts';
import type { RuleSource } from './sla.ts';
import { placeWithin, YamlReport } from './yaml-report.ts';

/** `when:` names what maps set, and compares it with what it can be; the very word is underlined. */
export function checkCondition(source: RuleSource, known: ReadonlySet<string>, problems: Problem[]): void {
  const node = source.nodes.when;
  if (node?.kind !== 'scalar') return;
  const parsed = parseExpression(String(node.value));
  if ('error' in parsed) return;
  const report = new YamlReport(source.rule.place.file, problems);
  const seen = new Set<string>();
  for (const { name, column } of attributesOf(parsed.ast)) {
    if (known.has(name) || seen.has(name)) continue;
    seen.add(name);
    report.warning(
      placeWithin(node, column - 1, name.length),
      'unknown-attribute',
      ...unknown('when', name, known),
    );
  }
  for (const [attribute, literal] of comparisons(parsed.ast)) {
    const info = ATTRIBUTES[attribute.name];
    if (info === undefined) continue;
    const type = { string: 'text', number: 'number', boolean: 'flag' }[typeof literal.value as 'string'];
    const said = JSON.stringify(literal.value);
    const place = placeWithin(node, literal.column - 1, literal.length);
    if (type !== info.type && !(type === 'text' && info.type === 'date')) {
      const message = `when: ${attribute.name} is a ${info.type} and never equals ${said}`;
      report.warning(place, 'never-true', message, `compare it with a ${info.type}`);
    } else if (info.values !== undefined && !info.values.includes(String(literal.value))) {
      const message = `when: ${attribute.name} is never ${said}`;
      report.warning(place, 'never-true', message, `one of ${info.values.join(', ')}`);
    }
  }
}

/** `by:`, `values:` and `same:` name attributes, too. */
export function checkAttributes(source: RuleSource, known: ReadonlySet<string>, problems: Problem[]): void {
  const { rule } = source;
  const named: Readonly<Record<string, readonly string[]>> = {
    by: rule.dates.flatMap((date) => ('attribute' in date ? [date.attribute] : [])),
    values: rule.reconcile?.values.map(({ attribute }) => attribute) ?? [],
    same: rule.same,
  };
  for (const [key, names] of Object.entries(named)) {
    for (const name of new Set(names)) {
      if (known.has(name)) continue;
      const { place, report } = spotOfWord(source, key, name, problems);
      report.warning(place, 'unknown-attribute', ...unknown(key, name, known));
    }
  }
}

function unknown(key: string, name: string, known: ReadonlySet<string>): [message: string, fix: string] {
  const near = closest(name, known);
  return [
    `${key}: no map is known to set "${name}"`,
    near === undefined ? 'check the spelling, or let a map set it' : `did you mean ${near}?`,
  ];
}

/** Every attribute that a condition names, in the order of its text. */
function attributesOf(ast: Ast): readonly Attribute[] {
  const of = (operand: Operand): readonly Attribute[] => (operand.kind === 'attribute' ? [operand] : []);
  switch (ast.kind) {
    case 'and':
    case 'or':
      return [...attributesOf(ast.left), ...attributesOf(ast.right)];
    case 'not':
      return attributesOf(ast.operand);
    case 'compare':
      return [...of(ast.left), ...of(ast.right)];
    case 'exists':
      return [ast.attribute];
    default:
      return of(ast.operand);
  }
}

/** Pairs of an attribute and the value it is compared with for equality. */
function comparisons(ast: Ast): [Attribute, Literal][] {
  switch (ast.kind) {
    case 'and':
    case 'or':
      return [...comparisons(ast.left), ...comparisons(ast.right)];
    case 'not':
      return comparisons(ast.operand);
    case 'in': {
      const { operand } = ast;
      return operand.kind === 'attribute' ? ast.values.map((v) => [operand, v]) : [];
    }
    case 'compare': {
      const { left, right } = ast;
      if (left.kind === 'attribute' && right.kind === 'literal') return [[left, right]];
      return left.kind === 'literal' && right.kind === 'attribute' ? [[right, left]] : [];
    }
    default:
      return [];
  }
}
