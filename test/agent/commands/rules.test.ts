import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { runCli } from '../../../agent/commands/cli.ts';
import { COMMANDS } from '../../../agent/commands/commands.ts';

const RULES = `calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, closed: [2026-06-03] }
rules:
  release: { from: arrived at destination, to: customs.released, within: 24bh, calendar: nl }
  unused: { from: departed at origin, to: arrived at destination, within: 30d }
`;
const GOOD = `zone: Europe/Amsterdam
scenarios:
  in time:
    timeline:
      - { at: 2026-06-01 09:00, event: arrived at destination }
      - { at: 2026-06-04 15:00, event: customs.released }
    expect:
      - { at: 2026-06-04 15:00, clock release: met }
`;

async function cli(t: Test, files: Record<string, string>, argv: string[]) {
  const cwd = t.testdir({});
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  let out = '';
  let err = '';
  const code = await runCli(argv, COMMANDS, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: () => undefined,
    clock: { ...systemClock, now: () => Date.UTC(2026, 5, 1) },
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

t.test('rules test: a pack that holds, and what it never tried', async (t) => {
  const files = { 'rules/nl.yaml': RULES, 'rules/nl.test.yaml': GOOD };
  const { code, out } = await cli(t, files, ['rules', 'test']);
  t.equal(code, 0);
  t.match(out, /^rules\/nl\.test\.yaml: 1 scenario, 1 expectation: ok$/m);
  t.match(out, /^release +x +\. +\. +x/m, 'running and met were reached');
  t.match(out, /^unused +\. +\. +\. +\./m, 'a rule that no scenario touches is there too');
});

t.test('rules test: a failure is drawn, and the exit code says so', async (t) => {
  const files = { 'nl.yaml': RULES, 'nl.test.yaml': GOOD.replace('release: met', 'release: breached') };
  const { code, out } = await cli(t, files, ['rules', 'test', 'nl.test.yaml']);
  t.equal(code, 1);
  t.match(out, 'nl.test.yaml:8:33: in time: 1 of 1 expectation failed');
  t.match(out, '✗ expected clock release: breached, got met, done-in-time');
  const json = await cli(t, files, ['rules', 'test', 'nl.test.yaml', '--json']);
  t.equal(json.code, 1);
  t.match(JSON.parse(json.out), {
    ok: false,
    files: [{ file: 'nl.test.yaml', scenarios: [{ name: 'in time', failures: [{ line: 8 }] }] }],
    coverage: { release: ['met', 'running'], unused: ['waiting'] },
  });
});

t.test('rules test: what is wrong in a file is told at its place', async (t) => {
  const missing = await cli(t, { 'x.test.yaml': GOOD }, ['rules', 'test', 'x.test.yaml']);
  t.equal(missing.code, 1);
  t.match(missing.out, 'x.yaml cannot be read');
  const wrong = await cli(t, { 'x.yaml': RULES.replace('24bh', '24'), 'x.test.yaml': GOOD }, [
    'rules',
    'test',
    '*.test.yaml',
  ]);
  t.equal(wrong.code, 1);
  t.match(wrong.out, 'x.yaml:4:');
  t.match(wrong.out, 'fix: write the unit');
  const none = await cli(t, {}, ['rules', 'test', 'nothing.test.yaml']);
  t.equal(none.code, 2);
  t.match(none.err, 'nothing.test.yaml: no such test');
});

t.test('rules due: the time and every counted window', async (t) => {
  const argv = ['rules', 'due', '--calendar', 'nl.yaml', '--from', '2026-06-01 09:00', '--within', '24bh'];
  const { code, out } = await cli(t, { 'nl.yaml': RULES }, argv);
  t.equal(code, 0);
  t.equal(
    out,
    `  start    2026-06-01 09:00 +02:00
  counted  2026-06-01 09:00 – 2026-06-01 17:00  8h       (8h)
           2026-06-02 08:00 – 2026-06-02 17:00  9h       (17h)
           2026-06-04 08:00 – 2026-06-04 15:00  7h       (24h)
           on calendar nl, Europe/Amsterdam
  due      2026-06-04 15:00 +02:00
`,
  );
  const paused = await cli(t, { 'nl.yaml': RULES }, [
    ...argv,
    '--paused',
    '2026-06-01 11:00/2026-06-02 09:00',
    '--json',
  ]);
  t.match(JSON.parse(paused.out), {
    due: '2026-06-05T11:00:00.000Z',
    dueLocal: '2026-06-05 13:00 +02:00',
    countedMs: 24 * 3_600_000,
    pauses: [{ ms: 22 * 3_600_000 }],
  });
});

t.test('rules due: what is wrong is said in one line', async (t) => {
  const due = async (...argv: string[]) =>
    (await cli(t, { 'nl.yaml': RULES }, ['rules', 'due', ...argv])).err;
  t.match(await due('--within', '1h'), '--from is needed');
  t.match(await due('--from', 'now', '--within', '1h'), '"now" is no time');
  t.match(await due('--from', '2026-06-01', '--within', 'soon'), '"soon" is no length of time');
  t.match(await due('--from', '2026-06-01', '--within', '1h', '--calendar', 'de'), /de|laytime\.yaml/);
  t.match(
    await due('--from', '2026-06-01', '--within', '1h', '--file', 'nl.yaml', '--calendar', 'de'),
    'there are nl',
  );
  t.match(await due('--from', '2026-06-01', '--within', '1h', '--paused', '2026-06-01'), 'write two times');
});
