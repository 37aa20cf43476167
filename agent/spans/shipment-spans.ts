import type { AttributeValue, Occurrence } from '../../rules/event.ts';
import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { Fact, MilestoneFact, Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import { rootSpanIdOf, spanIdOf, traceIdOf } from '../store/trace-ids.ts';
import type { ShipmentState } from '../track/outcome.ts';

/** A span of a shipment's trace whose end is known, before it is put into OpenTelemetry's terms. */
export interface ShipmentSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for the root: the shipment itself. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** `service.name`: who moved the shipment on (the partner), `sla` for clocks, `shipment` for the root. */
  readonly service: string;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  /** Log time from which on it is taken as final. */
  readonly finalAt: EpochMs;
  readonly status: 'unset' | 'ok' | 'error';
  readonly message: string;
  readonly attributes: Readonly<Record<string, AttributeValue | string[]>>;
}

interface Known {
  readonly at: EpochMs;
  /** Log time since which it is known. */
  readonly since: EpochMs;
}

/**
 * The spans of a shipment that have ended: legs between what happened, holds, clocks, and once it is delivered the shipment
 * itself. Pure; ids follow from the shipment and from what the span lies between, not from revisions, so that a span that is
 * sent again (after a crash, after a correction) has the id it had.
 *
 * ```text
 *   departed        arrived      released          heard of the release
 *   ├── leg ────────┤── leg ─────┤ . . . . . . . . ◆ ── settle ──► final: sent once
 * ```
 *
 * A span is final `settleMs` after both its ends are known, or as soon as the shipment is known to be delivered: the root waits
 * the settle time then too, for postings that come after delivery do not belong to it.
 */
export function spansOf({ trace, clocks }: ShipmentState, settleMs: DurationMs): ShipmentSpan[] {
  const actuals = actualsOf(trace);
  const end = actuals.findLast(
    ({ milestone }) => milestone === 'delivered' || milestone === 'empty.returned',
  );
  const delivered = actuals.find(({ milestone }) => milestone === 'delivered');
  const done = delivered === undefined ? undefined : knownAt(delivered.actual).since;
  const finalAt = (since: EpochMs): EpochMs =>
    done === undefined ? since + settleMs : Math.min(since + settleMs, Math.max(since, done));
  const make = (draft: Draft): ShipmentSpan => finish(trace.shipmentId, draft, finalAt(draft.since));
  const observed = observedTimes(trace);
  const spans = [
    ...legDrafts(actuals).map(make),
    ...holdDrafts(trace).map(make),
    ...clocks.flatMap((verdict) => clockDrafts(verdict, trace, observed, done)).map(make),
  ];
  if (end !== undefined) spans.push(rootSpan(trace, clocks, actuals[0]!, end, settleMs));
  return spans;
}

/** What a span is before its ids are known. `key` is unique within the shipment. */
interface Draft extends Pick<ShipmentSpan, 'name' | 'service' | 'status' | 'message' | 'attributes'> {
  readonly key: string;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly since: EpochMs;
}

function finish(shipmentId: string, draft: Draft, finalAt: EpochMs): ShipmentSpan {
  const { key, since: _, ...rest } = draft;
  return {
    ...rest,
    traceId: traceIdOf(shipmentId),
    spanId: spanIdOf(shipmentId, key),
    parentSpanId: rootSpanIdOf(shipmentId),
    endMs: Math.max(rest.startMs, rest.endMs),
    finalAt,
    attributes: { 'laytime.shipment': shipmentId, ...rest.attributes },
  };
}

type Happened = MilestoneFact & { readonly actual: Fact };

/** What happened, in time; holds are spans of their own. */
const actualsOf = (trace: Trace): Happened[] =>
  trace.milestones
    .filter(
      (fact): fact is Happened => fact.actual !== undefined && !fact.milestone.startsWith('customs.hold.'),
    )
    .sort((a, b) => a.actual.at.from - b.actual.at.from || (keyOf(a) < keyOf(b) ? -1 : 1));

const keyOf = ({ milestone, occurrence }: MilestoneFact): string =>
  [milestone, ...occurrenceParts(occurrence)].join('|');

const occurrenceParts = ({ role, leg, subject }: Occurrence): string[] => [
  role ?? '',
  leg ?? '',
  subject ?? '',
];

/** A fact is known once it was heard of, and not before it happened. */
const knownAt = (fact: Fact): Known => ({
  at: fact.at.from,
  since: Math.max(fact.observedAt, fact.at.to),
});

function legDrafts(actuals: readonly Happened[]): Draft[] {
  return actuals.slice(1).map((to, index) => {
    const from = actuals[index]!;
    const [start, end] = [knownAt(from.actual), knownAt(to.actual)];
    return {
      key: `leg ${keyOf(from)} ${keyOf(to)}`,
      name: `${from.milestone} → ${to.milestone}`,
      service: to.actual.partner,
      startMs: start.at,
      endMs: end.at,
      since: Math.max(start.since, end.since),
      status: 'unset',
      message: '',
      attributes: {
        'laytime.milestone': to.milestone,
        'laytime.source': to.actual.source,
        'laytime.event': to.actual.eventId,
        ...occurrenceAttributes(to.occurrence),
        ...textAttributes({
          'laytime.place': to.actual.location?.name,
          'laytime.unlocode': to.actual.location?.unlocode,
        }),
      },
    };
  });
}

function holdDrafts(trace: Trace): Draft[] {
  return trace.holds.flatMap((hold) => {
    if (hold.removed === undefined) return [];
    const [start, end] = [knownAt(hold.placed), knownAt(hold.removed)];
    return {
      key: `hold ${hold.agency.toLowerCase()} ${hold.reason} ${hold.subject ?? ''} ${start.at}`,
      name: hold.agency === '' ? 'customs hold' : `hold ${hold.agency}`,
      service: hold.placed.partner,
      startMs: start.at,
      endMs: end.at,
      since: Math.max(start.since, end.since),
      status: 'unset' as const,
      message: hold.reason,
      attributes: textAttributes({
        'laytime.agency': hold.agency,
        'laytime.reason': hold.reason,
        'laytime.subject': hold.subject,
      }),
    };
  });
}

/** A clock has ended when it was met, in time or late; a breach that is still open ends with the delivery. */
function clockDrafts(
  verdict: Verdict,
  trace: Trace,
  observed: ReadonlyMap<string, EpochMs>,
  done: EpochMs | undefined,
): Draft[] {
  const { state, startAt, endAt } = verdict;
  if (startAt === undefined) return [];
  const open = state === 'breached' && endAt === undefined;
  if (open ? done === undefined : !(state === 'met' || state === 'met-late' || state === 'breached'))
    return [];
  const since = open
    ? done!
    : Math.max(0, ...verdict.evidence.map((id) => observed.get(id) ?? trace.lastObservedAt));
  return [
    {
      key: `clock ${verdict.clockId}`,
      name: `SLA ${verdict.rule}`,
      service: 'sla',
      startMs: startAt,
      endMs: endAt ?? Math.max(startAt, done ?? startAt),
      since,
      status: state === 'met' ? 'ok' : 'error',
      message: state === 'met' ? '' : `${state}: ${verdict.reason}`,
      attributes: {
        'laytime.rule': verdict.rule,
        'laytime.rule_version': verdict.ruleVersion,
        'laytime.state': state,
        'laytime.reason': verdict.reason,
        ...(verdict.dueAt !== undefined && { 'laytime.due_at': isoOf(verdict.dueAt) }),
        ...(verdict.lateMs !== undefined && { 'laytime.late_ms': verdict.lateMs }),
        ...(verdict.confidence !== undefined && { 'laytime.confidence': verdict.confidence }),
        ...occurrenceAttributes(verdict.occurrence),
        ...laneAttributes(trace),
      },
    },
  ];
}

function rootSpan(
  trace: Trace,
  clocks: readonly Verdict[],
  first: Happened,
  last: Happened,
  settleMs: DurationMs,
): ShipmentSpan {
  const { shipmentId, refs } = trace;
  const late = clocks.filter(({ state }) => state === 'breached' || state === 'met-late');
  const byType = Map.groupBy(refs, ({ type }) => type);
  const own = byType.get('delivery')?.[0]?.value ?? shipmentId;
  return {
    traceId: traceIdOf(shipmentId),
    spanId: rootSpanIdOf(shipmentId),
    name: `shipment ${own}`,
    service: 'shipment',
    startMs: first.actual.at.from,
    endMs: Math.max(first.actual.at.from, last.actual.at.from),
    finalAt: knownAt(last.actual).since + settleMs,
    status: late.length > 0 ? 'error' : 'ok',
    message: late.length > 0 ? `late: ${late.map(({ rule }) => rule).join(', ')}` : '',
    attributes: {
      'laytime.shipment': shipmentId,
      'laytime.tenant': trace.tenant,
      ...Object.fromEntries(
        [...byType].map(([type, of]) => [`laytime.ref.${type}`, of.map(({ value }) => value)]),
      ),
      ...trace.attributes,
      ...laneAttributes(trace),
    },
  };
}

/** `laytime.lane` is `CNSHA-NLRTM`, as in alerts. */
function laneAttributes({ attributes }: Trace): Record<string, string> {
  const { 'origin.unlocode': origin, 'destination.unlocode': destination, mode } = attributes;
  return textAttributes({
    'laytime.lane':
      origin !== undefined && destination !== undefined ? `${origin}-${destination}` : undefined,
    'laytime.mode': mode === undefined ? undefined : String(mode),
  });
}

const occurrenceAttributes = ({ role, leg, subject }: Occurrence): Record<string, string> =>
  textAttributes({ 'laytime.role': role, 'laytime.leg': leg, 'laytime.subject': subject });

const textAttributes = (of: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(of).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== ''),
  );

const isoOf = (at: EpochMs): string => new Date(at).toISOString();

function observedTimes(trace: Trace): ReadonlyMap<string, EpochMs> {
  const times = new Map<string, EpochMs>();
  const note = (fact: Fact | undefined): void => {
    if (fact !== undefined) times.set(fact.eventId, fact.observedAt);
  };
  for (const { firstPlanned, planned, estimated, actual } of trace.milestones)
    [firstPlanned, planned, estimated, actual].forEach(note);
  for (const { placed, removed } of trace.holds) [placed, removed].forEach(note);
  return times;
}
