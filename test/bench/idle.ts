import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '../../agent/engines/nats.ts';
import { cpuUsOfProcess, residentBytesOf } from './process-stat.ts';
import { writeProject } from './project.ts';

export interface Idle {
  readonly residentMegabytes: number;
  readonly cpuPercent: number;
  readonly overSeconds: number;
}

const ROOT = join(import.meta.dirname, '../..');

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
    const before = cpuUsOfProcess(child.pid!)!;
    await delay(seconds * 1000);
    const usedUs = cpuUsOfProcess(child.pid!)! - before;
    return {
      residentMegabytes: Math.round(residentBytesOf(child.pid!) / 1_000_000),
      cpuPercent: Math.round(usedUs / seconds / 1000) / 10,
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
