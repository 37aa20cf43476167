import type { RawPosition } from '../../rules/event.ts';
import { type LetterFilter, letterConditions } from './letters.ts';
import {
  type Condition,
  equals,
  type Page,
  type PageRequest,
  readPage,
  readRows,
  type StoreReader,
} from './query.ts';
import type {
  AlertChangeRow,
  AlertRow,
  AwaitingRow,
  ChannelRow,
  ClockRow,
  DeadLetterRow,
  IsoTime,
  MilestoneRow,
  RawMessageRow,
  RuleRow,
  ShipmentDetail,
  ShipmentRow,
} from './query-rows.ts';

const SHIPMENT_COLUMNS = `shipment_id, tenant, trace_id, delivery, customer_ref, customer, containers, orders, declarations,
  mode, lane, partners, toString(last_milestone) AS last_milestone, last_milestone_at, open_holds, clocks_open, clocks_at_risk,
  clocks_breached, next_due_at, goods_value, goods_currency, first_observed_at, last_observed_at`;

export interface ShipmentFilter extends PageRequest {
  /** An identifier, bare (`MSCU1234567`) or with its type (`container:MSCU1234567`). */
  readonly ref?: string;
  /** A milestone: shipments that have begun the stage that it ends, and do not have it (view `awaiting`). */
  readonly awaiting?: string;
  readonly tenant?: string;
  readonly partner?: string;
  /** As the view `shipments` writes it: `CN-NL`. */
  readonly lane?: string;
}

/** Shipments, the one heard of last first. */
export function findShipments(store: StoreReader, filter: ShipmentFilter): Promise<Page<ShipmentRow>> {
  const { ref, awaiting, tenant, partner, lane } = filter;
  return readPage(
    store,
    { columns: SHIPMENT_COLUMNS, from: 'shipments', at: 'last_observed_at', id: 'shipment_id' },
    [
      refCondition(ref),
      awaiting === undefined
        ? undefined
        : {
            sql: 'shipment_id IN (SELECT shipment_id FROM {database:Identifier}.awaiting WHERE milestone = {awaiting:String})',
            params: { awaiting },
          },
      equals('tenant', 'tenant', tenant),
      equals('lane', 'lane', lane),
      partner === undefined ? undefined : { sql: 'has(partners, {partner:String})', params: { partner } },
    ],
    filter,
  );
}

const refCondition = (ref: string | undefined): Condition | undefined =>
  ref === undefined
    ? undefined
    : { sql: 'hasAny(ref_keys, [{ref:String}, upper({ref:String})])', params: { ref: ref.trim() } };

/** As the view has it: first plans beside the milestones, where any is another than the plan that stands. */
type StoredDetail = Omit<ShipmentDetail, 'milestones'> & {
  readonly milestones: readonly Omit<MilestoneRow, 'first_planned_at' | 'first_planned_until'>[];
  readonly first_planned: readonly { readonly at: IsoTime | null; readonly until: IsoTime | null }[];
};

/** A shipment with its milestones, holds, clocks and everything else that a trace shows; undefined when there is none. */
export async function readShipment(
  store: StoreReader,
  shipmentId: string,
): Promise<ShipmentDetail | undefined> {
  const [row] = await readRows<StoredDetail>(
    store,
    `SELECT ${SHIPMENT_COLUMNS}, refs, attributes, milestones, first_planned, holds, voided, clocks
      FROM {database:Identifier}.shipments WHERE shipment_id = {shipmentId:String}`,
    { shipmentId },
  );
  if (row === undefined) return undefined;
  const { milestones, first_planned: first, ...rest } = row;
  return {
    ...rest,
    milestones: milestones.map((milestone, i) => ({
      ...milestone,
      first_planned_at: first[i]?.at ?? milestone.planned_at,
      first_planned_until: first[i]?.until ?? milestone.planned_until,
    })),
  };
}

/** What waits for a milestone and since when, the longest wait first. */
export function readAwaiting(
  store: StoreReader,
  milestone: string,
  limit = 1000,
): Promise<readonly AwaitingRow[]> {
  return readRows(
    store,
    `SELECT milestone, shipment_id, tenant, since, due_at, breached, at_risk, open_holds, holding_agencies, delivery,
        customer_ref, containers, declarations, lane, mode, partners, goods_value, goods_currency
      FROM {database:Identifier}.awaiting WHERE milestone = {milestone:String}
      ORDER BY since, shipment_id LIMIT {limit:UInt32}`,
    { milestone, limit },
  );
}

export interface ClockFilter extends PageRequest {
  readonly shipmentId?: string;
  readonly state?: string;
  readonly rule?: string;
  readonly partner?: string;
}

/** Clocks that have a due time, the latest due first. */
export function findClocks(store: StoreReader, filter: ClockFilter): Promise<Page<ClockRow>> {
  return readPage(
    store,
    {
      columns: `clock_id, shipment_id, tenant, delivery, rule, rule_version, title, severity, legal, owner, role, leg, subject, state,
        reason, confidence, start_at, warn_at, due_at, end_at, late_ms, next_at, open, reported_late, partner, mode, lane, evidence,
        awaiting_channels`,
      from: 'sla_clocks',
      at: 'assumeNotNull(due_at)',
      id: 'clock_id',
    },
    [
      { sql: 'isNotNull(due_at)', params: {} },
      equals('shipment_id', 'shipmentId', filter.shipmentId),
      equals('state', 'state', filter.state),
      equals('rule', 'rule', filter.rule),
      equals('partner', 'partner', filter.partner),
    ],
    filter,
  );
}

export interface AlertFilter extends PageRequest {
  /** `open` stands for at-risk and firing. */
  readonly status?: string;
  readonly rule?: string;
  readonly partner?: string;
  readonly shipmentId?: string;
}

/** Alerts, the one that changed last first. */
export function findAlerts(store: StoreReader, filter: AlertFilter): Promise<Page<AlertRow>> {
  const { status } = filter;
  return readPage(
    store,
    {
      columns: `alert_id, clock_id, shipment_id, tenant, rule, rule_version, status, last_change, changes, reason, confirmed,
        severity, raised_at, fired_at, changed_at, ended_at, about_channel, labels, notify, quiet, headline, lines, link,
        acknowledged_by, acknowledged_at`,
      from: 'alerts',
      at: 'changed_at',
      id: 'alert_id',
    },
    [
      status === 'open'
        ? { sql: "status IN ('at-risk', 'firing')", params: {} }
        : equals('status', 'status', status),
      equals('rule', 'rule', filter.rule),
      equals('partner', 'partner', filter.partner),
      equals('shipment_id', 'shipmentId', filter.shipmentId),
    ],
    filter,
  );
}

/** Every change of an alert, in order. */
export function readAlertChanges(store: StoreReader, alertId: string): Promise<readonly AlertChangeRow[]> {
  return readRows(
    store,
    `SELECT alert_id, number, kind, reason, at, status, confirmed, headline, lines, evidence
      FROM {database:Identifier}.alert_changes WHERE alert_id = {alertId:String} ORDER BY number`,
    { alertId },
  );
}

export function readChannels(store: StoreReader): Promise<readonly ChannelRow[]> {
  return readRows(
    store,
    `SELECT channel_id, source, partner, status, since, watermark, best_effort, reason
      FROM {database:Identifier}.channels ORDER BY source, partner LIMIT 10000`,
  );
}

export interface DeadLetterFilter extends PageRequest, LetterFilter {
  readonly status?: string;
}

/** Dead letters, the newest first. `data` is the first 2,000 bytes read as UTF-8: a page of whole ones could be gigabytes. */
export function findDeadLetters(store: StoreReader, filter: DeadLetterFilter): Promise<Page<DeadLetterRow>> {
  return readPage(
    store,
    {
      columns: `id, source, partner, stream, sequence, observed_at, code, reason, path, source_id, content_type,
        toValidUTF8(substring(d.data, 1, 2000)) AS data, length(d.data) AS data_bytes, status, dismissed_by, comment`,
      from: 'dead_letters AS d',
      at: 'observed_at',
      id: 'id',
    },
    [equals('status', 'status', filter.status), ...letterConditions(filter)],
    filter,
  );
}

/** Rules that judge now. */
export function readRules(store: StoreReader): Promise<readonly RuleRow[]> {
  return readRows(
    store,
    `SELECT rule, version, title, kind, mode, severity, legal, starts, ends, within, warn, calendar, notify, owner, basis, file, line,
        first_used_at
      FROM {database:Identifier}.rules WHERE current ORDER BY rule`,
  );
}

/** The raw message behind an event, exactly as it came; undefined once its retention is over. */
export async function readRawMessage(
  store: StoreReader,
  stream: string,
  sequence: number,
): Promise<RawMessageRow | undefined> {
  const [row] = await readRows<Omit<RawMessageRow, 'data'> & { readonly data: string }>(
    store,
    `SELECT stream, sequence, source, partner, source_id, content_type, subject, observed_at, base64Encode(data) AS data
      FROM {database:Identifier}.raw_messages WHERE stream = {stream:String} AND sequence = {sequence:UInt64}`,
    { stream, sequence },
  );
  return row === undefined ? undefined : { ...row, data: Buffer.from(row.data, 'base64') };
}

/** The bytes of several messages, those whose retention is not over, in the order of the log. */
export async function readRawMessages(
  store: StoreReader,
  positions: readonly RawPosition[],
): Promise<readonly (RawPosition & { readonly data: Uint8Array })[]> {
  const streams = positions.map(({ stream }) => stream);
  const sequences = positions.map(({ sequence }) => sequence);
  const rows = await readRows<RawPosition & { readonly data: string }>(
    store,
    `SELECT stream, sequence, base64Encode(data) AS data FROM {database:Identifier}.raw_messages
      WHERE (stream, sequence) IN (SELECT arrayJoin(arrayZip({streams:Array(String)}, {sequences:Array(UInt64)})))
      ORDER BY stream, sequence`,
    { streams, sequences },
  );
  return rows.map(({ data, ...position }) => ({ ...position, data: Buffer.from(data, 'base64') }));
}
