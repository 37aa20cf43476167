import type { Classifier, PlaceRole } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';
import { localText, type Said, type StreamMessage } from './said.ts';
import { type DemoShipment, HOUR, MINUTE, type Stop } from './shipment.ts';

/** Reporting of the TMS: what drivers and planners type, soon after it happened. Within `reporting_lag` of the source. */
const LATEST_UPDATE_MS = 45 * MINUTE;
const STRAY_MS = 65 * MINUTE;
/** So long after the beginning the TMS has told how everything stood. */
const FIRST_TOLD_MS = 1_000;

/** Everything that the TMS publishes of one shipment: the whole shipment as it stands, at each change. */
export function tmsMessages(
  shipment: DemoShipment,
  startAt: EpochMs,
  chance: Chance,
): readonly StreamMessage[] {
  const updates = updatesOf(shipment, chance);
  // What had happened before the watch began is told at once, as it stood then; after what customs had said of it until then, which
  // waits for the shipment.
  const first = updates.findLast((at) => at <= startAt);
  const messages: StreamMessage[] = [];
  for (const updatedAt of updates) {
    if (updatedAt < startAt && updatedAt !== first) continue;
    const stray = chance.happens(0.04) && updatedAt > startAt ? chance.between(30 * MINUTE, STRAY_MS) : 0;
    const at = Math.max(startAt + FIRST_TOLD_MS, Math.round(updatedAt + stray));
    const message = { at, subject: `tms.shipments.${shipment.tmsId}`, ...snapshot(shipment, updatedAt) };
    if (updatedAt > startAt && chance.happens(0.008)) {
      messages.push({
        ...message,
        body: message.body.replace(/"created_at":"[^"]*"/, '"created_at":"tba"'),
        says: [],
      });
      messages.push({ ...message, at: at + Math.round(chance.between(10 * MINUTE, HOUR)) });
      continue;
    }
    messages.push(message);
    if (chance.happens(0.06))
      messages.push({ ...message, at: at + Math.round(chance.between(MINUTE, 3 * HOUR)) });
  }
  return messages;
}

/** When the shipment changes in the TMS, in order. */
function updatesOf(shipment: DemoShipment, chance: Chance): readonly EpochMs[] {
  const { journey, declarations, createdAt, deliveredAt } = shipment;
  const planned = [
    createdAt,
    ...journey.loadingPlans.slice(1).map(({ knownAt }) => knownAt),
    ...declarations.slice(0, -1).map(({ rejectedAt }) => rejectedAt! + 10 * MINUTE),
  ].map((at) => at + chance.between(1, 4) * MINUTE);
  const happened = factsOf(shipment).map(({ at }) => at);
  const reported = [...happened, deliveredAt].map((at) => at + chance.between(3 * MINUTE, LATEST_UPDATE_MS));
  return [...new Set([...planned, ...reported].map((at) => Math.round(at / 1000) * 1000))].sort(
    (a, b) => a - b,
  );
}

interface Told {
  readonly at: EpochMs;
  readonly milestone: MilestoneCode;
  readonly role: PlaceRole;
  readonly field: string;
}

/** What the TMS itself knows to have happened: at sea only the carrier knows. */
function factsOf({ journey, deliveredAt }: DemoShipment): readonly Told[] {
  const { lane, loadingPlans, departedAt, arrivedAt, gateOutAt } = journey;
  const loadedAt = loadingPlans.at(-1)!.loadingAt;
  const road: readonly Told[] = [
    { at: loadedAt, milestone: 'loaded', role: 'origin', field: 'loading' },
    { at: deliveredAt, milestone: 'delivered', role: 'destination', field: 'delivery' },
  ];
  if (lane.mode === 'sea') return road;
  return [
    ...road,
    { at: departedAt, milestone: 'departed', role: 'origin', field: 'departure' },
    { at: arrivedAt, milestone: 'arrived', role: 'destination', field: 'arrival' },
    { at: gateOutAt, milestone: 'gate.out', role: 'destination', field: 'gate_out' },
  ];
}

type TmsStop = Record<string, unknown> & { times: Record<string, Record<string, string>> };

/** The shipment as it stands at `updatedAt`. */
function snapshot(shipment: DemoShipment, updatedAt: EpochMs): Pick<StreamMessage, 'body' | 'says'> {
  const { journey, declarations, index } = shipment;
  const { lane } = journey;
  const says: Said[] = [];
  const stops = new Map<PlaceRole, TmsStop>();
  const put = (role: PlaceRole, place: Stop, sequence: number): void => {
    stops.set(role, { sequence, role, unlocode: place.unlocode, zone: place.zone, times: {} });
  };
  put('origin', lane.origin, 1);
  if (lane.transshipment !== undefined) put('transshipment', lane.transshipment, 2);
  put('destination', lane.destination, 3);
  const say = (milestone: MilestoneCode, classifier: Classifier, at: EpochMs, role?: PlaceRole): void => {
    const ref = `delivery:${shipment.delivery}`;
    const shipments = [index];
    says.push({
      source: 'tms',
      milestone,
      classifier,
      at,
      ref,
      shipments,
      ...(role !== undefined && { role }),
    });
  };
  const tell = ({ at, milestone, role, field }: Told, kind: 'planned' | 'actual'): void => {
    const stop = stops.get(role)!;
    stop.times[field] = { ...stop.times[field], [kind]: localText(at, String(stop.zone)) };
    say(milestone, kind, at, role);
  };
  say('shipment.created', 'actual', shipment.createdAt);
  for (const plan of plansOf(shipment, updatedAt)) tell(plan, 'planned');
  for (const fact of factsOf(shipment)) if (fact.at <= updatedAt) tell(fact, 'actual');
  const record = {
    shipment_id: shipment.tmsId,
    updated_at: new Date(updatedAt).toISOString(),
    created_at: new Date(shipment.createdAt).toISOString(),
    status: 'open',
    mode: lane.mode.toUpperCase(),
    incoterm: shipment.incoterm,
    carrier: lane.carrier,
    customer: shipment.customer,
    references: {
      delivery: [shipment.delivery],
      order: shipment.order,
      'purchase-order': shipment.purchaseOrder,
      'customer-ref': shipment.customerRef,
      'house-bill': shipment.houseBill,
      ...(lane.mode === 'air'
        ? { awb: journey.awb }
        : { booking: journey.booking, container: [journey.container] }),
      ...(shipment.entry && { entry: shipment.entry.number }),
      lrn: lrnsKnown(declarations, updatedAt),
    },
    stops: [...stops.values()].map(({ zone: _, times, ...stop }) => ({ ...stop, ...times })),
  };
  return { body: JSON.stringify(record), says };
}

const lrnsKnown = (declarations: DemoShipment['declarations'], at: EpochMs): readonly string[] =>
  declarations.filter((_, i) => i === 0 || declarations[i - 1]!.rejectedAt! <= at).map(({ lrn }) => lrn);

/** The plan as it stands: of loading the newest one, of the rest the first. */
function plansOf({ journey, promisedAt }: DemoShipment, at: EpochMs): readonly Told[] {
  const { loadingPlans, departedAt, arrivedAt, transshipment } = journey;
  const loading = loadingPlans.findLast(({ knownAt }) => knownAt <= at) ?? loadingPlans[0]!;
  const hours = (n: number): EpochMs => n * HOUR;
  return [
    { at: loading.loadingAt, milestone: 'loaded', role: 'origin', field: 'loading' },
    { at: departedAt - hours(2), milestone: 'departed', role: 'origin', field: 'departure' },
    ...(transshipment === undefined
      ? []
      : [
          {
            at: transshipment.arrivedAt - hours(7),
            milestone: 'arrived',
            role: 'transshipment',
            field: 'arrival',
          } as const,
          {
            at: transshipment.arrivedAt + hours(60),
            milestone: 'departed',
            role: 'transshipment',
            field: 'departure',
          } as const,
        ]),
    { at: arrivedAt - hours(5), milestone: 'arrived', role: 'destination', field: 'arrival' },
    { at: promisedAt, milestone: 'delivered', role: 'destination', field: 'delivery' },
  ];
}
