import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { choice, chosen, laytimeDashboard } from './dashboard.ts';
import { sqlBars, sqlSeries, sqlStat, sqlTable } from './panels.ts';

const FILTER = `$__timeFilter(due_at) AND ${chosen('lane', 'lane')} AND ${chosen('partner', 'partner')} AND ${chosen('rule', 'rule')}`;
/** Settled one way or the other. A clock whose feed is blind counts for nobody. */
const SETTLED = `state IN ('met', 'met-late', 'breached')`;
const COUNTS = `count() AS settled, countIf(state = 'met') AS met, countIf(state != 'met') AS late,
    countIf(reported_late) AS reported_late, round(100 * met / settled, 1) AS met_percent`;

/** How well deadlines were kept, by whom, and how much of the lateness was only late reporting. */
export function slaPerformance(): DashboardBuilder {
  const dashboard = laytimeDashboard(
    'laytime-sla-performance',
    'SLA performance',
    'Deadlines met, missed, and met but reported late, by partner, SLA and month.',
  )
    .time({ from: 'now-90d', to: 'now' })
    .withVariable(choice('lane', 'Lane', "SELECT DISTINCT lane FROM shipments WHERE lane != ''"))
    .withVariable(choice('partner', 'Partner', 'SELECT DISTINCT partner FROM sla_clocks'))
    .withVariable(choice('rule', 'SLA', 'SELECT DISTINCT rule FROM sla_clocks'));
  const stats = [
    [
      'Met',
      'Share of settled clocks that were met.',
      `SELECT round(100 * countIf(state = 'met') / count(), 1) AS met FROM sla_clocks WHERE ${SETTLED} AND ${FILTER}`,
      'percent',
    ],
    [
      'Late',
      'Settled clocks that were missed.',
      `SELECT countIf(state != 'met') AS late FROM sla_clocks WHERE ${SETTLED} AND ${FILTER}`,
      'short',
    ],
    [
      'Met, reported late',
      'Done in time, but told after the deadline.',
      `SELECT countIf(reported_late) AS n FROM sla_clocks WHERE ${SETTLED} AND ${FILTER}`,
      'short',
    ],
    [
      'Median lateness',
      'Of the missed ones.',
      `SELECT round(quantileIf(0.5)(late_ms, state != 'met') / 3600000, 1) AS h FROM sla_clocks WHERE ${SETTLED} AND ${FILTER}`,
      'h',
    ],
  ] as const;
  for (const [index, [title, description, sql, unit]] of stats.entries()) {
    dashboard.withPanel(
      sqlStat({ id: 1 + index, title, description, sql, unit, at: { x: index * 6, y: 0, w: 6, h: 4 } }),
    );
  }
  return addBreakdowns(dashboard);
}

function addBreakdowns(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withPanel(
      sqlTable({
        id: 10,
        title: 'By partner and month',
        description: 'By the month in which the deadline lay.',
        sql: `SELECT partner, toStartOfMonth(due_at) AS month, ${COUNTS},
    round(quantileIf(0.95)(late_ms, state != 'met') / 3600000, 1) AS late_p95_h
  FROM sla_clocks WHERE ${SETTLED} AND ${FILTER} GROUP BY partner, month ORDER BY month DESC, met_percent LIMIT 1000`,
        at: { x: 0, y: 4, w: 14, h: 10 },
        units: { met_percent: 'percent', late_p95_h: 'h' },
      }),
    )
    .withPanel(
      sqlBars({
        id: 11,
        title: 'By SLA',
        description: 'Settled clocks.',
        sql: `SELECT if(any(title) = '', rule, any(title)) AS sla, countIf(state = 'met' AND NOT reported_late) AS met,
    countIf(reported_late) AS "reported late", countIf(state != 'met') AS late
  FROM sla_clocks WHERE ${SETTLED} AND ${FILTER} GROUP BY rule ORDER BY late DESC LIMIT 30`,
        at: { x: 14, y: 4, w: 10, h: 10 },
      }),
    )
    .withPanel(
      sqlSeries({
        id: 12,
        title: 'Met by day',
        description: 'Share of the deadlines of a day.',
        unit: 'percent',
        sql: `SELECT toStartOfDay(assumeNotNull(due_at)) AS time, round(100 * countIf(state = 'met') / count(), 1) AS met
  FROM sla_clocks WHERE ${SETTLED} AND ${FILTER} GROUP BY time ORDER BY time`,
        at: { x: 0, y: 14, w: 12, h: 8 },
      }),
    )
    .withPanel(
      sqlTable({
        id: 13,
        title: 'How fast partners report',
        description: 'From when something happened to when it was in our log.',
        sql: `SELECT partner, milestone, count() AS facts, round(quantile(0.5)(reported_after_ms) / 3600000, 1) AS median_h,
    round(quantile(0.95)(reported_after_ms) / 3600000, 1) AS p95_h
  FROM milestones WHERE isNotNull(actual_at) AND $__timeFilter(actual_at) AND ${chosen('partner', 'partner')}
  GROUP BY partner, milestone ORDER BY p95_h DESC LIMIT 200`,
        at: { x: 12, y: 14, w: 12, h: 8 },
        units: { median_h: 'h', p95_h: 'h' },
      }),
    )
    .withPanel(
      sqlTable({
        id: 14,
        title: 'When feeds were blind',
        description: 'Lateness in these intervals is not counted against a partner.',
        sql: `SELECT source, partner, since, until, round(dateDiff('second', since, ifNull(until, now64(3))) / 3600, 1) AS blind_h, reason
  FROM channel_intervals WHERE status = 'blind' AND $__timeFilter(since) AND ${chosen('partner', 'partner')}
  ORDER BY since DESC LIMIT 200`,
        at: { x: 0, y: 22, w: 24, h: 7 },
        units: { blind_h: 'h' },
      }),
    );
}
