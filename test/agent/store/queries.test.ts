// slow: starts ClickHouse
import fc from 'fast-check';
import t from 'tap';
import { spansOf } from '../../../agent/spans/shipment-spans.ts';
import {
  findAlerts,
  findClocks,
  findDeadLetters,
  findShipments,
  readAlertChanges,
  readAwaiting,
  readChannels,
  readRawMessage,
  readRules,
  readShipment,
} from '../../../agent/store/queries.ts';
import { BadCursorError, readRows } from '../../../agent/store/query.ts';
import { recordRuleVersions } from '../../../agent/store/rule-versions.ts';
import { readAllEvents, readEventsOf } from '../../../agent/store/stored-events.ts';
import { traceIdOf } from '../../../agent/store/trace-ids.ts';
import { createStoreWriter } from '../../../agent/store/writer.ts';
import type { AlertRecord, JudgeBatch, OperatorAction } from '../../../agent/track/outcome.ts';
import type { AttributeValue, ShipmentEvent } from '../../../rules/event.ts';
import { withClickHouse } from '../../support/engines.ts';
import {
  batch,
  clock,
  DAY,
  type Database,
  event,
  fact,
  HOUR,
  milestone,
  RULE,
  record,
  shipment,
  sleep,
  T0,
  withDatabase,
} from './seed.ts';

const iso = (at: number): string => new Date(at).toISOString();
const ACTION = { stream: 'LAYTIME_LOG', sequence: 1, comment: '' } satisfies Partial<OperatorAction>;

const engine = await withClickHouse(t);

async function store(db: Database, ...batches: JudgeBatch[]): Promise<void> {
  const writer = createStoreWriter({
    ...db,
    epoch: 1,
    judgeFrom: {},
    limits: { commitDelayMs: 1 },
    onFault: () => undefined,
    now: () => T0,
    sleep,
  });
  const settled = new Promise<void>((resolve) => writer.onFloor(() => resolve()));
  await settled;
  for (const one of batches) writer.offer(one);
  await writer.flush();
  await writer.stop(5_000);
}

const bare: Partial<JudgeBatch> = { records: [], events: [], links: [], shipments: [] };

t.test('any event comes back exactly as it was judged', async (t) => {
  const db = await withDatabase(t, engine.url);
  const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((s) => s.isWellFormed());
  const optional = fc.option(text, { nil: undefined });
  const present = <T extends object>(value: T): T =>
    Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
  const time = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2100, 0) });
  const ref = fc.record({ type: fc.constantFrom('container', 'mrn', 'delivery'), value: text });
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    text,
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.integer(),
    fc.boolean(),
  );
  const anyEvent = fc
    .record({
      revision: fc.record({ order: fc.double({ noNaN: true, noDefaultInfinity: true }), tag: text }),
      partner: text,
      occurrence: fc
        .record({
          role: fc.constantFrom('origin', 'destination', undefined),
          leg: optional,
          subject: optional,
        })
        .map(present),
      classifier: fc.constantFrom('planned', 'estimated', 'actual'),
      occurredAt: fc.record({
        from: time,
        to: time,
        zone: fc.constantFrom('Europe/Amsterdam', '+02:00'),
        zoneFrom: fc.constantFrom('text', 'place', 'partner', 'assumed'),
      }),
      observedAt: time,
      refs: fc.array(ref, { maxLength: 4 }),
      aliases: fc.option(fc.array(ref, { maxLength: 2 }), { nil: undefined }),
      location: fc.option(
        fc
          .record({
            unlocode: optional,
            name: optional,
            country: optional,
            zone: optional,
            facility: optional,
          })
          .map(present),
        { nil: undefined },
      ),
      attributes: fc.dictionary(
        fc.string({ minLength: 1, maxLength: 20 }).filter((s) => s !== '__proto__'),
        value,
        { maxKeys: 5 },
      ),
      retracted: fc.boolean(),
    })
    .map(present);
  const events = fc
    .sample(anyEvent, { numRuns: 300, seed: 7 })
    .map((over, n) =>
      event(n, { ...(over as Partial<ShipmentEvent>), id: `e${n}`, raw: { stream: 'RAW', sequence: n } }),
    );
  const links = events.map(({ id }) => ({ eventId: id, shipmentId: 'S', linked: true, at: T0 }));
  await store(db, batch(1, 1, { ...bare, events, links }));
  const byId = (list: readonly ShipmentEvent[]) => new Map(list.map((one) => [one.id, one]));
  const read = byId(await readEventsOf(db, 'S'));
  const all = byId((await Array.fromAsync(readAllEvents(db, { RAW: 1e9 }))).flat());
  t.equal(read.size, events.length);
  for (const one of events) {
    // fast-check makes objects without a prototype.
    const expected = structuredClone(one);
    t.strictSame(read.get(one.id), expected, one.id);
    t.strictSame(all.get(one.id), expected, one.id);
  }
});

t.test('what was known at a time: by observation, by link, and by the first sighting', async (t) => {
  const db = await withDatabase(t, engine.url);
  const link = (eventId: string, at: number, linked = true) => ({ eventId, shipmentId: 'S', linked, at });
  await store(
    db,
    batch(3, 3, {
      ...bare,
      events: [
        event(1, { id: 'early', observedAt: T0 }),
        event(2, { id: 'late', observedAt: T0 + 5 * HOUR }),
        event(3, { id: 'joined-later', observedAt: T0 }),
        event(4, { id: 'left', observedAt: T0 }),
      ],
      links: [
        link('early', T0),
        link('late', T0 + 5 * HOUR),
        link('joined-later', T0 + 3 * HOUR),
        link('left', T0),
      ],
    }),
    batch(9, 9, {
      ...bare,
      events: [event(9, { id: 'early', observedAt: T0 + 40 * DAY })],
      links: [link('left', T0 + 2 * HOUR, false)],
    }),
  );
  const known = async (at?: number) => (await readEventsOf(db, 'S', at)).map(({ id }) => id).sort();
  t.same(await known(T0), ['early', 'left']);
  t.same(await known(T0 + 2 * HOUR), ['early']);
  t.same(await known(T0 + 3 * HOUR), ['early', 'joined-later']);
  t.same(await known(), ['early', 'joined-later', 'late']);
  const upTo = (await Array.fromAsync(readAllEvents(db, { RAW: 1 }))).flat();
  t.same(
    upTo.map(({ id }) => id),
    ['early'],
    'up to a floor',
  );
});

t.test('shipments by any ref, by what they await, and page by page', async (t) => {
  const db = await withDatabase(t, engine.url);
  const destination = { role: 'destination' } as const;
  const hold = { agency: 'NVWA', reason: 'exam', placed: fact(T0 + HOUR, 'hold') };
  await recordRuleVersions(db.client, db.database, [RULE], T0);
  await recordRuleVersions(db.client, db.database, [{ ...RULE, version: 'v2' }], T0 + HOUR);
  await recordRuleVersions(db.client, db.database, [RULE], T0 + DAY);
  const shipments = [
    shipment('arrived', {
      refs: [
        { type: 'container', value: 'MSCU1234567' },
        { type: 'delivery', value: '0080012345' },
      ],
      milestones: [
        milestone('arrived', T0, destination),
        {
          ...{ milestone: 'delivered', occurrence: {} },
          firstPlanned: fact(T0 + DAY, 'promised'),
          planned: fact(T0 + 2 * DAY, 'replanned'),
        },
        { milestone: 'empty.returned', occurrence: {}, planned: fact(T0 + 3 * DAY, 'once') },
      ],
      attributes: { mode: 'sea', 'origin.country': 'CN', 'destination.country': 'NL', 'goods.value': 1200.5 },
      holds: [hold],
      clocks: [clock('arrived', RULE.name, { state: 'at-risk', dueAt: T0 + DAY })],
    }),
    shipment('at-transshipment', { milestones: [milestone('arrived', T0, { role: 'transshipment' })] }),
    shipment('clock-only', { clocks: [clock('clock-only', RULE.name, { startAt: T0 + 2 * HOUR })] }),
    shipment('released', {
      milestones: [milestone('arrived', T0, destination), milestone('customs.released', T0 + HOUR)],
      clocks: [clock('released', RULE.name, { state: 'met', endAt: T0 + HOUR })],
    }),
    shipment('rejected', { milestones: [milestone('customs.rejected', T0, { subject: 'LRN1' })] }),
    ...Array.from({ length: 25 }, (_, n) => shipment(`quiet-${n}`, {})),
  ];
  await store(db, batch(1, 1, { ...bare, shipments }));

  const ids = async (filter: Parameters<typeof findShipments>[1]) =>
    (await findShipments(db, filter)).rows.map((row) => row.shipment_id).sort();
  t.same(await ids({ ref: 'mscu1234567' }), ['arrived']);
  t.same(await ids({ ref: 'delivery:0080012345' }), ['arrived']);
  t.same(await ids({ ref: "x' OR 1 = 1 --" }), []);
  t.same(await ids({ awaiting: 'customs.released' }), ['arrived', 'clock-only', 'rejected']);

  const awaiting = await readAwaiting(db, 'customs.released');
  t.match(
    awaiting.find((row) => row.shipment_id === 'arrived'),
    {
      since: new Date(T0).toISOString(),
      due_at: new Date(T0 + DAY).toISOString(),
      at_risk: 1,
      open_holds: 1,
      holding_agencies: ['NVWA'],
      lane: 'CN-NL',
      goods_value: 1200.5,
    },
  );

  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findShipments(db, { limit: 7, ...(cursor !== undefined && { cursor }) });
    seen.push(...page.rows.map((row) => row.shipment_id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  t.equal(seen.length, 30);
  t.equal(new Set(seen).size, 30);
  await t.rejects(async () => findShipments(db, { cursor: 'nonsense' }), BadCursorError);

  const detail = await readShipment(db, 'arrived');
  t.match(detail, {
    trace_id: traceIdOf('arrived'),
    last_milestone: 'arrived',
    milestones: [
      {
        ...{ milestone: 'arrived', role: 'destination', partner: 'broker' },
        ...{ planned_at: null, first_planned_at: null, first_planned_until: null },
      },
      { milestone: 'delivered', first_planned_at: iso(T0 + DAY), planned_at: iso(T0 + 2 * DAY) },
      { milestone: 'empty.returned', first_planned_at: iso(T0 + 3 * DAY), planned_at: iso(T0 + 3 * DAY) },
    ],
    holds: [{ agency: 'NVWA', removed_at: null }],
    clocks: [{ rule: RULE.name, state: 'at-risk', evidence: [] }],
  });
  t.equal(await readShipment(db, 'nobody'), undefined);
  t.match((await readShipment(db, 'at-transshipment'))?.milestones, [{ first_planned_at: null }]);
  const plans = await readRows(
    db,
    `SELECT milestone, first_planned_at, first_planned_until, planned_at FROM {database:Identifier}.milestones
      WHERE shipment_id IN ('arrived', 'released') ORDER BY shipment_id, milestone`,
  );
  t.same(plans, [
    { milestone: 'arrived', first_planned_at: null, first_planned_until: null, planned_at: null },
    {
      milestone: 'delivered',
      first_planned_at: iso(T0 + DAY),
      first_planned_until: iso(T0 + DAY),
      planned_at: iso(T0 + 2 * DAY),
    },
    {
      milestone: 'empty.returned',
      first_planned_at: iso(T0 + 3 * DAY),
      first_planned_until: iso(T0 + 3 * DAY),
      planned_at: iso(T0 + 3 * DAY),
    },
    { milestone: 'arrived', first_planned_at: null, first_planned_until: null, planned_at: null },
    { milestone: 'customs.released', first_planned_at: null, first_planned_until: null, planned_at: null },
  ]);

  t.match(await readRules(db), [
    {
      rule: RULE.name,
      ends: ['customs.released'],
      starts: ['arrived at destination'],
      first_used_at: new Date(T0).toISOString(),
    },
  ]);
  t.match((await findClocks(db, { state: 'at-risk' })).rows, [
    { shipment_id: 'arrived', title: RULE.title, owner: 'customs desk', lane: 'CN-NL' },
  ]);
  const rejected = await readRows(
    db,
    'SELECT declaration, open FROM {database:Identifier}.rejected_declarations',
  );
  t.same(rejected, [{ declaration: 'LRN1', open: 1 }]);
});

t.test('a shipment is a trace: closed legs, open ones that grow, holds and clocks', async (t) => {
  const db = await withDatabase(t, engine.url);
  const one = shipment('S', {
    milestones: [
      milestone('departed', T0),
      milestone('arrived', T0 + DAY, { role: 'destination' }, 'carrier'),
    ],
    holds: [{ agency: 'CBP', reason: '', placed: fact(T0 + 2 * DAY, 'hold') }],
    clocks: [clock('S', 'r', { state: 'breached', reason: 'deadline-passed-proved', startAt: T0 + DAY })],
  });
  await store(db, batch(1, 1, { ...bare, shipments: [one] }));
  const spans = await readRows<Record<string, unknown>>(
    db,
    `SELECT TraceId, SpanId, ParentSpanId, SpanName, ServiceName, StatusCode, SpanAttributes['laytime.open'] AS open,
       toUnixTimestamp64Milli(CAST(Timestamp, 'DateTime64(3)')) AS start, intDiv(Duration, 1000000) AS ms
     FROM {database:Identifier}.otel_traces WHERE TraceId = {id:String} ORDER BY Timestamp, SpanName`,
    { id: traceIdOf('S') },
  );
  t.equal(spans.length, 5);
  const named = (name: string) => spans.find((span) => span.SpanName === name);
  t.match(named('shipment S'), {
    ParentSpanId: '',
    SpanId: traceIdOf('S').slice(0, 16),
    open: 'true',
    StatusCode: 'Error',
  });
  t.match(named('departed → arrived'), {
    start: T0,
    ms: DAY,
    open: 'false',
    ServiceName: 'carrier',
    ParentSpanId: traceIdOf('S').slice(0, 16),
  });
  t.match(named('arrived →'), { start: T0 + DAY, open: 'true' });
  t.match(named('hold CBP'), { open: 'true' });
  t.match(named('SLA r'), { StatusCode: 'Error' });
  t.equal(new Set(spans.map((span) => span.SpanId)).size, 5);
  for (const { SpanId } of spans) t.match(SpanId, /^[0-9a-f]{16}$/);
});

t.test('what is exported over OTLP has the ids, names and times that the view has', async (t) => {
  const db = await withDatabase(t, engine.url);
  const state = shipment('S', {
    milestones: [
      milestone('arrived', T0 + DAY, { role: 'destination' }, 'carrier'),
      // Two at one time: their order must be the same on both sides.
      milestone('loaded', T0, { subject: 'MSCU1234566' }),
      milestone('loaded', T0, { subject: 'CSQU3054383' }),
      milestone('customs.hold.placed', T0 + DAY, {}),
      milestone('delivered', T0 + 3 * DAY, {}, 'haulier'),
      milestone('landed_cost.posted', T0 + 5 * DAY, {}, 'erp'),
    ],
    holds: [
      {
        ...{ agency: 'NVWA', reason: 'H1', subject: 'LRN1' },
        ...{ placed: fact(T0 + DAY, 'hold'), removed: fact(T0 + 2 * DAY, 'free') },
      },
    ],
    clocks: [
      clock('S', 'r', { state: 'met', reason: 'done-in-time', startAt: T0 + DAY, endAt: T0 + 2 * DAY }),
    ],
  });
  await store(db, batch(1, 1, { ...bare, shipments: [state] }));
  const seen = await readRows<Record<string, unknown>>(
    db,
    `SELECT TraceId AS traceId, SpanId AS spanId, ParentSpanId AS parentSpanId, SpanName AS name, ServiceName AS service,
       toUnixTimestamp64Milli(CAST(Timestamp, 'DateTime64(3)')) AS startMs, startMs + intDiv(Duration, 1000000) AS endMs
     FROM {database:Identifier}.otel_traces ORDER BY spanId`,
  );
  const exported = spansOf(state, 0).map(({ traceId, spanId, parentSpanId = '', name, service, ...at }) => ({
    ...{ traceId, spanId, parentSpanId, name, service },
    ...{ startMs: at.startMs, endMs: at.endMs },
  }));
  t.equal(exported.length, 7, 'four legs, a hold, a clock, the shipment');
  t.strictSame(
    seen,
    exported.sort((a, b) => (a.spanId < b.spanId ? -1 : 1)),
  );
});

function alert(
  number: number,
  kind: AlertRecord['change']['kind'],
  status: AlertRecord['change']['after']['status'],
): AlertRecord {
  return {
    change: {
      alertId: 'A',
      number,
      kind,
      reason: 'deadline-passed-proved',
      at: T0 + number * HOUR,
      after: { status, confirmed: true, change: number },
    },
    clockId: 'C',
    shipmentId: 'S',
    rule: RULE.name,
    ruleVersion: 'v1',
    severity: 'critical',
    tenant: 'acme',
    notify: ['customs-desk'],
    aboutChannel: false,
    labels: { partner: 'broker', lane: 'CN-NL' },
    text: { headline: `change ${number}`, lines: ['one', 'two'], link: '/s' },
    evidence: [`e${number}`],
  };
}

t.test('alerts, channels, dead letters and raw bytes', async (t) => {
  const db = await withDatabase(t, engine.url);
  const data = Buffer.from([0, 255, 10, 39, 92]);
  const interval = { channelId: 'c', source: 's', partner: 'p', bestEffort: false, reason: 'quiet' };
  await store(
    db,
    batch(7, 7, {
      ...bare,
      records: [record(7, { data }), record(8, { kind: 'proof' })],
      alerts: [alert(1, 'at-risk', 'at-risk'), alert(2, 'fired', 'firing')],
      channels: [
        { ...interval, status: 'never-heard', from: T0, watermark: Number.NEGATIVE_INFINITY },
        { ...interval, status: 'blind', from: T0 + HOUR, watermark: T0 },
      ],
      deadLetters: [
        {
          id: 'd1',
          source: 's',
          partner: 'p',
          stream: 'RAW',
          sequence: 9,
          observedAt: T0,
          code: 'bad-time',
          reason: 'why',
          path: '/t',
          sourceId: 'x',
          contentType: 'text/plain',
          subject: 'laytime.log.message.x',
          headers: [],
          data,
        },
      ],
      operator: [
        { ...ACTION, id: 'o1', action: 'acknowledge', subject: 'A', by: 'kim', at: T0 + 3 * HOUR },
        {
          ...ACTION,
          id: 'o2',
          action: 'dismiss-dead-letter',
          subject: 'd1',
          by: 'lee',
          comment: 'test message',
          at: T0,
        },
      ],
    }),
  );
  t.match((await findAlerts(db, { status: 'open' })).rows, [
    {
      alert_id: 'A',
      status: 'firing',
      changes: 2,
      headline: 'change 2',
      lane: undefined,
      acknowledged_by: 'kim',
      fired_at: new Date(T0 + 2 * HOUR).toISOString(),
      ended_at: null,
    },
  ]);
  t.same((await findAlerts(db, { status: 'resolved' })).rows, []);
  t.same(
    (await readAlertChanges(db, 'A')).map(({ kind, evidence }) => `${kind} by ${evidence}`),
    ['at-risk by e1', 'fired by e2'],
  );
  t.match(await readChannels(db), [
    { channel_id: 'c', status: 'blind', watermark: new Date(T0).toISOString() },
  ]);
  t.match((await findDeadLetters(db, { status: 'dismissed' })).rows, [{ id: 'd1', dismissed_by: 'lee' }]);
  t.same((await readRawMessage(db, 'RAW', 7))?.data, data);
  t.equal(await readRawMessage(db, 'RAW', 8), undefined, 'a proof of life is no message');
});
