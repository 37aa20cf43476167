import { decideAlert } from './alert.ts';
import type { ChannelUpdate, ChannelView } from './channel.ts';
import { Channels } from './channels.ts';
import { type CompiledRule, compileRule, reevaluateAt } from './evaluate.ts';
import { type FeedRule, isFeedRule, judgeFeed, watches } from './evaluate-feed.ts';
import type { RuleSet } from './sla.ts';
import type { Failure, Happening, Scenario, ScenarioResult, Step } from './testing.ts';
import { checkExpectation } from './testing-check.ts';
import { emptyShipment, eventOf, type TestShipment } from './testing-shipment.ts';
import { localText, spanText } from './testing-time.ts';
import type { EpochMs } from './time.ts';
import { foldTrace, type Trace } from './trace.ts';
import { absorb } from './trace-absorb.ts';
import type { ClockState, Verdict } from './verdict.ts';

/** A scenario in virtual time: steps, due clocks and expectations at their own moments, in order. */
export function runScenario(scenario: Scenario, ruleSet: RuleSet, zone: string): ScenarioResult {
  return new ScenarioRun(scenario, ruleSet, zone).run();
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #zone: string;
  readonly #rules: readonly CompiledRule[];
  readonly #feedRules: readonly FeedRule[];
  readonly #calendars: RuleSet['calendars'];
  readonly #channels: Channels | undefined;
  /** What is known of the channels themselves, as of one more shipment. */
  readonly #feeds = emptyShipment('channels', {});
  readonly #blind = new Set<string>();
  readonly #letters = new Map<string, string>();
  readonly #shipments = new Map<string, TestShipment>();
  readonly #happenings: Happening[] = [];
  readonly #failures: Failure[] = [];
  readonly #reached = new Map<string, Set<ClockState>>();
  #now: EpochMs = 0;

  constructor(scenario: Scenario, ruleSet: RuleSet, zone: string) {
    this.#scenario = scenario;
    this.#zone = zone;
    this.#rules = ruleSet.rules.map((rule) =>
      compileRule(rule, rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar)),
    );
    this.#feedRules = ruleSet.rules.filter(isFeedRule);
    this.#calendars = ruleSet.calendars;
    this.#channels = scenario.channels.length === 0 ? undefined : new Channels(scenario.channels);
    for (const [name, attributes] of scenario.shipments)
      this.#shipments.set(name, emptyShipment(name, attributes));
  }

  run(): ScenarioResult {
    const { name, place, expectations } = this.#scenario;
    const steps = this.#scenario.steps.filter((step) => Number.isFinite(step.at));
    const last = Math.max(steps.at(-1)?.at ?? 0, expectations.at(-1)?.at ?? 0);
    let nextStep = 0;
    let nextExpectation = 0;
    for (;;) {
      const at = Math.min(
        steps[nextStep]?.at ?? Number.POSITIVE_INFINITY,
        expectations[nextExpectation]?.at ?? Number.POSITIVE_INFINITY,
        this.#dueAt(),
      );
      if (at > last) break;
      this.#now = at;
      for (; steps[nextStep]?.at === at; nextStep += 1) this.#apply(steps[nextStep]!);
      this.#hear();
      for (const shipment of this.#shipments.values()) this.#judge(shipment);
      this.#judgeFeeds();
      for (; expectations[nextExpectation]?.at === at; nextExpectation += 1) this.#check(nextExpectation);
    }
    return {
      name,
      place,
      checks: expectations.length,
      failures: this.#failures,
      happenings: this.#happenings,
      reached: this.#reached,
    };
  }

  /** The next moment at which something happens by itself, after now. */
  #dueAt(): EpochMs {
    let next = this.#channels?.nextAt() ?? Number.POSITIVE_INFINITY;
    for (const { verdicts } of [...this.#shipments.values(), this.#feeds]) {
      for (const each of verdicts.values()) next = Math.min(next, reevaluateAt(each) ?? next);
    }
    return next > this.#now ? next : this.#now + 1;
  }

  #apply(step: Step): void {
    switch (step.kind) {
      case 'event':
        this.#event(step);
        break;
      case 'blind':
        this.#blind.add(step.channel);
        this.#happened('channel', `${step.channel} falls silent`);
        break;
      case 'returns':
        this.#blind.delete(step.channel);
        this.#happened('channel', `${step.channel} speaks again`);
        break;
      case 'dead-letter':
        this.#letters.set(step.channel, `letter-${step.at}`);
        this.#channels?.deadLetter(`letter-${step.at}`, step.channel, undefined, step.at);
        this.#happened('channel', `${step.channel}: a message that cannot be read`);
        break;
      case 'resolved':
        this.#moved(this.#channels?.resolveDeadLetter(this.#letters.get(step.channel) ?? ''));
        this.#happened('channel', `${step.channel}: the message was mended`);
        break;
      case 'reports':
        this.#reports(step);
        break;
      case 'waive': {
        const shipment = this.#shipments.get(step.shipment)!;
        for (const { clockId } of shipment.verdicts.get(step.rule) ?? []) shipment.waived.add(clockId);
        this.#happened('event', `an operator waives ${step.rule}`);
      }
    }
  }

  #event(step: Extract<Step, { kind: 'event' }>): void {
    const shipment = this.#shipments.get(step.shipment)!;
    const event = eventOf(step);
    const isNew = absorb(shipment.entries, event) === 'added';
    this.#moved(this.#channels?.heard(step.source, step.partner, step.at));
    if (isNew && step.classifier === 'actual' && !step.retracted) {
      const report = { eventId: event.id, happened: step.occurredAt.to };
      this.#moved(this.#channels?.reported(step.source, step.partner, report, step.at));
    }
    const late = step.at - step.occurredAt.to;
    const when = late === 0 ? '' : `, of ${localText(step.occurredAt.from, this.#zone)}`;
    this.#happened('event', `${step.text}${step.retracted ? ' (retracted)' : ''}${when}`, shipment);
  }

  #reports({ at, channel, partner, lagMs, times }: Extract<Step, { kind: 'reports' }>): void {
    this.#moved(this.#channels?.heard(channel, partner, at));
    for (let i = 0; i < times; i += 1) {
      const report = { eventId: `report-${at}-${i}`, happened: at - lagMs };
      this.#moved(this.#channels?.reported(channel, partner, report, at));
    }
    const lag = lagMs === 0 ? 'at once' : `after ${spanText(lagMs)}`;
    this.#happened('event', `${channel}: ${times} reports, each ${lag}`);
  }

  /** Whoever is not blind proves itself at every moment that matters. */
  #hear(): void {
    const channels = this.#channels;
    if (channels === undefined) return;
    for (const { name } of this.#scenario.channels) {
      if (!this.#blind.has(name))
        this.#moved(channels.proof({ source: name, provedUntil: this.#now }, this.#now));
    }
    this.#moved(channels.advance(this.#now));
  }

  #moved(update: ChannelUpdate | undefined): void {
    for (const { channelId, status, reason } of update?.transitions ?? []) {
      if (reason !== 'first-heard') this.#happened('channel', `${channelId}: ${status} (${reason})`);
    }
  }

  #judge(shipment: TestShipment): void {
    const folded = foldTrace(shipment.name, 'test', [], shipment.entries.values(), () => 0);
    const trace: Trace = { ...folded, attributes: { ...shipment.attributes, ...folded.attributes } };
    const verdicts = new Map<string, readonly Verdict[]>();
    for (const compiled of this.#rules) {
      const { name } = compiled.rule;
      const before = shipment.verdicts.get(name) ?? [];
      const history = { previous: before, waived: shipment.waived };
      const after = compiled.evaluate(trace, this.#channels ?? this.#everything(), this.#now, history);
      verdicts.set(name, after);
      for (const verdict of after) this.#record(shipment, verdict, before);
    }
    shipment.verdicts = verdicts;
  }

  #judgeFeeds(): void {
    const verdicts = new Map<string, readonly Verdict[]>();
    for (const rule of this.#feedRules) {
      const before = this.#feeds.verdicts.get(rule.name) ?? [];
      const calendar = this.#calendars.get(rule.calendar ?? '');
      const feeds = (this.#channels?.feeds() ?? []).filter((feed) => watches(rule, feed));
      const after = feeds.map((feed) => {
        const last = before.find(({ occurrence }) => occurrence.subject === feed.id);
        return judgeFeed(rule, calendar, feed, last?.reason, this.#now);
      });
      verdicts.set(rule.name, after);
      for (const verdict of after) this.#record(this.#feeds, verdict, before);
    }
    this.#feeds.verdicts = verdicts;
  }

  #record(shipment: TestShipment, verdict: Verdict, before: readonly Verdict[]): void {
    const { rule, state, reason, clockId } = verdict;
    let states = this.#reached.get(rule);
    if (states === undefined) {
      states = new Set();
      this.#reached.set(rule, states);
    }
    states.add(state);
    const last = before.find((each) => each.clockId === clockId);
    if (last?.state !== state || last.reason !== reason || last.dueAt !== verdict.dueAt) {
      if (state !== 'waiting') this.#happened('clock', this.#clockText(verdict), shipment);
    }
    const { change } = decideAlert(shipment.alerts.get(clockId), verdict, this.#now);
    if (change === undefined) return;
    shipment.alerts.set(clockId, change.after);
    shipment.told.set(rule, [...(shipment.told.get(rule) ?? []), change.kind]);
    this.#happened('alert', `${rule}: ${change.kind} (${change.reason})`, shipment);
  }

  #clockText({ rule, state, reason, dueAt, occurrence, lateMs }: Verdict): string {
    const subject = occurrence.subject === undefined ? '' : ` of ${occurrence.subject}`;
    const due = dueAt === undefined ? '' : `, due ${localText(dueAt, this.#zone)}`;
    const late = state === 'met-late' && lateMs !== undefined ? `, ${spanText(lateMs)} late` : '';
    return `${rule}${subject}: ${state} (${reason})${due}${late}`;
  }

  #check(index: number): void {
    const expectation = this.#scenario.expectations[index]!;
    const { at, place } = expectation;
    const { expects } = expectation;
    const isFeed =
      'rule' in expects &&
      (this.#feedRules.length === this.#rules.length ||
        this.#feedRules.some(({ name }) => name === expects.rule));
    const shipment = isFeed ? this.#feeds : this.#shipments.get(expectation.shipment)!;
    const { expected, got, ok } = checkExpectation(expectation, shipment, {
      rules: this.#rules.map(({ rule }) => rule.name),
      channels: this.#channels?.list() ?? [],
      zone: this.#zone,
    });
    this.#happened(ok ? 'held' : 'failed', ok ? expected : `expected ${expected}, got ${got}`, shipment);
    if (!ok) this.#failures.push({ place, at, expected, got });
  }

  #happened(kind: Happening['kind'], text: string, shipment?: TestShipment): void {
    const whose =
      shipment !== undefined && shipment !== this.#feeds && this.#shipments.size > 1
        ? `${shipment.name}: `
        : '';
    this.#happenings.push({ at: this.#now, kind, text: `${whose}${text}` });
  }

  /** Without channels in the scenario, everything is heard at all times. */
  #everything(): ChannelView {
    const watermark = this.#now;
    return {
      provers: () => [
        {
          id: 'everything',
          source: 'test',
          partner: 'test',
          watermark,
          assumedUntil: watermark,
          status: 'hearing',
          bestEffort: false,
        },
      ],
    };
  }
}
