import type { ChannelView } from '../../rules/channel.ts';
import { evaluate } from '../../rules/evaluate.ts';
import type { PlaceRole, ShipmentEvent } from '../../rules/event.ts';
import { drawExplanation, type Explanation, explain } from '../../rules/explain.ts';
import { compareRefs, type Ref, refText } from '../../rules/refs.ts';
import type { ParsedRules, Rule, RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { foldTrace, type Trace, type TraceEntry } from '../../rules/trace.ts';
import { absorb } from '../../rules/trace-absorb.ts';
import type { Confidence, Verdict, VerdictReason } from '../../rules/verdict.ts';
import type { StoreReader } from '../store/query.ts';
import type { ShipmentClockRow } from '../store/query-rows.ts';
import { readEventsOf } from '../store/stored-events.ts';
import { readChannelsAt, readWaived } from '../store/tower.ts';
import { channelView, statesThen } from './channel-view.ts';
import type { KnownSource } from './services.ts';

/** What the events of a shipment amount to; undefined when there are none. */
export function foldEvents(
  shipmentId: string,
  events: readonly ShipmentEvent[],
  sources: readonly Pick<KnownSource, 'name'>[],
): Trace | undefined {
  const [first] = events;
  if (first === undefined) return undefined;
  const entries = new Map<string, TraceEntry>();
  const refs = new Map<string, Ref>();
  for (const event of events) {
    absorb(entries, event);
    for (const ref of event.refs) refs.set(refText(ref), ref);
  }
  const ranks = new Map(sources.map(({ name }, index) => [name, -index]));
  return foldTrace(
    shipmentId,
    first.tenant,
    [...refs.values()].sort(compareRefs),
    entries.values(),
    (source) => ranks.get(source) ?? Number.NEGATIVE_INFINITY,
  );
}

/** A shipment folded again from its stored events; undefined when none was known. `knownBy` undefined is now. */
export const refold = async (
  store: StoreReader,
  shipmentId: string,
  sources: readonly KnownSource[],
  knownBy?: EpochMs,
): Promise<Trace | undefined> =>
  foldEvents(shipmentId, await readEventsOf(store, shipmentId, knownBy), sources);

/** What every rule says of a shipment as it was known at a time. */
export async function verdictsAt(
  store: StoreReader,
  trace: Trace,
  { ruleSet }: ParsedRules,
  sources: readonly KnownSource[],
  at: EpochMs,
): Promise<readonly Verdict[]> {
  const [intervals, waived] = await Promise.all([
    readChannelsAt(store, at),
    readWaived(store, trace.shipmentId, at),
  ]);
  const view = channelView(sources, statesThen(intervals, sources, at));
  return judgedAt(trace, ruleSet.rules, ruleSet, { view, at, waived });
}

/** What rules say of a trace at a moment; those that are off say nothing. */
export const judgedAt = (
  trace: Trace,
  rules: readonly Rule[],
  { calendars }: RuleSet,
  known: { readonly view: ChannelView; readonly at: EpochMs; readonly waived: ReadonlySet<string> },
): readonly Verdict[] =>
  rules
    .filter(({ mode }) => mode !== 'off')
    .flatMap((rule) =>
      evaluate(trace, rule, calendars.get(rule.calendar ?? ''), known.view, known.at, {
        waived: known.waived,
      }),
    );

/** An explanation with its words. */
export type Explained = Explanation & { readonly text: string };

export function explained(
  trace: Trace,
  rule: Rule,
  verdict: Verdict,
  { calendars }: RuleSet,
  view: ChannelView,
): Explained {
  const explanation = explain(trace, rule, verdict, calendars.get(rule.calendar ?? ''), view);
  return { ...explanation, text: drawExplanation(explanation) };
}

/** A stored clock as the verdict it was made of. */
export function verdictOf(shipmentId: string, row: ShipmentClockRow): Verdict {
  const at = (name: string, text: string | null) => (text === null ? {} : { [name]: Date.parse(text) });
  return {
    clockId: row.clock_id,
    rule: row.rule,
    ruleVersion: row.rule_version,
    shipmentId,
    occurrence: {
      ...(row.role !== '' && { role: row.role as PlaceRole }),
      ...(row.leg !== '' && { leg: row.leg }),
      ...(row.subject !== '' && { subject: row.subject }),
    },
    state: row.state as Verdict['state'],
    reason: row.reason as VerdictReason,
    ...(row.confidence !== '' && { confidence: row.confidence as Confidence }),
    ...at('startAt', row.start_at),
    ...at('warnAt', row.warn_at),
    ...at('dueAt', row.due_at),
    ...at('endAt', row.end_at),
    ...(row.late_ms !== null && { lateMs: row.late_ms }),
    evidence: row.evidence,
    awaitingChannels: row.awaiting_channels,
  };
}
