import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { anyChosen, choice, chosen, laytimeDashboard } from './dashboard.ts';
import { STATE_COLOURS, sqlBars, sqlStat, sqlTable } from './panels.ts';

/** Columns by which a row leads to its shipment, with the shipment's own time range. */
const LINK = `shipment_id, toUnixTimestamp64Milli(first_observed_at) - 172800000 AS from_ms,
  toUnixTimestamp64Milli(now64(3)) AS to_ms`;

const AWAITING_FILTER = `${chosen('lane', 'lane')} AND ${anyChosen('partners', 'partner')}`;
const CLOCK_FILTER = `${chosen('lane', 'lane')} AND ${chosen('partner', 'partner')} AND ${chosen('rule', 'rule')}`;

const waiting = (milestone: string): string => `SELECT delivery, ${LINK}, lane, mode, since,
    round(dateDiff('second', since, now64(3)) / 3600, 1) AS waiting_h, due_at,
    multiIf(breached, 'breached', at_risk, 'at-risk', open_holds > 0, 'paused', 'running') AS state,
    arrayStringConcat(holding_agencies, ', ') AS held_by, arrayStringConcat(containers, ', ') AS containers,
    arrayStringConcat(declarations, ', ') AS declarations, customer, goods_value, goods_currency
  FROM awaiting WHERE milestone = '${milestone}' AND ${AWAITING_FILTER}
  ORDER BY since LIMIT 500`;

const REJECTED = `SELECT delivery, shipment_id, toUnixTimestamp64Milli(rejected_at) - 1209600000 AS from_ms,
    toUnixTimestamp64Milli(now64(3)) AS to_ms, direction, declaration, rejected_at,
    round(dateDiff('second', rejected_at, now64(3)) / 3600, 1) AS open_h, resubmitted_at, settled_at, partner, lane, customer,
    goods_value, goods_currency
  FROM rejected_declarations
  WHERE (open OR $__timeFilter(rejected_at)) AND ${chosen('lane', 'lane')} AND ${chosen('partner', 'partner')}
  ORDER BY open DESC, rejected_at DESC LIMIT 500`;

const UNPOSTED = `SELECT delivery, ${LINK}, if(milestone = 'duty.posted', 'duty', 'landed cost') AS posting, since,
    round(dateDiff('second', since, now64(3)) / 86400, 1) AS waiting_d, due_at,
    multiIf(breached, 'breached', at_risk, 'at-risk', 'running') AS state, duty_amount, duty_currency, lane, customer
  FROM awaiting WHERE milestone IN ('duty.posted', 'landed_cost.posted') AND ${AWAITING_FILTER}
  ORDER BY since LIMIT 500`;

const CLOCKS = `SELECT delivery, shipment_id, toUnixTimestamp64Milli(ifNull(start_at, now64(3))) - 1209600000 AS from_ms,
    toUnixTimestamp64Milli(now64(3)) AS to_ms, if(title = '', rule, title) AS sla, state, confidence, due_at,
    round(late_ms / 3600000, 1) AS late_h, partner, lane, owner, customer, goods_value, goods_currency
  FROM sla_clocks WHERE open AND state IN ('at-risk', 'breached', 'unknown') AND ${CLOCK_FILTER}
  ORDER BY state = 'breached' DESC, due_at LIMIT 500`;

const clocksBy = (
  column: string,
): string => `SELECT if(${column} = '', '(not said)', ${column}) AS "${column}",
    countIf(state = 'breached') AS breached, countIf(state = 'at-risk') AS "at risk", countIf(state = 'unknown') AS unknown
  FROM sla_clocks WHERE open AND state IN ('at-risk', 'breached', 'unknown') AND ${CLOCK_FILTER}
  GROUP BY 1 ORDER BY breached DESC, "at risk" DESC LIMIT 20`;

const count = (milestone: string): string =>
  `SELECT count() AS n FROM awaiting WHERE milestone = '${milestone}' AND ${AWAITING_FILTER}`;

/** What is stuck now, and where to act first. */
export function controlTower(): DashboardBuilder {
  const dashboard = laytimeDashboard(
    'laytime-control-tower',
    'Control tower',
    'Shipments that wait, declarations that failed, postings that are missing, clocks that run out.',
  )
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .withVariable(choice('lane', 'Lane', "SELECT DISTINCT lane FROM shipments WHERE lane != ''"))
    .withVariable(
      choice('partner', 'Partner', 'SELECT DISTINCT arrayJoin(partners) AS partner FROM shipments'),
    )
    .withVariable(choice('rule', 'SLA', 'SELECT DISTINCT rule FROM sla_clocks'));
  addNumbers(dashboard);
  addTables(dashboard);
  return dashboard;
}

function addNumbers(dashboard: DashboardBuilder): void {
  const numbers = [
    ['Awaiting customs release', 'Arrived or declared, and not released.', count('customs.released')],
    [
      'Rejected declarations',
      'Failed validation and not accepted since.',
      `SELECT count() AS n FROM rejected_declarations WHERE open AND ${chosen('lane', 'lane')} AND ${chosen('partner', 'partner')}`,
    ],
    ['Duties not posted', 'Assessed by customs, not posted in the ERP.', count('duty.posted')],
    ['Landed costs not posted', 'Delivered, landed cost not posted in the ERP.', count('landed_cost.posted')],
    [
      'Clocks breached',
      'Deadlines passed and still open.',
      `SELECT count() AS n FROM sla_clocks WHERE open AND state = 'breached' AND ${CLOCK_FILTER}`,
    ],
    [
      'Feeds blind',
      'Channels that are not proved heard: their silence is not counted against a partner.',
      "SELECT count() AS n FROM channels WHERE status = 'blind'",
    ],
  ] as const;
  for (const [index, [title, description, sql]] of numbers.entries()) {
    const at = { x: index * 4, y: 0, w: 4, h: 4 };
    dashboard.withPanel(sqlStat({ id: 1 + index, title, description, sql, at, red: 1 }));
  }
}

function addTables(dashboard: DashboardBuilder): void {
  const money = { goods_value: 'none', waiting_h: 'h', late_h: 'h', open_h: 'h', waiting_d: 'd' };
  const common = { units: money, shipmentLink: 'delivery', colours: { state: STATE_COLOURS } };
  dashboard
    .withPanel(
      sqlTable({
        ...common,
        id: 10,
        title: 'Shipments awaiting customs release',
        description: 'Longest wait first. A release under an open hold is no release.',
        sql: waiting('customs.released'),
        at: { x: 0, y: 4, w: 24, h: 9 },
      }),
    )
    .withPanel(
      sqlTable({
        ...common,
        id: 11,
        title: 'Rejected filings and declarations',
        description: 'Declarations that failed validation: open ones, and those of the shown time.',
        sql: REJECTED,
        at: { x: 0, y: 13, w: 12, h: 9 },
      }),
    )
    .withPanel(
      sqlTable({
        ...common,
        id: 12,
        title: 'Duties and landed costs not posted',
        description: 'Assessed or delivered, and not in the ERP.',
        sql: UNPOSTED,
        at: { x: 12, y: 13, w: 12, h: 9 },
      }),
    )
    .withPanel(
      sqlTable({
        ...common,
        id: 13,
        title: 'Clocks at risk and breached',
        description: 'Unknown: the deadline passed while the feed that would tell was not heard.',
        sql: CLOCKS,
        at: { x: 0, y: 22, w: 24, h: 10 },
      }),
    );
  for (const [index, column] of ['lane', 'partner', 'rule'].entries()) {
    dashboard.withPanel(
      sqlBars({
        id: 14 + index,
        title: `At risk and breached by ${column}`,
        description: 'Open clocks.',
        sql: clocksBy(column),
        at: { x: index * 8, y: 32, w: 8, h: 9 },
      }),
    );
  }
}
