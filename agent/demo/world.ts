import type { EpochMs } from '../../rules/time.ts';
import { brokerFiles } from './broker-files.ts';
import type { Calendars } from './consignments.ts';
import { customsMessages } from './customs-messages.ts';
import { oceanEvents } from './ocean-events.ts';
import { Chance } from './random.ts';
import type { DropFile, RecordState, StreamMessage } from './said.ts';
import { deliveryStates, invoiceStates } from './sap-records.ts';
import { DAY, type DemoShipment, HOUR, type Journey, type WorldTimes } from './shipment.ts';
import { makeShipments } from './shipments.ts';
import { tmsMessages } from './tms-messages.ts';

/** A month of a company's cross-border shipments: what happened, and what each system says of it and when. */
export interface World {
  readonly times: WorldTimes;
  readonly shipments: readonly DemoShipment[];
  /** For the streams TMS and CUSTOMS, by time. */
  readonly messages: readonly StreamMessage[];
  /** By carrier API, by time. */
  readonly ocean: Readonly<Record<'ocean-a' | 'ocean-b', readonly RecordState[]>>;
  readonly deliveries: readonly RecordState[];
  readonly invoices: readonly RecordState[];
  readonly files: readonly DropFile[];
}

/** Length of the history. */
export const WORLD_DAYS = 30;
/** So long after the end the world goes on, for whoever stays and watches. */
const AFTERWARDS_MS = 3 * DAY;

/** The carriers' APIs tell of the last days only; SAP has archived deliveries that left before, or were issued long ago. */
const CARRIERS_KEEP_MS = 2 * DAY;
const ISSUES_KEPT_MS = 9 * DAY;

/** The same arguments make the same world. `endAt` is the moment up to which it is history. */
export function makeWorld(options: {
  readonly seed: number;
  readonly shipments: number;
  readonly endAt: EpochMs;
  readonly calendars: Calendars;
}): World {
  const { endAt } = options;
  const startAt = endAt - WORLD_DAYS * DAY;
  // The carrier of two lanes falls silent for a day, and comes back while somebody watches.
  const silence = { from: endAt - 28 * HOUR, to: endAt - 4 * HOUR };
  const times = { startAt, endAt, silence };
  const shipments = makeShipments(options.shipments, times, options.calendars, new Chance(options.seed));
  const chance = new Chance(options.seed ^ 0x9e3779b9);
  const until = endAt + AFTERWARDS_MS;
  const isKept = ({ goodsIssues, journey }: DemoShipment): boolean =>
    journey.departedAt > startAt && goodsIssues[0]!.at > startAt - ISSUES_KEPT_MS;
  const isTold = ({ at }: RecordState): boolean => at > startAt - CARRIERS_KEEP_MS;
  const messages = shipments.flatMap((shipment) => [
    ...tmsMessages(shipment, startAt, chance),
    ...customsMessages(shipment, startAt, chance),
  ]);
  const ocean: Record<'ocean-a' | 'ocean-b', RecordState[]> = { 'ocean-a': [], 'ocean-b': [] };
  for (const [journey, indexes] of journeysOf(shipments)) {
    const { api } = journey.lane;
    if (api !== undefined) ocean[api].push(...oceanEvents(journey, indexes, chance).filter(isTold));
  }
  return {
    times,
    shipments,
    messages: inTime(messages, until),
    ocean: { 'ocean-a': inTime(ocean['ocean-a'], until), 'ocean-b': inTime(ocean['ocean-b'], until) },
    deliveries: inTime(shipments.filter(isKept).flatMap(deliveryStates), until),
    invoices: inTime(shipments.flatMap(invoiceStates), until),
    files: brokerFiles(shipments, { from: startAt, to: until }, chance),
  };
}

/** Containers, with the deliveries in them. */
function journeysOf(shipments: readonly DemoShipment[]): Map<Journey, number[]> {
  const journeys = new Map<Journey, number[]>();
  for (const { journey, index } of shipments) {
    const known = journeys.get(journey);
    if (known === undefined) journeys.set(journey, [index]);
    else known.push(index);
  }
  return journeys;
}

const inTime = <T extends { readonly at: EpochMs }>(list: readonly T[], until: EpochMs): readonly T[] =>
  list.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
