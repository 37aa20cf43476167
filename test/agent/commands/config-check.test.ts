import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { runCli } from '../../../agent/commands/cli.ts';
import { COMMANDS } from '../../../agent/commands/commands.ts';

const CONFIG = `nats: embedded
clickhouse: embedded
sources:
  carrier:
    http: https://carrier.example/events
    map: builtin:dcsa-tnt-2.2
    auth: { bearer: { env: CARRIER_TOKEN } }
rules: [rules/*.yaml]
notify:
  desk: { log: true }
`;
const RULES = `calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
  sailing:
    from: loaded at origin
    to: departed at origin
    within: 24bh
    calendar: nl
    notify: desk
`;

async function check(
  files: Record<string, string>,
  argv: string[] = [],
  env: Record<string, string> = { CARRIER_TOKEN: 'x' },
) {
  const cwd = t.testdir({});
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  let out = '';
  let err = '';
  const code = await runCli(['config', 'check', ...argv], COMMANDS, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: (name) => env[name],
    clock: { ...systemClock, now: () => Date.UTC(2026, 5, 1) },
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

t.test('a configuration that is fine, in one line', async (t) => {
  const { code, out, err } = await check({
    'laytime.yaml': CONFIG,
    'rules/a.yaml': RULES,
    'rules/a.test.yaml': 'not rules',
  });
  t.equal(err, '');
  t.equal(out, 'laytime.yaml is fine (1 source, 1 map, 1 rule, 1 calendar, 1 notify route)\n');
  t.equal(code, 0);
});

t.test('every problem of every file is told, whatever is wrong elsewhere', async (t) => {
  const { code, out } = await check({
    'laytime.yaml': CONFIG.replace('builtin:dcsa-tnt-2.2', 'maps/c.yaml').replace('log: true', 'lgo: true'),
    'maps/c.yaml': 'map: c\nformat: jsn\n',
    'rules/a.yaml': RULES.replace('departed', 'departd').replace('desk', 'dsk'),
  });
  t.equal(code, 1);
  t.match(out, /^laytime\.yaml:10:3: error: route desk/m);
  t.match(out, /^maps\/c\.yaml:2:9: error/m);
  t.match(
    out,
    [
      'rules/a.yaml:6:9: error: to: "departd" is no milestone (unknown-milestone)',
      '  6 |     to: departd at origin',
      '    |         ^^^^^^^',
      '  fix: did you mean departed?',
    ].join('\n'),
  );
  t.match(out, /laytime\.yaml: \d+ errors/);
});

t.test('rules are checked against sources and routes', async (t) => {
  const { code, out } = await check({
    'laytime.yaml': CONFIG,
    'rules/a.yaml': RULES.replace('departed', 'landed_cost.posted').replace('notify: desk', 'notify: dsk'),
  });
  t.equal(code, 1);
  t.match(out, /no source can state landed_cost\.posted at origin/);
  t.match(out, /no notify route "dsk"/);
  t.match(out, /did you mean desk\?/);
});

t.test('warnings alone let it pass, unless it is strict', async (t) => {
  const files = { 'laytime.yaml': CONFIG, 'rules/a.yaml': RULES.replace(', holidays: NL', '') };
  t.match(await check(files), { code: 0, out: /is fine .*: 1 warning\n$/ });
  t.match(await check(files, ['--strict']), { code: 1 });
});

t.test('files that are not there', async (t) => {
  t.match(await check({}), {
    code: 1,
    err: 'laytime: there is no file laytime.yaml; name one with --config, or write laytime.yaml\n',
  });
  const { out } = await check({ 'x.yaml': CONFIG.replace('dcsa-tnt-2.2', 'dcsa-tnt') }, ['x.yaml']);
  t.match(out, /x\.yaml:6:10: error: there is no ready map "builtin:dcsa-tnt"/);
  t.match(out, /x\.yaml:8:9: error: no file matches rules\/\*\.yaml/);
  t.match(await check({ 'y.yaml': CONFIG, 'rules/a.yaml': RULES }, ['--config', 'y.yaml']), { code: 0 });
});

t.test('on a machine without the secrets', async (t) => {
  const files = { 'laytime.yaml': CONFIG, 'rules/a.yaml': RULES };
  t.match(await check(files, [], {}), { code: 1, out: /the environment has no CARRIER_TOKEN/ });
  t.match(await check(files, ['--without-secrets'], {}), { code: 0 });
});

t.test("a secret in the file is not printed, nor in its neighbours' lines", async (t) => {
  const files = {
    'laytime.yaml': CONFIG.replace('{ env: CARRIER_TOKEN }', 'hunter2 , basic: 3'),
    'rules/a.yaml': RULES,
  };
  for (const argv of [[], ['--json']]) {
    const { code, out, err } = await check(files, argv);
    t.equal(code, 1);
    t.match(out, /does not belong in this file/);
    t.notMatch(out + err, 'hunter2');
  }
});

t.test('one JSON value for machines', async (t) => {
  const { code, out } = await check({ 'laytime.yaml': CONFIG, 'rules/a.yaml': RULES.replace('24bh', '24') }, [
    '--json',
  ]);
  t.equal(code, 1);
  t.match(JSON.parse(out), {
    file: 'laytime.yaml',
    ok: false,
    errors: 1,
    sources: 1,
    problems: [{ file: 'rules/a.yaml', line: 7, column: 13, length: 2, code: 'bad-budget' }],
  });
});

t.test("a ready pack brings its calendars, and is switched on from a file of one's own", async (t) => {
  const files = {
    'laytime.yaml': CONFIG.replace('[rules/*.yaml]', '["builtin:us-import", rules/*.yaml]'),
    'rules/own.yaml': 'override:\n  us-import-release: { mode: live, notify: desk }\n',
  };
  const { code, out } = await check(files);
  t.equal(code, 0, out);
  t.match(out, /builtin:us-import\.yaml:\d+:\d+: warning: no source can state customs\.released/);
  t.match(out, /1 warning\n$/);
});

t.test('as a process', async (t) => {
  const cwd = t.testdir({ 'laytime.yaml': CONFIG, rules: { 'a.yaml': RULES } });
  const main = resolve(import.meta.dirname, '../../../agent/main.ts');
  const run = promisify(execFile);
  const env = { ...process.env, CARRIER_TOKEN: 'x' };
  const fine = await run(process.execPath, [main, 'config', 'check'], { cwd, env });
  t.match(fine.stdout, /^laytime\.yaml is fine/);
  t.equal(fine.stderr, '');
  await t.rejects(run(process.execPath, [main, 'config', 'check', 'nope.yaml'], { cwd, env }), {
    code: 1,
    stderr: /no file nope\.yaml/,
  });
});
