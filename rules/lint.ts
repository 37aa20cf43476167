import { ATTRIBUTES } from './attribute.ts';
import type { Via } from './channels-channel.ts';
import { everyRouteOf } from './incoterm.ts';
import { checkAttributes, checkCondition } from './lint-condition.ts';
import { spotOf, spotOfWord } from './lint-place.ts';
import { checkShadowed } from './lint-shadow.ts';
import { checkCalendars, checkTimes, type Years } from './lint-time.ts';
import type { MilestoneCode } from './milestone.ts';
import { compareProblems, type Problem } from './problem.ts';
import type { MilestoneRef, ParsedRules, RuleSource } from './sla.ts';
import { kindInfo } from './sla-kind.ts';
import { milestoneRefText } from './sla-milestone.ts';
import type { DurationMs } from './time.ts';
import { YamlReport } from './yaml-report.ts';
import { durationText } from './yaml-values.ts';

/** What rules are checked against. What is undefined is not known, and not checked. */
export interface LintContext {
  /** Names under `notify:` in the configuration. */
  readonly routes?: readonly string[];
  /** What each source's map can state, by source name. */
  readonly proves?: ReadonlyMap<string, readonly MilestoneCode[]>;
  /** How long each source may take to report; where that is observed, what counts at first. */
  readonly lags?: ReadonlyMap<string, DurationMs>;
  /** How each source's messages come. */
  readonly vias?: ReadonlyMap<string, Via>;
  /** Attribute names that maps set beyond the agreed ones. */
  readonly attributes?: readonly string[];
  readonly years?: Years;
}

/**
 * Checks that no single rule shows: whether it can ever start and be proved with the sources there are, whom it tells, what its calendar leaves
 * out, whether another one makes it idle. A problem of what people will not be told is an error; what may be meant so is a warning.
 */
export function lintRules(parsed: ParsedRules, context: LintContext): Problem[] {
  const problems: Problem[] = [];
  const known = new Set([...Object.keys(ATTRIBUTES), ...(context.attributes ?? [])]);
  for (const source of parsed.sources) {
    checkCondition(source, known, problems);
    checkAttributes(source, known, problems);
    checkTimes(source, parsed, context.years, problems);
    checkRoutes(source, problems, context.routes);
    checkSources(source, problems, context);
  }
  checkShadowed(parsed.sources, problems);
  checkCalendars(parsed, context.years, problems);
  return problems.sort(compareProblems);
}

function checkRoutes(source: RuleSource, problems: Problem[], routes: readonly string[] | undefined): void {
  const { rule, place } = source;
  if (routes === undefined || rule.mode !== 'live') return;
  const named = everyRouteOf(rule);
  if (named.length === 0) {
    const report = new YamlReport(rule.place.file, problems);
    report.warning(place, 'no-route', `rule ${rule.name} tells nobody`, 'add notify:, or mode: shadow');
  }
  for (const name of named) {
    if (routes.includes(name)) continue;
    const spot = spotOfWord(source, 'notify', name, problems);
    const message = `no notify route "${name}" in the configuration`;
    spot.report.unknown(spot.place, 'unknown-route', message, name, routes);
  }
}

const isReady = (file: string): boolean => file.startsWith('builtin:');

function checkSources(source: RuleSource, problems: Problem[], context: LintContext): void {
  const { proves, vias } = context;
  const { rule } = source;
  // A ready pack has rules for sources that somebody else has; those that are switched on must work.
  const idle = rule.mode === 'off' || (rule.mode === 'shadow' && isReady(rule.place.file));
  if (proves === undefined || idle) return;
  if (checkNames(source, problems, [...proves.keys()]) > 0) return;
  const none = (refs: readonly MilestoneRef[], stated: readonly MilestoneCode[]): boolean =>
    refs.length > 0 && !refs.some((r) => stated.includes(r.milestone));
  const list = (refs: readonly MilestoneRef[]): string => refs.map(milestoneRefText).join(', ');
  const { from: start, to: end, provedBy } = rule;
  const { start: startKey, end: endKey } = kindInfo(rule.kind);
  const all = [...proves.values()].flat();
  const fix = 'add a source whose map states it';
  // Maps list the actuals they can state; a plan of a milestone may come from a map that never states it as done.
  const startIsPlan = start.every((r) => r.classifier === 'planned');
  if (!startIsPlan && none(start, all)) {
    const { place, report } = spotOf(source, startKey, problems);
    report.warning(place, 'never-starts', `no source can state ${list(start)}: this rule never starts`, fix);
  }
  const provers = provedBy.length === 0 ? all : provedBy.flatMap((name) => proves.get(name) ?? []);
  if (none(end, provers)) {
    const whole = none(end, all);
    const { place, report } = spotOf(source, whole ? endKey : 'proved_by', problems);
    const message = whole
      ? `no source can state ${list(end)}: a breach could never be proved, nor the clock end`
      : `${provedBy.join(', ')} cannot state ${list(end)}: a breach could never be proved`;
    report.warning(place, 'never-proved', message, whole ? fix : `name a source whose map states it`);
  }
  if (vias !== undefined) checkWays(source, problems, vias);
  checkWait(source, problems, proves, context.lags ?? new Map());
}

/** Whoever waits no longer than a partner may take to tell is told of every missing milestone before it can be known. */
function checkWait(
  source: RuleSource,
  problems: Problem[],
  proves: ReadonlyMap<string, readonly MilestoneCode[]>,
  lags: ReadonlyMap<string, DurationMs>,
): void {
  const { to, provedBy, waitForFeedsMs } = source.rule;
  const ends = new Set(to.map(({ milestone }) => milestone));
  for (const [name, stated] of proves) {
    const lag = lags.get(name) ?? 0;
    const asked = provedBy.length === 0 || provedBy.includes(name);
    if (lag === 0 || lag < waitForFeedsMs || !asked || !stated.some((code) => ends.has(code))) continue;
    const { place, report } = spotOf(source, 'wait_for_feeds', problems);
    const [wait, late] = [durationText(waitForFeedsMs), durationText(lag)];
    const message = `after ${wait} a breach is told unconfirmed, and ${name} may take ${late} to report`;
    report.warning(place, 'wait-too-short', message, `write wait_for_feeds: more than ${late}`);
    return;
  }
}

/** Sources that a rule names must be in the configuration; how many are not. */
function checkNames(source: RuleSource, problems: Problem[], known: readonly string[]): number {
  const { provedBy, feed, reconcile } = source.rule;
  const named: Readonly<Record<string, readonly string[]>> = {
    proved_by: provedBy,
    source: feed?.sources ?? [],
    values: reconcile?.values.flatMap((value) => value.source ?? []) ?? [],
  };
  let wrong = 0;
  for (const [key, names] of Object.entries(named)) {
    for (const name of new Set(names)) {
      if (known.includes(name)) continue;
      wrong += 1;
      const { place, report } = spotOfWord(source, key, name, problems);
      report.unknown(
        place,
        'unknown-source',
        `${key}: no source "${name}" in the configuration`,
        name,
        known,
      );
    }
  }
  return wrong;
}

/** A feed rule for a way by which no source comes watches nobody. */
function checkWays(source: RuleSource, problems: Problem[], vias: ReadonlyMap<string, Via>): void {
  const { feed } = source.rule;
  if (feed === undefined || feed.vias.length === 0) return;
  const watched = [...vias].filter(
    ([name, via]) => feed.vias.includes(via) && (feed.sources.length === 0 || feed.sources.includes(name)),
  );
  if (watched.length > 0) return;
  const { place, report } = spotOf(source, 'via', problems);
  const ways = [...new Set(vias.values())].sort().join(', ');
  report.warning(
    place,
    'never-starts',
    `via: no such source comes by ${feed.vias.join(', ')}`,
    `there are ${ways}`,
  );
}
