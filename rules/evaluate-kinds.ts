import { judgeAfter } from './evaluate-after.ts';
import { judgeBefore } from './evaluate-before.ts';
import { datedStarts, judgeBy } from './evaluate-by.ts';
import type { ClockBase, ClockInput } from './evaluate-clock.ts';
import { countedStarts, judgeCount } from './evaluate-count.ts';
import { declarationStarts, judgeDuplicate } from './evaluate-duplicate.ts';
import { comparedStarts, judgeReconcile } from './evaluate-reconcile.ts';
import { judgeSequence } from './evaluate-sequence.ts';
import { activeStarts, judgeSilence } from './evaluate-silence.ts';
import { holdStarts, NO_STARTS, plannedStarts, type Start, statedStarts } from './evaluate-starts.ts';
import type { Rule } from './sla.ts';
import type { RuleKind } from './sla-kind.ts';
import type { Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** How rules of one kind are judged. Every function is pure and called for every change of a shipment: keep it cheap. */
export interface KindJudge {
  /** Every start occurrence, in the order of the trace: one clock each. */
  starts(trace: Trace, rule: Rule): readonly Start[];
  /** Judges one started clock. May throw the calendar's RangeError when a date lies outside what it covers. */
  judge(base: ClockBase, input: ClockInput): Verdict;
  /** Without a start there is one clock that waits. */
  readonly waits: boolean;
}

const JUDGES: Readonly<Record<RuleKind, KindJudge>> = {
  after: { starts: statedStarts, judge: judgeAfter, waits: true },
  before: { starts: plannedStarts, judge: judgeBefore, waits: true },
  by: { starts: datedStarts, judge: judgeBy, waits: false },
  'calendar-date': { starts: statedStarts, judge: judgeAfter, waits: true },
  dwell: { starts: (trace) => holdStarts(trace.holds), judge: judgeAfter, waits: false },
  silence: { starts: activeStarts, judge: judgeSilence, waits: false },
  sequence: { starts: statedStarts, judge: judgeSequence, waits: false },
  reconcile: { starts: comparedStarts, judge: judgeReconcile, waits: false },
  duplicate: { starts: declarationStarts, judge: judgeDuplicate, waits: false },
  count: { starts: countedStarts, judge: judgeCount, waits: false },
  // Feeds are judged by evaluate-feed.ts; in shipments they have no clocks.
  feed: { starts: () => NO_STARTS, judge: judgeAfter, waits: false },
  ack: { starts: statedStarts, judge: judgeAfter, waits: false },
};

export const judgeOf = ({ kind }: Rule): KindJudge => JUDGES[kind];

/** Every start occurrence of a rule in a trace. */
export const startsOf = (trace: Trace, rule: Rule): readonly Start[] => judgeOf(rule).starts(trace, rule);
