import { placeOf } from '../../collectors/places.ts';
import type { EpochMs } from '../../rules/time.ts';
import { type Fact, firstPlanned, type MilestoneFact, type Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { HoldRow, MilestoneRow, ShipmentClockRow, ShipmentDetail } from '../store/query-rows.ts';
import { traceIdOf } from '../store/trace-ids.ts';

/** A milestone with the zone of its place, so that its time can be told as people there tell it; '' when it is not known. */
export type PlacedMilestone = MilestoneRow & { readonly place_zone: string };

/** A shipment as the API answers it. */
export type ShipmentAnswer = Omit<ShipmentDetail, 'milestones'> & {
  readonly milestones: readonly PlacedMilestone[];
};

/** Adds what UN/LOCODE knows of the places. */
export const withPlaces = (detail: ShipmentDetail): ShipmentAnswer => ({
  ...detail,
  milestones: detail.milestones.map((row) => {
    const known = placeOf(row.unlocode);
    // An IANA zone that the message was read in is the place's or the partner's; an offset says little.
    const read = row.zone.includes('/') ? row.zone : '';
    return { ...row, place: row.place || known?.name || '', place_zone: known?.zone ?? read };
  }),
});

/** A folded trace in the words of the view `shipments`, so that a shipment reads the same now and as of a time. */
export function detailOf(trace: Trace, verdicts: readonly Verdict[]): ShipmentDetail {
  const attributes = Object.fromEntries(
    Object.entries(trace.attributes).map(([name, value]) => [name, String(value)]),
  );
  const attribute = (name: string): string => attributes[name] ?? '';
  const refsOf = (...types: readonly string[]): string[] =>
    trace.refs.filter(({ type }) => types.includes(type)).map(({ value }) => value);
  const milestones = trace.milestones.map(milestoneRow);
  const last = milestones
    .filter(({ actual_at }) => actual_at !== null)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .at(-1);
  const clocks = verdicts.map(clockRow);
  const open = clocks.filter(({ state }) => OPEN.has(state));
  const value = Number.parseFloat(attribute('goods.value'));
  return {
    shipment_id: trace.shipmentId,
    tenant: trace.tenant,
    trace_id: traceIdOf(trace.shipmentId),
    delivery: refsOf('delivery')[0] ?? '',
    customer_ref: refsOf('customer-ref')[0] ?? '',
    customer: attribute('customer'),
    containers: refsOf('container'),
    orders: refsOf('order', 'purchase-order'),
    declarations: refsOf('mrn', 'entry', 'itn'),
    mode: attribute('mode'),
    lane: laneOf(attributes),
    partners: trace.partners,
    last_milestone: last?.milestone ?? null,
    last_milestone_at: last?.actual_at ?? null,
    open_holds: trace.holds.filter(({ removed }) => removed === undefined).length,
    clocks_open: open.length,
    clocks_at_risk: clocks.filter(({ state }) => state === 'at-risk').length,
    clocks_breached: clocks.filter(({ state }) => state === 'breached').length,
    next_due_at: open.flatMap(({ due_at }) => due_at ?? []).sort()[0] ?? null,
    goods_value: Number.isNaN(value) ? null : value,
    goods_currency: attribute('goods.currency'),
    first_observed_at: iso(trace.firstObservedAt),
    last_observed_at: iso(trace.lastObservedAt),
    refs: trace.refs,
    attributes,
    milestones,
    holds: trace.holds.map(holdRow),
    voided: trace.voided.map(({ eventId, milestone, reason }) => ({ event_id: eventId, milestone, reason })),
    clocks,
  };
}

const OPEN: ReadonlySet<string> = new Set(['running', 'paused', 'at-risk', 'unknown']);

const iso = (at: EpochMs): string => new Date(at).toISOString();
const maybe = (at: EpochMs | undefined): string | null => (at === undefined ? null : iso(at));
const key = ({ actual_at, milestone }: MilestoneRow): string => `${actual_at} ${milestone}`;

function laneOf(attributes: Readonly<Record<string, string>>): string {
  const own = attributes.lane ?? '';
  const [origin, destination] = [attributes['origin.country'] ?? '', attributes['destination.country'] ?? ''];
  if (own !== '' || (origin === '' && destination === '')) return own;
  return `${origin || '?'}-${destination || '?'}`;
}

function milestoneRow(of: MilestoneFact): MilestoneRow {
  const { milestone, occurrence, planned, estimated, actual } = of;
  const first = firstPlanned(of);
  const best: Fact | undefined = actual ?? estimated ?? planned;
  return {
    milestone,
    role: occurrence.role ?? '',
    leg: occurrence.leg ?? '',
    subject: occurrence.subject ?? '',
    first_planned_at: maybe(first?.at.from),
    first_planned_until: maybe(first?.at.to),
    planned_at: maybe(planned?.at.from),
    planned_until: maybe(planned?.at.to),
    estimated_at: maybe(estimated?.at.from),
    estimated_until: maybe(estimated?.at.to),
    actual_at: maybe(actual?.at.from),
    actual_until: maybe(actual?.at.to),
    zone: best?.at.zone ?? '',
    unlocode: best?.location?.unlocode ?? '',
    place: best?.location?.name ?? '',
    country: best?.location?.country ?? '',
    source: best?.source ?? '',
    partner: best?.partner ?? '',
    observed_at: iso(best?.observedAt ?? 0),
    event_id: best?.eventId ?? '',
  };
}

const holdRow = ({ agency, reason, subject, placed, removed }: Trace['holds'][number]): HoldRow => ({
  agency,
  reason,
  subject: subject ?? '',
  placed_at: iso(placed.at.from),
  placed_event_id: placed.eventId,
  removed_at: maybe(removed?.at.to),
  removed_event_id: removed?.eventId ?? '',
  partner: placed.partner,
});

const clockRow = (verdict: Verdict): ShipmentClockRow => ({
  clock_id: verdict.clockId,
  rule: verdict.rule,
  rule_version: verdict.ruleVersion,
  role: verdict.occurrence.role ?? '',
  leg: verdict.occurrence.leg ?? '',
  subject: verdict.occurrence.subject ?? '',
  state: verdict.state,
  reason: verdict.reason,
  confidence: verdict.confidence ?? '',
  start_at: maybe(verdict.startAt),
  warn_at: maybe(verdict.warnAt),
  due_at: maybe(verdict.dueAt),
  end_at: maybe(verdict.endAt),
  late_ms: verdict.lateMs ?? null,
  next_at: maybe(verdict.nextAt),
  evidence: verdict.evidence,
  awaiting_channels: verdict.awaitingChannels,
});
