/**
 * Order of two rows of one key: lease epoch, then place in the log (see README.md). Never a clock, so a stale judge or a
 * machine with a wrong time cannot win.
 */
export interface RowVersion {
  readonly epoch: number;
  readonly ordinal: number;
}

/** Columns of each table in the order in which the encoders write them. */
export const COLUMNS = {
  raw_messages_log:
    'stream, sequence, source, partner, source_id, content_type, subject, observed_at, data, headers',
  events_log:
    'stream, sequence, source, partner, event_id, key, revision_order, revision_tag, tenant, milestone, role, leg, subject, ' +
    'classifier, occurred_at, occurred_until, zone, zone_from, observed_at, precedence, refs, aliases, unlocode, place, country, ' +
    'place_zone, facility, attributes, numeric, boolean, retracted, optional',
  links_log: 'event_id, shipment_id, at, linked, version',
  dead_letters_log:
    'id, source, partner, stream, sequence, observed_at, code, reason, path, source_id, content_type, subject, headers, data, ' +
    'version',
  channel_intervals_log:
    'channel_id, since, source, partner, status, watermark, best_effort, reason, version',
  operator_actions_log: 'id, action, subject, by, comment, at, until, stream, sequence',
  alert_changes_log:
    'alert_id, number, kind, reason, at, status, confirmed, clock_id, shipment_id, rule, rule_version, severity, tenant, notify, ' +
    'quiet, about_channel, labels, headline, lines, link, evidence',
  shipments_state:
    'shipment_id, trace_id, version, tenant, first_observed_at, last_observed_at, refs, partners, attributes, milestones, ' +
    'first_planned, holds, voided, clocks',
  commits:
    'writer, version, epoch, ordinal, positions, log_time, committed_at, events, rows, unmapped, heard, ' +
    'unmapped_partners',
} as const;

export type TableName = keyof typeof COLUMNS;

/** Facts are written first, in any order among themselves; then shipments_state, then commits. */
export const FACT_TABLES = [
  'raw_messages_log',
  'events_log',
  'links_log',
  'dead_letters_log',
  'channel_intervals_log',
  'operator_actions_log',
  'alert_changes_log',
] as const satisfies readonly TableName[];

export type FactTable = (typeof FACT_TABLES)[number];

/** Identifiers cannot be bound as parameters in DDL and INSERT; only plain names are let through. */
export function quote(database: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(database)) {
    throw new Error(
      `database name "${database}": use letters, digits and underscores, beginning with a letter`,
    );
  }
  return `\`${database}\``;
}
