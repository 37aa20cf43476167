import { equals, readRows, type StoreReader } from './query.ts';

/** A day of a partner's messages. */
export interface DriftRow {
  readonly source: string;
  readonly partner: string;
  /** `2026-06-01`, UTC. */
  readonly day: string;
  readonly events: number;
  /** Things said to have happened more than five minutes after we heard of them. */
  readonly future_times: number;
  /** Seconds from happening to known; null without any fact. */
  readonly lag_median_s: number | null;
  readonly lag_p95_s: number | null;
  readonly dead_letters: number;
  readonly unknown_codes: number;
  readonly bad_refs: number;
  readonly unknown_places: number;
  readonly without_milestone: number;
  readonly new_fields: number;
  readonly missing_fields: number;
  readonly changed_types: number;
  /** Events that repeated a known one. */
  readonly duplicates: number;
  /** Of all events that came, 0 to 1; null when none came. */
  readonly duplicate_rate: number | null;
}

/** The last days of sources, the newest first. */
export function readDrift(
  store: StoreReader,
  { source, days }: { readonly source?: string; readonly days: number },
): Promise<readonly DriftRow[]> {
  const condition = equals('source', 'source', source);
  return readRows(
    store,
    `SELECT source, partner, toString(day) AS day, events, future_times, lag_median_s, lag_p95_s, dead_letters, unknown_codes,
        bad_refs, unknown_places, without_milestone, new_fields, missing_fields, changed_types, duplicates, duplicate_rate
      FROM {database:Identifier}.drift
      WHERE drift.day > (SELECT max(toDate(log_time)) FROM {database:Identifier}.commits) - {days:UInt32}
        ${condition === undefined ? '' : `AND ${condition.sql}`}
      ORDER BY drift.day DESC, source, partner LIMIT 10000`,
    { days, ...condition?.params },
  );
}
