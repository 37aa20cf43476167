import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { measureBacktest } from './backtest.ts';
import { measureClocks } from './clocks.ts';
import { measureIdle } from './idle.ts';
import { measureInstalled } from './installed.ts';
import { measureLatency } from './latency.ts';
import { measureMapping } from './mapping.ts';
import { measureMemory } from './memory.ts';
import { cpuUsEach, trafficOf } from './project.ts';
import { measureRules } from './rules.ts';
import { measureSapCalls } from './sap-calls.ts';
import { type Figures, tableOf } from './table.ts';
import { measureThroughput } from './throughput.ts';

const FULL = {
  ...{ events: 60_000, latencySeconds: 15, shipments: 100_000, idleSeconds: 10, mapSeconds: 2 },
  ...{ ruleEvents: 40_000, historyEvents: 160_000, clocks: 1_000_000 },
};
const QUICK = {
  ...{ events: 10_000, latencySeconds: 4, shipments: 5_000, idleSeconds: 3, mapSeconds: 0.5 },
  ...{ ruleEvents: 5_000, historyEvents: 5_000, clocks: 50_000 },
};
const EVENTS_PER_SECOND = 2000;

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, parts: { type: 'string' } },
});
const sizes = values.quick === true ? QUICK : FULL;
const dir = mkdtempSync(join(tmpdir(), 'laytime-bench-'));
const began = performance.now();
const [loadBefore = 0] = loadavg();

const run = promisify(execFile);

/** A part in a process of its own: what others left in memory, and how their code was compiled, would count for it otherwise. */
async function apart(name: string): Promise<unknown> {
  const argv = [
    fileURLToPath(import.meta.url),
    '--json',
    '--parts',
    name,
    ...(values.quick ? ['--quick'] : []),
  ];
  const { stdout } = await run(process.execPath, argv, { maxBuffer: 16 * 1024 * 1024 });
  return (JSON.parse(stdout) as Record<string, unknown>)[name];
}

/** How long `JSON.parse` of one message takes here and now: what to measure these figures by on another machine. */
function yardstick(): number {
  const [{ body } = { body: '{}' }] = trafficOf(10);
  const before = process.cpuUsage();
  for (let i = 0; i < 100_000; i += 1) JSON.parse(body);
  return cpuUsEach(before, 100_000);
}

const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  throughput: () => measureThroughput(dir, sizes.events),
  latency: () => measureLatency(dir, EVENTS_PER_SECOND, sizes.latencySeconds),
  idleCollect: () => measureIdle(dir, sizes.idleSeconds),
  mapping: async () => measureMapping(sizes.mapSeconds),
  memory: () => measureMemory(dir, sizes.shipments),
  rules: async () => measureRules(sizes.ruleEvents),
  backtest: () => measureBacktest(dir, sizes.historyEvents),
  clocks: () => measureClocks(sizes.clocks),
  installed: async () => measureInstalled(dir),
  sapCalls: () => measureSapCalls(dir),
};
const names = Object.keys(PARTS);
const asked = values.parts?.split(',') ?? names;

try {
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no part ${unknown.join(', ')}; these are there: ${names.join(', ')}`);
  const measured: Record<string, unknown> = {};
  for (const [name, measure] of Object.entries(PARTS)) {
    if (!asked.includes(name)) continue;
    if (asked.length > 1) console.error(`bench: ${name} …`);
    measured[name] = asked.length > 1 ? await apart(name) : await measure();
  }
  const figures: Figures = {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '',
      node: process.version,
      loadAverageBefore: Math.round(loadBefore * 100) / 100,
      jsonParseMicroseconds: yardstick(),
    },
    ...measured,
    benchSeconds: Math.round((performance.now() - began) / 1000),
  };
  console.log(values.json === true ? JSON.stringify(figures) : tableOf(figures));
} finally {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
