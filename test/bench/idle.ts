import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '../../agent/engines/nats.ts';
import { writeProject } from './project.ts';

export interface Idle {
  readonly residentMegabytes: number;
  readonly cpuPercent: number;
  readonly overSeconds: number;
}

const ROOT = join(import.meta.dirname, '../..');
/** Linux counts CPU time in these (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** The program as it is installed: JavaScript, for stripping types at start takes some 30 MB. */
function build(home: string): string {
  execFileSync('sh', [join(ROOT, 'deploy/build.sh'), join(home, 'dist')], { stdio: 'ignore' });
  copyFileSync(join(ROOT, 'package.json'), join(home, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'));
  return join(home, 'dist/agent/main.js');
}

/** `role: collect` in a process of its own with a plain subject to capture and nothing to do. Undefined where there is no /proc. */
export async function measureIdle(dir: string, seconds: number): Promise<Idle | undefined> {
  if (process.platform !== 'linux') return undefined;
  const home = join(dir, 'idle');
  mkdirSync(home, { recursive: true });
  const main = build(home);
  const nats = await startNats({ dataDir: join(home, 'nats') });
  const yaml = `
role: collect
nats: { url: "${nats.url}" }
data_dir: data
sources:
  hub: { nats: { subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 1h }
rules: [rules.yaml]
notify:
  desk: { log: true }
listen: "127.0.0.1:0"
`;
  const rules = `
rules:
  release: { title: Customs release, from: arrived at destination, to: customs.released, within: 24h, notify: desk }
`;
  const { file } = writeProject(home, yaml, rules);
  const child = spawn(process.execPath, [main, 'run', '--json', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await serving(child);
    await delay(seconds * 500);
    const before = ticksOf(child.pid!);
    await delay(seconds * 1000);
    const ticks = ticksOf(child.pid!) - before;
    return {
      residentMegabytes: Math.round(residentBytes(child.pid!) / 1_000_000),
      cpuPercent: Math.round((ticks / TICKS_PER_SECOND / seconds) * 1000) / 10,
      overSeconds: seconds,
    };
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await Promise.race([ended, delay(5000)]);
    child.kill('SIGKILL');
    await nats.stop();
  }
}

/** Resolves with the first output: the object that says where it serves. */
function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the agent ended with exit code ${code}`)));
  });
}

function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): utime and stime are fields 14 and 15; the name in field 2 may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
