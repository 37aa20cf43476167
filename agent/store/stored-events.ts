import type { AttributeValue, Location, Occurrence, ShipmentEvent } from '../../rules/event.ts';
import type { Ref } from '../../rules/refs.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import { OPTIONAL } from './fact-rows.ts';
import { readRows, type StoreReader } from './query.ts';

/** A row of events_log as {@link EVENT_COLUMNS} selects it. */
export type EventRow = readonly [
  stream: string,
  sequence: number,
  source: string,
  partner: string,
  id: string,
  key: string,
  revisionOrder: number,
  revisionTag: string,
  tenant: string,
  milestone: ShipmentEvent['milestone'],
  role: string,
  leg: string,
  subject: string,
  classifier: ShipmentEvent['classifier'],
  occurredFrom: EpochMs,
  occurredTo: EpochMs,
  zone: string,
  zoneFrom: ShipmentEvent['occurredAt']['zoneFrom'],
  observedAt: EpochMs,
  refs: readonly (readonly [Ref['type'], string])[],
  aliases: readonly (readonly [Ref['type'], string])[],
  unlocode: string,
  place: string,
  country: string,
  placeZone: string,
  facility: string,
  attributes: readonly (readonly [string, string])[],
  numeric: readonly string[],
  boolean: readonly string[],
  retracted: boolean,
  optional: number,
];

export const EVENT_COLUMNS = `stream, sequence, source, partner, event_id, key, revision_order, revision_tag, tenant, milestone, role, leg,
  subject, classifier, toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(occurred_until), zone, zone_from,
  toUnixTimestamp64Milli(observed_at), refs, aliases, unlocode, place, country, place_zone, facility,
  arrayZip(mapKeys(attributes), mapValues(attributes)), numeric, boolean, retracted, optional`;

/**
 * The events that speak of a shipment, in (observedAt, stream, sequence) order, exactly as they were judged. With `knownBy`,
 * only what had been observed and linked to it by then: folding these shows the shipment as it was known at that time.
 */
export async function readEventsOf(
  store: StoreReader,
  shipmentId: string,
  knownBy?: EpochMs,
): Promise<readonly ShipmentEvent[]> {
  const rows = await readRows<{ event: EventRow }>(
    store,
    `SELECT tuple(${EVENT_COLUMNS}) AS event FROM {database:Identifier}.events_log FINAL
      WHERE event_id IN (
        SELECT event_id FROM {database:Identifier}.links_log
        WHERE shipment_id = {shipmentId:String} AND at <= fromUnixTimestamp64Milli({knownBy:Int64}, 'UTC')
        GROUP BY event_id HAVING argMax(linked, (at, version)))
      AND observed_at <= fromUnixTimestamp64Milli({knownBy:Int64}, 'UTC')
      ORDER BY observed_at, stream, sequence, event_id
      SETTINGS output_format_json_named_tuples_as_objects = 0`,
    { shipmentId, knownBy: knownBy ?? FAR_FUTURE },
  );
  return rows.map(({ event }) => decodeEvent(event));
}

const FAR_FUTURE: EpochMs = Date.UTC(2299, 0, 1);
const BATCH_EVENTS = 5_000;

/** Every stored event up to a floor in (observedAt, stream, sequence) order, in batches: to rebuild a judge without a snapshot. */
export async function* readAllEvents(
  store: StoreReader,
  upTo: Positions,
): AsyncGenerator<readonly ShipmentEvent[]> {
  const answer = await store.client.query({
    query: `SELECT ${EVENT_COLUMNS} FROM {database:Identifier}.events_log FINAL
      WHERE sequence <= {upTo:Map(String, UInt64)}[stream] ORDER BY observed_at, stream, sequence, event_id
      SETTINGS output_format_json_named_tuples_as_objects = 0`,
    query_params: { database: store.database, upTo },
    format: 'JSONCompactEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  let batch: ShipmentEvent[] = [];
  for await (const rows of answer.stream<EventRow>()) {
    for (const row of rows) batch.push(decodeEvent(row.json<EventRow>()));
    if (batch.length < BATCH_EVENTS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

export function decodeEvent(row: EventRow): ShipmentEvent {
  const [stream, sequence, source, partner, id, key, order, tag, tenant, milestone] = row;
  const [refs, aliases] = [row[19], row[20]];
  const optional = row[30];
  return {
    id,
    key,
    revision: { order, tag },
    source,
    partner,
    tenant,
    milestone,
    occurrence: occurrenceOf(optional, row[10], row[11], row[12]),
    classifier: row[13],
    occurredAt: { from: row[14], to: row[15], zone: row[16], zoneFrom: row[17] },
    observedAt: row[18],
    refs: refs.map(refOf),
    ...((optional & OPTIONAL.aliases) !== 0 && { aliases: aliases.map(refOf) }),
    ...((optional & OPTIONAL.location) !== 0 && {
      location: locationOf(optional, row[21], row[22], row[23], row[24], row[25]),
    }),
    attributes: attributesOf(row),
    retracted: row[29],
    raw: { stream, sequence },
  };
}

const refOf = ([type, value]: readonly [Ref['type'], string]): Ref => ({ type, value });

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Of a row's columns those that `optional` says were there. */
export function occurrenceOf(optional: number, role: string, leg: string, subject: string): Occurrence {
  const occurrence: Mutable<Occurrence> = {};
  if ((optional & OPTIONAL.role) !== 0) occurrence.role = role as NonNullable<Occurrence['role']>;
  if ((optional & OPTIONAL.leg) !== 0) occurrence.leg = leg;
  if ((optional & OPTIONAL.subject) !== 0) occurrence.subject = subject;
  return occurrence;
}

/** The same for an event's location. */
export function locationOf(
  optional: number,
  unlocode: string,
  name: string,
  country: string,
  zone: string,
  facility: string,
): Location {
  const location: Mutable<Location> = {};
  if ((optional & OPTIONAL.unlocode) !== 0) location.unlocode = unlocode;
  if ((optional & OPTIONAL.name) !== 0) location.name = name;
  if ((optional & OPTIONAL.country) !== 0) location.country = country;
  if ((optional & OPTIONAL.zone) !== 0) location.zone = zone;
  if ((optional & OPTIONAL.facility) !== 0) location.facility = facility;
  return location;
}

function attributesOf(row: EventRow): Readonly<Record<string, AttributeValue>> {
  const numeric = new Set(row[27]);
  const boolean = new Set(row[28]);
  return Object.fromEntries(
    row[26].map(([name, text]): [string, AttributeValue] => [
      name,
      numeric.has(name) ? Number(text) : boolean.has(name) ? text === 'true' : text,
    ]),
  );
}
