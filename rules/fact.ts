import type { Fact, MilestoneFact, Trace } from './trace.ts';

/** A fact with what it is about. */
export interface FactOf {
  readonly fact: Fact;
  readonly of: MilestoneFact;
  readonly subject: string | undefined;
}

/** Every fact of a trace, plans and estimates too, in the order of the trace. */
export function* factsOf(trace: Trace): Generator<FactOf> {
  for (const of of trace.milestones) {
    const { subject } = of.occurrence;
    for (const fact of [of.planned, of.estimated, of.actual])
      if (fact !== undefined) yield { fact, of, subject };
  }
}
