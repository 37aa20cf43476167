import type { MilestoneCode } from '../../rules/milestone.ts';
import type { MeasuredLag } from '../../rules/reporting-lag.ts';
import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { ClockState, VerdictReason } from '../../rules/verdict.ts';
import type { Reloaded } from '../app-reload.ts';
import type { TOKEN_ROLES } from '../config-server.ts';
import type { Positions } from '../log/log.ts';
import type { Redrive } from '../log/redrive.ts';
import type { Restatement } from '../log/restate.ts';
import type { OperatorAction } from '../track/outcome.ts';

/** What a caller may do: a viewer reads, an operator acts, an admin may everything. */
export type HttpRole = (typeof TOKEN_ROLES)[number];

/** A token as the worker knows it: enough to recognise it, not to use it. */
export interface TokenDigest {
  readonly name: string;
  readonly role: HttpRole;
  /** SHA-256 of the token's UTF-8 text, hexadecimal. */
  readonly sha256: string;
}

/** Where the worker reads; a user who may only SELECT is enough. */
export interface HttpClickHouse {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** A configured source, as far as explaining a verdict and reading its messages need it. */
export interface HttpSource {
  readonly name: string;
  readonly partner: string;
  readonly proves: readonly MilestoneCode[];
  readonly tenant: string;
  readonly zone?: string;
  readonly correlationHeader?: string;
  /** Text of its map, to read messages with. */
  readonly map: { readonly file: string; readonly text: string };
  /** Condition in the language of `when:`. */
  readonly serves?: string;
  /** As configured; where it is observed, what counts until enough was seen. Absent in older exports: none. */
  readonly reportingLagMs?: DurationMs;
}

/** Where to listen, and to whom. */
export interface HttpListening {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tokens: readonly TokenDigest[];
  readonly publicUrl: string;
}

/** Everything the worker starts with: plain data, for it crosses a thread. */
export interface HttpSettings extends HttpListening {
  readonly clickhouse: HttpClickHouse;
  /** Of this program, for the OpenAPI document. */
  readonly version: string;
  /** IANA zone in which the page shows times beside the place's own. */
  readonly timezone: string;
  /** The one trusted most first. */
  readonly sources: readonly HttpSource[];
  readonly rules: readonly { readonly file: string; readonly text: string }[];
  /** Calendars are compiled around this year. */
  readonly year: number;
  readonly limits?: HttpLimits;
}

export interface HttpLimits {
  /** Requests that may ask ClickHouse at the same time; the next ones are told 429. Default 16. */
  readonly concurrent?: number;
  /** How long one question may take. Default 10. */
  readonly querySeconds?: number;
}

/** A channel as it stands in the judge's memory; times that are not known are absent. */
export interface ChannelFact {
  readonly id: string;
  readonly source: string;
  readonly partner: string;
  readonly status: 'hearing' | 'blind' | 'never-heard';
  readonly watermark?: EpochMs;
  readonly blindSince?: EpochMs;
  readonly bestEffort: boolean;
  /** Taken off the watermark. */
  readonly reportingLagMs?: DurationMs;
  /** Within how long 95 of 100 reports of this week and the last were known; absent while there are too few. */
  readonly measuredLag?: MeasuredLag;
  /** What `feed` rules say of it. */
  readonly feeds?: readonly FeedFact[];
}

/** One `feed` rule about one channel, as it was judged last. */
export interface FeedFact {
  readonly rule: string;
  readonly says: string;
  readonly state: ClockState;
  readonly reason: VerdictReason;
  /** The reason in words. */
  readonly because: string;
  readonly dueAt?: EpochMs;
  /** Ids of events. */
  readonly evidence: readonly string[];
}

/** How the agent is, told by the main thread. */
export interface ReadinessFacts {
  readonly role: 'collect' | 'judge' | 'both';
  /** False while memory is restored, or once judging has ended. */
  readonly judging: boolean;
  /** Another judge has taken over. */
  readonly fenced: boolean;
  /** Memory comes from ClickHouse, for no snapshot is usable; judging begins once it answers. */
  readonly waitsForStore: boolean;
  readonly positions: Positions;
  /** What is committed to ClickHouse. */
  readonly storeFloor: Positions;
  /** The store takes the judge's rows; false while it catches up from the log. */
  readonly storeLevel: boolean;
  readonly channels: readonly ChannelFact[];
}

/** What an operator asks for; it takes effect when the judge reads it from the log. */
export type ActionRequest = Pick<OperatorAction, 'action' | 'subject' | 'by' | 'comment' | 'until'>;

/** What the main thread does for the server. All of it is quick: it never waits for ClickHouse. */
export interface HttpMain {
  metrics(): Promise<string>;
  readiness(): Promise<ReadinessFacts>;
  /** Resolves with the id of the record when it is durable in the log. */
  append(action: ActionRequest): Promise<{ readonly id: string }>;
  /** The same for a message that is to be read again. */
  redrive(redrive: Redrive): Promise<{ readonly id: string }>;
  /** The same for statements that a replay reads otherwise. */
  restate(restatement: Restatement): Promise<{ readonly id: string }>;
  /** Reads the rule files again and puts them in force when nothing is wrong with them. */
  reloadRules(): Promise<Reloaded>;
}

/** One question of the worker to the main thread. */
export type Ask =
  | { readonly what: 'metrics' }
  | { readonly what: 'readiness' }
  | { readonly what: 'append'; readonly action: ActionRequest }
  | { readonly what: 'redrive'; readonly redrive: Redrive }
  | { readonly what: 'restate'; readonly restatement: Restatement }
  | { readonly what: 'reload-rules' };

export type ToMain =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'failed'; readonly message: string }
  /** A request failed for a reason that its caller is not told. */
  | { readonly kind: 'fault'; readonly error: string }
  | { readonly kind: 'ask'; readonly id: number; readonly ask: Ask };

export type ToWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: string }
  /** Other rules are in force. */
  | { readonly kind: 'rules'; readonly rules: HttpSettings['rules'] }
  | { readonly kind: 'stop' };
