import type { Window } from './calendar.ts';
import { type Start, sameSubject } from './evaluate-starts.ts';
import type { PauseCondition } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Hold, Trace } from './trace.ts';

/** When a clock stood still. */
export interface Pauses {
  /** Closed ones: merged, sorted, before `openSince`. */
  readonly windows: readonly Window[];
  /** Since when a hold is open that has not been removed. */
  readonly openSince: EpochMs | undefined;
  readonly evidence: readonly string[];
}

export const NO_PAUSES: Pauses = { windows: [], openSince: undefined, evidence: [] };

/**
 * The pauses of a clock from the hold ledger. A hold known only by its dates pauses for all that it may have lasted: a
 * clock is late only if it is late however the dates fell.
 *
 * ```text
 *   holds     ├── A ──┤        ├── C …
 *                 ├── B ──┤
 *   windows   ├───────────┤    openSince
 * ```
 */
export function pausesOf(trace: Trace, conditions: readonly PauseCondition[], start: Start): Pauses {
  if (conditions.length === 0 || trace.holds.length === 0) return NO_PAUSES;
  const windows: Window[] = [];
  const evidence: string[] = [];
  let openSince: EpochMs | undefined;
  for (const hold of trace.holds) {
    if (hold === start.hold || !applies(hold, conditions, start)) continue;
    const from = hold.placed.at.from;
    evidence.push(hold.placed.eventId);
    if (hold.removed === undefined) {
      openSince = openSince === undefined ? from : Math.min(openSince, from);
    } else {
      evidence.push(hold.removed.eventId);
      if (hold.removed.at.to > from) windows.push({ from, to: hold.removed.at.to });
    }
  }
  if (evidence.length === 0) return NO_PAUSES;
  return { windows: merge(windows, openSince), openSince, evidence };
}

function applies(hold: Hold, conditions: readonly PauseCondition[], start: Start): boolean {
  if (start.hold === undefined && !sameSubject(hold.subject, start.occurrence.subject)) return false;
  return conditions.some(
    ({ agency }) => agency === undefined || agency.toLowerCase() === hold.agency.toLowerCase(),
  );
}

/** Merged and sorted, cut where an open hold takes over. */
function merge(windows: Window[], limit: EpochMs | undefined): readonly Window[] {
  windows.sort((a, b) => a.from - b.from);
  const merged: Window[] = [];
  for (const window of windows) {
    const to = limit === undefined ? window.to : Math.min(window.to, limit);
    if (to <= window.from) continue;
    const last = merged.at(-1);
    if (last !== undefined && window.from <= last.to) {
      if (to > last.to) merged[merged.length - 1] = { from: last.from, to };
    } else merged.push({ from: window.from, to });
  }
  return merged;
}

/** The windows with a still open pause ended at `until`. */
export const pausesUntil = ({ windows, openSince }: Pauses, until: EpochMs): readonly Window[] =>
  openSince === undefined || until <= openSince ? windows : [...windows, { from: openSince, to: until }];
