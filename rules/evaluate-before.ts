import { before } from './budget.ts';
import { type ClockBase, type ClockInput, judgeDone, judgeOpen, warnAt } from './evaluate-clock.ts';
import { endOf } from './evaluate-ends.ts';
import { NO_PAUSES } from './evaluate-pauses.ts';
import type { Verdict } from './verdict.ts';

/**
 * A forward clock: the deadline hangs on a date that may move.
 *
 * ```text
 *   plan known ───────────── due = plan − at_least ────── plan
 *   plan moves earlier: due may lie in the past at once → replanned-impossible
 * ```
 */
export function judgeBefore(base: ClockBase, input: ClockInput): Verdict {
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
