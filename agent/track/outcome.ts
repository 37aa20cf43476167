import type { Unmapped } from '../../collectors/maps/map.ts';
import type { AlertChange } from '../../rules/alert.ts';
import type { ChannelState } from '../../rules/channel.ts';
import type { SavedChannels } from '../../rules/channels-saved.ts';
import type { Feed } from '../../rules/channels-source.ts';
import type { FeedRule } from '../../rules/evaluate-feed.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { Rule } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { LogRecord, Positions } from '../log/log.ts';

/** A message that could not be understood, kept whole. `id` is a hash of stream, sequence and path. */
export interface DeadLetter {
  readonly id: string;
  readonly source: string;
  readonly partner: string;
  readonly stream: string;
  readonly sequence: number;
  readonly observedAt: EpochMs;
  readonly code: string;
  readonly reason: string;
  readonly path: string;
  readonly sourceId: string;
  readonly contentType: string;
  readonly subject: string;
  /** Of the record, names in lower case: with them it can be read again exactly as it was. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly data: Uint8Array;
}

/** That an event speaks of a shipment, or (linked false) no longer does. */
export interface Link {
  readonly eventId: string;
  readonly shipmentId: string;
  readonly linked: boolean;
  readonly at: EpochMs;
}

/** An open or closed interval during which a channel was not heard. */
export interface ChannelInterval {
  readonly channelId: string;
  readonly source: string;
  readonly partner: string;
  readonly status: 'hearing' | 'blind' | 'never-heard';
  readonly from: EpochMs;
  readonly watermark: EpochMs;
  readonly bestEffort: boolean;
  readonly reason: string;
}

/** A shipment as it stands after a batch: its trace and every clock. */
export interface ShipmentState {
  readonly trace: Trace;
  readonly clocks: readonly Verdict[];
}

/** An operator's action as it stands in the log. */
export interface OperatorAction {
  readonly id: string;
  /** Of the record that says so; of the one that brought it about, where the judge itself acts. */
  readonly stream: string;
  readonly sequence: number;
  readonly action:
    | 'acknowledge'
    | 'waive'
    | 'dismiss-dead-letter'
    | 'redrive-dead-letter'
    | 'replay'
    | 'merge'
    | 'split'
    | 'silence';
  readonly subject: string;
  readonly by: string;
  readonly comment: string;
  readonly at: EpochMs;
  /** For a silence: when it ends. */
  readonly until?: EpochMs;
}

/**
 * Why nobody is told: its rule is in shadow mode; it happened before the horizon; it fell due before its rule came into force; nobody was
 * told that it began; its rule names no route.
 */
export type QuietReason = 'shadow' | 'older-than-horizon' | 'older-than-rule' | 'never-told' | 'no-route';

/** One alert change with everything a person is told about it, exactly as published to the alert log. */
export interface AlertRecord {
  readonly change: AlertChange;
  readonly clockId: string;
  readonly shipmentId: string;
  readonly rule: string;
  readonly ruleVersion: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly tenant: string;
  /** Names of notification routes; empty for shadow rules and for changes older than the horizon. */
  readonly notify: readonly string[];
  /** Why nobody is told although it is recorded; absent when somebody is. */
  readonly quiet?: QuietReason;
  /** True when the alert is about a channel and not about a shipment. */
  readonly aboutChannel: boolean;
  /** For grouping and conditions: rule, place, partner, lane, mode, owner … */
  readonly labels: Readonly<Record<string, string>>;
  readonly text: AlertText;
  /** Ids of the events that the change rests on; absent in older records, and of channels and identifiers. */
  readonly evidence?: readonly string[];
  /** Positions before the record that brought it about: tells whether stored facts reach this far. Absent in older records. */
  readonly after?: Positions;
}

/** The message in business terms. Times are rendered twice: in the place's zone and in the reader's. */
export interface AlertText {
  readonly headline: string;
  readonly lines: readonly string[];
  readonly link: string;
}

/** What the judge gives to have an alert change about a shipment put into words. */
export interface ShipmentAlertInput {
  readonly about: 'shipment';
  readonly change: AlertChange;
  readonly verdict: Verdict;
  readonly rule: Rule;
  readonly trace: Trace;
  /** Zone of the rule's calendar; absent for clocks that run round the clock. */
  readonly calendarZone: string | undefined;
  /** Channels that could prove the milestone, as they stand. */
  readonly channels: readonly ChannelState[];
}

/** A channel that went silent or was heard again. */
export interface ChannelAlertInput {
  readonly about: 'channel';
  readonly change: AlertChange;
  readonly channel: ChannelState;
  /** Overdue clocks that wait for it. */
  readonly waitingShipments: number;
}

/** A channel that is silent for too long, or tells too late, by a `feed` rule. */
export interface FeedAlertInput {
  readonly about: 'feed';
  readonly change: AlertChange;
  readonly verdict: Verdict;
  readonly rule: FeedRule;
  readonly feed: Feed;
}

/** Puts an alert change into words and labels. Pure: the same input gives the same bytes for ever. */
export type RenderAlert = (input: ShipmentAlertInput | ChannelAlertInput | FeedAlertInput) => {
  readonly labels: Readonly<Record<string, string>>;
  readonly text: AlertText;
};

/** Everything that reading one batch of the log brought about. Idempotent to store twice. */
export interface JudgeBatch {
  /** After this batch. */
  readonly positions: Positions;
  readonly logTime: EpochMs;
  readonly records: readonly LogRecord[];
  readonly events: readonly ShipmentEvent[];
  readonly unmapped: readonly {
    readonly source: string;
    readonly partner: string;
    readonly item: Unmapped;
  }[];
  readonly links: readonly Link[];
  readonly deadLetters: readonly DeadLetter[];
  readonly channels: readonly ChannelInterval[];
  readonly operator: readonly OperatorAction[];
  readonly shipments: readonly ShipmentState[];
  readonly alerts: readonly AlertRecord[];
  /**
   * How far each channel is heard after this batch: with it, a judge can be rebuilt from here. Absent in a batch that was read again,
   * for the judge has long been elsewhere.
   */
  readonly heard?: SavedChannels;
}
