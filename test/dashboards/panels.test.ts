// slow: starts ClickHouse
import t from 'tap';
import { recordRuleVersions } from '../../agent/store/rule-versions.ts';
import { traceIdOf } from '../../agent/store/trace-ids.ts';
import { createStoreWriter } from '../../agent/store/writer.ts';
import { DASHBOARDS } from '../../dashboards/catalog.ts';
import {
  batch,
  clock,
  DAY,
  event,
  fact,
  milestone,
  RULE,
  shipment,
  sleep,
  withDatabase,
} from '../agent/store/seed.ts';
import { withClickHouse } from '../support/engines.ts';
import { expandSql, panelSql, sqlPanels, variableSql } from './panel-sql.ts';

const engine = await withClickHouse(t);
const { client, database } = await withDatabase(t, engine.url);
const now = Date.now();
const at = (days: number): number => Math.round(now + days * DAY);
const destination = { role: 'destination' } as const;

const SEEDED = [
  shipment('stuck', {
    refs: [
      { type: 'delivery', value: '8001' },
      { type: 'container', value: 'MSCU1234567' },
    ],
    milestones: [
      milestone('departed', at(-20), { role: 'origin' }, 'carrier'),
      milestone('arrived', at(-4), destination, 'carrier'),
    ],
    holds: [{ agency: 'NVWA', reason: 'exam', placed: fact(at(-3), 'hold') }],
    attributes: { mode: 'sea', lane: 'CN-NL', 'goods.value': 90000, 'goods.currency': 'EUR' },
    clocks: [
      clock('stuck', 'eu-import-release', {
        state: 'breached',
        reason: 'deadline-passed-proved',
        confidence: 'proved',
        startAt: at(-4),
        dueAt: at(-1),
        evidence: [`arrived@${at(-4)}`],
      }),
    ],
  }),
  shipment('shared-container', {
    refs: [
      { type: 'delivery', value: '8002' },
      { type: 'container', value: 'MSCU1234567' },
    ],
    milestones: [
      milestone('arrived', at(-4), destination),
      milestone('customs.released', at(-2)),
      milestone('duty.assessed', at(-2)),
    ],
    attributes: { mode: 'sea', lane: 'CN-NL' },
    clocks: [
      clock('shared-container', 'eu-import-release', {
        state: 'met',
        reason: 'done-in-time-reported-late',
        startAt: at(-4),
        dueAt: at(-1),
        endAt: at(-2),
      }),
      clock('shared-container', 'duty-posted', {
        state: 'at-risk',
        reason: 'warn-reached',
        startAt: at(-2),
        dueAt: at(0.2),
      }),
    ],
  }),
  shipment('rejected', {
    milestones: [
      milestone('export.filing.submitted', at(-3)),
      milestone('export.filing.rejected', at(-2), { subject: 'LRN9' }),
    ],
    attributes: { mode: 'air', lane: 'NL-US' },
  }),
  shipment('was-rejected', {
    milestones: [
      milestone('customs.rejected', at(-30), { subject: 'OLD' }),
      milestone('customs.accepted', at(-29)),
      milestone('customs.released', at(-28)),
    ],
    attributes: { mode: 'air', lane: 'US-GB' },
    clocks: [
      clock('was-rejected', 'eu-import-release', {
        state: 'met-late',
        reason: 'done-late',
        startAt: at(-31),
        dueAt: at(-29),
        endAt: at(-28),
        lateMs: DAY,
      }),
    ],
  }),
  shipment('delivered', {
    milestones: [milestone('customs.released', at(-9)), milestone('delivered', at(-8))],
  }),
];

const writer = createStoreWriter({
  client,
  database,
  epoch: 1,
  judgeFrom: {},
  onFault: () => undefined,
  now: () => now,
  sleep,
});
await new Promise<void>((resolve) => writer.onFloor(() => resolve()));
writer.offer(
  batch(1, 3, {
    shipments: SEEDED,
    events: [event(1, { id: 'e1', observedAt: at(-4) })],
    links: [{ eventId: 'e1', shipmentId: 'stuck', linked: true, at: at(-4) }],
    channels: [
      {
        channelId: 'c',
        source: 's',
        partner: 'broker',
        status: 'blind',
        from: at(-1),
        watermark: at(-1),
        bestEffort: false,
        reason: 'quiet',
      },
    ],
    deadLetters: [
      {
        id: 'd',
        source: 's',
        partner: 'p',
        stream: 'RAW',
        sequence: 9,
        observedAt: at(-1),
        code: 'bad-time',
        reason: 'r',
        path: '',
        sourceId: '',
        contentType: '',
        subject: 'laytime.log.message.x',
        headers: [],
        data: Buffer.from('x'),
      },
    ],
    unmapped: [
      {
        source: 's',
        partner: 'p',
        item: { kind: 'unknown-code', path: '/a/0', value: 'ZZ', why: 'not listed' },
      },
    ],
  }),
);
await writer.flush();
await writer.stop(5_000);
await recordRuleVersions(client, database, [RULE], now);

type Row = Record<string, unknown>;
const range = { from: at(-60), to: at(1) };

async function run(sql: string): Promise<Row[]> {
  const answer = await client.query({ query: sql, format: 'JSONEachRow' });
  return answer.json<Row>();
}

const ask = (name: string, title: string, variables = {}): Promise<Row[]> =>
  run(expandSql(panelSql(DASHBOARDS[name]!(), title), { ...range, variables }));

t.test('every query of every panel and variable runs', async (t) => {
  const choices = {
    lane: ['CN-NL', "it's"],
    partner: ['broker'],
    rule: ['eu-import-release'],
    ref: ['MSCU1234567'],
  };
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    const dashboard = build();
    for (const { title, sql } of sqlPanels(dashboard)) {
      await t.resolves(run(expandSql(sql, { ...range, variables: choices })), `${name}: ${title}, chosen`);
      await t.resolves(
        run(expandSql(sql, { ...range, variables: { ref: ['x'] } })),
        `${name}: ${title}, all`,
      );
    }
    for (const sql of variableSql(dashboard)) await t.resolves(run(sql), `${name}: variable`);
  }
});

t.test('the questions of the control tower', async (t) => {
  const ids = async (title: string, variables = {}) =>
    (await ask('control-tower', title, variables)).map((row) => row.shipment_id);
  t.same(await ids('Shipments awaiting customs release'), ['stuck']);
  t.same(await ids('Shipments awaiting customs release', { lane: ['NL-US'] }), []);
  t.match((await ask('control-tower', 'Shipments awaiting customs release'))[0], {
    state: 'breached',
    held_by: 'NVWA',
    goods_value: 90000,
    delivery: '8001',
  });
  t.same(await ids('Rejected filings and declarations'), ['rejected', 'was-rejected']);
  t.same(
    (await ask('control-tower', 'Rejected declarations')).map(({ n }) => Number(n)),
    [1],
  );
  t.same(await ids('Duties and landed costs not posted'), ['delivered', 'shared-container']);
  t.same(await ids('Clocks at risk and breached'), ['stuck', 'shared-container']);
  t.match(await ask('control-tower', 'At risk and breached by lane'), [
    { lane: 'CN-NL', breached: /1/, 'at risk': /1/ },
  ]);
  t.match(await ask('control-tower', 'At risk and breached by partner'), [
    { partner: 'carrier' },
    { partner: 'broker' },
  ]);
  t.same(
    (await ask('control-tower', 'Feeds blind')).map(({ n }) => Number(n)),
    [1],
  );
});

t.test('a shipment by any of its identifiers', async (t) => {
  const by = (title: string, ref: string) => ask('shipment', title, { ref: [ref] });
  t.same((await by('Shipments with this identifier', 'MSCU1234567')).map(({ delivery }) => delivery).sort(), [
    '8001',
    '8002',
  ]);
  t.equal((await by('Shipments with this identifier', 'stuck')).length, 1, 'by its own id too');
  const spans = await by('Trace', '8001');
  t.ok(spans.every(({ traceID }) => traceID === traceIdOf('stuck')));
  const root = spans.find(({ parentSpanID }) => parentSpanID === '');
  t.match(root, { operationName: 'shipment 8001', statusCode: 2, serviceName: 'shipment' });
  t.ok(spans.filter((span) => span !== root).every(({ parentSpanID }) => parentSpanID === root?.spanID));
  const leg = spans.find(({ operationName }) => operationName === 'departed → arrived');
  t.equal(Number(leg?.duration), 16 * DAY, 'milliseconds');
  t.same(
    (await by('Milestones', '8001')).map((row) => row.milestone),
    ['departed', 'arrived'],
  );
  t.equal((await by('Events', '8001')).length, 1);
  t.equal((await by('Holds', '8001')).length, 1);
});

t.test('SLA performance tells missed from reported late', async (t) => {
  t.match(await ask('sla-performance', 'Met, reported late'), [{ n: /1/ }]);
  t.match(await ask('sla-performance', 'Late'), [{ late: /2/ }]);
  const months = await ask('sla-performance', 'By partner and month');
  t.equal(
    months.reduce((sum, row) => sum + Number(row.settled), 0),
    3,
  );
});

t.test('the grafana user may ask everything and change nothing', async (t) => {
  const { user, password } = engine.grafana;
  const as = async (query: string): Promise<number> => {
    const url = `${engine.url}/?database=${database}&user=${user}&password=${encodeURIComponent(password)}`;
    return (await fetch(url, { method: 'POST', body: query })).status;
  };
  t.equal(
    await as(
      expandSql(panelSql(DASHBOARDS['control-tower']!(), 'Shipments awaiting customs release'), range),
    ),
    200,
  );
  t.not(await as('TRUNCATE TABLE events_log'), 200);
});
