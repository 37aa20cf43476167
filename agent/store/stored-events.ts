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
export const readAllEvents = (
  store: StoreReader,
  upTo: Positions,
): AsyncGenerator<readonly ShipmentEvent[]> =>
  readEvents(store, 'sequence <= {upTo:Map(String, UInt64)}[stream]', { upTo });

/** Events of the shipments of which anything became known from `from` to `to`, those known by `to`. */
const HISTORY = `observed_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND event_id IN (
  SELECT event_id FROM {database:Identifier}.links_log WHERE shipment_id IN (
    SELECT shipment_id FROM {database:Identifier}.links_log
    WHERE at BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')))`;

/** What became known of shipments that a period concerns, in the order in which it did, and how many events that are. */
export async function readHistory(
  store: StoreReader,
  from: EpochMs,
  to: EpochMs,
): Promise<{ readonly total: number; readonly events: AsyncGenerator<readonly ShipmentEvent[]> }> {
  const [row] = await readRows<{ total: number }>(
    store,
    `SELECT count() AS total FROM {database:Identifier}.events_log FINAL WHERE ${HISTORY}`,
    { from, to },
  );
  return { total: row?.total ?? 0, events: readEvents(store, HISTORY, { from, to }) };
}

async function* readEvents(
  store: StoreReader,
  where: string,
  params: Readonly<Record<string, unknown>>,
): AsyncGenerator<readonly ShipmentEvent[]> {
  const answer = await store.client.query({
    query: `SELECT ${EVENT_COLUMNS} FROM {database:Identifier}.events_log FINAL
      WHERE ${where} ORDER BY observed_at, stream, sequence, event_id
      SETTINGS output_format_json_named_tuples_as_objects = 0`,
    query_params: { database: store.database, ...params },
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
    occurrence: occurrenceOf(row),
    classifier: row[13],
    occurredAt: { from: row[14], to: row[15], zone: row[16], zoneFrom: row[17] },
    observedAt: row[18],
    refs: refs.map(refOf),
    ...((optional & OPTIONAL.aliases) !== 0 && { aliases: aliases.map(refOf) }),
    ...((optional & OPTIONAL.location) !== 0 && { location: locationOf(row) }),
    attributes: attributesOf(row),
    retracted: row[29],
    raw: { stream, sequence },
  };
}

const refOf = ([type, value]: readonly [Ref['type'], string]): Ref => ({ type, value });

function occurrenceOf(row: EventRow): Occurrence {
  const optional = row[30];
  return {
    ...((optional & OPTIONAL.role) !== 0 && { role: row[10] as NonNullable<Occurrence['role']> }),
    ...((optional & OPTIONAL.leg) !== 0 && { leg: row[11] }),
    ...((optional & OPTIONAL.subject) !== 0 && { subject: row[12] }),
  };
}

function locationOf(row: EventRow): Location {
  const optional = row[30];
  return {
    ...((optional & OPTIONAL.unlocode) !== 0 && { unlocode: row[21] }),
    ...((optional & OPTIONAL.name) !== 0 && { name: row[22] }),
    ...((optional & OPTIONAL.country) !== 0 && { country: row[23] }),
    ...((optional & OPTIONAL.zone) !== 0 && { zone: row[24] }),
    ...((optional & OPTIONAL.facility) !== 0 && { facility: row[25] }),
  };
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
