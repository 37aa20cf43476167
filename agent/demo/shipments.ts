import type { EpochMs } from '../../rules/time.ts';
import { type Calendars, customsStory, postings } from './consignments.ts';
import { complete, makeVoyage, type Scene, type Voyage } from './journeys.ts';
import type { Chance } from './random.ts';
import {
  DAY,
  type DemoShipment,
  type GoodsIssue,
  HOUR,
  LANES,
  type Lane,
  MINUTE,
  toMinute,
  type WorldTimes,
} from './shipment.ts';

const CUSTOMERS = [
  'Thornbury Retail',
  'Ashgrove Home',
  'Pennine Outdoor',
  'Larkfield Foods',
  'Castleton Tools',
];
const INCOTERMS = ['FOB', 'CIF', 'DAP', 'FCA', 'EXW'];
/** Deliveries in one container, where it is shared. */
const SHARING = 3;

/** So many shipments of each lane out of a hundred; the rest flies. */
const MIX: readonly (readonly [Lane, number])[] = [
  [LANES.shanghai, 34],
  [LANES.singapore, 24],
  [LANES.newYork, 20],
];

/** Every shipment of the world, with all that is true of it. */
export function makeShipments(
  count: number,
  times: WorldTimes,
  calendars: Calendars,
  chance: Chance,
): readonly DemoShipment[] {
  const shipments: DemoShipment[] = [];
  const add = (voyages: Voyage, deliveries: number): void => {
    shipments.push(...consignments(voyages, deliveries, shipments.length, calendars, chance));
  };
  for (const [scene, lane, howMany] of SCENES) {
    for (let i = 0; i < howMany && shipments.length < count; i += 1) {
      add(makeVoyage(lane, times, chance, scene), 1);
    }
  }
  while (shipments.length < count) {
    const lane = laneOf(chance.between(0, 100));
    const shared = lane.mode === 'sea' && chance.happens(0.06);
    add(makeVoyage(lane, times, chance), Math.min(shared ? SHARING : 1, count - shipments.length));
  }
  return shipments;
}

const SCENES: readonly (readonly [Scene, Lane, number])[] = [
  ['collected-in-silence', LANES.singapore, 5],
  ['late-in-silence', LANES.singapore, 2],
  ['told-wrong', LANES.shanghai, 5],
];

function laneOf(percent: number): Lane {
  let below = 0;
  for (const [lane, share] of MIX) {
    below += share;
    if (percent < below) return lane;
  }
  return LANES.heathrow;
}

/** The deliveries that travel together: each has papers of its own, the container leaves when the last is released. */
function consignments(
  voyage: Voyage,
  deliveries: number,
  firstIndex: number,
  calendars: Calendars,
  chance: Chance,
): readonly DemoShipment[] {
  const stories = Array.from({ length: deliveries }, (_, i) =>
    customsStory(voyage, `LT${26_100_000 + firstIndex + i}`, calendars, chance),
  );
  const releasedAt = Math.max(...stories.map((story) => story.releasedAt));
  const journey = complete(voyage, releasedAt, chance);
  return stories.map((story, i) => {
    const index = firstIndex + i;
    const deliveredAt = toMinute(journey.gateOutAt + chance.between(3, 20) * HOUR);
    const createdAt = byDay(journey.loadingPlans[0]!.knownAt - chance.between(1, 30) * HOUR);
    return {
      index,
      delivery: String(80_100_000 + index),
      tmsId: `SHP-${10_001 + index}`,
      order: String(4_711_000 + index),
      purchaseOrder: String(4_500_000_000 + index),
      customerRef: `PO-${26_000 + index}`,
      customer: chance.pick(CUSTOMERS),
      incoterm: chance.pick(INCOTERMS),
      houseBill: `LTH${chance.digits(8)}`,
      journey,
      createdAt,
      goodsIssues: goodsIssues(voyage, createdAt, chance),
      ...story,
      promisedAt: promise(deliveredAt, chance),
      deliveredAt,
      ...postings(story, deliveredAt, calendars, chance),
    };
  });
}

/** Mostly kept by some hours, or missed by less than anybody minds. */
function promise(deliveredAt: EpochMs, chance: Chance): EpochMs {
  const hoursEarly = chance.happens(0.08) ? chance.between(-60, -13) : chance.between(-10, 16);
  return toMinute(deliveredAt + hoursEarly * HOUR);
}

/** Nobody posts at night; and the hour that comes twice in autumn could not be told from local times. */
function byDay(at: EpochMs): EpochMs {
  const night = new Date(at).getUTCHours() < 6;
  return toMinute(night ? at + 6 * HOUR : at);
}

/** SAP writes midnight for a time that it does not know. */
function notAtMidnight(at: EpochMs, zone: string): EpochMs {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  return hour === 0 && minute === 0 ? at + MINUTE : at;
}

/** Goods issue in working hours some days before departure; now and then cancelled and posted again. */
function goodsIssues(voyage: Voyage, createdAt: EpochMs, chance: Chance): readonly GoodsIssue[] {
  const { departedAt, lane } = voyage;
  const late = chance.happens(0.05);
  const daysBefore =
    lane.mode === 'air' ? chance.between(1, 3) : late ? chance.between(10.2, 11.5) : chance.between(2, 7);
  const { zone } = lane.origin;
  const at = notAtMidnight(byDay(Math.max(departedAt - daysBefore * DAY, createdAt + HOUR)), zone);
  if (!chance.happens(0.05) || departedAt - at < 2 * DAY) return [{ at }];
  const cancelledAt = at + toMinute(chance.between(2, 8) * HOUR);
  return [
    { at, cancelledAt },
    { at: notAtMidnight(byDay(cancelledAt + chance.between(3, 20) * HOUR), zone) },
  ];
}
