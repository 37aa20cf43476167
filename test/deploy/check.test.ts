import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { withTempDir } from '../support/engines.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (cwd: string, script: string, ...args: string[]): Promise<Run> =>
  new Promise((done) => {
    const env = { PATH: '/usr/bin:/bin', HOME: cwd };
    execFile('sh', [script, ...args], { cwd, env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });

/** A checkout whose tools are one-line scripts; `tap` gets the options and writes to `$out`. */
async function checkout(t: Test, tools: Readonly<Record<string, string>>): Promise<string> {
  const dir = await withTempDir(t);
  const bin = join(dir, 'node_modules/.bin');
  await mkdir(bin, { recursive: true });
  await mkdir(join(dir, 'deploy'));
  await mkdir(join(dir, 'test/e2e'), { recursive: true });
  await cp(join(root, 'deploy/check.sh'), join(dir, 'deploy/check.sh'));
  const slow = '// slow: starts ClickHouse\n';
  await writeFile(join(dir, 'test/a.test.ts'), 'import t from "tap";\n// slow: not the first line\n');
  await writeFile(join(dir, 'test/b.test.ts'), slow);
  await writeFile(join(dir, 'test/e2e/c.test.ts'), slow);
  for (const [name, body] of Object.entries({ tsc: 'exit 0', biome: 'exit 0', ...tools })) {
    const output =
      'for a in "$@"; do case "$a" in --output-file=*) out=$(echo "$a" | cut -d= -f2) ;; esac; done\n';
    await writeFile(join(bin, name), `#!/bin/sh\n${output}${body}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return dir;
}
const lastLine = ({ stdout }: Run): string => stdout.trimEnd().split('\n').at(-1) ?? '';
const check = async (t: Test, tools: Readonly<Record<string, string>>, what = 'all'): Promise<Run> =>
  run(await checkout(t, tools), 'deploy/check.sh', what);

t.test('assertions are counted, other checks count as one each', async (t) => {
  const done = await check(t, { tap: 'echo "# { total: 12, pass: 12 }" >"$out"' });
  t.equal(lastLine(done), '14 passed, 0 failed');
  t.equal(done.code, 0);
});

t.test('failures of any check are counted and shown', async (t) => {
  const done = await check(t, {
    tap: 'echo "# { total: 12, pass: 10, fail: 2 }" >"$out"; exit 1',
    tsc: 'echo "a.ts(1,1): error"; exit 2',
  });
  t.equal(lastLine(done), '11 passed, 3 failed');
  t.match(done.stdout, 'a.ts(1,1): error');
  t.equal(done.code, 1);
});

t.test('the last lines before the counts are what failed, with the first lines of why', async (t) => {
  const tap = `cat >"$out" <<'END'
# Subtest: test/a.test.ts
    # Subtest: a chain
        ok 1 - it is killed
        not ok 2 - all is equal; links: 132 missing
          ---
          diff: |
            -Array []
          at:
            lineNumber: 5
          source: |
            t.same(found, []);
          ...
    not ok 1 - a chain # time=7ms
not ok 1 - test/a.test.ts # time=8ms
# Subtest: test/b.test.ts
not ok 2 - test/b.test.ts # time=9ms
# { total: 3, pass: 1, fail: 2 }
END
exit 1`;
  const lines = (await check(t, { tap })).stdout.trimEnd().split('\n').slice(-7);
  t.strictSame(
    lines.map((line) => line.trim()),
    [
      'FAILED  test/a.test.ts: not ok 2 - all is equal; links: 132 missing',
      'diff: |',
      '-Array []',
      'at:',
      'lineNumber: 5',
      'FAILED  not ok 2 - test/b.test.ts # time=9ms',
      '3 passed, 2 failed',
    ],
  );
});

t.test('a runner that dies is a failure, whatever it had counted', async (t) => {
  const silent = await check(t, { tap: 'kill -9 $$' });
  t.equal(lastLine(silent), '2 passed, 1 failed');
  t.equal(silent.code, 1);
  const late = await check(t, { tap: 'echo "# { total: 5, pass: 5 }" >"$out"; exit 7' });
  t.equal(lastLine(late), '7 passed, 1 failed');
  const nothing = await check(t, { tap: 'exit 0' });
  t.equal(lastLine(nothing), '2 passed, 1 failed');
});

t.test('quick leaves out the files whose first line says that they are slow', async (t) => {
  const tap = 'shift 3; echo "ran $*"; echo "# { total: 1, pass: 1 }" >"$out"';
  t.match((await check(t, { tap }, 'quick')).stdout, /^ran test\/a\.test\.ts$/m);
  t.match((await check(t, { tap }, 'all')).stdout, 'test/b.test.ts test/e2e/c.test.ts');
});

t.test(
  'setup has nothing to do and to say when all is there, and refuses what it does not know',
  async (t) => {
    const again = await run(root, 'deploy/setup.sh', '--quiet');
    t.strictSame(again, { code: 0, stdout: '', stderr: '' });
    const odd = await run(root, 'deploy/setup.sh', '--fast');
    t.equal(odd.code, 2);
    t.match(odd.stderr, 'unknown option --fast');
  },
);
