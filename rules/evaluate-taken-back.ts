import { mayBeSame } from './evaluate-starts.ts';
import { startMilestones } from './evaluate-wakes.ts';
import type { Occurrence } from './event.ts';
import { factsOf, saidLater } from './fact.ts';
import type { Rule } from './sla.ts';
import type { Fact, Trace } from './trace.ts';

/** Ids of the events that took a clock's start back; none when it moved to another shipment, whose trace has it. */
export function retractionEvidence(trace: Trace, rule: Rule, occurrence: Occurrence): readonly string[] {
  const starts = startMilestones(rule);
  return (trace.retracted ?? []).flatMap(({ milestone, occurrence: { subject }, fact }) =>
    starts.has(milestone) && mayBeSame(subject, occurrence.subject) ? [fact.eventId] : [],
  );
}

/** Ids of the events that state what a condition asks for, of each attribute the last that was told; none when nobody states any. */
export function conditionEvidence(trace: Trace, { when }: Rule): readonly string[] {
  const ids = new Set<string>();
  for (const name of when?.attributes ?? []) {
    let last: Fact | undefined;
    for (const { fact } of factsOf(trace)) {
      if (fact.attributes[name] === undefined || fact.attributes[name] !== trace.attributes[name]) continue;
      if (last === undefined || saidLater(fact, last)) last = fact;
    }
    if (last !== undefined) ids.add(last.eventId);
  }
  return [...ids];
}
