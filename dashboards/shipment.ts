import { type DashboardBuilder, TextBoxVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { laytimeDashboard } from './dashboard.ts';
import { STATE_COLOURS, sqlTable, sqlTrace } from './panels.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in.
const REF = '${ref:singlequote}';
const FOUND = `(has(ref_keys, ${REF}) OR shipment_id = ${REF})`;
const SHIPMENTS = `SELECT shipment_id FROM shipments WHERE ${FOUND}`;

const OVERVIEW = `SELECT shipment_id, toUnixTimestamp64Milli(first_observed_at) - 172800000 AS from_ms,
    toUnixTimestamp64Milli(now64(3)) AS to_ms, delivery, customer_ref, lane, mode, last_milestone, last_milestone_at,
    open_holds, clocks_at_risk, clocks_breached, next_due_at, arrayStringConcat(partners, ', ') AS partners,
    arrayStringConcat(arrayMap(r -> concat(r.1, ' ', r.2), refs), ', ') AS identifiers
  FROM shipments WHERE ${FOUND} ORDER BY last_observed_at DESC LIMIT 100`;

const tags = (map: string): string => `arrayMap(k -> map('key', k, 'value', ${map}[k]), mapKeys(${map}))`;

const TRACE = `SELECT TraceId AS traceID, SpanId AS spanID, ParentSpanId AS parentSpanID, ServiceName AS serviceName,
    SpanName AS operationName, Timestamp AS startTime, Duration / 1000000 AS duration, ${tags('SpanAttributes')} AS tags,
    ${tags('ResourceAttributes')} AS serviceTags, if(StatusCode = 'Error', 2, 0) AS statusCode, StatusMessage AS statusMessage
  FROM otel_traces
  WHERE TraceId IN (SELECT trace_id FROM shipments WHERE ${FOUND} ORDER BY last_observed_at DESC LIMIT 1)
  ORDER BY startTime LIMIT 1000`;

const MILESTONES = `SELECT milestone, role, subject, first_planned_at, planned_at, estimated_at, actual_at,
    round(dateDiff('second', planned_at, actual_at) / 3600, 1) AS after_plan_h,
    round(reported_after_ms / 3600000, 1) AS reported_after_h, place, zone, partner, source, shipment_id
  FROM milestones WHERE shipment_id IN (${SHIPMENTS})
  ORDER BY coalesce(actual_at, estimated_at, planned_at), milestone LIMIT 500`;

const CLOCKS = `SELECT if(title = '', rule, title) AS sla, state, reason, start_at, due_at, end_at,
    round(late_ms / 3600000, 1) AS late_h, confidence, partner, owner, arrayStringConcat(evidence, ', ') AS evidence, shipment_id
  FROM sla_clocks WHERE shipment_id IN (${SHIPMENTS}) ORDER BY due_at LIMIT 500`;

const HOLDS = `SELECT agency, reason, subject, placed_at, removed_at, partner, shipment_id
  FROM holds WHERE shipment_id IN (${SHIPMENTS}) ORDER BY placed_at LIMIT 200`;

const EVENTS = `SELECT occurred_at, observed_at, milestone, classifier, role, subject, place, source, partner,
    if(retracted, 'retracted', '') AS retracted, toString(attributes) AS attributes, event_id, stream, sequence
  FROM events WHERE event_id IN (SELECT event_id FROM links WHERE shipment_id IN (${SHIPMENTS}))
  ORDER BY observed_at DESC, stream, sequence LIMIT 1000`;

const ALERTS = `SELECT changed_at, status, rule, headline, severity, acknowledged_by, ended_at
  FROM alerts WHERE shipment_id IN (${SHIPMENTS}) ORDER BY changed_at DESC LIMIT 200`;

/** Everything about the shipments of one identifier. */
export function shipment(): DashboardBuilder {
  const dashboard = laytimeDashboard(
    'laytime-shipment',
    'Shipment',
    'One shipment by any of its identifiers: its trace, milestones, clocks, holds, alerts and events.',
  )
    .time({ from: 'now-45d', to: 'now' })
    .withVariable(
      new TextBoxVariableBuilder('ref')
        .label('Any identifier')
        .defaultValue('')
        .current({ text: '', value: '' }),
    )
    .withPanel(
      sqlTable({
        id: 1,
        title: 'Shipments with this identifier',
        description: 'A container may hold several deliveries. Follow the delivery to see one alone.',
        sql: OVERVIEW,
        at: { x: 0, y: 0, w: 24, h: 5 },
        shipmentLink: 'delivery',
      }),
    )
    .withPanel(
      sqlTrace({
        id: 2,
        title: 'Trace',
        description:
          'Legs, holds and SLA clocks; what is open grows until now. The shipment that was heard of last.',
        sql: TRACE,
        at: { x: 0, y: 5, w: 24, h: 14 },
      }),
    );
  addDetails(dashboard);
  return dashboard;
}

function addDetails(dashboard: DashboardBuilder): void {
  dashboard
    .withPanel(
      sqlTable({
        id: 3,
        title: 'Milestones',
        description: 'The plan, the latest estimate, and what happened.',
        sql: MILESTONES,
        at: { x: 0, y: 19, w: 24, h: 9 },
        units: { after_plan_h: 'h', reported_after_h: 'h' },
        hidden: ['shipment_id'],
      }),
    )
    .withPanel(
      sqlTable({
        id: 4,
        title: 'SLA clocks',
        description: 'Every verdict with its reason and the events it rests on.',
        sql: CLOCKS,
        at: { x: 0, y: 28, w: 14, h: 8 },
        units: { late_h: 'h' },
        hidden: ['shipment_id'],
        colours: { state: STATE_COLOURS },
      }),
    )
    .withPanel(
      sqlTable({
        id: 5,
        title: 'Holds',
        description: 'A release while one is open does not count.',
        sql: HOLDS,
        at: { x: 14, y: 28, w: 10, h: 8 },
        hidden: ['shipment_id'],
      }),
    )
    .withPanel(
      sqlTable({
        id: 6,
        title: 'Alerts',
        description: 'What was told, and who took it on.',
        sql: ALERTS,
        at: { x: 0, y: 36, w: 24, h: 6 },
        colours: { status: STATE_COLOURS },
      }),
    )
    .withPanel(
      sqlTable({
        id: 7,
        title: 'Events',
        description: 'Every statement of every source. stream and sequence name the raw message.',
        sql: EVENTS,
        at: { x: 0, y: 42, w: 24, h: 12 },
      }),
    );
}
