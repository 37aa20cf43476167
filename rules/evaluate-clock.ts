import { before, dueAt } from './budget.ts';
import type { Calendar } from './calendar.ts';
import type { ChannelState, ChannelView } from './channel.ts';
import { answerOf, type End, endOf } from './evaluate-ends.ts';
import { NO_PAUSES, type Pauses, pausesOf, pausesUntil } from './evaluate-pauses.ts';
import type { Start } from './evaluate-starts.ts';
import type { MilestoneCode } from './milestone.ts';
import type { MilestoneRef, Rule } from './sla.ts';
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

/** Milestones that mean "do it again": an end before them belongs to the round before. */
const NEW_ROUND: ReadonlySet<MilestoneCode> = new Set<MilestoneCode>([
  'customs.rejected',
  'export.filing.rejected',
  'customs.documents_requested',
]);

/** Judges one started clock. Throws the calendar's RangeError when a date lies outside what it covers. */
export function judgeClock(base: ClockBase, input: ClockInput): Verdict {
  return input.rule.kind === 'before' ? judgeForward(base, input) : judgeAfter(base, input);
}

/**
 * ```text
 *   start ────────── warn ────── due ──────────── due + wait_for_feeds
 *     running          at-risk     unknown until       breached, unconfirmed
 *                                  every channel is
 *                                  heard past due: breached
 * ```
 */
function judgeAfter(base: ClockBase, input: ClockInput): Verdict {
  const { rule, trace, start } = input;
  const pauses = pausesOf(trace, rule.pauseWhile, start);
  const end = endAfter(input);
  if (end === undefined && pauses.openSince !== undefined) {
    const deadline = deadlineAfter(input, pauses, pauses.openSince);
    // A hold placed after the deadline excuses nothing.
    if (deadline.due > pauses.openSince && pauses.openSince <= input.now) return paused(base, input, pauses);
    return judgeOpen(base, input, deadline, pauses);
  }
  const deadline = deadlineAfter(input, pauses, end?.to ?? input.now);
  return end === undefined
    ? judgeOpen(base, input, deadline, pauses)
    : judgeDone(base, deadline, end, pauses, start);
}

function endAfter({ rule, trace, start }: ClockInput): End | undefined {
  if (start.hold !== undefined) {
    const { removed } = start.hold;
    return (
      removed && {
        from: removed.at.from,
        to: removed.at.to,
        observedAt: removed.observedAt,
        facts: [removed],
      }
    );
  }
  const { from } = start.fact.at;
  if (rule.kind === 'ack') return answerOf(trace, rule.to, start, from);
  if (!rule.from.some((ref) => NEW_ROUND.has(ref.milestone))) {
    return endOf(trace, rule.to, start, Number.NEGATIVE_INFINITY);
  }
  // What was refused often comes back under a new number.
  return (
    answerOf(trace, rule.to, start, from) ?? answerOf(trace, rule.to, { ...start, occurrence: {} }, from)
  );
}

function deadlineAfter({ rule, calendar, start }: ClockInput, pauses: Pauses, until: EpochMs): Deadline {
  const { from, to } = start.fact.at;
  const windows = pausesUntil(pauses, until);
  const due = dueAt(to, rule.within, calendar, windows);
  const dueEarliest = from === to ? due : dueAt(from, rule.within, calendar, windows);
  return { start: from, due, dueEarliest, warn: warnAt(rule, calendar, due, dueEarliest) };
}

/**
 * A forward clock: the deadline hangs on a date that may move.
 *
 * ```text
 *   plan known ───────────── due = plan − at_least ────── plan
 *   plan moves earlier: due may lie in the past at once → replanned-impossible
 * ```
 */
function judgeForward(base: ClockBase, input: ClockInput): Verdict {
  const { rule, calendar, trace, start } = input;
  const { from, to } = start.fact.at;
  const due = before(to, rule.within, calendar);
  const dueEarliest = from === to ? due : before(from, rule.within, calendar);
  const deadline = {
    start: start.fact.observedAt,
    due,
    dueEarliest,
    warn: warnAt(rule, calendar, due, dueEarliest),
  };
  const end = endOf(trace, rule.to, start, Number.NEGATIVE_INFINITY);
  return end === undefined
    ? judgeOpen(base, input, deadline, NO_PAUSES)
    : judgeDone(base, deadline, end, NO_PAUSES, start);
}

/** The first warning. A legal cut-off warns for the earliest deadline that the facts allow, since being early costs less. */
function warnAt(
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

function paused(base: ClockBase, { start }: ClockInput, pauses: Pauses): Verdict {
  return {
    ...base,
    state: 'paused',
    reason: 'hold-open',
    startAt: start.fact.at.from,
    evidence: [start.fact.eventId, ...pauses.evidence],
    awaitingChannels: [],
  };
}

function judgeDone(base: ClockBase, deadline: Deadline, end: End, pauses: Pauses, start: Start): Verdict {
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

function judgeOpen(base: ClockBase, input: ClockInput, deadline: Deadline, pauses: Pauses): Verdict {
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
  const { rule, now } = input;
  const plan = input.start.fact;
  const replanned = rule.kind === 'before' && plan.observedAt >= due && !isActual(input);
  const { provers, silent } = listen(input, due);
  const proved = provers > 0 && silent.length === 0;
  // A clock that is first heard of after its deadline (a backlog, a late report) gives its feeds the same time to tell the end.
  const limit = Math.max(due, plan.observedAt) + rule.waitForFeedsMs;
  const breached = proved || rule.legal || now >= limit;
  const awaiting: VerdictReason =
    provers === 0 || silent.some((channel) => channel.status !== 'hearing')
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
const isActual = ({ trace, start }: ClockInput): boolean =>
  trace.milestones.some(({ actual }) => actual === start.fact);

/** The channels that could still tell that the deadline was kept: those not heard past it. */
function listen(
  { rule, trace, channels }: ClockInput,
  due: EpochMs,
): { readonly provers: number; readonly silent: readonly ChannelState[] } {
  const all = new Map<string, ChannelState>();
  const ask = (refs: readonly MilestoneRef[]): void => {
    for (const { milestone } of refs) {
      for (const channel of channels.provers(milestone, trace)) {
        const known = all.get(channel.id);
        if (known === undefined || channel.watermark < known.watermark) all.set(channel.id, channel);
      }
    }
  };
  ask(rule.to);
  const provers = all.size;
  // A plan that has moved and was not heard would move the deadline too.
  if (rule.kind === 'before') ask(rule.from);
  return { provers, silent: [...all.values()].filter((channel) => channel.watermark < due) };
}
