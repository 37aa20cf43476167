// slow: starts processes of its own
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import type { DemoResult } from '../../agent/demo/result.ts';

// Loading a month takes half a minute on a quiet machine.
t.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '..', '..');

/** As a newcomer starts it. */
function demo(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn('npm', ['run', '-s', 'demo', '--', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

t.test(
  'the demo loses nothing, cries for nothing, misses nothing, and ends',
  { timeout: 300_000 },
  async (t) => {
    const { code, out, err } = await demo('--for', '30s', '--json', '--shipments', '300');
    t.equal(code, 0, code === 0 ? 'exit code' : err);
    const result = JSON.parse(out) as DemoResult;
    t.match(result, { lost: 0, falseAlerts: 0, missedAlerts: 0, shipments: 300 });
    t.ok(result.naiveFalseAlerts > 0, 'a naive checker does cry for nothing');
    const { raised, resolved, withdrawn } = result.alerts;
    t.ok(raised > 0 && resolved > 0 && withdrawn > 0);
    t.ok(result.events > 5_000 && result.duplicates > 100 && result.deadLetters > 5);
    for (const state of ['running', 'at-risk', 'met', 'met-late', 'breached'])
      t.ok(result.clocks[state], state);
    t.match(err, /control tower and API {3}http/);
    t.match(err, /WITHDRAWN: Container collected/);
    t.match(err, /naive {2}OVERDUE: .* ← false/);
  },
);

t.test('it says what it was told wrong', async (t) => {
  t.match(await demo('--for', 'ages'), { code: 2, err: /--for ages: write 60s or 5m/ });
  t.match(await demo('--shipments', '0'), { code: 2, err: /--shipments 0/ });
});
