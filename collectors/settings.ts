import type { Expr } from '../rules/expression.ts';
import type { QuietHours } from '../rules/quiet-hours.ts';
import type { ObservedLag } from '../rules/reporting-lag.ts';
import type { DurationMs } from '../rules/time.ts';
import type { FileFormat } from './files/records.ts';

/** A secret that was read from a file or from the environment. It prints as `[secret]`; only `reveal` gives the text. */
export interface SecretText {
  reveal(): string;
}

/** TLS beyond the system's defaults. PEM texts, already read from their files. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: SecretText;
  readonly serverName?: string;
}

/** How to say who we are to an HTTP or OData server. */
export type HttpAuth =
  | { readonly kind: 'basic'; readonly user: string; readonly password: SecretText }
  | { readonly kind: 'bearer'; readonly token: SecretText }
  /** Sent in header or query parameter `name`. */
  | {
      readonly kind: 'api-key';
      readonly in: 'header' | 'query';
      readonly name: string;
      readonly key: SecretText;
    }
  /** RFC 6749, section 4.4 (client credentials). */
  | {
      readonly kind: 'oauth2';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: SecretText;
      readonly scope?: string;
      readonly audience?: string;
      /** `basic`: credentials in the Authorization header (RFC 6749, 2.3.1); `body`: in the form. */
      readonly style: 'basic' | 'body';
    };

/** How to say who we are to a NATS server. */
export type NatsAuth =
  | { readonly kind: 'credentials'; readonly creds: SecretText }
  | { readonly kind: 'nkey'; readonly seed: SecretText }
  | { readonly kind: 'user'; readonly user: string; readonly password: SecretText }
  | { readonly kind: 'token'; readonly token: SecretText };

/** A NATS server or cluster. */
export interface NatsConnectionSettings {
  readonly servers: readonly string[];
  readonly auth?: NatsAuth;
  readonly tls?: TlsSettings;
}

/** What every source has, whatever its kind. */
export interface SourceSettings {
  /** Its key under `sources:`. */
  readonly name: string;
  readonly tenant: string;
  /** Who speaks on this source when a message does not tell; the source's name by default. */
  readonly partner: string;
  /** IANA zone for times without one. */
  readonly zone?: string;
  /** `builtin:<name>`, or a path relative to the configuration file. */
  readonly map: string;
  /** Quieter than this: assumed blind. Absent: silence says nothing. */
  readonly expectEveryMs?: DurationMs;
  /** How long after it happened the partner usually tells: subtracted from every watermark. 0 by default. */
  readonly reportingLagMs: DurationMs;
  /** It is taken from what is seen of each partner; `reportingLagMs` counts until enough is seen. */
  readonly observedLag?: ObservedLag;
  /** Shipments for which this source could be the proof; absent: every shipment. */
  readonly serves?: Expr;
  /** NATS subject on which the partner's system says that it lives. */
  readonly heartbeatSubject?: string;
  /** A single message larger than this is refused (dead letter with its head only). */
  readonly maxMessageBytes: number;
}

export interface NatsSourceConfig extends SourceSettings {
  readonly kind: 'nats';
  /** Someone's stream, read where it is. Absent: plain subjects, which a stream of ours captures where the account allows. */
  readonly stream?: string;
  readonly subjects: readonly string[];
  /** Absent: the agent's own connection. */
  readonly connection?: NatsConnectionSettings;
  /** `auto`: a stream of ours captures a plain subject where the account allows; `best-effort`: subscribe only. */
  readonly capture: 'auto' | 'best-effort';
  /** Header that carries an explicit correlation id. */
  readonly correlationHeader?: string;
}

/** What polling over HTTP needs, OData or not. */
export interface PollSettings {
  readonly url: string;
  readonly auth?: HttpAuth;
  readonly tls?: TlsSettings;
  /** `http://proxy:3128`; the environment is not consulted. */
  readonly proxy?: { readonly url: string; readonly user?: string; readonly password?: SecretText };
  readonly headers: Readonly<Record<string, string>>;
  /** Headers whose values are secret. */
  readonly secretHeaders: Readonly<Record<string, SecretText>>;
  readonly pollMs: DurationMs;
  readonly timeoutMs: DurationMs;
  /** Read again this far behind the newest change seen: late commits and day-precise stamps. */
  readonly overlapMs: DurationMs;
  /** How far back the very first poll reaches. */
  readonly initialLookbackMs: DurationMs;
  readonly pageSize?: number;
  readonly maxResponseBytes: number;
  readonly maxPages: number;
  /** At least this long between two requests to the server. */
  readonly minIntervalMs: DurationMs;
  /** So many requests at once to the server's host, those of other sources counted. */
  readonly concurrency: number;
  /** The server is not called then. */
  readonly quietHours?: QuietHours;
}

export interface ODataSourceConfig extends SourceSettings, PollSettings {
  readonly kind: 'odata';
  /** `url` is the service root. */
  readonly entity: string;
  readonly version: 'v2' | 'v4' | 'auto';
  /** Key properties, in order; they make the record's id. Empty: the collector's table for known SAP entities, else the entity's own `__metadata`/`@odata.id`. */
  readonly keys: readonly string[];
  readonly select: readonly string[];
  readonly expand: readonly string[];
  /** Added to the change filter with `and`. */
  readonly filter?: string;
  /** Property with the time (or only the date) of the last change; may be null on records never changed. */
  readonly changedAt?: string;
  /** Property with the time (or only the date) of creation, asked for beside `changedAt`. */
  readonly createdAt?: string;
  readonly stampType: 'date' | 'datetime' | 'datetimeoffset';
  /** Ask the server to track changes, and follow its delta links; by stamps where it does not. */
  readonly delta: boolean;
}

export interface HttpSourceConfig extends SourceSettings, PollSettings {
  readonly kind: 'http';
  readonly query: Readonly<Record<string, string>>;
  /** JSON pointer to the list of records; '' when the answer itself is the list; absent: one message per answer. */
  readonly items?: string;
  /** JSON pointers inside a record. */
  readonly id?: string;
  readonly changedAt?: string;
  /**
   * How to get the next page: RFC 8288 `Link: rel="next"`, the `Next-Page` header (a cursor or a URL), a cursor in the
   * body handed back in a query parameter, a full URL in the body, or page numbers. `auto` follows Link, then Next-Page.
   */
  readonly paging:
    | { readonly kind: 'auto' | 'none' }
    | { readonly kind: 'cursor'; readonly from: string; readonly param: string }
    | { readonly kind: 'next-page'; readonly param: string }
    | { readonly kind: 'url'; readonly from: string }
    | { readonly kind: 'page-number'; readonly param: string; readonly first: number };
  /** Query parameter by which the server gives only what changed since. */
  readonly since?: { readonly param: string; readonly format: 'iso' | 'epoch-ms' | 'epoch-s' | 'date' };
}

export interface OracleSourceConfig extends SourceSettings, PollSettings {
  readonly kind: 'oracle';
  /** `url` is the root of the resources: `…/fscmRestApi/resources/11.13.18.05`. */
  readonly resource: string;
  /** Fields that make the record's id; empty: its `self` link. */
  readonly keys: readonly string[];
  readonly fields: readonly string[];
  readonly expand: readonly string[];
  readonly finder?: string;
  /** Added to the change condition. */
  readonly filter?: string;
  /** Field with the time of the last change; the records are read in its order. */
  readonly changedAt: string;
  /** `REST-Framework-Version`. */
  readonly framework: number;
}

export interface DcsaSourceConfig extends SourceSettings, PollSettings {
  readonly kind: 'dcsa';
  /** Filters: `carrierBookingReference`, `equipmentReference`, `transportDocumentReference` … `url` is that of the API or of its `/events`. */
  readonly query: Readonly<Record<string, string>>;
}

/** How files are taken out of a folder, wherever it is. */
export interface FolderSettings {
  /** Glob inside the directory: `*.csv`, `in/**\/*.xml`. */
  readonly pattern: string;
  /** `auto`: by the file's extension. */
  readonly format: 'auto' | FileFormat;
  readonly csv: { readonly delimiter: string; readonly encoding: 'utf-8' | 'latin1' };
  readonly pollMs: DurationMs;
  /** A file is read when size and time have not changed for this long. */
  readonly settleMs: DurationMs;
  readonly afterwards: 'keep' | 'move' | 'delete';
  /** Where `move` puts files, relative to the directory. */
  readonly moveTo: string;
  /** Each file tells all there is up to its modification time: its arrival is a proof of life. */
  readonly complete: boolean;
  readonly maxFileBytes: number;
}

export interface FilesSourceConfig extends SourceSettings, FolderSettings {
  readonly kind: 'files';
  /** Absolute, or relative to the working directory of the agent. */
  readonly directory: string;
}

export interface SftpSourceConfig extends SourceSettings, FolderSettings {
  readonly kind: 'sftp';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly login:
    | { readonly kind: 'password'; readonly password: SecretText }
    | { readonly kind: 'key'; readonly key: SecretText; readonly passphrase?: SecretText };
  /** `SHA256:…`, as `ssh-keygen -l` prints it; the server must show one of them. */
  readonly hostKeys: readonly string[];
  /** On the server; relative to where the log-in lands. */
  readonly directory: string;
  readonly timeoutMs: DurationMs;
  /** So many connections at once to the host, those of other sources counted. */
  readonly concurrency: number;
  readonly quietHours?: QuietHours;
}

/** Where to listen; `::` is every address. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** How a partner signs what it pushes. Header names are lower case. */
export interface WebhookScheme {
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha512' | 'sha1';
  /** Before the signature in its header: `sha256=`, `v1,`. */
  readonly prefix: string;
  /** What the signature is over: a text with `{id}`, `{timestamp}` and `{body}` in it. */
  readonly signed: string;
  /** Names the delivery; the same when it is repeated. */
  readonly idHeader?: string;
  /** When it was signed. Absent: nothing tells a recorded delivery from a new one. */
  readonly timestampHeader?: string;
  readonly secretEncoding: 'text' | 'base64' | 'hex';
  /** What the partner wants to hear when the log has it. */
  readonly answer: 200 | 204;
}

export interface WebhookSourceConfig extends SourceSettings {
  readonly kind: 'webhook';
  readonly listen: ListenAddress;
  readonly path: string;
  readonly scheme: WebhookScheme;
  /** Each of them is valid: the old and the new one while they rotate. */
  readonly secrets: readonly SecretText[];
  /** A delivery signed longer ago, or further ahead, is refused. */
  readonly replayWindowMs: DurationMs;
  readonly maxPerMinute: number;
  /** The log may take so long; then the partner is asked to send again. */
  readonly answerWithinMs: DurationMs;
  /** JSON pointers inside a body, read once it is verified. */
  readonly id?: string;
  readonly changedAt?: string;
}

export type SourceConfig =
  | NatsSourceConfig
  | ODataSourceConfig
  | HttpSourceConfig
  | FilesSourceConfig
  | WebhookSourceConfig
  | OracleSourceConfig
  | DcsaSourceConfig
  | SftpSourceConfig;
