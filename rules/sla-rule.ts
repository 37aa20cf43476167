import { compileExpression, type Expr } from './expression.ts';
import type { Budget, PauseCondition, Rule } from './sla.ts';
import { budgetOf } from './sla-budget.ts';
import { KIND_NAMES, kindInfo, type RuleKind } from './sla-kind.ts';
import { milestoneRefText } from './sla-milestone.ts';
import { readPeople } from './sla-people.ts';
import { HOLD_STATES, readTerms } from './sla-terms.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import { readExpression } from './yaml-terms.ts';
import type { Place, YamlNode } from './yaml-tree.ts';
import { readOneOf, readTextNodes } from './yaml-values.ts';

/** A rule before its calendar is known. */
export interface RuleDraft {
  /** Its version is still empty. */
  readonly rule: Rule;
  readonly place: Place;
  readonly places: Readonly<Record<string, Place>>;
}

const PAUSE_STATES = ['customs.hold', 'under-way'] as const;
const DEFAULT_WAIT_FOR_FEEDS_MS = 2 * 3_600_000;

/** Reads one entry of `rules:`; undefined when an error makes it unusable (then it is reported). */
export function readRule(
  name: string,
  place: Place,
  node: YamlNode,
  report: YamlReport,
): RuleDraft | undefined {
  const errorsBefore = report.problems.filter((p) => p.severity === 'error').length;
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    report.error(place, 'bad-name', `"${name}" is no name for a rule`, 'use a-z, 0-9, - and .');
  }
  const fields = readFields(node, report, `rule ${name}`);
  if (fields === undefined) return undefined;
  const kind = readKind(fields);
  const terms = readTerms(kind, fields);
  const legal = fields.flag('legal') ?? false;
  const when = readWhen(fields);
  const warn = readWarnings(fields);
  const pauseWhile = readPauses(fields);
  const rule: Rule = {
    ...terms,
    name,
    version: '',
    title: fields.text('title') ?? name,
    kind,
    mode: fields.oneOf('mode', ['live', 'shadow', 'off']) ?? 'live',
    severity: fields.oneOf('severity', ['info', 'warning', 'critical']) ?? (legal ? 'critical' : 'warning'),
    legal,
    when,
    warn,
    calendar: fields.text('calendar'),
    pauseWhile,
    provedBy: fields.texts('proved_by', 'broker-nl'),
    waitForFeedsMs: fields.duration('wait_for_feeds') ?? DEFAULT_WAIT_FOR_FEEDS_MS,
    ...readPeople(fields),
    basis: fields.text('basis'),
    place: { file: report.file, line: place.line, column: place.column },
  };
  rejectForeignKeys(kind, fields);
  fields.end();
  const errors = report.problems.filter((p) => p.severity === 'error').length - errorsBefore;
  if (errors > 0) return undefined;
  return { rule, place, places: placesOf(fields) };
}

/** `kind:` may be left out where the other keys tell it. */
function readKind(fields: Fields): RuleKind {
  const said = fields.oneOf('kind', KIND_NAMES);
  if (said !== undefined) return said;
  // The kind of which most keys are there: one that is misspelt or misplaced must not change it.
  const keys = new Set(fields.node.entries.map((e) => e.key));
  const score = (kind: RuleKind): number => kindInfo(kind).keys.filter((key) => keys.has(key)).length;
  return KIND_NAMES.reduce((best, kind) => (score(kind) > score(best) ? kind : best));
}

/** `8bh before`, or a list of such; the word "before" may be left out. */
export function readWarnings(fields: Fields): Budget[] {
  const node = fields.get('warn');
  if (node === undefined) return [];
  const { report } = fields;
  const out: Budget[] = [];
  for (const { text, node: item } of readTextNodes(node, report, 'warn', '8bh before')) {
    const [, amount, word] = /^(.*?)(?:\s+(before|after))?$/s.exec(text.trim())!;
    if (word === 'after') {
      const place = placeWithin(item, text.lastIndexOf(word), word.length);
      report.error(
        place,
        'warn-after-breach',
        'warn: a warning comes before the deadline',
        `write ${amount} before`,
      );
      continue;
    }
    const budget = budgetOf(amount!, item, placeWithin(item, 0, amount!.length), report, 'warn');
    if (budget !== undefined) out.push(budget);
  }
  return out;
}

function readPauses(fields: Fields): PauseCondition[] {
  const node = fields.get('pause_while');
  if (node === undefined) return [];
  const { report } = fields;
  const items = node.kind === 'list' ? node.items : [node];
  const out: PauseCondition[] = [];
  for (const item of items) {
    if (item.kind !== 'map') {
      const state = readOneOf(item, report, 'pause_while', PAUSE_STATES);
      if (state !== undefined) out.push({ state });
      continue;
    }
    const inner = readFields(item, report, 'pause_while')!;
    const state = inner.required('state', (n) => readOneOf(n, report, 'state', HOLD_STATES), 'customs.hold');
    const agency = inner.text('agency', 'FDA');
    inner.end();
    if (state !== undefined) out.push(agency === undefined ? { state } : { state, agency });
  }
  return out;
}

/** `when:`, and for a dwell rule `agency:`, which is short for a condition on the hold's own agency. */
function readWhen(fields: Fields): Expr | undefined {
  const node = fields.get('when');
  const when = node === undefined ? undefined : readExpression(node, fields.report, 'when');
  const agencies = fields.texts('agency', 'FDA');
  if (agencies.length === 0) return when;
  const agency = `hold.agency in [${agencies.map((a) => JSON.stringify(a)).join(', ')}]`;
  const result = compileExpression(when === undefined ? agency : `(${when.text}) and ${agency}`);
  return 'expr' in result ? result.expr : when;
}

/** A key of another kind is a misunderstanding, not a misspelling: say which kind it belongs to. */
function rejectForeignKeys(kind: RuleKind, fields: Fields): void {
  for (const { key, keyPlace } of fields.node.entries) {
    const { keys } = kindInfo(kind);
    if (keys.includes(key)) continue;
    const home = KIND_NAMES.find((k) => kindInfo(k).keys.includes(key));
    if (home === undefined) continue;
    fields.entry(key);
    const message = `${fields.what}: "${key}" belongs to kind ${home}, and this rule is of kind ${kind}`;
    const fix = `write kind: ${home}, or use ${keys.join(', ')}`;
    fields.report.error(keyPlace, 'wrong-kind', message, fix);
  }
}

const placesOf = (fields: Fields): Record<string, Place> =>
  Object.fromEntries(fields.node.entries.map((e) => [e.key, e.value.place]));

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
  ]);
}
