import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { LogRecord } from '../../../agent/log/log.ts';
import { migrate } from '../../../agent/store/migrate.ts';
import type { JudgeBatch, ShipmentState } from '../../../agent/track/outcome.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';
import type { Rule } from '../../../rules/sla.ts';
import { instant } from '../../../rules/time.ts';
import type { Fact, MilestoneFact } from '../../../rules/trace.ts';
import type { Verdict } from '../../../rules/verdict.ts';
import { freshDatabase } from '../../support/engines.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Monday 2 November 2026, 09:00 UTC. */
export const T0 = Date.UTC(2026, 10, 2, 9);

export interface Database {
  readonly database: string;
  readonly client: ClickHouseClient;
  readonly admin: ClickHouseClient;
}

/** A migrated database of its own on a shared engine, and a client for it. */
export async function withDatabase(
  t: { teardown(f: () => Promise<void>): void },
  url: string,
): Promise<Database> {
  const database = freshDatabase();
  const admin = createClient({ url });
  await migrate({ client: admin, database });
  const client = createClient({ url, database, log: { level: ClickHouseLogLevel.OFF } });
  t.teardown(async () => {
    await client.close();
    await admin.close();
  });
  return { database, client, admin };
}

/** Sleeps on the wall clock: the engine is real. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    if (signal.aborted) wake();
    signal.addEventListener('abort', wake, { once: true });
  });

export function event(number: number, over: Partial<ShipmentEvent> = {}): ShipmentEvent {
  const observedAt = over.observedAt ?? T0 + number * 1000;
  return {
    id: `broker-nl/DEC${number}/released@1`,
    key: `broker-nl/DEC${number}/released`,
    revision: { order: 1, tag: '' },
    source: 'broker-nl',
    partner: 'broker',
    tenant: 'acme',
    milestone: 'customs.released',
    occurrence: {},
    classifier: 'actual',
    occurredAt: instant(observedAt - HOUR),
    observedAt,
    refs: [{ type: 'delivery', value: `80${number}` }],
    attributes: { mode: 'sea' },
    retracted: false,
    raw: { stream: 'RAW', sequence: number },
    ...over,
  };
}

export const record = (number: number, over: Partial<LogRecord> = {}): LogRecord => ({
  kind: 'message',
  stream: 'RAW',
  sequence: number,
  subject: 'laytime.raw.broker-nl',
  observedAt: T0 + number * 1000,
  source: 'broker-nl',
  header: () => undefined,
  headers: () => [],
  data: Buffer.from(`{"n":${number}}`),
  ...over,
});

/** One event about shipment `SHIP<n>` at sequence n, with its record, link and state. */
export function batch(from: number, to = from, over: Partial<JudgeBatch> = {}): JudgeBatch {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return {
    positions: { RAW: to },
    logTime: T0 + to * 1000,
    records: numbers.map((number) => record(number)),
    events: numbers.map((number) => event(number)),
    unmapped: [],
    links: numbers.map((number) => ({
      eventId: event(number).id,
      shipmentId: `SHIP${number}`,
      linked: true,
      at: T0 + number * 1000,
    })),
    deadLetters: [],
    channels: [],
    operator: [],
    shipments: numbers.map((number) => shipment(`SHIP${number}`, { released: T0 + number * 1000 })),
    alerts: [],
    ...over,
  };
}

export const fact = (at: number, eventId: string, over: Partial<Fact> = {}): Fact => ({
  at: instant(at),
  observedAt: at + HOUR,
  source: 'broker-nl',
  partner: 'broker',
  eventId,
  raw: { stream: 'RAW', sequence: 1 },
  attributes: {},
  ...over,
});

export const milestone = (
  code: MilestoneFact['milestone'],
  at: number,
  occurrence: MilestoneFact['occurrence'] = {},
  partner = 'broker',
): MilestoneFact => ({ milestone: code, occurrence, actual: fact(at, `${code}@${at}`, { partner }) });

export interface Sketch {
  readonly released?: number;
  readonly milestones?: readonly MilestoneFact[];
  readonly clocks?: readonly Verdict[];
  readonly refs?: ShipmentState['trace']['refs'];
  readonly attributes?: ShipmentState['trace']['attributes'];
  readonly holds?: ShipmentState['trace']['holds'];
}

export function shipment(id: string, sketch: Sketch): ShipmentState {
  const milestones =
    sketch.milestones ??
    (sketch.released === undefined ? [] : [milestone('customs.released', sketch.released)]);
  return {
    trace: {
      shipmentId: id,
      tenant: 'acme',
      refs: sketch.refs ?? [{ type: 'delivery', value: id }],
      milestones,
      holds: sketch.holds ?? [],
      attributes: sketch.attributes ?? { mode: 'sea' },
      voided: [],
      partners: ['broker'],
      firstObservedAt: T0,
      lastObservedAt: T0 + DAY,
    },
    clocks: sketch.clocks ?? [],
  };
}

export const clock = (shipmentId: string, rule: string, over: Partial<Verdict> = {}): Verdict => ({
  clockId: `${shipmentId}/${rule}`,
  rule,
  ruleVersion: 'v1',
  shipmentId,
  occurrence: {},
  state: 'running',
  reason: 'within-budget',
  startAt: T0,
  dueAt: T0 + DAY,
  evidence: [],
  awaitingChannels: [],
  ...over,
});

export const RULE: Rule = {
  name: 'eu-import-release',
  version: 'v1',
  title: 'Customs release within 24 business hours',
  kind: 'after',
  mode: 'live',
  severity: 'critical',
  legal: false,
  when: undefined,
  from: [{ milestone: 'arrived', role: 'destination', classifier: 'actual' }],
  to: [{ milestone: 'customs.released', classifier: 'actual' }],
  within: { unit: 'business-hours', ms: 24 * HOUR, text: '24bh' },
  on: undefined,
  dates: [],
  provedBy: [],
  reconcile: undefined,
  same: [],
  count: undefined,
  feed: undefined,
  warn: [],
  calendar: 'nl-customs',
  pauseWhile: [],
  waitForFeedsMs: 0,
  notify: ['customs-desk'],
  owner: 'customs desk',
  responsible: undefined,
  notifyBy: new Map(),
  ownerBy: new Map(),
  basis: undefined,
  place: { file: 'rules/eu.yaml', line: 4, column: 3 },
};
