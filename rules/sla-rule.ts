import { compileExpression, type Expr } from './expression.ts';
import type { Budget, Rule } from './sla.ts';
import { RULE_KEYS } from './sla-keys.ts';
import { KIND_NAMES, KINDS, kindInfo, type RuleKind } from './sla-kind.ts';
import { milestoneRefText } from './sla-milestone.ts';
import { readPeople } from './sla-people.ts';
import { readTerms } from './sla-terms.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlReport } from './yaml-report.ts';
import type { Place, YamlNode } from './yaml-tree.ts';
import { readKey, readKeys } from './yaml-type.ts';

/** A rule before its calendar is known. */
export interface RuleDraft {
  /** Its version is still empty. */
  readonly rule: Rule;
  readonly place: Place;
  readonly nodes: Readonly<Record<string, YamlNode>>;
}

/** What a rule may be called. */
export const RULE_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** Reads one entry of `rules:`; undefined when an error makes it unusable (then it is reported). */
export function readRule(
  name: string,
  place: Place,
  node: YamlNode,
  report: YamlReport,
): RuleDraft | undefined {
  const errorsBefore = report.problems.filter((p) => p.severity === 'error').length;
  if (!RULE_NAME.test(name)) {
    report.error(place, 'bad-name', `"${name}" is no name for a rule`, 'use a-z, 0-9, - and .');
  }
  const fields = readFields(node, report, `rule ${name}`);
  if (fields === undefined) return undefined;
  const { kind: said, ...keys } = readKeys(fields, RULE_KEYS);
  const kind = said ?? guessKind(fields);
  const terms = readTerms(kind, fields);
  const { legal } = keys;
  const rule: Rule = {
    ...terms,
    name,
    version: '',
    title: keys.title ?? name,
    kind,
    mode: keys.mode,
    severity: keys.severity ?? (legal ? 'critical' : 'warning'),
    legal,
    when: withAgency(keys.when, fields),
    warn: keys.warn,
    calendar: keys.calendar,
    pauseWhile: keys.pause_while,
    provedBy: keys.proved_by,
    waitForFeedsMs: keys.wait_for_feeds,
    ...readPeople(fields),
    basis: keys.basis,
    place: { file: report.file, line: place.line, column: place.column },
  };
  rejectForeignKeys(kind, fields);
  fields.end();
  const errors = report.problems.filter((p) => p.severity === 'error').length - errorsBefore;
  if (errors > 0) return undefined;
  return { rule, place, nodes: nodesOf(fields) };
}

/** `kind:` may be left out where the other keys tell it: the kind of which most keys are there. One that is misspelt or misplaced must not change it. */
function guessKind(fields: Fields): RuleKind {
  const there = new Set(fields.node.entries.map((e) => e.key));
  const score = (kind: RuleKind): number => keysOf(kind).filter((key) => there.has(key)).length;
  return KIND_NAMES.reduce((best, kind) => (score(kind) > score(best) ? kind : best));
}

const keysOf = (kind: RuleKind): readonly string[] => Object.keys(kindInfo(kind).keys);

/** The condition of a rule; a dwell rule's `agency:` is short for one on the hold's own agency. */
function withAgency(when: Expr | undefined, fields: Fields): Expr | undefined {
  const agencies = readKey(fields, 'agency', KINDS.dwell.keys.agency) ?? [];
  if (agencies.length === 0) return when;
  const agency = `hold.agency in [${agencies.map((a) => JSON.stringify(a)).join(', ')}]`;
  const result = compileExpression(when === undefined ? agency : `(${when.text}) and ${agency}`);
  return 'expr' in result ? result.expr : when;
}

/** A key of another kind is a misunderstanding, not a misspelling: say which kind it belongs to. */
function rejectForeignKeys(kind: RuleKind, fields: Fields): void {
  for (const { key, keyPlace } of fields.node.entries) {
    const keys = keysOf(kind);
    if (keys.includes(key)) continue;
    const home = KIND_NAMES.find((k) => keysOf(k).includes(key));
    if (home === undefined) continue;
    fields.entry(key);
    const message = `${fields.what}: "${key}" belongs to kind ${home}, and this rule is of kind ${kind}`;
    const fix = `write kind: ${home}, or use ${keys.join(', ')}`;
    fields.report.error(keyPlace, 'wrong-kind', message, fix);
  }
}

const nodesOf = (fields: Fields): Record<string, YamlNode> =>
  Object.fromEntries(fields.node.entries.map((e) => [e.key, e.value]));

const budgetTerms = (b: Budget): string => `${b.unit}:${'ms' in b ? b.ms : b.days}`;

/** Canonical text of what a verdict depends on, the calendar aside. */
export function canonicalTerms(rule: Rule): string {
  return JSON.stringify([
    rule.kind,
    rule.legal,
    rule.when?.text ?? '',
    rule.from.map(milestoneRefText),
    rule.to.map(milestoneRefText),
    budgetTerms(rule.within),
    rule.warn.map(budgetTerms),
    rule.pauseWhile.map((p) => [p.state, ('agency' in p && p.agency) || '']),
    rule.waitForFeedsMs,
    rule.on?.text ?? '',
    rule.dates.map((date) => ('attribute' in date ? date.attribute : milestoneRefText(date))),
    rule.provedBy,
    rule.reconcile && [
      rule.reconcile.values.map(({ text }) => text),
      rule.reconcile.tolerance,
      rule.reconcile.firstDigits,
    ],
    rule.same,
    rule.count,
    ...(rule.feed === undefined ? [] : [{ ...rule.feed, silentFor: '' }]),
  ]);
}
