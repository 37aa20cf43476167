import {
  count,
  flag,
  list,
  mapOf,
  maybeNumber,
  maybeText,
  maybeTime,
  number,
  object,
  type Schema,
  text,
  texts,
  time,
} from './schema.ts';

/** The shapes of the store's rows (query-rows.ts) as the OpenAPI document tells them; a test holds answers against them. */
const shipment: Readonly<Record<string, Schema>> = {
  shipment_id: text,
  tenant: text,
  trace_id: text,
  delivery: text,
  customer_ref: text,
  customer: text,
  containers: texts,
  orders: texts,
  declarations: texts,
  mode: text,
  lane: text,
  partners: texts,
  last_milestone: maybeText,
  last_milestone_at: maybeTime,
  open_holds: count,
  clocks_open: count,
  clocks_at_risk: count,
  clocks_breached: count,
  next_due_at: maybeTime,
  goods_value: maybeNumber,
  goods_currency: text,
  first_observed_at: time,
  last_observed_at: time,
};

const occurrence = { role: text, leg: text, subject: text };

const clock: Readonly<Record<string, Schema>> = {
  clock_id: text,
  rule: text,
  rule_version: text,
  ...occurrence,
  state: text,
  reason: text,
  confidence: text,
  start_at: maybeTime,
  warn_at: maybeTime,
  due_at: maybeTime,
  end_at: maybeTime,
  late_ms: maybeNumber,
  next_at: maybeTime,
  evidence: texts,
  awaiting_channels: texts,
};

const milestone: Readonly<Record<string, Schema>> = {
  milestone: text,
  ...occurrence,
  first_planned_at: maybeTime,
  first_planned_until: maybeTime,
  planned_at: maybeTime,
  planned_until: maybeTime,
  estimated_at: maybeTime,
  estimated_until: maybeTime,
  actual_at: maybeTime,
  actual_until: maybeTime,
  zone: text,
  unlocode: text,
  place: text,
  country: text,
  source: text,
  partner: text,
  observed_at: time,
  event_id: text,
  place_zone: text,
};

const hold: Readonly<Record<string, Schema>> = {
  agency: text,
  reason: text,
  subject: text,
  placed_at: time,
  placed_event_id: text,
  removed_at: maybeTime,
  removed_event_id: text,
  partner: text,
};

export const SHIPMENT = object(shipment);

export const SHIPMENT_DETAIL = object({
  ...shipment,
  refs: list(object({ type: text, value: text })),
  attributes: mapOf(text),
  milestones: list(object(milestone)),
  holds: list(object(hold)),
  voided: list(object({ event_id: text, milestone: text, reason: text })),
  clocks: list(object(clock)),
});

export const CLOCK = object({
  ...clock,
  shipment_id: text,
  tenant: text,
  delivery: text,
  title: text,
  severity: text,
  legal: flag,
  owner: text,
  open: count,
  reported_late: count,
  partner: text,
  mode: text,
  lane: text,
});

export const AWAITING = object({
  milestone: text,
  shipment_id: text,
  tenant: text,
  since: maybeTime,
  due_at: maybeTime,
  breached: count,
  at_risk: count,
  open_holds: count,
  holding_agencies: texts,
  delivery: text,
  customer_ref: text,
  containers: texts,
  declarations: texts,
  lane: text,
  mode: text,
  partners: texts,
  goods_value: maybeNumber,
  goods_currency: text,
});

export const REJECTED = object({
  shipment_id: text,
  direction: { type: 'string', enum: ['import', 'export'] },
  declaration: text,
  rejected_at: time,
  partner: text,
  resubmitted_at: maybeTime,
  delivery: text,
  customer_ref: text,
  customer: text,
  lane: text,
  mode: text,
});

export const ALERT = object({
  alert_id: text,
  clock_id: text,
  shipment_id: text,
  tenant: text,
  rule: text,
  rule_version: text,
  status: text,
  last_change: text,
  changes: count,
  reason: text,
  confirmed: flag,
  severity: text,
  raised_at: time,
  fired_at: maybeTime,
  changed_at: time,
  ended_at: maybeTime,
  about_channel: flag,
  labels: mapOf(text),
  notify: texts,
  quiet: text,
  headline: text,
  lines: texts,
  link: text,
  acknowledged_by: text,
  acknowledged_at: maybeTime,
});

export const ALERT_CHANGE = object({
  alert_id: text,
  number: count,
  kind: text,
  reason: text,
  at: time,
  status: text,
  confirmed: flag,
  headline: text,
  lines: texts,
  evidence: texts,
});

export const CHANNEL = object({
  channel_id: text,
  source: text,
  partner: text,
  status: text,
  since: time,
  watermark: maybeTime,
  best_effort: flag,
  reason: text,
  reporting_lag_ms: maybeNumber,
  lag_p95_ms: maybeNumber,
  lag_reports: maybeNumber,
  feeds: list(
    object({
      rule: text,
      says: text,
      state: text,
      reason: text,
      because: text,
      due_at: maybeTime,
      evidence: texts,
    }),
  ),
});

export const RULE = object({
  rule: text,
  version: text,
  title: text,
  kind: text,
  mode: text,
  severity: text,
  legal: flag,
  starts: texts,
  ends: texts,
  within: text,
  warn: texts,
  calendar: text,
  notify: texts,
  owner: text,
  basis: text,
  file: text,
  line: count,
  first_used_at: time,
});

export const TOWER = object({
  now: time,
  shipments: count,
  awaiting_release: count,
  rejected_declarations: count,
  duty_not_posted: count,
  landed_cost_not_posted: count,
  clocks_at_risk: count,
  clocks_breached: count,
  clocks_unknown: count,
  channels: count,
  channels_not_heard: count,
  alerts_open: count,
  alerts_unacknowledged: count,
  dead_letters_open: count,
  timezone: text,
  caller: object({ name: text, role: text }),
});

const windows = list(object({ from: number, to: maybeNumber, ms: number }, ['ms']));
const explainedFact = object({
  eventId: text,
  what: text,
  at: object({ from: number, to: number, zone: text, zoneFrom: text }),
  observedAt: number,
  source: text,
  partner: text,
  raw: object({ stream: text, sequence: count }),
});

/** Times in an explanation are epoch milliseconds; null is "never" or "not ended". */
export const EXPLANATION = object(
  {
    verdict: { type: 'object' },
    rule: { type: 'object' },
    zone: text,
    calendar: text,
    start: explainedFact,
    planNow: explainedFact,
    windows,
    pauses: windows,
    details: list(text),
    because: text,
    channels: list({ type: 'object' }),
    evidence: list(explainedFact),
    text,
  },
  ['calendar', 'start', 'planNow'],
);

export const ACCEPTED = object({ id: text });
