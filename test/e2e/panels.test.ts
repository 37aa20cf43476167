// slow: starts processes of its own
import { createClient } from '@clickhouse/client';
import t, { type Test } from 'tap';
import { systemClock } from '../../agent/clock.ts';
import { startDemo } from '../../agent/demo/demo.ts';
import { type TrueAnswers, trueAnswers } from '../../agent/demo/questions.ts';
import { readRows } from '../../agent/store/query.ts';
import { DASHBOARDS } from '../../dashboards/catalog.ts';
import { expandSql, panelSql, sqlPanels, variableSql } from '../dashboards/panel-sql.ts';

const HOUR = 3_600_000;
/** Within this much of now a source may know what it has not told yet (the longest `reporting_lag`, a poll, a posting run). */
const NOT_YET_TOLD_MS = 26 * HOUR;

// A month has to be simulated and judged first.
t.setTimeout(300_000);
const demo = await startDemo({
  seed: 11,
  shipments: 150,
  clock: systemClock,
  onLine: () => undefined,
  onAlerts: () => undefined,
});
t.teardown(() => demo.stop());
const { times } = demo.world;
await demo.moveTo(times.endAt);
await demo.app.judging?.store.flush();
const store = demo.app.engines.store!;
const client = createClient({ url: store.url, database: store.database });
t.teardown(() => client.close());

/** What a panel shows, as the ClickHouse plugin would ask: its macros and variables filled in, in the agent's database. */
async function show(sql: string): Promise<readonly Record<string, unknown>[]> {
  const expanded = expandSql(sql, {
    from: times.startAt - 10 * 24 * HOUR,
    to: times.endAt + HOUR,
    variables: { ref: [ref] },
  });
  // The data source names a default database; the agent's own client does not.
  const answer = await client.query({ query: expanded, format: 'JSONEachRow' });
  return answer.json<Record<string, unknown>>();
}

const [some] = await readRows<{ ref: string }>(
  store,
  'SELECT arrayElement(containers, 1) AS ref FROM {database:Identifier}.shipments WHERE notEmpty(containers) LIMIT 1',
);
const ref = some?.ref ?? '';

t.test('every panel and variable of every dashboard answers after a month', async (t) => {
  t.not(ref, '');
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    const dashboard = build();
    for (const panel of sqlPanels(dashboard)) {
      const rows = await show(panel.sql);
      t.ok(Array.isArray(rows), `${name}: ${panel.title}`);
    }
    for (const sql of variableSql(dashboard)) t.ok(await show(sql), `${name}: a variable`);
  }
});

/** What must be among the answers, and what may be: of the last hours nobody can have told everything. */
function bounds(question: keyof TrueAnswers): { must: readonly string[]; may: ReadonlySet<string> } {
  const { shipments } = demo.world;
  const answers = [0, 0.25, 0.5, 0.75, 1].map(
    (part) => new Set(trueAnswers(shipments, times.endAt - part * NOT_YET_TOLD_MS)[question]),
  );
  const [now = new Set<string>()] = answers;
  return {
    must: [...now].filter((each) => answers.every((set) => set.has(each))),
    may: new Set(answers.flatMap((set) => [...set])),
  };
}

function compare(t: Test, question: keyof TrueAnswers, shown: readonly string[]): void {
  const { must, may } = bounds(question);
  t.ok(must.length > 0, 'the world has such cases');
  t.same(
    must.filter((each) => !shown.includes(each)),
    [],
    'nothing is missing',
  );
  t.same(
    shown.filter((each) => !may.has(each)),
    [],
    'nothing is shown that is not so',
  );
}

const tower = DASHBOARDS['control-tower']!();
const text = (rows: readonly Record<string, unknown>[], column: string): string[] =>
  rows.map((row) => String(row[column]));

t.test('which shipments await customs release', async (t) => {
  compare(
    t,
    'awaitingRelease',
    text(await show(panelSql(tower, 'Shipments awaiting customs release')), 'delivery'),
  );
});

t.test('which declarations failed validation', async (t) => {
  compare(
    t,
    'refused',
    text(await show(panelSql(tower, 'Rejected filings and declarations')), 'declaration'),
  );
});

t.test('which duty postings have not reached the ERP', async (t) => {
  const rows = await show(panelSql(tower, 'Duties and landed costs not posted'));
  compare(
    t,
    'dutyNotPosted',
    text(
      rows.filter(({ posting }) => posting === 'duty'),
      'delivery',
    ),
  );
});
