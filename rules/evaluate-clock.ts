import { before } from './budget.ts';
import type { Calendar } from './calendar.ts';
import type { ChannelView } from './channel.ts';
import type { End } from './evaluate-ends.ts';
import type { Pauses } from './evaluate-pauses.ts';
import { hangsOnPlan, proversOf, silentBefore } from './evaluate-provers.ts';
import type { Start } from './evaluate-starts.ts';
import type { Rule } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Trace } from './trace.ts';
import type { Verdict, VerdictReason } from './verdict.ts';

/** What judging one clock needs. */
export interface ClockInput {
  readonly rule: Rule;
  readonly calendar: Calendar | undefined;
  readonly trace: Trace;
  readonly start: Start;
  readonly channels: ChannelView;
  readonly now: EpochMs;
}

/** The fields that every verdict of one clock shares. */
export type ClockBase = Pick<Verdict, 'clockId' | 'rule' | 'ruleVersion' | 'shipmentId' | 'occurrence'>;

/** The dates of a clock. `due` is the latest that the facts allow, `dueEarliest` the earliest; equal when they are exact. */
export interface Deadline {
  readonly start: EpochMs;
  readonly dueEarliest: EpochMs;
  readonly due: EpochMs;
  readonly warn: EpochMs | undefined;
}

/** The first warning. A legal cut-off warns for the earliest deadline that the facts allow, since being early costs less. */
export function warnAt(
  rule: Rule,
  calendar: Calendar | undefined,
  due: EpochMs,
  dueEarliest: EpochMs,
): EpochMs | undefined {
  let first: EpochMs | undefined;
  for (const budget of rule.warn) {
    const at = before(rule.legal ? dueEarliest : due, budget, calendar);
    if (first === undefined || at < first) first = at;
  }
  return first;
}

/** The clock stands still. */
export function judgePaused(base: ClockBase, { start }: ClockInput, pauses: Pauses): Verdict {
  return {
    ...base,
    state: 'paused',
    reason: pauses.openBy,
    startAt: start.fact.at.from,
    evidence: [start.fact.eventId, ...pauses.evidence],
    awaitingChannels: [],
  };
}

export function judgeDone(
  base: ClockBase,
  deadline: Deadline,
  end: End,
  pauses: Pauses,
  start: Start,
): Verdict {
  const { due, dueEarliest } = deadline;
  const late = end.from > due;
  const reason: VerdictReason = late
    ? 'done-late'
    : end.to > dueEarliest
      ? 'done-within-precision'
      : end.observedAt > due
        ? 'done-in-time-reported-late'
        : 'done-in-time';
  const endAt = late ? end.to : end.from;
  return {
    ...base,
    state: late ? 'met-late' : 'met',
    reason,
    startAt: deadline.start,
    ...(deadline.warn !== undefined && { warnAt: deadline.warn }),
    dueAt: due,
    endAt,
    ...(late && { lateMs: endAt - due }),
    evidence: [
      start.fact.eventId,
      ...end.facts.flatMap((fact) => [fact.eventId, ...(fact.also ?? [])]),
      ...pauses.evidence,
    ],
    awaitingChannels: [],
  };
}

export function judgeOpen(base: ClockBase, input: ClockInput, deadline: Deadline, pauses: Pauses): Verdict {
  const { start, now } = input;
  const { due, warn } = deadline;
  const evidence = [start.fact.eventId, ...pauses.evidence];
  if (now >= due) return judgeOverdue(base, input, deadline, evidence);
  const atRisk = warn !== undefined && now >= warn;
  const { openSince } = pauses;
  const holdAhead = openSince !== undefined && openSince > now ? openSince : Number.POSITIVE_INFINITY;
  return {
    ...base,
    state: atRisk ? 'at-risk' : 'running',
    reason: atRisk ? 'warn-reached' : 'within-budget',
    startAt: deadline.start,
    ...(warn !== undefined && { warnAt: warn }),
    dueAt: due,
    evidence,
    awaitingChannels: [],
    // A hold dated in the future stops the clock when its time comes.
    nextAt: Math.min(warn !== undefined && !atRisk ? warn : due, holdAhead),
  };
}

/** The end is missing and the deadline has passed: is it missing in the world, or only here? */
function judgeOverdue(
  base: ClockBase,
  input: ClockInput,
  { start, due, warn }: Deadline,
  evidence: readonly string[],
): Verdict {
  const { rule, trace, channels, now } = input;
  const plan = input.start.fact;
  const replanned = hangsOnPlan(rule) && plan.observedAt >= due && !isActual(input);
  const provers = proversOf(rule, trace, channels);
  const silent = silentBefore(provers, due);
  const proved = provers.count > 0 && silent.length === 0;
  // A clock that is first heard of after its deadline (a backlog, a late report) gives its feeds the same time to tell the end.
  const limit = Math.max(due, plan.observedAt) + rule.waitForFeedsMs;
  const breached = proved || rule.legal || now >= limit;
  const awaiting: VerdictReason =
    provers.count === 0 ||
    silent.some((channel) => channel.status !== 'hearing' && channel.restarted !== true)
      ? 'deadline-passed-channel-blind'
      : 'deadline-passed-awaiting-proof';
  let reason: VerdictReason = awaiting;
  if (breached) {
    if (replanned) reason = 'replanned-impossible';
    else if (proved) reason = 'deadline-passed-proved';
    else if (now >= limit) reason = 'wait-for-feeds-passed';
  }
  return {
    ...base,
    state: breached ? 'breached' : 'unknown',
    reason,
    confidence: proved ? 'proved' : 'unconfirmed',
    startAt: start,
    ...(warn !== undefined && { warnAt: warn }),
    dueAt: due,
    lateMs: now - due,
    evidence,
    awaitingChannels: silent.map((channel) => channel.id),
    ...(!proved && now < limit && { nextAt: limit }),
  };
}

/** Whether a forward clock's deadline rests on what happened, and not on a plan. */
const isActual = ({ rule, trace, start }: ClockInput): boolean =>
  rule.kind === 'before' && trace.milestones.some(({ actual }) => actual === start.fact);
