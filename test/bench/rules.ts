import { buildJudge, type JudgeSettings } from '../../agent/track/build.ts';
import { mapRecord } from '../../agent/track/mapper.ts';
import { OpenShipment } from '../../agent/track/open-shipment.ts';
import { dueAt, parseBudget } from '../../rules/budget.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { Budget } from '../../rules/sla.ts';
import { bytesIn, hubSettings, rulesOf } from '../support/judge.ts';
import { seeded } from '../support/random.ts';
import { perCpuSecond, START_AT, trafficOf } from './project.ts';

export interface Rules {
  readonly rules: number;
  readonly events: number;
  /** From canonical events on: identity, fold, verdicts, alerts with their words. */
  readonly judgedEventsPerCpuSecond: number;
  /** Of these the fold and the verdicts alone, each event in the shipment that it belongs to. */
  readonly foldedAndEvaluatedEventsPerCpuSecond: number;
  readonly dueDatesPerCpuSecond: DueDates;
}

/** By unit; `paused` has three pauses that overlap. */
export interface DueDates {
  readonly businessHours: number;
  readonly businessDays: number;
  readonly calendarDays: number;
  readonly elapsed: number;
  readonly businessHoursPaused: number;
}

/** Each shipment goes to one of these; the rules of the others are not for it. */
export const LANES = [
  ...['NL', 'DE', 'BE', 'FR', 'GB', 'IE', 'ES', 'PT', 'IT', 'AT'],
  ...['PL', 'CZ', 'SE', 'DK', 'FI', 'NO', 'US', 'CA', 'MX', 'BR'],
];

/** Five rules for each of twenty countries, and a calendar. */
export function hundredRules(): string {
  const rules = LANES.flatMap((country) => {
    const name = country.toLowerCase();
    const own = `when: 'mode == "sea" and destination.country == "${country}"', calendar: desk, notify: desk`;
    return [
      `release-${name}: { from: arrived at destination, to: customs.released, within: 54bh, warn: 4bh before, pause_while: customs.hold, ${own} }`,
      `answered-${name}: { kind: ack, submitted: customs.filed, answered_by: [customs.accepted, customs.rejected], within: 24bh, ${own} }`,
      `duty-${name}: { from: duty.assessed, to: duty.posted, within: 9bd, ${own} }`,
      `hold-${name}: { kind: dwell, state: customs.hold, longer_than: 4bd, ${own} }`,
      `filing-${name}: { kind: before, event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 12bh, ${own} }`,
    ];
  });
  return [
    'calendars:',
    '  desk: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }',
    'rules:',
    ...rules.map((rule) => `  ${rule}`),
  ].join('\n');
}

export const hundredRulesSettings = (): JudgeSettings =>
  hubSettings({ rules: hundredRules(), channel: { expectEveryMs: 3_600_000 } });

/** Canonical events of shipments on all lanes, as they became known. */
export function eventsOf(messages: number, settings: JudgeSettings): readonly ShipmentEvent[] {
  const sources = new Map(settings.sources.map((source) => [source.identity.name, source]));
  return trafficOf(messages).flatMap(({ body, observedAt }, i) => {
    const { result } = mapRecord(bytesIn(body, observedAt, i + 1), sources);
    if (result.kind !== 'events') throw new Error(`the bench's own message is not read: ${body}`);
    return result.events.map((event) => {
      const lane = LANES[Number(/"id":"(\d+)/.exec(body)![1]) % LANES.length]!;
      const { attributes } = event;
      if (attributes['destination.country'] === undefined) return event;
      return { ...event, attributes: { ...attributes, 'destination.country': lane } };
    });
  });
}

const BATCH = 1000;

/** How fast a hundred rules are judged, and due dates reckoned. */
export function measureRules(messages: number): Rules {
  const settings = hundredRulesSettings();
  const events = eventsOf(messages, settings);
  const dates = messages * 10;
  return {
    rules: settings.ruleSet.rules.length,
    events: events.length,
    judgedEventsPerCpuSecond: judged(settings, events),
    foldedAndEvaluatedEventsPerCpuSecond: evaluated(settings, events),
    dueDatesPerCpuSecond: {
      businessHours: dueDates('24bh', dates),
      businessDays: dueDates('3bd', dates),
      calendarDays: dueDates('10cd', dates),
      elapsed: dueDates('36h', dates),
      businessHoursPaused: dueDates('24bh', dates, true),
    },
  };
}

function judged(settings: JudgeSettings, events: readonly ShipmentEvent[]): number {
  const judge = buildJudge(settings);
  const cpu = process.cpuUsage();
  for (const [i, event] of events.entries()) {
    judge.recall(event);
    if (i % BATCH === BATCH - 1) judge.drain(false);
  }
  return perCpuSecond(events.length, cpu);
}

/** Without identity, alerts and timers: what each event costs the rules. */
function evaluated(settings: JudgeSettings, events: readonly ShipmentEvent[]): number {
  const whole = buildJudge(settings);
  for (const event of events) whole.recall(event);
  const { assessor } = buildJudge(settings).parts;
  const shipments = new Map<string, OpenShipment>();
  const belongs = events.flatMap((event) =>
    whole.parts.membership.identity.linksOf(event.key).map((id) => {
      const shipment = shipments.get(id) ?? new OpenShipment(shipments.size, id, new Map(), new Map(), 0);
      shipment.refs = [];
      shipments.set(id, shipment);
      return { event, shipment };
    }),
  );
  const cpu = process.cpuUsage();
  for (const { event, shipment } of belongs) {
    shipment.absorb(event);
    assessor.assess(shipment, event.observedAt);
  }
  return perCpuSecond(belongs.length, cpu);
}

const HOUR = 3_600_000;
const ROUNDS = 5;

/** From random moments of three years, in Amsterdam; the quickest of some rounds. */
function dueDates(text: string, count: number, paused = false): number {
  const calendar = rulesOf(hundredRules()).calendars.get('desk')!;
  const budget = parseBudget(text) as Budget;
  const random = seeded(1);
  const starts = Float64Array.from(
    { length: count },
    () => START_AT + Math.floor((random() - 0.5) * 26_000) * HOUR,
  );
  const pauses = starts.length === 0 || !paused ? [] : [3, 5, 40].map((hours) => hours * HOUR);
  let sum = 0;
  const round = (): void => {
    for (const start of starts) {
      const windows = pauses.map((after) => ({ from: start + after, to: start + after + 9 * HOUR }));
      sum += dueAt(start, budget, calendar, windows);
    }
  };
  round();
  const speeds = Array.from({ length: ROUNDS }, () => {
    const cpu = process.cpuUsage();
    round();
    return perCpuSecond(count, cpu);
  });
  if (!Number.isFinite(sum)) throw new Error('a due date is none');
  return Math.max(...speeds);
}
