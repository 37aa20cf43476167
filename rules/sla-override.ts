import type { Rule, RuleSource } from './sla.ts';
import { readBudget, readDateRule } from './sla-budget.ts';
import { kindInfo } from './sla-kind.ts';
import { type People, readPeople } from './sla-people.ts';
import { readWarnings } from './sla-rule.ts';
import type { Fields } from './yaml-reader.ts';
import { readFields } from './yaml-reader.ts';
import { YamlReport } from './yaml-report.ts';
import type { Place, YamlEntry } from './yaml-tree.ts';

/** What a rule file changes in a rule of another file (a ready pack): switching it on, whom it tells, how long it allows. */
export interface Override {
  readonly rule: string;
  readonly fields: Fields;
  readonly place: Place;
  readonly report: YamlReport;
}

/** The entries of `override:` in a rule file; read when the rule that they change is known. */
export function readOverrides(entries: readonly YamlEntry[], file: string): Override[] {
  const out: Override[] = [];
  for (const { key, keyPlace, value } of entries) {
    const report = new YamlReport(file);
    const fields = readFields(value, report, `override ${key}`);
    if (fields !== undefined) out.push({ rule: key, fields, place: keyPlace, report });
    else out.push({ rule: key, fields: EMPTY(report), place: keyPlace, report });
  }
  return out;
}

/** What an override says of people replaces all that the rule said of them. */
function readPeopleChanges(fields: Fields, rule: Rule): Partial<People> {
  const { notify, notifyBy, owner, ownerBy, responsible } = readPeople(fields, rule.responsible);
  return {
    ...(fields.has('notify') && { notify, notifyBy }),
    ...(fields.has('owner') && { ownerBy, ...(owner !== undefined && { owner }) }),
    ...(responsible !== undefined && { responsible }),
  };
}

const EMPTY = (report: YamlReport): Fields => readFields(EMPTY_MAP, report, 'override')!;
const EMPTY_MAP = { kind: 'map', entries: [], place: { line: 1, column: 1, length: 1 } } as const;

/** The rule with the overridden keys replaced; what is wrong with them is in the override's report. */
export function applyOverride(source: Omit<RuleSource, 'overridden'>, override: Override): RuleSource {
  const { fields, report } = override;
  const { rule } = source;
  const budgetKey = kindInfo(rule.kind).budget;
  const budgetNode = fields.get(budgetKey);
  const dated = rule.kind === 'calendar-date';
  const within = budgetNode && !dated ? readBudget(budgetNode, report, budgetKey) : undefined;
  const on = budgetNode && dated ? readDateRule(budgetNode, report, budgetKey) : undefined;
  const changes: { -readonly [K in keyof Rule]?: Rule[K] | undefined } = {
    mode: fields.oneOf('mode', ['live', 'shadow', 'off']),
    severity: fields.oneOf('severity', ['info', 'warning', 'critical']),
    title: fields.text('title'),
    calendar: fields.text('calendar'),
    ...readPeopleChanges(fields, rule),
    warn: fields.has('warn') ? readWarnings(fields) : undefined,
    waitForFeedsMs: fields.duration('wait_for_feeds'),
    within,
    on,
    provedBy: fields.has('proved_by') ? fields.texts('proved_by', 'broker-nl') : undefined,
  };
  fields.end();
  const said = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const overridden = Object.fromEntries(
    fields.node.entries.map((e) => [e.key, { ...e.value.place, file: report.file }]),
  );
  return { ...source, rule: { ...rule, ...said }, overridden };
}
