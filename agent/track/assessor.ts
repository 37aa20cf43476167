import { type AlertMemory, alertIdOf, decideAlert } from '../../rules/alert.ts';
import type { ChannelView } from '../../rules/channel.ts';
import type { Channels } from '../../rules/channels.ts';
import { type KnownClock, NOT_FOR_IT } from '../../rules/evaluate.ts';
import { awaitedMilestones } from '../../rules/evaluate-provers.ts';
import type { Ref } from '../../rules/refs.ts';
import type { RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Statement, Trace } from '../../rules/trace.ts';
import type { ClockState, Verdict } from '../../rules/verdict.ts';
import { recordOf } from './alert-records.ts';
import type { Wait } from './awaiting.ts';
import type { ClockMemory } from './clocks.ts';
import { forIt, isLeftOut, type Judged, leaveOut, type OpenShipment } from './open-shipment.ts';
import type { AlertRecord, RenderAlert, ShipmentState } from './outcome.ts';
import { RulesInForce, type SavedRules } from './rules-in-force.ts';
import { areSame, changedBits, horizonOf, presentBits, touchedBits } from './unchanged.ts';

export interface AssessorSettings {
  readonly tenant: string;
  readonly ruleSet: RuleSet;
  /** By which rules shipments were judged until `logTime`; absent when none were. */
  readonly judgedBy?: SavedRules;
  readonly logTime?: EpochMs;
  readonly channels: ChannelView & Pick<Channels, 'stateOf'>;
  readonly refsOf: (shipmentId: string) => readonly Ref[];
  /** Higher is more trusted when two sources state the same fact. */
  readonly sourceRank: (source: string) => number;
  readonly renderAlert: RenderAlert;
  /** Alert changes of log times before this are recorded, not told: the first start on an old stream must not page anybody. */
  readonly tellSince: EpochMs;
  /** What the alert log last told of an alert that memory does not know; see {@link Assessor.muted}. */
  readonly told: (alertId: string) => AlertMemory | undefined;
}

/** What judging a shipment at one moment brought about, beside its verdicts. */
export interface Assessment {
  readonly trace: Trace;
  /** When the next verdict may change, nothing new being heard; `Infinity` when none can. */
  readonly nextAt: EpochMs;
  /** What overdue clocks wait to be heard before they can be settled. */
  readonly waits: readonly Wait[];
  readonly alerts: readonly AlertRecord[];
}

interface Growing {
  readonly trace: Trace;
  readonly alerts: AlertRecord[];
  readonly waits: Wait[];
  nextAt: EpochMs;
}

/** States in which a clock has nothing left to withdraw. */
const OVER: ReadonlySet<ClockState> = new Set([
  'withdrawn',
  'waived',
  'not-applicable',
  'waiting',
  'met',
  'met-late',
]);

/** Judges one shipment against every rule that concerns it and decides what has to be told. */
export class Assessor {
  readonly counts: Record<ClockState, number> = {
    waiting: 0,
    running: 0,
    paused: 0,
    'at-risk': 0,
    met: 0,
    'met-late': 0,
    breached: 0,
    unknown: 0,
    withdrawn: 0,
    waived: 0,
    'not-applicable': 0,
  };
  readonly waived = new Set<string>();
  /** While state is rebuilt from stored facts: alerts stand as the alert log tells them, nothing is decided. */
  muted = false;
  readonly #settings: AssessorSettings;
  readonly rules: RulesInForce;

  constructor(settings: AssessorSettings) {
    this.#settings = settings;
    this.rules = new RulesInForce(settings.ruleSet, settings.judgedBy, settings.logTime);
  }

  /** Judges a shipment: what cannot have changed since it was judged last is taken over. */
  assess(shipment: OpenShipment, now: EpochMs): Assessment {
    const { tenant, refsOf, sourceRank } = this.#settings;
    shipment.refs ??= refsOf(shipment.id);
    const trace = shipment.trace(tenant, shipment.refs, sourceRank);
    const out: Growing = { trace, alerts: [], waits: [], nextAt: Number.POSITIVE_INFINITY };
    // By other rules is not judged.
    if (shipment.judged?.rules !== this.rules.indexed) shipment.judged = undefined;
    const judged = shipment.judged ?? this.#judgeFirst(shipment, out, now);
    if (shipment.judged !== undefined) this.#judgeAgain(shipment, judged, out, now);
    for (const i of judged.forIt) out.nextAt = Math.min(out.nextAt, judged.nextAt[i]!);
    // Once alerts are decided again, all of them have to be.
    shipment.judged = this.muted ? undefined : judged;
    return out;
  }

  /**
   * Whether an event that is about to be absorbed leaves every verdict as it is at `now`: then nothing is missed when the shipment is not judged.
   * Asked before it is absorbed; for those that revise a statement the answer is always no.
   */
  isIndifferent({ judged, entries }: OpenShipment, event: Statement, now: EpochMs): boolean {
    if (judged?.rules !== this.rules.indexed || entries.has(event.key)) return false;
    const bits = touchedBits(event);
    for (const i of judged.forIt) {
      if ((judged.rules[i]!.touchBits & bits) !== 0 || now >= judged.standsUntil[i]!) return false;
    }
    const { attributes } = event;
    for (const name in attributes) {
      if (this.rules.reads.has(name) && judged.trace.attributes[name] !== attributes[name]) return false;
    }
    return true;
  }

  /** How a shipment stands by its last judgement. */
  stateOf({ judged }: OpenShipment): ShipmentState {
    if (judged === undefined) throw new Error('a shipment is given out that was not judged');
    const clocks: Verdict[] = [];
    for (const verdicts of judged.byRule) if (verdicts !== undefined) clocks.push(...verdicts);
    clocks.push(...judged.orphans);
    return { trace: judged.trace, clocks };
  }

  /** Whether rules that changed concern a shipment. */
  isConcerned(shipment: OpenShipment): boolean {
    const { tenant, refsOf, sourceRank } = this.#settings;
    shipment.refs ??= refsOf(shipment.id);
    return this.rules.concern(shipment.trace(tenant, shipment.refs, sourceRank), shipment.clocks.values());
  }

  #judgeFirst(shipment: OpenShipment, out: Growing, now: EpochMs): Judged {
    const rules = this.rules.indexed;
    const never = rules.map(() => Number.POSITIVE_INFINITY);
    const orphans: Verdict[] = [];
    const judged: Judged = {
      rules,
      trace: out.trace,
      byRule: rules.map(() => undefined),
      holds: this.#holding(out.trace),
      forIt: [],
      standsUntil: never,
      nextAt: [...never],
      orphans,
    };
    const known =
      shipment.clocks.size > 0 ? Map.groupBy(shipment.clocks.values(), (clock) => clock.rule) : undefined;
    const present = presentBits(out.trace);
    for (const [i, { rule, startBits }] of rules.entries()) {
      const previous = known?.get(rule.name);
      if (previous === undefined && isLeftOut(judged, i)) leaveOut(judged, i);
      else if ((present & startBits) !== 0 || previous !== undefined)
        this.#judgeRule(i, previous, shipment, judged, out, now);
    }
    judged.forIt = forIt(judged);
    for (const [name, clocks] of known ?? []) {
      if (this.rules.byName(name) !== undefined) continue;
      for (const before of clocks) {
        const verdict = this.#orphan(before, shipment.id);
        shipment.clocks.set(verdict.clockId, this.#decide(before, verdict, now, out));
        orphans.push(verdict);
      }
    }
    return judged;
  }

  #judgeAgain(shipment: OpenShipment, judged: Judged, out: Growing, now: EpochMs): void {
    const { trace } = out;
    const before = judged.trace;
    judged.trace = trace;
    const changed = changedBits(before, trace);
    const sameForAll =
      before.attributes === trace.attributes ||
      areSame(this.rules.reads, before.attributes, trace.attributes);
    if (!sameForAll) judged.holds = this.#holding(trace);
    let present: number | undefined;
    let leftOut = !sameForAll;
    // A rule that was not for it is not, as long as no attribute changes that a condition reads.
    const count = sameForAll ? judged.forIt.length : judged.rules.length;
    for (let at = 0; at < count; at += 1) {
      const i = sameForAll ? judged.forIt[at]! : at;
      const { touchBits, startBits, compiled } = judged.rules[i]!;
      const last = judged.byRule[i];
      const previous = last !== undefined && last.length > 0 ? last : undefined;
      if (previous === undefined && isLeftOut(judged, i)) {
        leaveOut(judged, i);
        leftOut = true;
        continue;
      }
      const untouched = (changed & touchBits) === 0 && now < judged.standsUntil[i]!;
      const stands =
        untouched &&
        last !== NOT_FOR_IT &&
        (sameForAll || areSame(compiled.reads, before.attributes, trace.attributes));
      if (stands) continue;
      present ??= presentBits(trace);
      if ((present & startBits) !== 0 || previous !== undefined)
        this.#judgeRule(i, previous, shipment, judged, out, now);
      else judged.byRule[i] = undefined;
      if (judged.byRule[i] === NOT_FOR_IT) leftOut = true;
    }
    if (leftOut) judged.forIt = forIt(judged);
  }

  #holding({ attributes }: Trace): readonly boolean[] {
    return this.rules.conditions.map((condition) => condition.test(attributes));
  }

  /** What a rule makes of the shipment, and what that changes about its clocks and their alerts. */
  #judgeRule(
    index: number,
    previous: readonly KnownClock[] | undefined,
    { clocks }: OpenShipment,
    judged: Judged,
    out: Growing,
    now: EpochMs,
  ): void {
    const history = { waived: this.waived, ...(previous !== undefined && { previous }) };
    const { compiled } = judged.rules[index]!;
    const verdicts = compiled.evaluate(out.trace, this.#settings.channels, now, history);
    if (verdicts === NOT_FOR_IT) {
      leaveOut(judged, index);
      return;
    }
    const memories = verdicts.map((verdict) => this.#decide(clocks.get(verdict.clockId), verdict, now, out));
    for (const { clockId, state } of previous ?? []) {
      // One that waited under a name that its start did not turn out to have.
      if (!memories.some((memory) => memory.clockId === clockId)) this.counts[state] -= 1;
      clocks.delete(clockId);
    }
    for (const memory of memories) clocks.set(memory.clockId, memory);
    const { standsUntil, nextAt } = horizonOf(verdicts);
    judged.byRule[index] = verdicts;
    judged.standsUntil[index] = standsUntil;
    judged.nextAt[index] = nextAt;
  }

  /** Counts a verdict and decides what it changes about its alert. */
  #decide(before: ClockMemory | undefined, verdict: Verdict, now: EpochMs, out: Growing): ClockMemory {
    this.#count(before?.state, verdict.state);
    const memory =
      before?.alert ?? (this.muted ? this.#settings.told(alertIdOf(verdict.clockId)) : undefined);
    const change = this.muted ? undefined : decideAlert(memory, verdict, now).change;
    const record =
      change && recordOf(change, memory, verdict, out.trace, { ...this.#settings, rules: this.rules });
    if (record !== undefined) out.alerts.push(record);
    if (verdict.awaitingChannels.length > 0) this.#addWaits(verdict, out.waits);
    const { clockId, rule, occurrence, state } = verdict;
    return { clockId, rule, occurrence, state, alert: record?.change.after ?? memory };
  }

  /** Only what is not heard far enough is waited for: the rest would come up again with every message. */
  #addWaits(verdict: Verdict, waits: Wait[]): void {
    const { channels } = this.#settings;
    const rule = this.rules.byName(verdict.rule);
    const { dueAt } = verdict;
    if (rule === undefined || dueAt === undefined) return;
    const milestones = awaitedMilestones(rule);
    for (const channelId of verdict.awaitingChannels) {
      for (const milestone of milestones) {
        if ((channels.stateOf(channelId, milestone)?.watermark ?? dueAt) >= dueAt) continue;
        const same = waits.findIndex((wait) => wait.channelId === channelId && wait.milestone === milestone);
        const earlier = waits[same];
        if (earlier === undefined) waits.push({ channelId, milestone, dueAt });
        else if (dueAt < earlier.dueAt) waits[same] = { channelId, milestone, dueAt };
      }
    }
  }

  /** Takes a loaded shipment's clocks into the counts. */
  countLoaded(clocks: Iterable<ClockMemory>): void {
    for (const clock of clocks) this.#count(undefined, clock.state);
  }

  /** A clock whose rule is no longer in force. */
  #orphan(clock: ClockMemory, shipmentId: string): Verdict {
    return {
      clockId: clock.clockId,
      rule: clock.rule,
      ruleVersion: '',
      shipmentId,
      occurrence: clock.occurrence,
      state: OVER.has(clock.state) ? clock.state : 'withdrawn',
      reason: 'rule-removed',
      evidence: [],
      awaitingChannels: [],
    };
  }

  #count(before: ClockState | undefined, after: ClockState): void {
    if (before !== undefined) this.counts[before] -= 1;
    this.counts[after] += 1;
  }
}
