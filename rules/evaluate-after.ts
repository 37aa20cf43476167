import { dueAt } from './budget.ts';
import { dateAfter } from './date-rule.ts';
import type { ClockBase, ClockInput, Deadline } from './evaluate-clock.ts';
import { judgeDone, judgeOpen, judgePaused, warnAt } from './evaluate-clock.ts';
import { answerOf, type End, endOf } from './evaluate-ends.ts';
import { type Pauses, pausesOf, pausesUntil } from './evaluate-pauses.ts';
import type { MilestoneCode } from './milestone.ts';
import type { EpochMs } from './time.ts';
import type { Verdict } from './verdict.ts';

/** Milestones that mean "do it again": an end before them belongs to the round before. */
const NEW_ROUND: ReadonlySet<MilestoneCode> = new Set<MilestoneCode>([
  'customs.rejected',
  'export.filing.rejected',
  'customs.documents_requested',
]);

/**
 * ```text
 *   start ────────── warn ────── due ──────────── due + wait_for_feeds
 *     running          at-risk     unknown until       breached, unconfirmed
 *                                  every channel is
 *                                  heard past due: breached
 * ```
 */
export function judgeAfter(base: ClockBase, input: ClockInput): Verdict {
  const { rule, trace, start } = input;
  const pauses = pausesOf(trace, rule.pauseWhile, start);
  const end = endAfter(input);
  if (end === undefined && pauses.openSince !== undefined) {
    const deadline = deadlineAfter(input, pauses, pauses.openSince);
    // A hold placed after the deadline excuses nothing.
    if (deadline.due > pauses.openSince && pauses.openSince <= input.now)
      return judgePaused(base, input, pauses);
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
  const dueFrom = (at: EpochMs): EpochMs =>
    rule.on === undefined ? dueAt(at, rule.within, calendar, windows) : dateAfter(at, rule.on, calendar);
  const due = dueFrom(to);
  const dueEarliest = from === to ? due : dueFrom(from);
  return { start: from, due, dueEarliest, warn: warnAt(rule, calendar, due, dueEarliest) };
}
