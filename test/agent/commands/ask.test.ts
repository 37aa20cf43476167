// slow: starts ClickHouse
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { type CliRun, cli } from '../../support/cli.ts';
import { withClickHouse } from '../../support/engines.ts';
import { LATE_ALERT, NOW, RULE_FILE, seedWorld, serve, token } from '../http/world.ts';
import { withDatabase } from '../store/seed.ts';

const engine = await withClickHouse(t);
const { database, ...rest } = await withDatabase(t, engine.url);
await seedWorld({ database, ...rest });
const server = await serve(t, { url: engine.url, database });
const clock = { ...systemClock, now: () => NOW };

/** Asks the world's agent. */
const ask = (argv: readonly string[], columns = 100): Promise<CliRun> =>
  cli([...argv, '--url', server.url], { clock, terminal: { columns, log: false } });
const json = async (argv: readonly string[]) => JSON.parse((await ask([...argv, '--json'])).out);

t.test('shipments: by ref, by what they await, as a table and as JSON', async (t) => {
  const all = await ask(['shipments']);
  t.equal(all.code, 0);
  t.match(all.out, /SHIPMENT +CUSTOMER REF +LANE/);
  t.match(all.out, /00800late .*CN-NL .*1 breached/);
  const waiting = await ask(['shipments', '--awaiting', 'customs.released']);
  t.match(waiting.out, /00800late +.*2026-11-02 09:00 +2026-11-03 10:00 +breached/);
  t.notMatch(waiting.out, /00800fine/);
  t.match(await json(['shipments', '--ref', 'MSCU6639871']), { rows: [{ delivery: '00800fine' }] });
  t.match(await json(['shipments', '--awaiting', 'customs.released']), { rows: { length: 2 } });
  t.match(await ask(['shipments', '--ref', 'nothing']), { code: 1, out: /no shipment is known by nothing/ });
  t.match(await ask(['shipments', '--awaiting', 'customs.relesed']), { code: 1, err: /expected one of/ });
});

t.test('trace draws a waterfall in the times of the place, within the terminal', async (t) => {
  const { out, code } = await ask(['trace', '00800late']);
  t.equal(code, 0);
  t.matchOnly(out.split('\n'), [
    /^Delivery 00800late · CN-NL · sea · Acme <Retail> & Söhne$/,
    /^Container MSCU6639870, Movement reference number 26NL00051012345671$/,
    /^$/,
    /^ +2026-10-13 +2026-11-06$/,
    /^Departed, origin +● +2026-10-13 17:00 \+08:00$/,
    /^Arrived, destination +━+◆━+● +2026-11-02 10:00 \+01:00$/,
    /^hold NVWA \(exam\) +▒ +held 2h$/,
    /^eu-import-release +─*│█+ +breached, 2d 23h late$/,
    /^$/,
    /^eu-import-release: breached, the deadline has passed, and every channel/,
    /^$/,
  ]);
  for (const columns of [60, 80, 200]) {
    const lines = (await ask(['trace', '00800late'], columns)).out.split('\n').slice(0, 8);
    t.ok(Math.max(...lines.map((line) => line.length)) <= columns, `within ${columns} columns`);
  }
  const held = await ask(['trace', '00800late', '--as-of', '2026-11-02T12:00:00Z']);
  t.match(held.out, /1 open hold/);
  t.match(held.out, /hold NVWA .*since 2026-11-02 12:00/);
  t.match(await json(['trace', 'delivery:00800late']), { clocks: [{ state: 'breached' }] });
  t.match(await ask(['trace', 'MSCU6639870']), {
    code: 1,
    err: /in several shipments: .*delivery:00800late/,
  });
  t.match(await ask(['trace', 'nothing']), { code: 1, err: /no shipment is known by nothing/ });
  t.match(await ask(['trace']), { code: 2, err: /which shipment/ });
});

t.test('rules explain prints what a verdict rests on', async (t) => {
  const { out } = await ask(['rules', 'explain', 'eu-import-release', '00800late']);
  for (const part of [
    /breached, proved/,
    /start +2026-11-02 10:00 \+01:00 {2}Arrived at destination; broker via broker-nl, known .*, raw RAW#3/,
    /counted +2026-11-02 10:00 – 2026-11-02 12:00 +2h/,
    /on calendar nl-customs, Europe\/Amsterdam/,
    /paused +2026-11-02 12:00 – 2026-11-02 14:00/,
    /due +2026-11-03 11:00 \+01:00/,
    /broker-nl\/broker: heard up to .*, past the deadline/,
  ]) {
    t.match(out, part);
  }
  t.match(await json(['rules', 'explain', 'eu-import-release', '00800late']), {
    rows: [{ zone: 'Europe/Amsterdam' }],
  });
  const wrong = await ask(['rules', 'explain', 'eu-import-relase', '00800late']);
  t.match(wrong, { code: 1, err: /did you mean eu-import-release\?/ });
});

t.test('facts, taken away with the rules, give the same explanation with no server', async (t) => {
  const cwd = t.testdir({ 'rules.yaml': RULE_FILE.text });
  const asked = await ask(['facts', '00800late', '--as-of', new Date(NOW).toISOString()]);
  t.equal(asked.code, 0, asked.err);
  writeFileSync(join(cwd, 'facts.json'), asked.out);
  const away = (argv: readonly string[]): Promise<CliRun> =>
    cli(['rules', 'explain', ...argv], { clock, cwd, terminal: { columns: 100, log: false } });
  const offline = await away(['eu-import-release', '--facts', 'facts.json', '--rules', 'rules.yaml']);
  t.equal(offline.code, 0, offline.err);
  const online = await ask(['rules', 'explain', 'eu-import-release', '00800late']);
  // A channel that is heard counts as heard up to the moment of the export.
  const settled = (text: string): string => text.replaceAll(/heard up to .*, past/g, 'heard, past');
  t.equal(settled(offline.out), settled(online.out));

  const facts = JSON.parse(asked.out);
  t.match(Buffer.from(facts.raw[0].data, 'base64').toString(), /./, 'the raw bytes are in it');
  const known = new Set(facts.events.map((e: { raw: { sequence: number } }) => e.raw.sequence));
  t.ok(
    facts.raw.every(({ sequence }: { sequence: number }) => known.has(sequence)),
    'and no others',
  );

  t.match(await away(['eu-import-relase', '--facts', 'facts.json', '--rules', 'rules.yaml']), {
    code: 1,
    err: /there is no rule eu-import-relase in these files; did you mean eu-import-release\?/,
  });
  writeFileSync(join(cwd, 'other.json'), '{}');
  t.match(await away(['x', '--facts', 'other.json', '--rules', 'rules.yaml']), {
    code: 1,
    err: /other\.json is not what "laytime facts" writes/,
  });
  t.match(await away(['x', '--facts', 'none.json', '--rules', 'rules.yaml']), {
    code: 1,
    err: /cannot be read/,
  });
  t.match(await away(['x']), { code: 2, err: /which rule of which shipment/ });
});

t.test('channels: who is heard and how late they tell, and why a feed rule says so', async (t) => {
  const { out } = await ask(['channels']);
  t.match(out, /^CHANNEL +STATUS +PROVED UNTIL \(.+\) +LAG +P95 +RULES$/m);
  t.match(out, /broker-nl\/broker +hearing +2026-11-06 \d\d:00 +15m +1h 30m +broker-speaks: breached/);
  const one = (await ask(['channels', 'broker-nl/broker'])).out;
  t.match(one, /measured +95 of 100 of 120 reports within 1h 30m/);
  t.match(
    one,
    /broker-speaks: breached\n {2}every channel of broker-nl.*\n {2}too late\n.*\n {2}event slowest@1/,
  );
  t.match(await json(['channels', 'broker-nl/broker']), { rows: [{ lag_reports: 120 }] });
  const why = (await ask(['rules', 'explain', 'broker-speaks', 'broker-nl/broker'])).out;
  t.match(why, /^broker-speaks: breached\n.*\n {2}too late\n {2}to be heard by .*\n {2}event slowest@1\n$/);
  t.match(await ask(['channels', 'nobody/x']), {
    code: 1,
    err: /no channel nobody\/x; there are broker-nl\/broker/,
  });
  t.match(await ask(['channels', 'a', 'b']), { code: 2 });
});

t.test('alerts: list and take charge, by the beginning of an id', async (t) => {
  t.match((await ask(['alerts'])).out, /firing +2026-11-03 06:00 +Customs release/);
  t.match(await json(['alerts', 'list']), { rows: [{ alert_id: LATE_ALERT }] });
  t.match((await ask(['alerts', '--status', 'resolved'])).out, /no resolved alerts/);
  const done = await ask(['alerts', 'ack', LATE_ALERT.slice(0, 8), '-m', 'calling the broker']);
  t.match(done, { code: 0, out: /^acknowledged .*Customs release/ });
  t.same(server.main.appended.pop(), {
    action: 'acknowledge',
    subject: LATE_ALERT,
    by: 'local',
    comment: 'calling the broker',
  });
  t.match(await ask(['alerts', 'ack', 'zzz']), { code: 1, err: /no alert zzz/ });
  t.match(await ask(['alerts', 'ack']), { code: 2 });
  t.match(await ask(['alerts', 'fix', 'it']), { code: 2, err: /list, or ack/ });
});

t.test('dead letters: list, show, dismiss', async (t) => {
  t.match(
    (await ask(['dead-letters'])).out,
    /dead1 .*broker-nl +RAW#9 +bad-time: "tomorrow" is no time \(\/when\)/,
  );
  const shown = await ask(['dead-letters', 'show', 'dea']);
  t.match(shown.out, /3025 bytes of text\/html/);
  t.match(shown.out, /<script>alert\(1\)<\/script>x{3000}/);
  const { data } = await json(['dead-letters', 'show', 'dead1']);
  t.equal(Buffer.from(data, 'base64').length, 3_025);
  t.match(await ask(['dead-letters', 'dismiss', 'dead1']), { code: 2, err: /say why/ });
  t.match(await ask(['dead-letters', 'dismiss', 'dead1', '-m', 'a test']), { code: 0 });
  t.match(server.main.appended.pop(), { action: 'dismiss-dead-letter', subject: 'dead1', comment: 'a test' });
  t.match(await ask(['dead-letters', 'show', 'nothing']), { code: 1, err: /no dead letter nothing/ });
});

t.test('the agent is found, and a token is taken from the environment', async (t) => {
  const away = await cli(['alerts', '--url', 'http://127.0.0.1:9']);
  t.match(away, {
    code: 1,
    err: /no agent answers at http:\/\/127\.0\.0\.1:9; start one with "laytime run"/,
  });
  t.match(await cli(['alerts', '--url', 'here']), { code: 2, err: /no http address/ });
  const guarded = await serve(
    t,
    { url: engine.url, database },
    { tokens: [token('me', 'viewer', 'let-me-see')] },
  );
  const env = (values: Record<string, string>) => (name: string) => values[name];
  const LAYTIME_URL = guarded.url;
  t.match(await cli(['alerts'], { env: env({ LAYTIME_URL }) }), { code: 1, err: /set LAYTIME_TOKEN/ });
  t.match(await cli(['alerts'], { env: env({ LAYTIME_URL, LAYTIME_TOKEN: 'let-me-see' }) }), { code: 0 });
  const viewer = { env: env({ LAYTIME_URL, LAYTIME_TOKEN: 'let-me-see' }) };
  t.match(await cli(['alerts', 'ack', LATE_ALERT], viewer), {
    code: 1,
    err: /me is viewer; this needs operator/,
  });
  const cwd = t.testdir({
    'laytime.yaml': `nats: embedded\nclickhouse: embedded\ntimezone: Asia/Tokyo\nlisten: ${new URL(server.url).host}\n`,
  });
  t.match(await cli(['alerts'], { cwd }), { code: 0, out: /SINCE \(Asia\/Tokyo\)/ });
});
