import type { MilestoneRef, Rule } from '../../rules/sla.ts';
import { milestoneRefText } from '../../rules/sla-milestone.ts';
import type { MilestoneCoverage, RuleCoverage } from './sources-try-coverage.ts';

/**
 * Rules whose end the source can prove, each with what else must be told. A plan that starts a clock must have been seen: maps declare only
 * what they can prove to have happened. `stated` are the attributes that its messages carry.
 */
export function rulesOf(
  rules: readonly Rule[],
  milestones: readonly MilestoneCoverage[],
  stated: ReadonlySet<string>,
): readonly RuleCoverage[] {
  const known = new Map(milestones.map((each) => [each.milestone, each]));
  return rules.flatMap((rule) => {
    const ends = rule.to.filter(({ milestone }) => known.get(milestone)?.proves === true);
    if (rule.mode === 'off' || ends.length === 0) return [];
    const needs = [
      ...startNeeds(rule, known),
      ...dateNeeds(rule, known, stated),
      ...stopNeeds(ends, known),
      ...(rule.when?.attributes ?? []).filter((name) => !stated.has(name)),
    ];
    return [{ rule: rule.name, title: rule.title, needs: [...new Set(needs)] }];
  });
}

/** Rules whose clock the source can start, and whose end others must prove. */
export function startedRules(
  rules: readonly Rule[],
  milestones: readonly MilestoneCoverage[],
): readonly RuleCoverage[] {
  const known = new Map(milestones.map((each) => [each.milestone, each]));
  return rules.flatMap((rule) => {
    const { name, title, mode, from, to } = rule;
    const ends = to.some(({ milestone }) => known.get(milestone)?.proves === true);
    if (mode === 'off' || ends || to.length === 0 || !from.some((ref) => tells(ref, known))) return [];
    return [{ rule: name, title, needs: [to.map(milestoneRefText).join(' or ')] }];
  });
}

type Known = ReadonlyMap<string, MilestoneCoverage>;

const tells = ({ milestone, classifier }: MilestoneRef, known: Known): boolean =>
  classifier === 'planned'
    ? (known.get(milestone)?.seen.planned ?? 0) > 0
    : known.get(milestone)?.proves === true;

/** Any of the alternatives starts the clock. */
const startNeeds = ({ from }: Rule, known: Known): readonly string[] =>
  from.length === 0 || from.some((ref) => tells(ref, known)) ? [] : [from.map(milestoneRefText).join(' or ')];

/** A date that a document states or that is a plan; any of the alternatives will do. */
function dateNeeds({ dates }: Rule, known: Known, stated: ReadonlySet<string>): readonly string[] {
  const has = dates.some((date) => ('attribute' in date ? stated.has(date.attribute) : tells(date, known)));
  const names = dates.map((date) => ('attribute' in date ? date.attribute : milestoneRefText(date)));
  return dates.length === 0 || has ? [] : [names.join(' or ')];
}

/** Events that name another stop, or none, end no rule that names one. What was not in the messages is given the benefit of the doubt. */
function stopNeeds(ends: readonly MilestoneRef[], known: Known): readonly string[] {
  const named = (ref: MilestoneRef): boolean => {
    const of = known.get(ref.milestone);
    const seen = Object.keys(of?.seen ?? {}).length > 0;
    return ref.role === undefined || !seen || of?.roles.includes(ref.role) === true;
  };
  return ends.some(named) ? [] : [`a stop: ${ends.map(milestoneRefText).join(' or ')}`];
}
