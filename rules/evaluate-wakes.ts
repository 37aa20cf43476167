import { MILESTONES, type MilestoneCode } from './milestone.ts';
import type { Rule } from './sla.ts';

export const EVERY: ReadonlySet<MilestoneCode> = new Set(Object.keys(MILESTONES) as MilestoneCode[]);

/** A date, a value or a sign of life may stand in an event about anything. */
const readsAnyFact = (rule: Rule): boolean =>
  rule.kind === 'silence' ||
  rule.kind === 'reconcile' ||
  rule.kind === 'duplicate' ||
  rule.dates.some((date) => 'attribute' in date);

/** A clock may hang on what an event about anything says. */
const startsAnywhere = (rule: Rule): boolean =>
  rule.kind === 'reconcile' || rule.dates.some((date) => 'attribute' in date);

/** Without an event of one of these milestones no clock of the rule can exist. */
export const startMilestones = (rule: Rule): ReadonlySet<MilestoneCode> =>
  startsAnywhere(rule) ? EVERY : new Set(rule.from.map(({ milestone }) => milestone));

/**
 * The milestones whose events can change a verdict of the rule. Customs and export milestones come as families: a hold
 * or a newer version of a declaration takes a release back, and a filing names what must be released.
 */
export function touchedMilestones(rule: Rule): ReadonlySet<MilestoneCode> {
  if (readsAnyFact(rule)) return EVERY;
  const touched = new Set<MilestoneCode>();
  for (const { milestone } of [...rule.from, ...rule.to]) {
    touched.add(milestone);
    // A hold is opened and closed by what says so, and by nothing else.
    if (rule.kind === 'dwell') continue;
    for (const code of EVERY) {
      if (familyOf(code) === familyOf(milestone)) touched.add(code);
    }
  }
  if (rule.pauseWhile.some(({ state }) => state === 'under-way')) touched.add('departed').add('arrived');
  if (rule.pauseWhile.length > 0) touched.add('customs.hold.placed').add('customs.hold.removed');
  return touched;
}

function familyOf(code: MilestoneCode): string {
  if (code.startsWith('customs.')) return 'customs';
  if (code.startsWith('export.')) return 'export';
  return CONTAINER_MOVES.has(code) ? 'container' : code;
}

/** Each of these names the containers that are expected at the next. */
const CONTAINER_MOVES: ReadonlySet<MilestoneCode> = new Set<MilestoneCode>([
  'loaded',
  'discharged',
  'gate.out',
  'delivered',
  'empty.returned',
]);
