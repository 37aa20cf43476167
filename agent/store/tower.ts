import { readRows, type StoreReader } from './query.ts';
import type { IsoTime } from './query-rows.ts';

/** The control tower's counts. `now` is the database's clock, so that a page can say "since". */
export interface TowerCounts {
  readonly now: IsoTime;
  readonly shipments: number;
  readonly awaiting_release: number;
  readonly rejected_declarations: number;
  readonly duty_not_posted: number;
  readonly landed_cost_not_posted: number;
  readonly clocks_at_risk: number;
  readonly clocks_breached: number;
  readonly clocks_unknown: number;
  readonly channels: number;
  readonly channels_not_heard: number;
  readonly alerts_open: number;
  readonly alerts_unacknowledged: number;
  readonly dead_letters_open: number;
}

export async function readTowerCounts(store: StoreReader): Promise<TowerCounts> {
  const [counts] = await readRows<TowerCounts>(
    store,
    `SELECT now64(3, 'UTC') AS now, s.*, w.*, r.*, c.*, a.*, d.*
      FROM (SELECT count() AS shipments,
          sum(arrayCount(x -> x.state = 'at-risk', clocks)) AS clocks_at_risk,
          sum(arrayCount(x -> x.state = 'breached', clocks)) AS clocks_breached,
          sum(arrayCount(x -> x.state = 'unknown', clocks)) AS clocks_unknown
        FROM {database:Identifier}.shipments) AS s
      CROSS JOIN (SELECT countIf(milestone = 'customs.released') AS awaiting_release, countIf(milestone = 'duty.posted') AS duty_not_posted,
          countIf(milestone = 'landed_cost.posted') AS landed_cost_not_posted
        FROM {database:Identifier}.awaiting WHERE milestone IN ('customs.released', 'duty.posted', 'landed_cost.posted')) AS w
      CROSS JOIN (SELECT count() AS rejected_declarations FROM {database:Identifier}.rejected_declarations WHERE open) AS r
      CROSS JOIN (SELECT count() AS channels, countIf(status != 'hearing') AS channels_not_heard FROM {database:Identifier}.channels) AS c
      CROSS JOIN (SELECT count() AS alerts_open, countIf(acknowledged_by = '') AS alerts_unacknowledged
        FROM {database:Identifier}.alerts WHERE status IN ('at-risk', 'firing')) AS a
      CROSS JOIN (SELECT count() AS dead_letters_open FROM {database:Identifier}.dead_letters WHERE status = 'open') AS d`,
  );
  return counts!;
}

export interface RejectedRow {
  readonly shipment_id: string;
  readonly direction: 'import' | 'export';
  readonly declaration: string;
  readonly rejected_at: IsoTime;
  readonly partner: string;
  readonly resubmitted_at: IsoTime | null;
  readonly delivery: string;
  readonly customer_ref: string;
  readonly customer: string;
  readonly lane: string;
  readonly mode: string;
}

/** Declarations that failed validation and were not accepted since, the longest so first. */
export const readRejected = (store: StoreReader, limit = 1000): Promise<readonly RejectedRow[]> =>
  readRows(
    store,
    `SELECT shipment_id, direction, declaration, rejected_at, partner, resubmitted_at, delivery, customer_ref, customer, lane, mode
      FROM {database:Identifier}.rejected_declarations WHERE open ORDER BY rejected_at, shipment_id LIMIT {limit:UInt32}`,
    { limit },
  );

/** The raw bytes of one dead letter, with what they were said to be; undefined when there is none. */
export async function readDeadLetterBytes(store: StoreReader, id: string): Promise<Uint8Array | undefined> {
  const [row] = await readRows<{ readonly data: string }>(
    store,
    'SELECT base64Encode(data) AS data FROM {database:Identifier}.dead_letters WHERE id = {id:String} LIMIT 1',
    { id },
  );
  return row === undefined ? undefined : Buffer.from(row.data, 'base64');
}

/** Ids of the clocks of a shipment that operators had waived by a time. */
export async function readWaived(
  store: StoreReader,
  shipmentId: string,
  knownBy: number,
): Promise<ReadonlySet<string>> {
  const rows = await readRows<{ readonly subject: string }>(
    store,
    `SELECT DISTINCT subject FROM {database:Identifier}.operator_actions
      WHERE action = 'waive' AND startsWith(subject, {prefix:String}) AND at <= fromUnixTimestamp64Milli({knownBy:Int64}, 'UTC')`,
    { prefix: `${shipmentId}/`, knownBy },
  );
  return new Set(rows.map(({ subject }) => subject.slice(shipmentId.length + 1)));
}

/** How each channel stood at a time: the interval that had begun last. */
export interface ChannelThen {
  readonly source: string;
  readonly partner: string;
  readonly status: 'hearing' | 'blind' | 'never-heard';
  readonly since: number;
  readonly watermark: number | null;
  readonly best_effort: boolean;
}

export const readChannelsAt = (store: StoreReader, at: number): Promise<readonly ChannelThen[]> =>
  readRows(
    store,
    `SELECT any(c.source) AS source, any(c.partner) AS partner, argMax(c.status, (c.since, c.version)) AS status,
        toUnixTimestamp64Milli(max(c.since)) AS since,
        argMax(tuple(toUnixTimestamp64Milli(c.watermark)), (c.since, c.version)).1 AS watermark,
        argMax(c.best_effort, (c.since, c.version)) AS best_effort
      FROM {database:Identifier}.channel_intervals_log AS c
      WHERE c.since <= fromUnixTimestamp64Milli({at:Int64}, 'UTC') GROUP BY channel_id`,
    { at },
  );

/** A time during which a channel was heard or not; `until` is null while it lasts. Times are epoch ms. */
export interface ChannelIntervalRow {
  readonly source: string;
  readonly partner: string;
  readonly status: ChannelThen['status'];
  readonly since: number;
  readonly until: number | null;
}

/** When each channel was heard and when not, of every interval that had begun by `to`. */
export const readChannelIntervals = (
  store: StoreReader,
  to: number,
): Promise<readonly ChannelIntervalRow[]> =>
  readRows(
    store,
    `SELECT source, partner, status, toUnixTimestamp64Milli(since) AS since, toUnixTimestamp64Milli(until) AS until
      FROM {database:Identifier}.channel_intervals AS i WHERE i.since <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      ORDER BY i.since, source, partner`,
    { to },
  );
