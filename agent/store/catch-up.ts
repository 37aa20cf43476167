import { messageOf, type StoreFault } from './faults.ts';
import type { CatchUpSource } from './store.ts';
import type { CatchUpWriter } from './writer.ts';

export interface CatchUpOptions {
  readonly onFault: (fault: StoreFault) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;
/** The judge went on while the last batch was read again; a source that cannot keep up must not spin. */
const BETWEEN_ROUNDS_MS = 20;

/**
 * Reads the log again whenever batches were missed. Runs until the writer stops.
 *
 * ```
 * judge   1 2 3 4 5 6 7 8 9 …        taken: 1 2 3 — full at 4 —
 * reread        └ 4 5 6 7 8 ┘        from what is queued (3) to where the judge is when it ends (8)
 * judge                     9        its predecessor (8) is what is queued: taken, level again
 * ```
 * There is no gap: the judge's batches are taken again only when everything up to the last one offered is queued, and
 * between that look and the next offer nothing else runs. If the judge went on while the last batch was read again, the
 * next round starts from there. Batches read twice are harmless (README.md).
 */
export async function runCatchUp(
  writer: CatchUpWriter,
  source: CatchUpSource,
  options: CatchUpOptions,
): Promise<void> {
  const { signal } = writer;
  for (;;) {
    const from = await writer.whenBehind();
    if (from === undefined) return;
    try {
      for await (const batch of source.reread(from, signal)) await writer.push(batch);
      // A batch may have been let go while the last one was taken: its alert changes were published after they were read here.
      if (source.hasMissed?.() || !writer.tryLevel()) await options.sleep(BETWEEN_ROUNDS_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      const retryInMs = options.retryMs ?? RETRY_MS;
      options.onFault({ kind: 'catch-up-failed', error: messageOf(error), retryInMs });
      await options.sleep(retryInMs, signal);
    }
  }
}
