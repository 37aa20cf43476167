import type { Calendar } from './calendar.ts';
import type { ChannelView } from './channel.ts';
import type { ClockBase } from './evaluate-clock.ts';
import { judgeOf } from './evaluate-kinds.ts';
import { attributesOf, type Start } from './evaluate-starts.ts';
import { conditionEvidence, retractionEvidence } from './evaluate-taken-back.ts';
import { startMilestones, touchedMilestones } from './evaluate-wakes.ts';
import type { Occurrence } from './event.ts';
import { clockIdOf } from './hash.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Rule } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Hold, Trace } from './trace.ts';
import type { Verdict, VerdictReason } from './verdict.ts';

/** What is remembered of a clock so that it can be taken back when its start is gone. A {@link Verdict} is one. */
export type KnownClock = Pick<Verdict, 'clockId' | 'occurrence' | 'state'>;

/** What an evaluation may know beside the trace. */
export interface ClockHistory {
  /** Clocks of this rule and shipment from the last evaluation; those that no longer start are reported as withdrawn. */
  readonly previous?: readonly KnownClock[];
  /** Ids of clocks that an operator waived. */
  readonly waived?: ReadonlySet<string>;
}

/** A rule with what can be known before any shipment is seen. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly calendar: Calendar | undefined;
  /** Without an event of one of these milestones no clock of this rule can exist. */
  readonly starts: ReadonlySet<MilestoneCode>;
  /** Only events of these milestones can change a verdict of this rule. */
  readonly touches: ReadonlySet<MilestoneCode>;
  /** Only changes of these attributes can change whether the rule applies. */
  readonly reads: readonly string[];
  evaluate(trace: Trace, channels: ChannelView, now: EpochMs, history?: ClockHistory): readonly Verdict[];
}

export function compileRule(rule: Rule, calendar: Calendar | undefined): CompiledRule {
  return {
    rule,
    calendar,
    starts: startMilestones(rule),
    touches: touchedMilestones(rule),
    reads: rule.when?.attributes ?? [],
    evaluate: (trace, channels, now, history) => evaluate(trace, rule, calendar, channels, now, history),
  };
}

/**
 * What a rule makes of a shipment that its condition leaves out and that has no clock of it: this very list. It stands until an attribute
 * changes that the condition reads ({@link CompiledRule.reads}).
 */
export const NOT_FOR_IT: readonly Verdict[] = [];

/**
 * Judges every clock of one rule in one shipment at one moment of log time: one verdict per start occurrence.
 *
 * Without a start, an `after` or `before` rule gives one `waiting` clock. Its id is the one that the clock will have
 * when it starts, unless the start then names a container, a declaration or a leg: then it gives way to one clock for
 * each. `dwell` and `ack` rules give none: most shipments are never held. A calendar that does not cover a date makes
 * its clock `unknown`, with the reason `outside-calendar`.
 *
 * Pure: equal arguments give equal verdicts. `calendar` is the one that `rule.calendar` names.
 */
export function evaluate(
  trace: Trace,
  rule: Rule,
  calendar: Calendar | undefined,
  channels: ChannelView,
  now: EpochMs,
  history: ClockHistory = NO_HISTORY,
): readonly Verdict[] {
  const previous = history.previous ?? NO_CLOCKS;
  const applies = rule.kind === 'dwell' || rule.when === undefined || rule.when.test(trace.attributes);
  // Of many rules, most are not for the shipment at hand.
  if (!applies && previous.length === 0) return NOT_FOR_IT;
  if (
    rule.kind === 'dwell' &&
    previous.length === 0 &&
    !trace.holds.some((hold) => appliesToHold(trace, rule, hold))
  )
    return NO_VERDICTS;
  const verdicts: Verdict[] = [];
  const kind = judgeOf(rule);
  const starts = kind.starts(trace, rule);
  if (applies) {
    for (const start of starts) {
      if (start.hold !== undefined && !appliesToHold(trace, rule, start.hold)) continue;
      const base = baseOf(rule, trace, start.text, start.occurrence);
      verdicts.push(
        history.waived?.has(base.clockId)
          ? settled(base, 'waived', 'operator-waived', [start.fact.eventId])
          : judge(base, trace, rule, calendar, start, channels, now),
      );
    }
  }
  for (const clock of previous) {
    if (clock.state === 'waiting' || verdicts.some(({ clockId }) => clockId === clock.clockId)) continue;
    const base = { ...baseOf(rule, trace, undefined, clock.occurrence), clockId: clock.clockId };
    const startIsThere = starts.some(
      ({ text }) => clockIdOf(rule.name, trace.shipmentId, text) === clock.clockId,
    );
    verdicts.push(
      startIsThere
        ? settled(base, 'not-applicable', 'condition-not-met', conditionEvidence(trace, rule))
        : settled(base, 'withdrawn', 'start-retracted', retractionEvidence(trace, rule, clock.occurrence)),
    );
  }
  if (applies && starts.length === 0 && verdicts.length === 0 && kind.waits) {
    verdicts.push(settled(baseOf(rule, trace, '', {}), 'waiting', 'start-not-seen', []));
  }
  return verdicts;
}

const NO_HISTORY: ClockHistory = {};
const NO_CLOCKS: readonly KnownClock[] = [];
const NO_VERDICTS: readonly Verdict[] = [];

/** The condition of a `dwell` rule sees each hold by itself: `hold.agency` is that of this hold, not of the last one. */
function appliesToHold(trace: Trace, { when }: Rule, hold: Hold): boolean {
  if (when === undefined) return true;
  const { attributes } = hold.placed;
  const asksOfHold = when.attributes.some(
    (name) => name.startsWith('hold.') || attributes[name] !== undefined,
  );
  return when.test(asksOfHold ? attributesOf(trace, hold) : trace.attributes);
}

function judge(
  base: ClockBase,
  trace: Trace,
  rule: Rule,
  calendar: Calendar | undefined,
  start: Start,
  channels: ChannelView,
  now: EpochMs,
): Verdict {
  try {
    return judgeOf(rule).judge(base, { rule, calendar, trace, start, channels, now });
  } catch (error) {
    // One date that no calendar reaches (a typing error of a century) must not stop the others from being judged.
    if (!(error instanceof RangeError)) throw error;
    return {
      ...settled(base, 'unknown', 'outside-calendar', [start.fact.eventId]),
      confidence: 'unconfirmed',
      startAt: start.fact.at.from,
    };
  }
}

const baseOf = (rule: Rule, trace: Trace, text: string | undefined, occurrence: Occurrence): ClockBase => ({
  clockId: text === undefined ? '' : clockIdOf(rule.name, trace.shipmentId, text),
  rule: rule.name,
  ruleVersion: rule.version,
  shipmentId: trace.shipmentId,
  occurrence,
});

const settled = (
  base: ClockBase,
  state: Verdict['state'],
  reason: VerdictReason,
  evidence: readonly string[],
): Verdict => ({ ...base, state, reason, evidence, awaitingChannels: [] });

/** When these verdicts must be judged again although nothing new is heard; undefined when never. */
export function reevaluateAt(verdicts: readonly Verdict[]): EpochMs | undefined {
  let next: EpochMs | undefined;
  for (const { nextAt } of verdicts) {
    if (nextAt !== undefined && (next === undefined || nextAt < next)) next = nextAt;
  }
  return next;
}
