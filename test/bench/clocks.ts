import { monitorEventLoopDelay } from 'node:perf_hooks';
import { buildJudge } from '../../agent/track/build.ts';
import type { Judge } from '../../agent/track/judge.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { hashId } from '../../rules/hash.ts';
import { instant } from '../../rules/time.ts';
import { eventIdOf } from '../../rules/trace.ts';
import { hubSettings } from '../support/judge.ts';
import { bytesInUse } from './memory.ts';
import { START_AT } from './project.ts';

export interface Clocks {
  readonly clocks: number;
  readonly shipments: number;
  readonly megabytes: number;
  readonly bytesPerClock: number;
  /** Clocks that fall due in one second, at one and the same moment: when the desk closes. */
  readonly dueTogether: number;
  readonly alertChanges: number;
  /** From the moment on until all are judged. */
  readonly dueSeconds: number;
  /** The longest time for which nothing else of the process could run meanwhile. */
  readonly worstLoopStallMs: number;
}

const CLOCKS_EACH = 10;
const CLOCKS_AT_ONCE = 100;
const HOUR = 3_600_000;

/** So many open clocks; every hundredth falls due at the same moment. */
export async function measureClocks(clocks: number): Promise<Clocks> {
  const rules = Array.from(
    { length: CLOCKS_EACH },
    (_, i) =>
      `  r${i}: { title: Rule ${i}, from: arrived at destination, to: customs.released, within: ${i === 0 ? '24h, legal: true' : `${100 + i}d`}, notify: desk }`,
  );
  const settings = hubSettings({ rules: `rules:\n${rules.join('\n')}\n` });
  const before = bytesInUse();
  const judge = buildJudge(settings);
  const shipments = clocks / CLOCKS_EACH;
  // A tenth of the shipments arrived at one moment; the others a long time after it, so that nothing of them is due.
  const together = Math.ceil(clocks / 100);
  for (let n = 0; n < shipments; n += 1) {
    judge.recall(arrival(n, n < together ? START_AT : START_AT + 20 * HOUR));
    if (n % 1000 === 999) pass(judge);
  }
  pass(judge);
  const bytes = bytesInUse() - before;
  const counted = Object.values(judge.parts.assessor.counts).reduce((sum, count) => sum + count, 0);
  const due = START_AT + 24 * HOUR;
  judge.advance(due - 1);
  pass(judge);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await nextTurn();
  const began = performance.now();
  let alertChanges = 0;
  // As the pipeline does it.
  for (let ready = false; !ready; ) {
    ready = judge.advance(due + 1000, CLOCKS_AT_ONCE);
    alertChanges += judge.drain().alerts.length;
    await nextTurn();
  }
  const dueSeconds = Math.round(performance.now() - began) / 1000;
  delay.disable();
  return {
    ...{ clocks: counted, shipments, dueTogether: together, alertChanges, dueSeconds },
    megabytes: Math.round(bytes / 1e6),
    bytesPerClock: Math.round(bytes / counted),
    worstLoopStallMs: Math.round(delay.max / 1e6),
  };
}

const nextTurn = (): Promise<void> => new Promise((wake) => setImmediate(wake));

function pass(judge: Judge): void {
  judge.drain(false);
  judge.dirty.clear();
}

function arrival(n: number, at: number): ShipmentEvent {
  const name = String(n).padStart(7, '0');
  const key = hashId('event', 'hub', name);
  const revision = { order: at, tag: name };
  return {
    ...{ id: eventIdOf(key, revision), key, revision, source: 'hub', partner: 'hub', tenant: 'default' },
    ...{ milestone: 'arrived', occurrence: { role: 'destination' }, classifier: 'actual' },
    occurredAt: instant(at),
    observedAt: at,
    refs: [{ type: 'delivery', value: name }],
    attributes: { mode: 'sea' },
    retracted: false,
    raw: { stream: 'HUB', sequence: n + 1 },
  };
}
