import type { AppOptions, WhileStarting } from './app.ts';
import type { Engines, StoreEngine } from './app-engines.ts';
import type { Snapshots } from './app-judge.ts';
import { storedFacts } from './app-store.ts';
import { buildJudge, identityHashOf, type JudgeSettings } from './track/build.ts';
import type { Judge } from './track/judge.ts';
import { rebuild, type StoredFacts } from './track/rebuild.ts';
import { readSnapshot } from './track/snapshot.ts';

export interface RestoreOptions extends AppOptions, WhileStarting {
  readonly engines: Engines;
  readonly store: StoreEngine;
}

/** A start without a snapshot that has not heard from ClickHouse for so long says so. */
const WAITS_AFTER_MS = 2_000;

/** Memory from the newest usable snapshot, else from ClickHouse, for which it waits; the log gives the rest. */
export async function restore(
  settings: JudgeSettings,
  snapshots: Snapshots,
  options: RestoreOptions,
  migrated: Promise<void>,
  signal: AbortSignal,
  standAt: (facts: StoredFacts) => void,
): Promise<{ judge: Judge; fromSnapshot: boolean }> {
  const { telemetry, clock } = options;
  const began = clock.elapsed();
  const identityHash = identityHashOf(settings);
  const snapshot = await readSnapshot(snapshots.directory, (head) => head.identityHash === identityHash);
  let judge: Judge;
  if (snapshot === undefined) {
    options.onWait?.(true);
    const facts = await factsWhenThere(options, migrated, signal);
    options.onWait?.(false);
    if (facts !== undefined) standAt(facts);
    judge = facts === undefined ? buildJudge(settings) : await rebuild(settings, facts);
  } else {
    judge = buildJudge(settings, snapshot);
  }
  // A judge that knows of no moment yet has nothing to start again from.
  if (Number.isFinite(judge.parts.logTime)) judge.restarted();
  telemetry.line('info', 'memory-restored', {
    from: snapshot === undefined ? 'store' : 'snapshot',
    shipments: judge.parts.shipments.size,
    seconds: Math.round((clock.elapsed() - began) / 100) / 10,
  });
  return { judge, fromSnapshot: snapshot !== undefined };
}

/** Throws when the start is given up: a judge without its memory must not go on, nor be remembered. */
async function factsWhenThere(
  { store, telemetry, clock, config }: RestoreOptions,
  migrated: Promise<void>,
  signal: AbortSignal,
): Promise<StoredFacts | undefined> {
  const over = new AbortController();
  void clock.sleep(WAITS_AFTER_MS, AbortSignal.any([over.signal, signal])).then(() => {
    if (!over.signal.aborted && !signal.aborted) telemetry.line('warn', 'memory-waits-for-store', {});
  });
  await migrated;
  const facts = await storedFacts(store, config.tenant, { clock, telemetry }, signal);
  over.abort();
  signal.throwIfAborted();
  return facts;
}
