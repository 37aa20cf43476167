import { everyRouteOf } from './incoterm.ts';
import type { Problem } from './problem.ts';
import type { Budget, Rule, RuleSource } from './sla.ts';
import { milestoneRefText } from './sla-milestone.ts';
import { YamlReport } from './yaml-report.ts';

const SEVERITIES = ['info', 'warning', 'critical'] as const;
const size = (budget: Budget): number => ('ms' in budget ? budget.ms : budget.days);

/**
 * Rules that can never matter, for another one tells the same people of the same thing, earlier or at the same time. A second rule with a
 * longer time and other routes is an escalation, and none of them.
 *
 * ```text
 *   a   start ───── 8h: tells desk
 *   b   start ──────────────── 24h: tells desk        shadowed by a
 *   c   start ──────────────── 24h: tells manager     is not
 * ```
 */
export function checkShadowed(sources: readonly RuleSource[], problems: Problem[]): void {
  const groups = Map.groupBy(
    sources.filter(({ rule }) => rule.mode !== 'off' && rule.feed === undefined),
    ({ rule }) => subjectOf(rule),
  );
  for (const group of groups.values()) {
    for (const source of group) {
      const { rule } = source;
      // A ready pack that waits to be switched on is not in anybody's way.
      if (rule.mode === 'shadow' && rule.place.file.startsWith('builtin:')) continue;
      const by = group.find((other) => other !== source && shadows(other.rule, rule, sources));
      if (by === undefined) continue;
      const { name, place } = by.rule;
      const same = size(by.rule.within) === size(rule.within) ? 'the same' : `only ${by.rule.within.text}`;
      const message = `rule ${rule.name} can never matter: ${name} (${place.file}:${place.line}) has its start and end, allows ${same}, and tells the same people`;
      const fix =
        'leave it out, or give it other routes, a higher severity, a condition of its own or a shorter time';
      new YamlReport(rule.place.file, problems).warning(source.place, 'shadowed', message, fix);
    }
  }
}

/** What a rule is about, its condition and its length of time aside. */
const subjectOf = (rule: Rule): string =>
  JSON.stringify([
    ...[rule.kind, rule.from.map(milestoneRefText), rule.to.map(milestoneRefText)],
    ...[rule.within.unit, rule.calendar, rule.on?.text, rule.dates, rule.reconcile, rule.same, rule.count],
    ...[rule.pauseWhile, rule.provedBy],
  ]);

function shadows(a: Rule, b: Rule, sources: readonly RuleSource[]): boolean {
  if (a.mode !== 'live' && b.mode === 'live') return false;
  if (a.when !== undefined && a.when.text !== b.when?.text) return false;
  if (b.legal && !a.legal) return false;
  if (SEVERITIES.indexOf(b.severity) > SEVERITIES.indexOf(a.severity)) return false;
  if (a.responsible !== b.responsible && (a.notifyBy.size > 0 || b.notifyBy.size > 0)) return false;
  const told = new Set(everyRouteOf(a));
  if (everyRouteOf(b).some((route) => !told.has(route))) return false;
  // More ahead of a plan is stricter, less after a start.
  const [first, second] = [strictness(a), strictness(b)];
  if (first < second || firstWord(a) < firstWord(b)) return false;
  const equal = first === second && a.when?.text === b.when?.text && firstWord(a) === firstWord(b);
  // Of two that are the same, the one that was read later.
  return !equal || indexOf(sources, a) < indexOf(sources, b);
}

const strictness = (rule: Rule): number => (rule.kind === 'before' ? size(rule.within) : -size(rule.within));

/** How early a rule first tells anything: more is earlier. Warnings in another unit cannot be compared, and count as the earliest. */
function firstWord(rule: Rule): number {
  const comparable = rule.warn.every(({ unit }) => unit === rule.within.unit);
  if (!comparable) return Number.POSITIVE_INFINITY;
  return strictness(rule) + Math.max(0, ...rule.warn.map(size));
}

const indexOf = (sources: readonly RuleSource[], rule: Rule): number =>
  sources.findIndex((source) => source.rule === rule);
