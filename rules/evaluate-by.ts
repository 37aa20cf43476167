import { dueAt } from './budget.ts';
import { dateOf } from './document-date.ts';
import { type ClockBase, type ClockInput, judgeDone, judgeOpen, warnAt } from './evaluate-clock.ts';
import { endOf } from './evaluate-ends.ts';
import { NO_PAUSES } from './evaluate-pauses.ts';
import { NO_STARTS, type Start, statedStarts } from './evaluate-starts.ts';
import { factsOf, saidLater } from './fact.ts';
import type { DateRef, Rule } from './sla.ts';
import type { Fact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** The dates that a `by` rule hangs on: of its alternatives the first that somebody has stated and that can be read. */
export function datedStarts(trace: Trace, rule: Rule): readonly Start[] {
  let unreadable: readonly Start[] = NO_STARTS;
  for (const ref of rule.dates) {
    const starts = 'attribute' in ref ? documentDates(trace, ref.attribute) : plannedDates(trace, rule, ref);
    if (starts.some(({ date }) => date !== undefined)) return starts;
    if (unreadable.length === 0) unreadable = starts;
  }
  return unreadable;
}

/** A plan alone: what happened says nothing of when it was to happen. */
const plannedDates = (
  trace: Trace,
  rule: Rule,
  ref: Exclude<DateRef, { attribute: string }>,
): readonly Start[] =>
  statedStarts(trace, { ...rule, from: [ref] }).map((start) => ({ ...start, date: start.fact.at }));

/** One date for each subject whose documents state one; what was said of the latest happening counts. */
function documentDates(trace: Trace, attribute: string): readonly Start[] {
  const bySubject = new Map<string, { readonly subject: string | undefined; fact: Fact }>();
  for (const { fact, subject } of factsOf(trace)) {
    if (fact.attributes[attribute] === undefined) continue;
    const known = bySubject.get(subject ?? '');
    if (known === undefined) bySubject.set(subject ?? '', { subject, fact });
    else if (saidLater(fact, known.fact)) known.fact = fact;
  }
  return [...bySubject.values()].map(({ subject, fact }) => {
    const date = dateOf(fact.attributes[attribute]!, fact.location?.zone ?? fact.at.zone);
    return {
      text: subject === undefined ? '' : `||${subject}`,
      occurrence: subject === undefined ? {} : { subject },
      fact,
      ...(date && { date }),
    };
  });
}

/**
 * ```text
 *   date known ───────────── date ── tolerance ── due
 *   the date moves, or is known when it has passed → replanned-impossible
 * ```
 */
export function judgeBy(base: ClockBase, input: ClockInput): Verdict {
  const { rule, calendar, trace, start } = input;
  const { date, fact } = start;
  if (date === undefined) {
    return {
      ...base,
      state: 'unknown',
      reason: 'date-unreadable',
      confidence: 'unconfirmed',
      startAt: fact.observedAt,
      evidence: [fact.eventId],
      awaitingChannels: [],
    };
  }
  // A date without a time is kept until the day is over: there is nothing uncertain about it.
  const due = dueAt(date.to, rule.within, calendar);
  const warn = warnAt(rule, calendar, due, due);
  const deadline = { start: fact.observedAt, due, dueEarliest: due, warn };
  const end = endOf(trace, rule.to, start, Number.NEGATIVE_INFINITY);
  return end === undefined
    ? judgeOpen(base, input, deadline, NO_PAUSES)
    : judgeDone(base, deadline, end, NO_PAUSES, start);
}
