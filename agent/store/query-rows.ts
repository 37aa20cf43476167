/** Times are ISO 8601 in UTC with milliseconds; `null` where there is none yet. */
export type IsoTime = string;

export interface ShipmentRow {
  readonly shipment_id: string;
  readonly tenant: string;
  readonly trace_id: string;
  readonly delivery: string;
  readonly customer_ref: string;
  readonly customer: string;
  readonly containers: readonly string[];
  readonly orders: readonly string[];
  readonly declarations: readonly string[];
  readonly mode: string;
  readonly lane: string;
  readonly partners: readonly string[];
  readonly last_milestone: string | null;
  readonly last_milestone_at: IsoTime | null;
  readonly open_holds: number;
  readonly clocks_open: number;
  readonly clocks_at_risk: number;
  readonly clocks_breached: number;
  readonly next_due_at: IsoTime | null;
  readonly goods_value: number | null;
  readonly goods_currency: string;
  readonly first_observed_at: IsoTime;
  readonly last_observed_at: IsoTime;
}

export interface MilestoneRow {
  readonly milestone: string;
  readonly role: string;
  readonly leg: string;
  readonly subject: string;
  /** The plan that was stated first; the one that stands where there was no other. */
  readonly first_planned_at: IsoTime | null;
  readonly first_planned_until: IsoTime | null;
  readonly planned_at: IsoTime | null;
  readonly planned_until: IsoTime | null;
  readonly estimated_at: IsoTime | null;
  readonly estimated_until: IsoTime | null;
  readonly actual_at: IsoTime | null;
  readonly actual_until: IsoTime | null;
  readonly zone: string;
  readonly unlocode: string;
  readonly place: string;
  readonly country: string;
  readonly source: string;
  readonly partner: string;
  readonly observed_at: IsoTime;
  readonly event_id: string;
}

export interface HoldRow {
  readonly agency: string;
  readonly reason: string;
  readonly subject: string;
  readonly placed_at: IsoTime;
  readonly placed_event_id: string;
  readonly removed_at: IsoTime | null;
  readonly removed_event_id: string;
  readonly partner: string;
}

/** A clock as it lies in its shipment. */
export interface ShipmentClockRow {
  readonly clock_id: string;
  readonly rule: string;
  readonly rule_version: string;
  readonly role: string;
  readonly leg: string;
  readonly subject: string;
  readonly state: string;
  readonly reason: string;
  readonly confidence: string;
  readonly start_at: IsoTime | null;
  readonly warn_at: IsoTime | null;
  readonly due_at: IsoTime | null;
  readonly end_at: IsoTime | null;
  readonly late_ms: number | null;
  /** When it is judged again although nothing new is heard. */
  readonly next_at: IsoTime | null;
  readonly evidence: readonly string[];
  readonly awaiting_channels: readonly string[];
}

export interface ShipmentDetail extends ShipmentRow {
  readonly refs: readonly { readonly type: string; readonly value: string }[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly milestones: readonly MilestoneRow[];
  readonly holds: readonly HoldRow[];
  readonly voided: readonly {
    readonly event_id: string;
    readonly milestone: string;
    readonly reason: string;
  }[];
  readonly clocks: readonly ShipmentClockRow[];
}

export interface AwaitingRow {
  readonly milestone: string;
  readonly shipment_id: string;
  readonly tenant: string;
  readonly since: IsoTime | null;
  readonly due_at: IsoTime | null;
  readonly breached: number;
  readonly at_risk: number;
  readonly open_holds: number;
  readonly holding_agencies: readonly string[];
  readonly delivery: string;
  readonly customer_ref: string;
  readonly containers: readonly string[];
  readonly declarations: readonly string[];
  readonly lane: string;
  readonly mode: string;
  readonly partners: readonly string[];
  readonly goods_value: number | null;
  readonly goods_currency: string;
}

export interface ClockRow extends ShipmentClockRow {
  readonly shipment_id: string;
  readonly tenant: string;
  readonly delivery: string;
  readonly title: string;
  readonly severity: string;
  readonly legal: boolean;
  readonly owner: string;
  readonly open: number;
  readonly reported_late: number;
  readonly partner: string;
  readonly mode: string;
  readonly lane: string;
}

export interface AlertRow {
  readonly alert_id: string;
  readonly clock_id: string;
  readonly shipment_id: string;
  readonly tenant: string;
  readonly rule: string;
  readonly rule_version: string;
  readonly status: string;
  readonly last_change: string;
  readonly changes: number;
  readonly reason: string;
  readonly confirmed: boolean;
  readonly severity: string;
  readonly raised_at: IsoTime;
  readonly fired_at: IsoTime | null;
  readonly changed_at: IsoTime;
  readonly ended_at: IsoTime | null;
  readonly about_channel: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly notify: readonly string[];
  readonly quiet: string;
  readonly headline: string;
  readonly lines: readonly string[];
  readonly link: string;
  readonly acknowledged_by: string;
  readonly acknowledged_at: IsoTime | null;
}

export interface AlertChangeRow {
  readonly alert_id: string;
  readonly number: number;
  readonly kind: string;
  readonly reason: string;
  readonly at: IsoTime;
  readonly status: string;
  readonly confirmed: boolean;
  readonly headline: string;
  readonly lines: readonly string[];
  /** Ids of events. */
  readonly evidence: readonly string[];
}

export interface ChannelRow {
  readonly channel_id: string;
  readonly source: string;
  readonly partner: string;
  readonly status: string;
  readonly since: IsoTime;
  readonly watermark: IsoTime | null;
  readonly best_effort: boolean;
  readonly reason: string;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly source: string;
  readonly partner: string;
  readonly stream: string;
  readonly sequence: number;
  readonly observed_at: IsoTime;
  readonly code: string;
  readonly reason: string;
  readonly path: string;
  readonly source_id: string;
  readonly content_type: string;
  readonly data: string;
  /** Of the whole message. */
  readonly data_bytes: number;
  readonly status: string;
  readonly dismissed_by: string;
  readonly comment: string;
}

export interface RuleRow {
  readonly rule: string;
  readonly version: string;
  readonly title: string;
  readonly kind: string;
  readonly mode: string;
  readonly severity: string;
  readonly legal: boolean;
  readonly starts: readonly string[];
  readonly ends: readonly string[];
  readonly within: string;
  readonly warn: readonly string[];
  readonly calendar: string;
  readonly notify: readonly string[];
  readonly owner: string;
  readonly basis: string;
  readonly file: string;
  readonly line: number;
  readonly first_used_at: IsoTime;
}

export interface RawMessageRow {
  readonly stream: string;
  readonly sequence: number;
  readonly source: string;
  readonly partner: string;
  readonly source_id: string;
  readonly content_type: string;
  readonly subject: string;
  readonly observed_at: IsoTime;
  readonly data: Uint8Array;
}
