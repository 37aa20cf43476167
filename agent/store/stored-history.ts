import type { AttributeValue, ShipmentEvent } from '../../rules/event.ts';
import { type RefType, refText } from '../../rules/refs.ts';
import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { Statement } from '../../rules/trace.ts';
import type { Life, LinkedEvent } from '../backtest/life.ts';
import type { FirstTold, Waited } from '../backtest/listen.ts';
import { OPTIONAL } from './fact-rows.ts';
import { readRows, type StoreReader } from './query.ts';
import { locationOf, occurrenceOf } from './stored-events.ts';

/** From a moment to another, both inclusive. */
export interface Period {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** A shipment of which nothing was heard for this long before a period has no part in it. */
export const LOOK_BACK_MS: DurationMs = 90 * 86_400_000;

/** Shipments of which something became known in the period, or not long before it. */
const CONCERNED = `shipment_id IN (SELECT shipment_id FROM {database:Identifier}.links_log
  WHERE at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
  GROUP BY shipment_id HAVING max(at) >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'))`;

const LINKS = `FROM {database:Identifier}.links_log FINAL
  WHERE at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND ${CONCERNED}`;

const paramsOf = ({ from, to }: Period): Readonly<Record<string, unknown>> => ({
  to,
  since: from - LOOK_BACK_MS,
});

/** How many facts {@link readLives} will give. */
export async function countFacts(store: StoreReader, period: Period): Promise<number> {
  const [row] = await readRows<{ total: number }>(
    store,
    `SELECT count() AS total ${LINKS}`,
    paramsOf(period),
  );
  return row?.total ?? 0;
}

/** So many facts are joined and sorted at once at most: what ClickHouse holds in memory, whatever the length of a period. */
const MOST_FACTS = 2_000_000;
/** Below this, another slice costs more than it saves: each reads the whole table of events. */
const WORTH_A_SLICE = 100_000;
/** While one slice is judged, ClickHouse prepares the next. */
const SLICES = 4;
const BATCH_FACTS = 5_000;

/** Where to cut the shipments, in thousandths. The first slice is a small one: nothing is judged while it is prepared. */
function cutsFor(total: number): readonly number[] {
  const slices = Math.max(Math.ceil(total / MOST_FACTS), Math.min(SLICES, Math.ceil(total / WORTH_A_SLICE)));
  if (slices <= 1) return [0, 1000];
  const first = Math.round(250 / slices);
  const rest = Array.from({ length: slices - 1 }, (_, i) => ((1000 - first) * (i + 1)) / (slices - 1));
  return [0, first, ...rest.map((each) => first + Math.round(each))];
}

type FactRow = readonly [
  shipmentId: string,
  at: EpochMs,
  linked: boolean,
  stream: string,
  sequence: number,
  source: string,
  partner: string,
  key: string,
  revisionOrder: number,
  revisionTag: string,
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
  unlocode: string,
  place: string,
  country: string,
  placeZone: string,
  facility: string,
  attributes: Readonly<Record<string, string>>,
  numeric: readonly string[],
  boolean: readonly string[],
  retracted: boolean,
  optional: number,
];

const FACT_COLUMNS = `shipment_id, toUnixTimestamp64Milli(at) AS known_at, linked, stream, sequence, source, partner, key, revision_order, revision_tag,
  milestone, role, leg, subject, classifier, toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(occurred_until), zone, zone_from,
  toUnixTimestamp64Milli(observed_at), unlocode, place, country, place_zone, facility, attributes, numeric, boolean, retracted, optional`;

/**
 * Every shipment that a period concerns, with what was known of it by its end, in the order in which it became known. `total`: see
 * {@link countFacts}. An answer waits while the one before it is judged: the client's time-out has to allow for that.
 */
export async function* readLives(
  store: StoreReader,
  period: Period,
  total: number,
): AsyncGenerator<readonly Life[]> {
  const cuts = cutsFor(total);
  const ask = (slice: number): ReturnType<typeof askSlice> | undefined => {
    const [first, end] = [cuts[slice], cuts[slice + 1]];
    if (first === undefined || end === undefined) return undefined;
    const answer = askSlice(store, period, first, end);
    // What fails while another slice is judged is told when it is this one's turn.
    answer.catch(() => undefined);
    return answer;
  };
  let next = ask(0);
  try {
    for (let slice = 1; next !== undefined; slice += 1) {
      const answer = await next;
      next = ask(slice);
      yield* livesOf(answer.stream<FactRow>());
    }
  } finally {
    await next?.then(
      (answer) => answer.close(),
      () => undefined,
    );
  }
}

const askSlice = (store: StoreReader, period: Period, first: number, end: number) =>
  store.client.query({
    query: `SELECT ${FACT_COLUMNS} FROM {database:Identifier}.events_log FINAL
      INNER JOIN (SELECT shipment_id, event_id, at, linked ${LINKS}
        AND cityHash64(shipment_id) % 1000 >= {first:UInt32} AND cityHash64(shipment_id) % 1000 < {end:UInt32}) AS l
      USING event_id ORDER BY shipment_id, known_at, stream, sequence, event_id`,
    query_params: { database: store.database, ...paramsOf(period), first, end },
    format: 'JSONCompactEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });

interface RowOf<T> {
  json<R = T>(): R;
}

/** Rows come shipment by shipment. */
async function* livesOf(answer: AsyncIterable<readonly RowOf<FactRow>[]>): AsyncGenerator<readonly Life[]> {
  let lives: Life[] = [];
  let facts: LinkedEvent[] = [];
  let shipmentId = '';
  let held = 0;
  for await (const rows of answer) {
    for (const each of rows) {
      const row = each.json();
      if (row[0] !== shipmentId) {
        if (facts.length > 0) lives.push({ shipmentId, facts });
        shipmentId = row[0];
        facts = [];
      }
      facts.push({ at: row[1], linked: row[2], event: statementOf(row) });
    }
    held += rows.length;
    if (held < BATCH_FACTS) continue;
    yield lives;
    lives = [];
    held = 0;
  }
  if (facts.length > 0) lives.push({ shipmentId, facts });
  if (lives.length > 0) yield lives;
}

function statementOf(row: FactRow): Statement {
  const optional = row[29];
  const statement: Statement = {
    key: row[7],
    revision: { order: row[8], tag: row[9] },
    source: row[5],
    partner: row[6],
    milestone: row[10],
    occurrence: occurrenceOf(optional, row[11], row[12], row[13]),
    classifier: row[14],
    occurredAt: { from: row[15], to: row[16], zone: row[17], zoneFrom: row[18] },
    observedAt: row[19],
    attributes: attributesOf(row[25], row[26], row[27]),
    retracted: row[28],
    raw: { stream: row[3], sequence: row[4] },
  };
  if ((optional & OPTIONAL.location) === 0) return statement;
  return { ...statement, location: locationOf(optional, row[20], row[21], row[22], row[23], row[24]) };
}

function attributesOf(
  texts: Readonly<Record<string, string>>,
  numeric: readonly string[],
  boolean: readonly string[],
): Readonly<Record<string, AttributeValue>> {
  if (numeric.length === 0 && boolean.length === 0) return texts;
  const attributes: Record<string, AttributeValue> = { ...texts };
  for (const name of numeric) attributes[name] = Number(texts[name]);
  for (const name of boolean) attributes[name] = texts[name] === 'true';
  return attributes;
}

/** Events that were known before any shipment of theirs was, and those of which none ever was. */
export async function readWaited(store: StoreReader, period: Period): Promise<readonly Waited[]> {
  const rows = await readRows<Omit<Waited, 'until'> & { readonly until: EpochMs | null }>(
    store,
    `SELECT key, source, partner, milestone, toUnixTimestamp64Milli(min(observed_at)) AS since,
        toUnixTimestamp64Milli(minOrNull(linked_at)) AS until
      FROM {database:Identifier}.events_log FINAL
      LEFT JOIN (SELECT event_id, toNullable(min(at)) AS linked_at FROM {database:Identifier}.links_log
        WHERE linked AND at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC') GROUP BY event_id) AS l USING event_id
      WHERE classifier = 'actual' AND NOT retracted
        AND observed_at BETWEEN fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      GROUP BY key, source, partner, milestone HAVING until IS NULL OR until > since
      ORDER BY since, key`,
    paramsOf(period),
  );
  return rows.map(({ until, ...event }) => ({ ...event, ...(until !== null && { until }) }));
}

/** When each statement that something had happened was heard first, in this order. */
export async function* readFirstTold(store: StoreReader, to: EpochMs): AsyncGenerator<readonly FirstTold[]> {
  const answer = await store.client.query({
    query: `SELECT argMin(event_id, seen) AS eventId, source, partner,
        toUnixTimestamp64Milli(argMin(occurred_until, seen)) AS happened, toUnixTimestamp64Milli(min(observed_at)) AS observedAt
      FROM (SELECT *, (observed_at, stream, sequence) AS seen FROM {database:Identifier}.events_log FINAL
        WHERE observed_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC'))
      GROUP BY key, source, partner HAVING argMin(classifier, seen) = 'actual' AND NOT argMin(retracted, seen)
      ORDER BY min(seen)`,
    query_params: { database: store.database, to },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  for await (const rows of answer.stream<FirstTold>()) yield rows.map((row) => row.json<FirstTold>());
}

/** What people call shipments: the identifier that makes one. */
export async function readNames(
  store: StoreReader,
  shipmentIds: readonly string[],
  shipmentIs: RefType,
): Promise<ReadonlyMap<string, string>> {
  if (shipmentIds.length === 0) return new Map();
  const rows = await readRows<{ shipment_id: string; value: string }>(
    store,
    `SELECT shipment_id, arrayFirst(r -> r.1 = {shipmentIs:String}, refs).2 AS value
      FROM {database:Identifier}.shipments_state FINAL WHERE shipment_id IN {shipmentIds:Array(String)} AND value != ''`,
    { shipmentIds, shipmentIs },
  );
  return new Map(rows.map(({ shipment_id, value }) => [shipment_id, refText({ type: shipmentIs, value })]));
}
