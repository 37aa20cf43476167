import { ATTRIBUTES } from './attribute.ts';
import { type Ast, type Attribute, type Literal, parseExpression } from './expression-syntax.ts';
import { everyRouteOf } from './incoterm.ts';
import type { MilestoneCode } from './milestone.ts';
import { closest, compareProblems, type Problem } from './problem.ts';
import type { Budget, MilestoneRef, ParsedRules, RuleSource } from './sla.ts';
import type { CalendarSource } from './sla-calendar.ts';
import { kindInfo } from './sla-kind.ts';
import { milestoneRefText } from './sla-milestone.ts';
import { YamlReport } from './yaml-report.ts';

/** What rules are checked against. What is undefined is not known, and not checked. */
export interface LintContext {
  /** Names under `notify:` in the configuration. */
  readonly routes?: readonly string[];
  /** What each source's map can state, by source name. */
  readonly proves?: ReadonlyMap<string, readonly MilestoneCode[]>;
  /** Attribute names that maps set beyond the agreed ones. */
  readonly attributes?: readonly string[];
  /** Years in which rules will be judged. */
  readonly years?: { readonly fromYear: number; readonly toYear: number };
}

/**
 * Checks that no single rule shows: whether it can ever start and be proved with the sources there are, whom it tells, what its calendar leaves
 * out. A problem of what people will not be told is an error; what may be meant so is a warning.
 */
export function lintRules(parsed: ParsedRules, context: LintContext): Problem[] {
  const problems: Problem[] = [];
  for (const source of parsed.sources) {
    const report = new YamlReport(source.rule.place.file, problems);
    checkConditions(source, report, context.attributes ?? []);
    checkBudgets(source, report);
    checkRoutes(source, report, context.routes);
    checkSources(source, report, context.proves);
  }
  checkCalendars(parsed, problems, context.years);
  return problems.sort(compareProblems);
}

function checkConditions(source: RuleSource, report: YamlReport, extra: readonly string[]): void {
  const { rule, places } = source;
  if (rule.when === undefined || places.when === undefined) return;
  const known = new Set([...Object.keys(ATTRIBUTES), ...extra]);
  for (const name of rule.when.attributes) {
    if (known.has(name)) continue;
    const near = closest(name, known);
    const fix = near === undefined ? 'check the spelling, or let a map set it' : `did you mean ${near}?`;
    report.warning(places.when, 'unknown-attribute', `when: no map is known to set "${name}"`, fix);
  }
  const parsed = parseExpression(rule.when.text);
  if ('error' in parsed) return;
  for (const [attribute, literal] of comparisons(parsed.ast)) {
    const info = ATTRIBUTES[attribute.name];
    if (info === undefined) continue;
    const type = { string: 'text', number: 'number', boolean: 'flag' }[typeof literal.value as 'string'];
    const said = JSON.stringify(literal.value);
    if (type !== info.type) {
      const message = `when: ${attribute.name} is a ${info.type} and never equals ${said}`;
      report.warning(places.when, 'never-true', message);
    } else if (info.values !== undefined && !info.values.includes(String(literal.value))) {
      const message = `when: ${attribute.name} is never ${said}`;
      report.warning(places.when, 'never-true', message, `one of ${info.values.join(', ')}`);
    }
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

const size = (budget: Budget): number => ('ms' in budget ? budget.ms : budget.days);
const isBusiness = (budget: Budget): boolean => budget.unit.startsWith('business');

function checkBudgets(source: RuleSource, report: YamlReport): void {
  const { rule, place, places } = source;
  const budgetPlace = places[kindInfo(rule.kind).budget] ?? place;
  for (const warn of rule.warn) {
    const at = places.warn ?? place;
    if (size(warn) === 0) {
      report.warning(
        at,
        'warn-after-breach',
        `warn: ${warn.text} before is the deadline itself`,
        'warn earlier',
      );
    } else if (
      rule.kind !== 'before' &&
      size(rule.within) > 0 &&
      warn.unit === rule.within.unit &&
      size(warn) >= size(rule.within)
    ) {
      const message = `warn: ${warn.text} before the deadline is before the clock starts (${rule.within.text})`;
      report.warning(at, 'warn-before-start', message, `write less than ${rule.within.text}`);
    }
  }
  const counted = [
    rule.on?.day === 'working' ? rule.on : undefined,
    ...[rule.within, ...rule.warn].filter(isBusiness),
  ];
  const business = counted.find((each) => each !== undefined);
  if (business !== undefined && rule.calendar === undefined) {
    const message = `${business.text} counts business time, and the rule has no calendar: every hour is open`;
    report.warning(budgetPlace, 'no-calendar', message, 'add calendar:');
  }
  const elapsed = [rule.within, ...rule.warn].every((b) => b.unit === 'elapsed');
  if (rule.calendar !== undefined && elapsed && rule.on === undefined) {
    const message = `the calendar is not used: ${rule.within.text} is elapsed time`;
    report.warning(places.calendar ?? place, 'calendar-unused', message, 'write bh or bd for business time');
  }
}

function checkRoutes(source: RuleSource, report: YamlReport, routes: readonly string[] | undefined): void {
  const { rule, place, places, overridden } = source;
  if (routes === undefined || rule.mode !== 'live') return;
  const named = everyRouteOf(rule);
  if (named.length === 0) {
    report.warning(place, 'no-route', `rule ${rule.name} tells nobody`, 'add notify:, or mode: shadow');
  }
  for (const name of named) {
    if (routes.includes(name)) continue;
    const at = overridden.notify ?? places.notify ?? place;
    const own = new YamlReport(overridden.notify?.file ?? report.file, report.problems);
    own.unknown(at, 'unknown-route', `no notify route "${name}" in the configuration`, name, routes);
  }
}

const isReady = (file: string): boolean => file.startsWith('builtin:');

function checkSources(
  source: RuleSource,
  report: YamlReport,
  proves: ReadonlyMap<string, readonly MilestoneCode[]> | undefined,
): void {
  const { rule, place, places } = source;
  // A ready pack has rules for sources that somebody else has; those that are switched on must work.
  const idle = rule.mode === 'off' || (rule.mode === 'shadow' && isReady(rule.place.file));
  if (proves === undefined || idle) return;
  const stated = new Set([...proves.values()].flat());
  const none = (refs: readonly MilestoneRef[]): boolean =>
    refs.length > 0 && !refs.some((r) => stated.has(r.milestone));
  const list = (refs: readonly MilestoneRef[]): string => refs.map(milestoneRefText).join(', ');
  const { from: start, to: end } = rule;
  const { start: startKey, end: endKey } = kindInfo(rule.kind);
  // Maps list the actuals they can state; a plan of a milestone may come from a map that never states it as done.
  const startIsPlan = start.every((r) => r.classifier === 'planned');
  if (!startIsPlan && none(start)) {
    const message = `no source can state ${list(start)}: this rule never starts`;
    report.warning(places[startKey] ?? place, 'never-starts', message, 'add a source whose map states it');
  }
  if (none(end)) {
    const message = `no source can state ${list(end)}: a breach could never be proved, nor the clock end`;
    report.warning(places[endKey] ?? place, 'never-proved', message, 'add a source whose map states it');
  }
}

function checkCalendars(parsed: ParsedRules, problems: Problem[], years: LintContext['years']): void {
  for (const calendar of parsed.calendars) {
    const report = new YamlReport(calendar.file, problems);
    if (!parsed.usedCalendars.has(calendar.name) && !isReady(calendar.file)) {
      report.warning(calendar.place, 'calendar-unused', `no rule uses the calendar ${calendar.name}`);
    }
    checkHolidays(calendar, report, years);
  }
}

function checkHolidays(calendar: CalendarSource, report: YamlReport, years: LintContext['years']): void {
  const { spec, name, place } = calendar;
  if (spec.holidays.length > 0) return;
  const dates = spec.closed;
  if (dates.length === 0) {
    const message = `calendar ${name} has no holidays: every one of its weekdays counts`;
    report.warning(place, 'no-holidays', message, 'add holidays: NL (a country), or closed: [dates]');
    return;
  }
  if (years === undefined) return;
  const covered = new Set(dates.map((d) => Number(d.slice(0, 4))));
  const missing: number[] = [];
  for (let year = years.fromYear; year <= years.toYear; year++) if (!covered.has(year)) missing.push(year);
  if (missing.length === 0) return;
  const message = `calendar ${name} lists no closed day in ${missing.join(', ')}`;
  report.warning(place, 'uncovered-years', message, 'add the dates, or holidays: with a country');
}
