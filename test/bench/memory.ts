import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildJudge, identityHashOf, snapshotOf } from '../../agent/track/build.ts';
import type { Judge } from '../../agent/track/judge.ts';
import { readSnapshot, writeSnapshot } from '../../agent/track/snapshot.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { hashId } from '../../rules/hash.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { Ref, RefType } from '../../rules/refs.ts';
import { instant } from '../../rules/time.ts';
import { eventIdOf } from '../../rules/trace.ts';
import { hubSettings } from '../support/judge.ts';
import { FIVE_RULES, START_AT } from './project.ts';

export interface Memory {
  readonly shipments: number;
  readonly refsPerShipment: number;
  readonly milestonesPerShipment: number;
  readonly clocksPerShipment: number;
  /** Heap and what lies outside it, of a judge that has all of them open and idle. */
  readonly bytesPerOpenShipment: number;
  readonly snapshotBytesPerShipment: number;
  readonly snapshotWriteSeconds: number;
  /** From the file on disk to a judge that goes on. */
  readonly restartSeconds: number;
  /** What of it was work of our own; the rest is waiting for the disk, or for others on the machine. */
  readonly restartCpuSeconds: number;
}

const REFS: readonly RefType[] = [
  'delivery',
  'order',
  'booking',
  'container',
  'house-bill',
  'master-bill',
  'lrn',
  'mrn',
  'invoice',
  'customer-ref',
];
const STEPS: readonly (readonly [
  MilestoneCode,
  'planned' | 'actual',
  'origin' | 'destination' | undefined,
])[] = [
  ['shipment.created', 'actual', undefined],
  ['loaded', 'planned', 'origin'],
  ['export.filing.accepted', 'actual', undefined],
  ['departed', 'actual', 'origin'],
  ['arrived', 'actual', 'destination'],
  ['customs.filed', 'actual', undefined],
  ['customs.hold.placed', 'actual', undefined],
  ['duty.assessed', 'actual', undefined],
];
const HOUR_MS = 3_600_000;

/** Fills a judge with open shipments, saves its memory, and brings it back from the file as a restart does. */
export async function measureMemory(dir: string, shipments: number): Promise<Memory> {
  const settings = hubSettings({ rules: FIVE_RULES });
  const hashes = { identityHash: identityHashOf(settings) };
  const directory = join(dir, 'snapshots');
  let judge: Judge | undefined = buildJudge(settings);
  fill(judge, shipments);
  let began = performance.now();
  await writeSnapshot(directory, snapshotOf(judge, hashes));
  const snapshotWriteSeconds = secondsSince(began);
  judge = undefined;

  const before = bytesInUse();
  began = performance.now();
  const cpu = process.cpuUsage();
  judge = await restart(directory, settings);
  const restartSeconds = secondsSince(began);
  const { user, system } = process.cpuUsage(cpu);
  const bytes = bytesInUse() - before;
  const counts = Object.values(judge.parts.assessor.counts).reduce((sum, count) => sum + count, 0);
  const { size } = judge.parts.shipments;
  const { trace } = judge.parts.assessor.assess(judge.parts.shipments.at(size - 1), judge.parts.logTime);
  const snapshot = await import('node:fs/promises').then(async ({ readdir, stat }) => {
    const [name = ''] = await readdir(directory);
    return (await stat(join(directory, name))).size;
  });
  return {
    shipments: size,
    refsPerShipment: trace.refs.length,
    milestonesPerShipment: trace.milestones.length,
    clocksPerShipment: counts / size,
    bytesPerOpenShipment: Math.round(bytes / size),
    snapshotBytesPerShipment: Math.round(snapshot / size),
    snapshotWriteSeconds,
    restartSeconds,
    restartCpuSeconds: Math.round((user + system) / 10_000) / 100,
  };
}

/** In a function of its own, so that nothing of the snapshot outlives it. */
async function restart(directory: string, settings: Parameters<typeof buildJudge>[0]): Promise<Judge> {
  const snapshot = await readSnapshot(directory, () => true);
  const judge = buildJudge(settings, snapshot);
  judge.restarted();
  judge.drain();
  return judge;
}

/** Heap and what lies outside it, after a garbage collection. */
export function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 4; i += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const secondsSince = (began: number): number => Math.round((performance.now() - began) / 10) / 100;

/** Events of many shipments side by side, as they come in life. Alerts are not decided: their words would only cost time. */
function fill(judge: Judge, shipments: number): void {
  judge.parts.assessor.muted = true;
  const slice = 2000;
  let [observedAt, sequence] = [START_AT, 0];
  for (let from = 0; from < shipments; from += slice) {
    for (const index of STEPS.keys()) {
      for (let n = from; n < Math.min(shipments, from + slice); n += 1) {
        observedAt += 1;
        sequence += 1;
        judge.recall(eventOf(n, index, observedAt, sequence));
      }
      judge.drain(false);
      judge.dirty.clear();
    }
  }
  judge.parts.assessor.muted = false;
  judge.parts.positions = { HUB: sequence };
}

function eventOf(n: number, index: number, observedAt: number, sequence: number): ShipmentEvent {
  const [milestone, classifier, role] = STEPS[index]!;
  const name = String(n).padStart(7, '0');
  const key = hashId('event', 'hub', name, String(index));
  const revision = { order: observedAt, tag: hashId(name, String(index)).slice(0, 13) };
  // Each message names the delivery and one more identifier; together they come to ten.
  const refs: Ref[] = [...new Set([0, index + 1, index === 0 ? 9 : 0])]
    .map((i) => REFS[i]!)
    .map((type) => ({ type, value: `${type.slice(0, 3).toUpperCase()}${name}` }));
  return {
    id: eventIdOf(key, revision),
    key,
    revision,
    source: 'hub',
    partner: 'hub',
    tenant: 'default',
    milestone,
    occurrence: role === undefined ? {} : { role },
    classifier,
    occurredAt: instant(classifier === 'planned' ? observedAt + 200 * HOUR_MS : observedAt - HOUR_MS),
    observedAt,
    refs: refs.sort((a, b) => (a.type < b.type ? -1 : 1)),
    location: { unlocode: role === 'origin' ? 'CNSHG' : 'NLRTM' },
    attributes: index === 0 ? { mode: 'sea', 'destination.country': 'NL' } : {},
    retracted: false,
    raw: { stream: 'HUB', sequence },
  };
}
