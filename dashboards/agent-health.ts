import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { laytimeDashboard } from './dashboard.ts';
import { promSeries, promStat, sqlTable } from './panels.ts';

const rate = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const quantile = (q: number, metric: string): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket[$__rate_interval])))`;

interface Graph {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: Readonly<Record<string, string>>;
}

const GRAPHS: readonly Graph[] = [
  {
    title: 'Messages received',
    description: 'By source, before they are in the log.',
    unit: 'mps',
    queries: {
      '{{source}}': rate('laytime_messages_received_total', 'source'),
      'logged {{source}}': rate('laytime_log_appended_total', 'source'),
    },
  },
  {
    title: 'Messages mapped',
    description: 'Events, ignored, dead letters.',
    unit: 'mps',
    queries: { '{{source}} {{result}}': rate('laytime_messages_mapped_total', 'source, result') },
  },
  {
    title: 'Dead letters',
    description: 'Messages that were not understood, by reason. None is lost.',
    unit: 'mps',
    queries: { '{{source}} {{code}}': rate('laytime_dead_letters_total', 'source, code') },
  },
  {
    title: 'Judged and stored',
    description: 'Stored falls behind judged while ClickHouse is away, and catches up from the log.',
    unit: 'eps',
    queries: {
      judged: 'sum(rate(laytime_events_judged_total[$__rate_interval]))',
      stored: 'sum(rate(laytime_events_stored_total[$__rate_interval]))',
    },
  },
  {
    title: 'Behind the log',
    description: 'Age of what is being judged.',
    unit: 's',
    queries: { '{{stream}}': 'max by (stream) (laytime_log_lag_seconds)' },
  },
  {
    title: 'Messages behind the log',
    description: 'Not judged yet.',
    unit: 'short',
    queries: { '{{stream}}': 'max by (stream) (laytime_log_lag_messages)' },
  },
  {
    title: 'Reporting lag',
    description: 'From happening to known, of the last event: how fast partners tell.',
    unit: 's',
    queries: { '{{source}}/{{partner}}': 'max by (source, partner) (laytime_source_lag_seconds)' },
  },
  {
    title: 'Channel watermark age',
    description: 'How far back a channel is proved heard. A breach is confirmed only behind it.',
    unit: 's',
    queries: { '{{channel}}': 'max by (channel) (laytime_channel_watermark_age_seconds)' },
  },
  {
    title: 'Commit duration',
    description: 'From the first insert of a commit to the row that moves the floor.',
    unit: 's',
    queries: {
      median: quantile(0.5, 'laytime_commit_duration_seconds'),
      p99: quantile(0.99, 'laytime_commit_duration_seconds'),
    },
  },
  {
    title: 'Detection lead',
    description: 'From the moment a verdict could be known to its alert.',
    unit: 's',
    queries: {
      median: quantile(0.5, 'laytime_detection_lead_seconds'),
      p99: quantile(0.99, 'laytime_detection_lead_seconds'),
    },
  },
  {
    title: 'Alert changes',
    description: 'By kind.',
    unit: 'short',
    queries: { '{{kind}}': 'sum by (kind) (increase(laytime_alert_changes_total[$__rate_interval]))' },
  },
  {
    title: 'Notifications',
    description: 'By channel and result.',
    unit: 'short',
    queries: {
      '{{channel}} {{result}}':
        'sum by (channel, result) (increase(laytime_notifications_total[$__rate_interval]))',
    },
  },
  {
    title: 'Clocks by state',
    description: 'All open shipments.',
    unit: 'short',
    queries: { '{{state}}': 'sum by (state) (laytime_clocks)' },
  },
  {
    title: 'Event loop lag',
    description: 'How long the agent’s own thread keeps others waiting.',
    unit: 's',
    queries: { '{{instance}}': 'max by (instance) (laytime_event_loop_lag_seconds)' },
  },
];

const OPEN_LETTERS = `SELECT observed_at, source, partner, code, reason, path, source_id, stream, sequence, id
  FROM dead_letters WHERE status = 'open' ORDER BY observed_at DESC LIMIT 200`;
const UNMAPPED = `SELECT source, partner, kind, path, value, why, times, last_seen_at FROM unmapped ORDER BY times DESC LIMIT 200`;

const DRIFT = `SELECT day, source, partner, events, unknown_codes, bad_refs, new_fields, missing_fields, changed_types, duplicate_rate, future_times,
    lag_p95_s, dead_letters
  FROM drift WHERE day > today() - 14 ORDER BY day DESC, source, partner LIMIT 200`;

/** Whether the agent itself is well: Prometheus, and what it could not read. */
export function agentHealth(): DashboardBuilder {
  const dashboard = laytimeDashboard(
    'laytime-agent-health',
    'Agent health',
    'The agent itself: what it receives, judges, stores and tells, and how far behind it is.',
  )
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s');
  const stats = [
    ['Events judged', 'A second.', 'sum(rate(laytime_events_judged_total[$__rate_interval]))', 'eps'],
    ['Behind the log', 'The farthest stream.', 'max(laytime_log_lag_seconds)', 's'],
    ['Oldest watermark', 'The channel heard longest ago.', 'max(laytime_channel_watermark_age_seconds)', 's'],
    ['Dead letters', 'In the shown time.', 'sum(increase(laytime_dead_letters_total[$__range]))', 'short'],
  ] as const;
  for (const [index, [title, description, expr, unit]] of stats.entries()) {
    const at = { x: index * 6, y: 0, w: 6, h: 4 };
    dashboard.withPanel(promStat({ id: 1 + index, title, description, expr, unit, at }));
  }
  for (const [index, graph] of GRAPHS.entries()) {
    const at = { x: (index % 2) * 12, y: 4 + Math.floor(index / 2) * 7, w: 12, h: 7 };
    dashboard.withPanel(promSeries({ ...graph, id: 10 + index, at }));
  }
  const y = 4 + Math.ceil(GRAPHS.length / 2) * 7;
  return dashboard
    .withPanel(
      sqlTable({
        id: 40,
        title: 'Open dead letters',
        description: 'Mend the map and redrive them, or dismiss them.',
        sql: OPEN_LETTERS,
        at: { x: 0, y, w: 14, h: 9 },
      }),
    )
    .withPanel(
      sqlTable({
        id: 41,
        title: 'What maps could not place',
        description: 'Codes and places in readable messages that no map knows.',
        sql: UNMAPPED,
        at: { x: 14, y, w: 10, h: 9 },
      }),
    )
    .withPanel(
      sqlTable({
        id: 42,
        title: 'How messages change',
        description:
          'By day and partner: what maps did not know, fields that came, went or changed their type.',
        sql: DRIFT,
        at: { x: 0, y: y + 9, w: 24, h: 9 },
      }),
    );
}
