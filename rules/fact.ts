import type { Fact, MilestoneFact, Trace } from './trace.ts';

/** A fact with what it is about. */
export interface FactOf {
  readonly fact: Fact;
  readonly of: MilestoneFact;
  readonly subject: string | undefined;
}

/** Every fact of a trace, plans, estimates and what other sources say too, in the order of the trace. */
export function* factsOf(trace: Trace): Generator<FactOf> {
  for (const of of trace.milestones) {
    const { subject } = of.occurrence;
    if (of.planned !== undefined) yield { fact: of.planned, of, subject };
    if (of.estimated !== undefined) yield { fact: of.estimated, of, subject };
    if (of.actual !== undefined) yield { fact: of.actual, of, subject };
    for (const fact of of.others ?? []) yield { fact, of, subject };
  }
}

/** Whether a statement is about something later than another one, or was made later. Total: two facts of a trace have two ids. */
export const saidLater = (a: Fact, b: Fact): boolean =>
  a.at.from !== b.at.from
    ? a.at.from > b.at.from
    : a.observedAt !== b.observedAt
      ? a.observedAt > b.observedAt
      : a.eventId > b.eventId;
