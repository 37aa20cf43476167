import type { Calendar } from '../../rules/calendar.ts';
import { type CompiledRule, compileRule } from '../../rules/evaluate.ts';
import type { Occurrence } from '../../rules/event.ts';
import type { Expr } from '../../rules/expression.ts';
import { MILESTONES, type MilestoneCode } from '../../rules/milestone.ts';
import type { Rule } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { MilestoneFact, Trace, TraceEntry } from '../../rules/trace.ts';
import { releasesAfter } from '../../rules/trace-occurrence.ts';
import type { ClockState, Verdict } from '../../rules/verdict.ts';

/** A rule with what it depends on, as bits of milestones. */
export interface IndexedRule {
  readonly rule: Rule;
  /** Milestones without any of which no clock of this rule can exist. */
  readonly startBits: number;
  /** Milestones that can change a verdict of this rule. */
  readonly touchBits: number;
  readonly compiled: CompiledRule;
  /** Which of the conditions of all rules decides whether it is for a shipment; absent when none does, or each hold is asked by itself. */
  readonly condition?: number;
}

const BIT = new Map<MilestoneCode, number>(
  (Object.keys(MILESTONES) as MilestoneCode[]).map((code, index) => [code, 1 << index] as const),
);

/** Every milestone may have changed. */
export const EVERYTHING = -1;

/** `conditions`: those of the rules before; gets this rule's when it is another one. */
export function indexRule(rule: Rule, calendar: Calendar | undefined, conditions: Expr[]): IndexedRule {
  const compiled = compileRule(rule, calendar);
  const indexed = { rule, startBits: bitsOf(compiled.starts), touchBits: bitsOf(compiled.touches), compiled };
  const { when } = rule;
  if (when === undefined || rule.kind === 'dwell') return indexed;
  const known = conditions.findIndex(({ text }) => text === when.text);
  const condition = known < 0 ? conditions.push(when) - 1 : known;
  return { ...indexed, condition };
}

function bitsOf(codes: Iterable<MilestoneCode>): number {
  let mask = 0;
  for (const code of codes) mask |= BIT.get(code) ?? 0;
  return mask;
}

/** The milestones of which an event, as the first of its statement, can change what a trace says. */
export function touchedBits(event: Pick<TraceEntry, 'classifier' | 'milestone' | 'attributes'>): number {
  let mask = BIT.get(event.milestone) ?? 0;
  for (const milestone of releasesAfter(event)) mask |= BIT.get(milestone) ?? 0;
  return mask;
}

/** The milestones of which a trace says anything. */
export function presentBits(trace: Trace): number {
  let mask = 0;
  for (const { milestone } of trace.milestones) mask |= BIT.get(milestone) ?? 0;
  return mask;
}

/**
 * The milestones of which two traces of one fold do not say the same: what did not change in a fold is the same object. Both are
 * in the order of the milestone table.
 */
export function changedBits(before: Trace, after: Trace): number {
  if (before.milestones === after.milestones) return 0;
  let changed = 0;
  let i = 0;
  for (const fact of after.milestones) {
    const other = before.milestones[i];
    if (fact === other) i += 1;
    else {
      changed |= BIT.get(fact.milestone) ?? 0;
      if (other !== undefined && sameOccurrence(other, fact)) i += 1;
    }
  }
  // An occurrence that is gone stops the walk; this is rare.
  return i === before.milestones.length ? changed : EVERYTHING;
}

type Attributes = Trace['attributes'];

/** Whether two traces say the same of some attributes. */
export function areSame(names: Iterable<string>, before: Attributes, after: Attributes): boolean {
  for (const name of names) if (before[name] !== after[name]) return false;
  return true;
}

function sameOccurrence(a: MilestoneFact, b: MilestoneFact): boolean {
  if (a.milestone !== b.milestone) return false;
  const [one, other]: [Occurrence, Occurrence] = [a.occurrence, b.occurrence];
  return one.role === other.role && one.leg === other.leg && one.subject === other.subject;
}

/** Verdicts in these states hang on what channels are heard; the others follow from facts alone until their next moment. */
const FROM_CHANNELS: ReadonlySet<ClockState> = new Set(['breached', 'unknown']);

/** Until when verdicts follow from the facts alone, and when they may change although nothing is heard. */
export function horizonOf(verdicts: readonly Verdict[]): { standsUntil: EpochMs; nextAt: EpochMs } {
  let [standsUntil, nextAt] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const verdict of verdicts) {
    if (FROM_CHANNELS.has(verdict.state)) standsUntil = Number.NEGATIVE_INFINITY;
    if (verdict.nextAt !== undefined && verdict.nextAt < nextAt) nextAt = verdict.nextAt;
  }
  return { standsUntil: Math.min(standsUntil, nextAt), nextAt };
}
