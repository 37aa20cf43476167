import type { PlaceRole } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';
import { localText, type RecordState, type Said } from './said.ts';
import { DAY, HOUR, type Journey, MINUTE, type Stop } from './shipment.ts';

/** The carrier puts an event into its system within so long; less than the `reporting_lag` of the sources. */
const LATEST_MS = 5.5 * HOUR;

interface Call {
  readonly milestone: MilestoneCode;
  readonly role: PlaceRole;
  readonly place: Stop;
  readonly at: EpochMs;
  readonly classifier: 'EST' | 'ACT';
  readonly type: 'transport' | 'equipment';
  readonly code: string;
  readonly empty?: boolean;
  /** For an estimate: when it is made. */
  readonly createdAt?: EpochMs;
}

/** Every state of every event of a journey in the carrier's API (DCSA Track & Trace 2.2). `shipments`: those in the container. */
export function oceanEvents(
  journey: Journey,
  shipments: readonly number[],
  chance: Chance,
): readonly RecordState[] {
  const states: RecordState[] = [];
  for (const [n, call] of callsOf(journey, chance).entries()) {
    const id = `${journey.booking}-${n + 1}`;
    const state = (at: EpochMs, tells: EpochMs, broken = false): RecordState => ({
      at: Math.round(at / 1000) * 1000,
      key: id,
      record: eventRecord(id, call, journey, Math.round(at / 1000) * 1000, broken ? undefined : tells),
      says: broken ? [] : [saidOf(call, journey, tells, shipments)],
    });
    const wrong = call.milestone === 'gate.out' ? journey.gateOutToldWrong : undefined;
    if (wrong !== undefined) {
      states.push(state(wrong.at, wrong.as), state(wrong.correctedAt, call.at));
      continue;
    }
    const delay = journey.toldPromptly
      ? chance.between(5, 25) * MINUTE
      : chance.between(5 * MINUTE, LATEST_MS);
    const createdAt = call.createdAt ?? call.at + delay;
    // The time of a departure is often put right afterwards; nobody's clock starts with it.
    const corrected = call.code === 'DEPA' && call.role === 'origin' && chance.happens(0.15);
    const broken = chance.happens(0.006);
    if (broken) states.push(state(createdAt, call.at, true));
    else if (corrected) states.push(state(createdAt, call.at - chance.whole(3, 20) * MINUTE));
    if (!corrected && !broken) states.push(state(createdAt, call.at));
    else states.push(state(createdAt + chance.between(2, 8) * HOUR, call.at));
  }
  return states;
}

function callsOf(journey: Journey, chance: Chance): readonly Call[] {
  const { lane, departedAt, transshipment, arrivedAt, dischargedAt, gateOutAt, emptyReturnedAt } = journey;
  const { origin, destination } = lane;
  const actual = { classifier: 'ACT' } as const;
  const estimate = (days: number): Call => ({
    milestone: 'arrived',
    role: 'destination',
    place: destination,
    at: arrivedAt + Math.round(chance.between(-12, 12)) * HOUR,
    classifier: 'EST',
    type: 'transport',
    code: 'ARRI',
    createdAt: arrivedAt - days * DAY,
  });
  const transport = (milestone: 'arrived' | 'departed', role: PlaceRole, place: Stop, at: EpochMs): Call => ({
    ...{ milestone, role, place, at, ...actual },
    type: 'transport',
    code: milestone === 'arrived' ? 'ARRI' : 'DEPA',
  });
  const box = (milestone: MilestoneCode, code: string, at: EpochMs, empty = false): Call => ({
    ...{ milestone, role: 'destination', place: destination, at, ...actual },
    ...{ type: 'equipment', code, empty },
  });
  const colombo = lane.transshipment;
  return [
    transport('departed', 'origin', origin, departedAt),
    ...(transshipment === undefined || colombo === undefined
      ? []
      : [
          transport('arrived', 'transshipment', colombo, transshipment.arrivedAt),
          transport('departed', 'transshipment', colombo, transshipment.departedAt),
        ]),
    estimate(6),
    estimate(2),
    transport('arrived', 'destination', destination, arrivedAt),
    box('discharged', 'DISC', dischargedAt),
    box('gate.out', 'GTOT', gateOutAt),
    box('empty.returned', 'GTIN', emptyReturnedAt, true),
  ];
}

function saidOf(call: Call, journey: Journey, at: EpochMs, shipments: readonly number[]): Said {
  return {
    source: journey.lane.api!,
    milestone: call.milestone,
    classifier: call.classifier === 'ACT' ? 'actual' : 'estimated',
    at,
    ref: `container:${journey.container}`,
    shipments,
    role: call.role,
    ...(call.type === 'equipment' && { subject: journey.container }),
  };
}

/** `tells` is absent for an event whose time did not make it into the message. */
function eventRecord(
  id: string,
  { type, code, classifier, role, place, empty }: Call,
  { container, booking, vessel, voyage }: Journey,
  createdAt: EpochMs,
  tells: EpochMs | undefined,
): Readonly<Record<string, unknown>> {
  const where =
    role === 'transshipment'
      ? { isTransshipmentMove: true }
      : { shipmentLocation: { shipmentLocationTypeCode: role === 'origin' ? 'POL' : 'POD' } };
  const common = {
    eventID: id,
    eventCreatedDateTime: new Date(createdAt).toISOString(),
    eventType: type === 'transport' ? 'TRANSPORT' : 'EQUIPMENT',
    eventClassifierCode: classifier,
    eventDateTime: tells === undefined ? 'n/k' : localText(tells, place.zone),
    ...where,
    transportCall: {
      UNLocationCode: place.unlocode,
      modeOfTransport: 'VESSEL',
      exportVoyageNumber: voyage,
      vessel: { vesselName: vessel },
    },
    documentReferences: [{ documentReferenceType: 'BKG', documentReferenceValue: booking }],
    references: [{ referenceType: 'EQ', referenceValue: container }],
  };
  if (type === 'transport') return { ...common, transportEventTypeCode: code };
  return {
    ...common,
    equipmentEventTypeCode: code,
    equipmentReference: container,
    emptyIndicatorCode: empty === true ? 'EMPTY' : 'LADEN',
  };
}
