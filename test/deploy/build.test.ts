// slow: builds the package and runs it
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { withTempDir } from '../support/engines.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

t.test('what npm run build makes runs on its own, with everything it reads beside it', async (t) => {
  const directory = await withTempDir(t);
  const dist = join(directory, 'dist');
  // The test runner's own loader must not reach into the compiler.
  await run('sh', ['-c', 'unset NODE_OPTIONS; exec sh "$0" "$1"', join(ROOT, 'deploy/build.sh'), dist]);
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const main = join(dist, 'agent/main.js');

  const help = await run(process.execPath, [main, 'help'], { cwd: directory });
  t.match(help.stdout, 'config check');
  // Reads ready maps and rule packs.
  const example = join(ROOT, 'deploy/examples/broker-nats.yaml');
  const check = await run(process.execPath, [main, 'config', 'check', '--without-secrets', example], {
    cwd: directory,
  });
  t.match(check.stdout, 'is fine');
  const migrations = 'agent/store/migrations';
  t.strictSame(readdirSync(join(dist, migrations)), readdirSync(join(ROOT, migrations)));
  t.notOk(existsSync(join(dist, 'test')), 'nothing of the tests');
});
