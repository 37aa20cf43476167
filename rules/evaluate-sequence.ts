import { type ClockBase, type ClockInput, judgeDone, judgeOpen } from './evaluate-clock.ts';
import { endOf } from './evaluate-ends.ts';
import { NO_PAUSES } from './evaluate-pauses.ts';
import type { Verdict } from './verdict.ts';

/**
 * One clock for each `event` that happened: what it must not precede had to happen before it.
 *
 * ```text
 *   not_before ─────── event          in-order
 *                      event ── ?     unknown until every channel that could tell is heard past the event: out-of-order
 *                      event ── not_before   out-of-order, for ever: nothing that comes later puts it right
 * ```
 */
export function judgeSequence(base: ClockBase, input: ClockInput): Verdict {
  const { rule, trace, start } = input;
  const { from, to } = start.fact.at;
  const deadline = { start: from, due: to, dueEarliest: from, warn: undefined };
  const end = endOf(trace, rule.to, start, Number.NEGATIVE_INFINITY);
  if (end === undefined) {
    const open = judgeOpen(base, input, deadline, NO_PAUSES);
    return open.reason === 'deadline-passed-proved' ? { ...open, reason: 'out-of-order' } : open;
  }
  const done = judgeDone(base, deadline, end, NO_PAUSES, start);
  if (done.reason === 'done-in-time') return { ...done, reason: 'in-order' };
  if (done.state !== 'met-late') return done;
  const { endAt: _, ...rest } = done;
  return { ...rest, state: 'breached', reason: 'out-of-order', confidence: 'proved' };
}
