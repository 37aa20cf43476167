import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { compileExpression, type Expr } from '../../rules/expression.ts';
import { type ParsedRules, parseRules } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Clock } from '../clock.ts';
import { readRows, type StoreReader } from '../store/query.ts';
import type { SourceBinding } from '../track/mapper.ts';
import { bindingsOf } from './bindings.ts';
import type { HttpClickHouse, HttpListening, HttpMain, HttpSettings, HttpSource } from './contract.ts';
import { QuestionGate } from './limits.ts';

/** A source whose condition can be asked. */
export type KnownSource = Omit<HttpSource, 'serves'> & { readonly serves?: Expr };

/** What a server needs that tells how its agent is. */
export interface HealthServices {
  readonly settings: HttpListening;
  readonly main: Pick<HttpMain, 'metrics' | 'readiness'>;
  readonly gate: QuestionGate;
  /** Whether questions can be asked of ClickHouse, or need not be. */
  storeAnswers(): Promise<boolean>;
  /** Tells the agent's log what a caller is not told. */
  fault(error: string): void;
}

/** Everything that routes may use. */
export interface Services extends HealthServices {
  readonly settings: HttpSettings;
  readonly main: HttpMain;
  readonly sources: readonly KnownSource[];
  store(): StoreReader;
  /** Sources with their maps as the judge has them; compiled at the first question. */
  bindings(): ReadonlyMap<string, SourceBinding>;
  readonly now: () => EpochMs;
  /** The rules in force; parsed at the first question. */
  rules(): ParsedRules;
  /** Other rule files are in force from now on. */
  useRules(files: HttpSettings['rules']): void;
  close(): Promise<void>;
}

const MOST_CONCURRENT = 16;
const QUERY_SECONDS = 10;
const SHARE_MS = 1_000;
/** ClickHouse notices its own time limit between blocks of rows; this is for when it does not. */
const GRACE_MS = 2_000;

export function servicesOf(
  settings: HttpSettings,
  edges: {
    readonly main: HttpMain;
    readonly clock: Clock;
    readonly fault: (error: string) => void;
  },
): Services {
  const { main, clock, fault } = edges;
  const { concurrent = MOST_CONCURRENT, querySeconds = QUERY_SECONDS } = settings.limits ?? {};
  const reader = readerOf(settings.clickhouse, concurrent, querySeconds);
  const gate = new QuestionGate({ most: concurrent, shareMs: SHARE_MS, elapsed: clock.elapsed });
  let ruleFiles = settings.rules;
  let rules: ParsedRules | undefined;
  let bindings: ReadonlyMap<string, SourceBinding> | undefined;
  return {
    settings,
    main,
    fault,
    now: clock.now,
    gate,
    sources: settings.sources.map(knownSource),
    store: () => reader,
    storeAnswers: () =>
      gate
        .share('readyz', () => readRows({ ...reader, maxSeconds: 2 }, 'SELECT 1'))
        .then(
          () => true,
          () => false,
        ),
    bindings() {
      bindings ??= bindingsOf(settings);
      return bindings;
    },
    rules() {
      rules ??= parseRules(ruleFiles, settings.year);
      return rules;
    },
    useRules(files) {
      ruleFiles = files;
      rules = undefined;
    },
    async close() {
      await reader.client.close();
    },
  };
}

function readerOf(where: HttpClickHouse, concurrent: number, maxSeconds: number): StoreReader {
  const { url, user, password, database, tls } = where;
  const client = createClient({
    url,
    username: user,
    password,
    database,
    application: 'laytime-http',
    // Failures are told through `fault`.
    log: { level: ClickHouseLogLevel.OFF },
    max_open_connections: concurrent,
    request_timeout: maxSeconds * 1000 + GRACE_MS,
    clickhouse_settings: {
      // Nothing that is asked here may change anything; settings of single questions are still allowed.
      readonly: '2',
      // A question of a person must leave room for what the judge stores.
      max_threads: 2,
      max_memory_usage: '2000000000',
      max_result_rows: '20000',
      max_result_bytes: '50000000',
      result_overflow_mode: 'throw',
      timeout_overflow_mode: 'throw',
      cancel_http_readonly_queries_on_client_close: 1,
    },
    ...(tls !== undefined && { tls: tlsOf(tls) }),
  });
  return { client, database, maxSeconds };
}

function tlsOf({ ca, cert, key }: NonNullable<HttpClickHouse['tls']>) {
  const authority = { ca_cert: Buffer.from(ca) };
  return cert === undefined || key === undefined
    ? authority
    : { ...authority, cert: Buffer.from(cert), key: Buffer.from(key) };
}

/** The source with its condition compiled; one that does not compile asks nothing. */
export function knownSource({ serves, ...source }: HttpSource): KnownSource {
  const compiled = serves === undefined ? undefined : compileExpression(serves);
  return compiled !== undefined && 'expr' in compiled ? { ...source, serves: compiled.expr } : source;
}
