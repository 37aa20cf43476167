import { countedWindows } from './budget.ts';
import type { Calendar, Window } from './calendar.ts';
import type { ChannelState, ChannelView } from './channel.ts';
import { countedOf } from './date-rule.ts';
import { detailsOf } from './details.ts';
import { startsOf } from './evaluate-kinds.ts';
import { pausesOf, pausesUntil } from './evaluate-pauses.ts';
import { proversOf } from './evaluate-provers.ts';
import type { Start } from './evaluate-starts.ts';
import type { RawPosition } from './event.ts';
import { clockIdOf } from './hash.ts';
import { MILESTONES } from './milestone.ts';
import { ruleText } from './rule-text.ts';
import type { Rule } from './sla.ts';
import { hoursText, localText, spanText, zonedText } from './testing-time.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import type { Fact, MilestoneFact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';
import { REASON_TEXTS } from './verdict-text.ts';

/** One event that a verdict rests on, with where its raw bytes are. */
export interface ExplainedFact {
  readonly eventId: string;
  readonly what: string;
  readonly at: TimeSpan;
  readonly observedAt: EpochMs;
  readonly source: string;
  readonly partner: string;
  readonly raw: RawPosition;
}

/** Everything a verdict rests on. Times are epoch ms; {@link drawExplanation} puts it into words. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly rule: {
    readonly name: string;
    readonly version: string;
    readonly title: string;
    readonly says: string;
    readonly basis?: string;
  };
  /** Zone of the rule's calendar, else UTC. */
  readonly zone: string;
  readonly calendar?: string;
  /** What started the clock; for a `before` rule, the event that the deadline hangs on. */
  readonly start?: ExplainedFact;
  /** The plan as it stands, where the clock is held to the first one. */
  readonly planNow?: ExplainedFact;
  /** What was found beside dates: values that differ, another declaration. */
  readonly details: readonly string[];
  /** Open time that was counted, pauses cut out; up to the deadline. */
  readonly windows: readonly (Window & { readonly ms: number })[];
  readonly pauses: readonly Window[];
  readonly because: string;
  readonly channels: readonly (ChannelState & { readonly pastDue: boolean })[];
  readonly evidence: readonly ExplainedFact[];
}

/** Explains one verdict from what it was judged on. Give the trace, the rule and the channels as they were then. */
export function explain(
  trace: Trace,
  rule: Rule,
  verdict: Verdict,
  calendar: Calendar | undefined,
  channels: ChannelView,
): Explanation {
  const start = startsOf(trace, rule).find(
    ({ text }) => clockIdOf(rule.name, trace.shipmentId, text) === verdict.clockId,
  );
  const facts = factsOf(trace);
  const { windows, pauses } = counted(trace, rule, verdict, calendar, start);
  const startFact = start && facts.get(start.fact.eventId);
  const replanned = trace.milestones.find(({ firstPlanned }) => firstPlanned && firstPlanned === start?.fact);
  const planNow = replanned?.planned && facts.get(replanned.planned.eventId);
  return {
    verdict,
    rule: {
      name: rule.name,
      version: rule.version,
      title: rule.title,
      says: ruleText(rule),
      ...(rule.basis !== undefined && { basis: rule.basis }),
    },
    zone: calendar?.zone ?? 'UTC',
    ...(rule.calendar !== undefined && { calendar: rule.calendar }),
    ...(startFact && { start: startFact }),
    ...(planNow && { planNow }),
    windows,
    pauses,
    details: detailsOf(trace, rule, verdict),
    because: REASON_TEXTS[verdict.reason],
    channels: proversOf(rule, trace, channels).channels.map((channel) => ({
      ...channel,
      pastDue: verdict.dueAt !== undefined && channel.watermark >= verdict.dueAt,
    })),
    evidence: verdict.evidence.flatMap((id) => facts.get(id) ?? []),
  };
}

function factsOf(trace: Trace): ReadonlyMap<string, ExplainedFact> {
  const facts = new Map<string, ExplainedFact>();
  const add = (fact: Fact | undefined, what: string): void => {
    if (fact === undefined) return;
    const { eventId, at, observedAt, source, partner, raw } = fact;
    facts.set(eventId, { eventId, what, at, observedAt, source, partner, raw });
  };
  const called = ({
    milestone,
    occurrence: { role, subject },
  }: Pick<MilestoneFact, 'milestone' | 'occurrence'>) =>
    `${MILESTONES[milestone].title}${role === undefined ? '' : ` at ${role}`}${subject === undefined ? '' : ` (${subject})`}`;
  for (const of of trace.milestones) {
    const { firstPlanned, planned, estimated, actual, others = [] } = of;
    const what = called(of);
    add(firstPlanned, `first planned: ${what}`);
    add(planned, `planned: ${what}`);
    add(estimated, `estimated: ${what}`);
    add(actual, what);
    for (const other of others) add(other, what);
  }
  for (const of of trace.retracted ?? []) add(of.fact, `taken back: ${called(of)}`);
  for (const { agency, placed, removed } of trace.holds) {
    const by = agency === '' ? '' : ` by ${agency}`;
    add(placed, `${MILESTONES['customs.hold.placed'].title}${by}`);
    add(removed, `${MILESTONES['customs.hold.removed'].title}${by}`);
  }
  return facts;
}

function counted(
  trace: Trace,
  rule: Rule,
  { dueAt }: Verdict,
  calendar: Calendar | undefined,
  start: Start | undefined,
): Pick<Explanation, 'windows' | 'pauses'> {
  if (start === undefined) return { windows: [], pauses: [] };
  const waits = rule.kind !== 'before' && rule.kind !== 'by';
  const all = waits ? pausesUntil(pausesOf(trace, rule.pauseWhile, start), Number.POSITIVE_INFINITY) : [];
  if (dueAt === undefined) return { windows: [], pauses: all };
  const [from, to] =
    rule.kind === 'before' ? [dueAt, start.fact.at.to] : [(start.date ?? start.fact.at).to, dueAt];
  const windows = countedWindows(
    from,
    to,
    rule.on === undefined ? rule.within : countedOf(rule.on),
    calendar,
    all,
  );
  return {
    windows: windows.map((window) => ({ ...window, ms: window.to - window.from })),
    pauses: all.filter((pause) => pause.to > from && pause.from < to),
  };
}

/** An explanation for a person, in the zone of the rule's calendar. */
export function drawExplanation(explanation: Explanation): string {
  const { verdict, rule, zone, calendar, start, planNow, windows, pauses, channels, evidence } = explanation;
  const lines = [`${rule.title} (${rule.name}, version ${rule.version})`, `  ${rule.says}`];
  if (rule.basis !== undefined) lines.push(`  basis: ${rule.basis}`);
  const confidence = verdict.confidence === undefined ? '' : `, ${verdict.confidence}`;
  lines.push('', `${verdict.state}${confidence}: ${explanation.because} (${verdict.reason})`);
  if (start !== undefined) lines.push(`  start    ${factText(start, zone)}`);
  if (planNow !== undefined) lines.push(`  plan now ${factText(planNow, zone)}`);
  lines.push(...drawCounted(windows, pauses, zone, calendar));
  if (verdict.warnAt !== undefined) lines.push(`  warning  ${zonedText(verdict.warnAt, zone)}`);
  if (verdict.dueAt !== undefined) lines.push(`  due      ${zonedText(verdict.dueAt, zone)}`);
  if (verdict.endAt !== undefined) {
    const late = verdict.lateMs === undefined ? '' : `, ${spanText(verdict.lateMs)} late`;
    lines.push(`  done     ${zonedText(verdict.endAt, zone)}${late}`);
  } else if (verdict.lateMs !== undefined) lines.push(`  late by  ${spanText(verdict.lateMs)} so far`);
  lines.push(...explanation.details.map((detail) => `  found    ${detail}`));
  lines.push('', 'Channels that would tell:');
  lines.push(
    ...(channels.length === 0
      ? ['  none is configured']
      : channels.map((channel) => drawChannel(channel, zone))),
  );
  lines.push(
    '',
    'Evidence:',
    ...evidence.map((fact) => `  ${factText(fact, zone)}\n           ${fact.eventId}`),
  );
  return lines.join('\n');
}

/** The counted windows with their running sum. */
export function drawCounted(
  windows: Explanation['windows'],
  pauses: readonly Window[],
  zone: string,
  calendar: string | undefined,
): string[] {
  const lines: string[] = [];
  let sum = 0;
  for (const { from, to, ms } of windows) {
    sum += ms;
    const label = lines.length === 0 ? 'counted' : '';
    lines.push(
      `  ${label.padEnd(8)} ${localText(from, zone)} – ${localText(to, zone)}  ${hoursText(ms).padEnd(8)} (${hoursText(sum)})`,
    );
  }
  if (lines.length > 0 && calendar !== undefined) lines.push(`           on calendar ${calendar}, ${zone}`);
  for (const { from, to } of pauses) {
    const until = Number.isFinite(to) ? localText(to, zone) : 'still open';
    lines.push(`  paused   ${localText(from, zone)} – ${until}`);
  }
  return lines;
}

function drawChannel(channel: Explanation['channels'][number], zone: string): string {
  const heard = Number.isFinite(channel.watermark)
    ? `heard up to ${zonedText(channel.watermark, zone)}`
    : 'never heard';
  const past = channel.pastDue ? ', past the deadline' : '';
  const how = channel.status === 'blind' ? ', blind' : '';
  const { reportingLagMs = 0 } = channel;
  const lag = reportingLagMs === 0 ? '' : ` (less ${spanText(reportingLagMs)} that it may take to tell)`;
  const effort = channel.bestEffort ? ', best effort' : '';
  return `  ${channel.id}: ${heard}${lag}${past}${how}${effort}`;
}

function factText({ what, at, observedAt, source, partner, raw }: ExplainedFact, zone: string): string {
  const when =
    at.from === at.to
      ? zonedText(at.from, zone)
      : `${localText(at.from, at.zone).slice(0, 10)} (date only, ${at.zone})`;
  const assumed = at.zoneFrom === 'assumed' ? `, zone ${at.zone} assumed` : '';
  return `${when}${assumed}  ${what}; ${partner} via ${source}, known ${zonedText(observedAt, zone)}, raw ${raw.stream}#${raw.sequence}`;
}
