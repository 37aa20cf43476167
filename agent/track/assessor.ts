import { type AlertMemory, alertIdOf, decideAlert } from '../../rules/alert.ts';
import type { ChannelView } from '../../rules/channel.ts';
import type { Channels } from '../../rules/channels.ts';
import { awaitedMilestones, proversOf } from '../../rules/evaluate-provers.ts';
import type { Ref } from '../../rules/refs.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { foldTrace, type Trace } from '../../rules/trace.ts';
import type { ClockState, Verdict } from '../../rules/verdict.ts';
import type { Wait } from './awaiting.ts';
import type { ClockMemory } from './clocks.ts';
import type { AlertRecord, RenderAlert } from './outcome.ts';
import type { OpenShipment } from './shipments.ts';
import { changedBits, EVERYTHING, type IndexedRule, indexRule, presentBits, stands } from './unchanged.ts';

export interface AssessorSettings {
  readonly tenant: string;
  readonly ruleSet: RuleSet;
  readonly channels: ChannelView & Pick<Channels, 'watermarkOf'>;
  readonly refsOf: (shipmentId: string) => readonly Ref[];
  /** Higher is more trusted when two sources state the same fact. */
  readonly sourceRank: (source: string) => number;
  readonly renderAlert: RenderAlert;
  /** Alert changes of log times before this are recorded, not told: the first start on an old stream must not page anybody. */
  readonly tellSince: EpochMs;
  /** What the alert log last told of an alert that memory does not know; see {@link Assessor.muted}. */
  readonly told: (alertId: string) => AlertMemory | undefined;
}

/** A shipment judged at one moment. */
export interface Assessment {
  readonly trace: Trace;
  readonly verdicts: readonly Verdict[];
  /** When the next verdict may change, nothing new being heard. */
  readonly nextAt: EpochMs | undefined;
  /** What overdue clocks wait to be heard before they can be settled. */
  readonly waits: readonly Wait[];
  readonly alerts: readonly AlertRecord[];
}

interface Growing {
  readonly trace: Trace;
  readonly verdicts: Verdict[];
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
  readonly #rules: readonly IndexedRule[];
  readonly #byName: ReadonlyMap<string, Rule>;

  constructor(settings: AssessorSettings) {
    this.#settings = settings;
    const rules = settings.ruleSet.rules.filter((rule) => rule.mode !== 'off');
    this.#byName = new Map(rules.map((rule) => [rule.name, rule]));
    this.#rules = rules.map((rule) => indexRule(rule, settings.ruleSet.calendars.get(rule.calendar ?? '')));
  }

  assess(shipment: OpenShipment, now: EpochMs): Assessment {
    const { tenant, refsOf, sourceRank } = this.#settings;
    shipment.refs ??= refsOf(shipment.id);
    shipment.trace ??= foldTrace(
      shipment.id,
      tenant,
      shipment.refs,
      shipment.entries.values(),
      sourceRank,
      shipment.facts,
    );
    const { trace } = shipment;
    const out: Growing = { trace, verdicts: [], alerts: [], waits: [], nextAt: Number.POSITIVE_INFINITY };
    const clocks = new Map<string, ClockMemory>();
    const byRule = this.#byRule(shipment, trace, now);
    const { judged } = shipment;
    for (let i = 0; i < byRule.length; i += 1) {
      const verdicts = byRule[i];
      if (verdicts === undefined) continue;
      const same = verdicts === judged?.byRule[i];
      for (const verdict of verdicts) {
        const before = shipment.clocks.get(verdict.clockId);
        // The same verdict was decided on and told, if there was anything to tell.
        clocks.set(verdict.clockId, same && before ? before : this.#decide(before, verdict, now, out));
        out.verdicts.push(verdict);
        if (verdict.nextAt !== undefined && verdict.nextAt < out.nextAt) out.nextAt = verdict.nextAt;
      }
    }
    for (const before of shipment.clocks.values()) {
      if (this.#byName.has(before.rule)) continue;
      const verdict = this.#orphan(before, shipment.id);
      clocks.set(verdict.clockId, this.#decide(before, verdict, now, out));
      out.verdicts.push(verdict);
    }
    shipment.clocks = clocks;
    shipment.judged = this.muted ? undefined : { trace, byRule };
    return { ...out, nextAt: out.nextAt === Number.POSITIVE_INFINITY ? undefined : out.nextAt };
  }

  /** Counts a verdict and decides what it changes about its alert. */
  #decide(before: ClockMemory | undefined, verdict: Verdict, now: EpochMs, out: Growing): ClockMemory {
    this.#count(before?.state, verdict.state);
    const memory =
      before?.alert ?? (this.muted ? this.#settings.told(alertIdOf(verdict.clockId)) : undefined);
    const change = this.muted ? undefined : decideAlert(memory, verdict, now).change;
    if (change !== undefined) out.alerts.push(this.#record(change, verdict, out.trace));
    if (verdict.awaitingChannels.length > 0) this.#addWaits(verdict, out.waits);
    const { clockId, rule, occurrence, state } = verdict;
    return { clockId, rule, occurrence, state, alert: change?.after ?? memory };
  }

  /** Only what is not heard far enough is waited for: the rest would come up again with every message. */
  #addWaits(verdict: Verdict, waits: Wait[]): void {
    const { channels } = this.#settings;
    const rule = this.#byName.get(verdict.rule);
    const { dueAt } = verdict;
    if (rule === undefined || dueAt === undefined) return;
    const milestones = awaitedMilestones(rule);
    for (const channelId of verdict.awaitingChannels) {
      for (const milestone of milestones) {
        if ((channels.watermarkOf(channelId, milestone) ?? dueAt) >= dueAt) continue;
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

  /** What each rule makes of the trace; what cannot have changed since the shipment was judged last is taken over. */
  #byRule(shipment: OpenShipment, trace: Trace, now: EpochMs): (readonly Verdict[] | undefined)[] {
    const { judged } = shipment;
    const changed = judged === undefined ? EVERYTHING : changedBits(judged.trace, trace);
    const known =
      judged === undefined && shipment.clocks.size > 0
        ? Map.groupBy(shipment.clocks.values(), (clock) => clock.rule)
        : undefined;
    const present = presentBits(trace);
    return this.#rules.map((indexed, i) => {
      const last = judged?.byRule[i];
      if (
        judged !== undefined &&
        last !== undefined &&
        stands(indexed, last, judged.trace, trace, changed, now)
      )
        return last;
      const previous = last !== undefined && last.length > 0 ? last : known?.get(indexed.rule.name);
      if ((present & indexed.startBits) === 0 && previous === undefined) return undefined;
      const history = { waived: this.waived, ...(previous !== undefined && { previous }) };
      return indexed.compiled.evaluate(trace, this.#settings.channels, now, history);
    });
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

  #record(change: AlertRecord['change'], verdict: Verdict, trace: Trace): AlertRecord {
    const { ruleSet, channels, tenant, tellSince } = this.#settings;
    const rule = this.#byName.get(verdict.rule);
    if (rule === undefined) return this.#recordOfRemovedRule(change, verdict, trace);
    const { labels, text } = this.#settings.renderAlert({
      about: 'shipment',
      change,
      verdict,
      rule,
      trace,
      calendarZone: rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar)?.zone,
      channels: proversOf(rule, trace, channels).channels,
    });
    const quiet =
      rule.mode === 'shadow'
        ? 'shadow'
        : change.at < tellSince
          ? 'older-than-horizon'
          : rule.notify.length === 0
            ? 'no-route'
            : undefined;
    return {
      change,
      clockId: verdict.clockId,
      shipmentId: trace.shipmentId,
      rule: rule.name,
      ruleVersion: rule.version,
      severity: rule.severity,
      tenant,
      notify: quiet === undefined ? rule.notify : [],
      ...(quiet !== undefined && { quiet }),
      aboutChannel: false,
      labels,
      text,
    };
  }

  #recordOfRemovedRule(change: AlertRecord['change'], verdict: Verdict, trace: Trace): AlertRecord {
    return {
      change,
      clockId: verdict.clockId,
      shipmentId: trace.shipmentId,
      rule: verdict.rule,
      ruleVersion: '',
      severity: 'info',
      tenant: this.#settings.tenant,
      notify: [],
      quiet: 'no-route',
      aboutChannel: false,
      labels: { rule: verdict.rule },
      text: { headline: `${verdict.rule} is no longer in force`, lines: [], link: '' },
    };
  }

  #count(before: ClockState | undefined, after: ClockState): void {
    if (before !== undefined) this.counts[before] -= 1;
    this.counts[after] += 1;
  }
}
