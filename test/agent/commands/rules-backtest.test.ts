// slow: starts ClickHouse
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import t, { type Test } from 'tap';
import type { Life } from '../../../agent/backtest/life.ts';
import { systemClock } from '../../../agent/clock.ts';
import { migrate } from '../../../agent/store/migrate.ts';
import { countFacts, readLives } from '../../../agent/store/stored-history.ts';
import { createStoreWriter } from '../../../agent/store/writer.ts';
import { cli } from '../../support/cli.ts';
import { freshDatabase, withClickHouse, withTempDir } from '../../support/engines.ts';
import { bytesIn, hubJudge, takeAll } from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

const RULES = `rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 60h, notify: desk }
  duty: { title: Duty posted, from: duty.assessed, to: duty.posted, within: 40h, notify: desk }
`;
const START = Date.UTC(2026, 5, 1);

const engine = await withClickHouse(t);

/** A database with a month of a hub's traffic, judged under `rules`, and a configuration beside it. */
async function filled(t: Test, rules = RULES): Promise<{ cwd: string; database: string; end: number }> {
  const cwd = await withTempDir(t);
  const database = freshDatabase();
  const admin = createClient({ url: engine.url });
  await migrate({ client: admin, database });
  await admin.close();
  const client = createClient({ url: engine.url, database });
  const level = Promise.withResolvers<void>();
  const store = createStoreWriter({
    ...{ client, database, epoch: 1, judgeFrom: {}, limits: { commitDelayMs: 5 } },
    onFault: ({ kind }) => (kind === 'level' ? level.resolve() : undefined),
    now: systemClock.now,
    sleep: systemClock.sleep,
  });
  await level.promise;
  const judge = hubJudge({ rules, channel: { expectEveryMs: 3_600_000 } });
  const messages = traffic({
    ...{ seed: 3, messages: 1_500, duplicates: 0.1, startAt: START, everyMs: 20 * 60_000 },
  });
  store.offer(
    takeAll(
      judge,
      messages.map(({ body, observedAt }, i) => bytesIn(body, observedAt, i + 1)),
    ),
  );
  await store.flush();
  await store.stop(5_000);
  await client.close();
  await writeFile(
    join(cwd, 'laytime.yaml'),
    `timezone: Europe/Berlin
nats: embedded
clickhouse: { url: "${engine.url}", user: default, database: ${database} }
sources:
  hub: { nats: { stream: HUB, subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 1h }
rules: [rules.yaml]
notify:
  desk: { log: true }
`,
  );
  await writeFile(join(cwd, 'rules.yaml'), rules);
  return { cwd, database, end: judge.parts.logTime };
}

/** Judged under {@link RULES}; every test has its own files to try in it. */
const home = await filled(t);

const backtest = ({ cwd, end }: { cwd: string; end: number }, ...more: string[]) =>
  cli(['rules', 'backtest', ...more], { cwd, clock: { ...systemClock, now: () => end } });

t.test('stored history is judged under a tried rule, beside the one in force', async (t) => {
  await writeFile(join(home.cwd, 'stricter.yaml'), RULES.replace('within: 60h', 'within: 30h'));
  const { code, out, err } = await backtest(home, '--rules', 'stricter.yaml', '--from', '2026-06-01');
  t.equal(code, 0, err);
  t.match(out, /^2026-06-01 00:00 \+02:00 to .*: \d+ events of \d+ shipments in/);
  t.match(out, /release: Release \(changed\)/);
  t.match(out, /in force\s+\d+ /);
  t.match(out, /clocks? comes? out differently/);
  t.match(
    out,
    /delivery:80\d+, hub\n\s+in force {2}met .*\n\s+tried\s+(met-late|breached) \(.*\), due 2026-/,
  );
  t.match(out, /duty: Duty posted \(means the same as the rule in force\)/);

  const json = await backtest(home, '--rules', 'stricter.yaml', '--from', '2026-06-01', '--json');
  const report = JSON.parse(json.out);
  t.match(report, {
    from: '2026-05-31T22:00:00.000Z',
    rules: [{ rule: 'duty' }, { rule: 'release', change: 'changed' }],
  });
  t.ok(report.events > 1_000);
});

t.test('under the rules that were in force it tells what was told', async (t) => {
  const strict = await filled(t, RULES.replaceAll(/within: \d+h/g, 'within: 12h'));
  const { out } = await backtest(strict, '--rules', 'rules.yaml', '--from', '2026-06-01', '--json');
  const client = createClient({ url: engine.url });
  t.teardown(() => client.close());
  const answer = await client.query({
    query: `SELECT rule, kind, count() AS n FROM ${strict.database}.alert_changes WHERE rule != 'channel' GROUP BY rule, kind`,
    format: 'JSONEachRow',
  });
  const told: Record<string, Record<string, number>> = {};
  for (const { rule, kind, n } of await answer.json<{ rule: string; kind: string; n: string }>())
    told[rule] = { ...told[rule], [kind]: Number(n) };
  const tried = JSON.parse(out).rules.map(
    ({ rule, tried }: { rule: string; tried: { told: object } }) => [rule, tried.told] as const,
  );
  t.ok((told.release?.confirmed ?? 0) > 10, 'there was something to tell');
  t.strictSame(Object.fromEntries(tried), told);
});

t.test('a shipment that fell silent before the period has its part in it', async (t) => {
  await writeFile(join(home.cwd, 'longer.yaml'), RULES.replace('within: 60h', 'within: 12d'));
  const lastWord = new Date(home.end + 60_000).toISOString();
  const later = { ...home, end: home.end + 10 * 86_400_000 };
  const { code, out, err } = await backtest(later, '--rules', 'longer.yaml', '--from', lastWord, '--json');
  t.equal(code, 0, err);
  const { tried } = JSON.parse(out).rules.find(({ rule }: { rule: string }) => rule === 'release');
  t.ok(tried.told.fired > 0, 'deadlines passed, and nobody said a word on a channel that was heard');
  t.notOk(tried.clocks.met, 'what was over before is left out');
});

t.test('a long history comes in parts, every shipment once and whole', async (t) => {
  const client = createClient({ url: engine.url });
  t.teardown(() => client.close());
  const store = { client, database: home.database };
  const period = { from: START, to: home.end };
  const total = await countFacts(store, period);
  const read = async (expected: number): Promise<readonly Life[]> => {
    const lives: Life[] = [];
    for await (const batch of readLives(store, period, expected)) lives.push(...batch);
    return lives.sort((a, b) => (a.shipmentId < b.shipmentId ? -1 : 1));
  };
  const whole = await read(total);
  t.equal(
    whole.reduce((sum, { facts }) => sum + facts.length, 0),
    total,
  );
  t.strictSame(await read(1_000_000), whole);
  for await (const _ of readLives(store, period, 1_000_000)) break;
  t.equal(
    await countFacts(store, period),
    total,
    'who stops reading leaves nothing behind that others wait for',
  );
});

t.test('an override in the tried file is enough', async (t) => {
  await writeFile(join(home.cwd, 'override.yaml'), 'override:\n  release: { within: 30h }\n');
  const { code, out, err } = await backtest(
    home,
    '--rules',
    'override.yaml',
    '--from',
    '2026-06-01',
    '--json',
  );
  t.equal(code, 0, err);
  t.match(JSON.parse(out).rules, [{ rule: 'release', change: 'changed' }]);
});

t.test('what cannot be judged is said', async (t) => {
  await writeFile(
    join(home.cwd, 'bad.yaml'),
    'rules:\n  release: { from: arived, to: customs.released, within: 30h }\n',
  );
  const bad = await backtest(home, '--rules', 'bad.yaml', '--from', '2026-06-01');
  t.equal(bad.code, 1);
  t.match(bad.err, /bad\.yaml:2:\d+/, 'the place in the file');
  t.match(bad.err, /nothing was judged/);
  const cases: [string[], RegExp][] = [
    [['--from', '2026-06-01'], /which rules\?/],
    [['--rules', 'rules.yaml'], /from when on\?/],
    [['--rules', 'rules.yaml', '--from', 'soon'], /--from: "soon" is no time/],
    [['--rules', 'rules.yaml', '--from', '2030-01-01'], /in the future/],
    [['--rules', 'none.yaml', '--from', '2026-06-01'], /none\.yaml cannot be read/],
  ];
  for (const [argv, message] of cases) {
    const { code, err } = await backtest(home, ...argv);
    t.not(code, 0, argv.join(' '));
    t.match(err, message);
  }
  const empty = await backtest(home, '--rules', 'rules.yaml', '--from', '2020-01-01', '--to', '2020-02-01');
  t.match(empty.out, /Nothing is stored of this period/);
});
