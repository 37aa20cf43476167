import type { Calendar } from '../../rules/calendar.ts';
import { type CompiledRule, compileRule } from '../../rules/evaluate.ts';
import type { Occurrence } from '../../rules/event.ts';
import { MILESTONES, type MilestoneCode } from '../../rules/milestone.ts';
import type { Rule } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Fact, MilestoneFact, Trace } from '../../rules/trace.ts';
import type { ClockState, Verdict } from '../../rules/verdict.ts';

/** A rule with what it depends on, as bits of milestones. */
export interface IndexedRule {
  readonly rule: Rule;
  /** Milestones without any of which no clock of this rule can exist. */
  readonly startBits: number;
  /** Milestones that can change a verdict of this rule. */
  readonly touchBits: number;
  readonly compiled: CompiledRule;
}

const BIT = new Map<MilestoneCode, number>(
  (Object.keys(MILESTONES) as MilestoneCode[]).map((code, index) => [code, 1 << index] as const),
);

/** Every milestone may have changed. */
export const EVERYTHING = -1;

export function indexRule(rule: Rule, calendar: Calendar | undefined): IndexedRule {
  const compiled = compileRule(rule, calendar);
  return { rule, startBits: bitsOf(compiled.starts), touchBits: bitsOf(compiled.touches), compiled };
}

function bitsOf(codes: Iterable<MilestoneCode>): number {
  let mask = 0;
  for (const code of codes) mask |= BIT.get(code) ?? 0;
  return mask;
}

/** The milestones of which a trace says anything. */
export function presentBits(trace: Trace): number {
  let mask = 0;
  for (const { milestone } of trace.milestones) mask |= BIT.get(milestone) ?? 0;
  return mask;
}

/** The milestones of which two traces of one shipment do not say the same. Both are in the order of the milestone table. */
export function changedBits(before: Trace, after: Trace): number {
  if (before === after) return 0;
  let changed = 0;
  let i = 0;
  for (const fact of after.milestones) {
    const other = before.milestones[i];
    const bit = BIT.get(fact.milestone) ?? 0;
    if (other === undefined || !sameOccurrence(other, fact)) changed |= bit;
    else {
      i += 1;
      if (!sameFacts(other, fact)) changed |= bit;
    }
  }
  // An occurrence that is gone stops the walk; this is rare.
  return i === before.milestones.length ? changed : EVERYTHING;
}

function sameOccurrence(a: MilestoneFact, b: MilestoneFact): boolean {
  if (a.milestone !== b.milestone) return false;
  const [one, other]: [Occurrence, Occurrence] = [a.occurrence, b.occurrence];
  return one.role === other.role && one.leg === other.leg && one.subject === other.subject;
}

const sameFacts = (a: MilestoneFact, b: MilestoneFact): boolean =>
  sameFact(a.actual, b.actual) && sameFact(a.planned, b.planned) && sameFact(a.estimated, b.estimated);

function sameFact(a: Fact | undefined, b: Fact | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.observedAt === b.observedAt &&
    a.at.from === b.at.from &&
    a.at.to === b.at.to &&
    a.attributes === b.attributes &&
    a.location === b.location &&
    a.eventId === b.eventId &&
    (a.also === b.also || String(a.also) === String(b.also))
  );
}

/** Verdicts in these states follow from facts alone until their next moment; the others hang on what channels are heard, too. */
const FROM_FACTS: ReadonlySet<ClockState> = new Set(['waiting', 'running', 'at-risk', 'met', 'met-late']);

/** Whether a rule's last verdicts are those that evaluating it again would give. */
export function stands(
  { touchBits, compiled }: IndexedRule,
  last: readonly Verdict[],
  before: Trace,
  after: Trace,
  changed: number,
  now: EpochMs,
): boolean {
  if ((changed & touchBits) !== 0) return false;
  for (const { state, nextAt } of last) {
    if (!FROM_FACTS.has(state) || (nextAt !== undefined && nextAt <= now)) return false;
  }
  return (
    before === after || compiled.reads.every((name) => before.attributes[name] === after.attributes[name])
  );
}
