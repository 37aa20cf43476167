import type { AttributeValue, Occurrence } from './event.ts';
import { isContainer } from './holds.ts';
import type { MilestoneRef, Rule } from './sla.ts';
import type { TimeSpan } from './time.ts';
import { type Fact, firstPlanned, type Hold, type MilestoneFact, type Trace } from './trace.ts';

/** What starts one clock: for `before` the event that must not come too soon, for `dwell` a hold, else the start milestone. */
export interface Start {
  /**
   * The part of the occurrence that tells this clock from others of its rule and shipment; `''` when nothing needs to. The clock id is made
   * of it, so it leaves out what the rule itself says (the role) and what a shipment has only one of (the leg to its
   * origin or destination): a source that names more than another does not make a second clock.
   */
  readonly text: string;
  readonly occurrence: Occurrence;
  readonly fact: Fact;
  /** Present for a `by` rule whose date could be read: the date that was agreed; `fact` states it. */
  readonly date?: TimeSpan;
  /** Present for a hold: the `dwell` clock runs while it is open. */
  readonly hold?: Hold;
}

/** Whether two subjects may be one thing: a container is in a declaration, but no container is another, and no declaration is. */
export const mayBeSame = (a: string | undefined, b: string | undefined): boolean =>
  sameSubject(a, b) || isContainer(a!) !== isContainer(b!);

export const sameSubject = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

export const matchesRef = (fact: MilestoneFact, ref: MilestoneRef): boolean =>
  fact.milestone === ref.milestone && (ref.role === undefined || fact.occurrence.role === ref.role);

/** What the sources state of a rule's start; of several alternatives, the first that has a fact. */
export const statedStarts = (trace: Trace, rule: Rule): readonly Start[] => startsOf(trace, rule, false);

/**
 * Dates that a deadline hangs on: what happened fixes it; until then the plan does, and without a plan the latest estimate. The
 * first plan is held to, whatever happened.
 */
export const plannedStarts = (trace: Trace, rule: Rule): readonly Start[] => startsOf(trace, rule, true);

function startsOf(trace: Trace, rule: Rule, forward: boolean): readonly Start[] {
  for (const ref of rule.from) {
    const starts = startsOfRef(trace.milestones, ref, forward);
    if (starts.length > 0) return starts;
  }
  return NO_STARTS;
}

export const NO_STARTS: readonly Start[] = [];

function startsOfRef(
  milestones: readonly MilestoneFact[],
  ref: MilestoneRef,
  forward: boolean,
): readonly Start[] {
  let starts: Start[] | undefined;
  for (const milestone of milestones) {
    if (!matchesRef(milestone, ref)) continue;
    const fact = ref.first
      ? firstPlanned(milestone)
      : forward
        ? deadlineFact(milestone)
        : startFact(milestone, ref);
    if (fact === undefined) continue;
    const text = startText(milestone.occurrence, ref);
    const start = { text, occurrence: milestone.occurrence, fact };
    if (starts === undefined) starts = [start];
    else keepOne(starts, start);
  }
  return starts ?? NO_STARTS;
}

/** Two sources may tell the same start with more or less detail: the earlier time counts, the smaller event id on a tie. */
function keepOne(starts: Start[], start: Start): void {
  const index = starts.findIndex((other) => other.text === start.text);
  const other = starts[index];
  if (other === undefined) starts.push(start);
  else if (comesFirst(start.fact, other.fact)) starts[index] = start;
}

/** The earlier fact; of two at one moment the one with the smaller event id. */
export const comesFirst = (a: Fact, b: Fact): boolean =>
  a.at.from < b.at.from || (a.at.from === b.at.from && a.eventId < b.eventId);

const startFact = (milestone: MilestoneFact, ref: MilestoneRef): Fact | undefined =>
  ref.classifier === 'planned' ? (milestone.planned ?? milestone.estimated) : milestone.actual;

const deadlineFact = (milestone: MilestoneFact): Fact | undefined =>
  milestone.actual ?? milestone.planned ?? milestone.estimated;

function startText(occurrence: Occurrence, ref: MilestoneRef): string {
  const { role, leg, subject } = occurrence;
  const roleText = ref.role === undefined && role !== undefined ? role : '';
  const legText = leg !== undefined && (role === undefined || role === 'transshipment') ? leg : '';
  if (legText === '' && subject === undefined) return roleText;
  return `${roleText}|${legText}|${subject ?? ''}`;
}

/** Holds of one agency, reason and subject are told apart by number, in the order in which they were placed. */
export function holdStarts(holds: readonly Hold[]): readonly Start[] {
  if (holds.length === 0) return NO_STARTS;
  const ordered =
    holds.length === 1 ? holds : [...holds].sort((a, b) => (comesFirst(a.placed, b.placed) ? -1 : 1));
  const counts = new Map<string, number>();
  return ordered.map((hold) => {
    const name = [hold.agency, hold.reason, hold.subject ?? ''].join('|');
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    const subject = hold.subject ?? (hold.agency === '' ? undefined : hold.agency);
    return {
      text: number === 1 ? name : `${name}|${number}`,
      occurrence: subject === undefined ? {} : { subject },
      fact: hold.placed,
      hold,
    };
  });
}

/** The attributes that the condition of a `dwell` rule sees: the shipment's, and those of the hold itself on top. */
export const attributesOf = (trace: Trace, hold: Hold): Readonly<Record<string, AttributeValue>> => ({
  ...trace.attributes,
  ...hold.placed.attributes,
  'hold.agency': hold.agency,
  'hold.reason': hold.reason,
});
