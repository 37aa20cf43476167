import type { Window } from './calendar.ts';
import { mayBeSame, type Start } from './evaluate-starts.ts';
import type { PauseCondition } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Fact, Hold, Trace } from './trace.ts';

/** When a clock stood still. */
export interface Pauses {
  /** Closed ones: merged, sorted, before `openSince`. */
  readonly windows: readonly Window[];
  /** Since when something stops the clock of which no end is known. */
  readonly openSince: EpochMs | undefined;
  /** What that is. */
  readonly openBy: 'hold-open' | 'under-way';
  readonly evidence: readonly string[];
}

export const NO_PAUSES: Pauses = { windows: [], openSince: undefined, openBy: 'hold-open', evidence: [] };

/** One pause, and the events that tell of it. */
interface Pause {
  readonly by: Pauses['openBy'];
  readonly from: EpochMs;
  /** Undefined while no end is known. */
  readonly to: EpochMs | undefined;
  readonly evidence: readonly string[];
}

/**
 * The pauses of a clock: holds from the ledger, and the time between a departure and the next arrival. A hold known only by its dates
 * pauses for all that it may have lasted: a clock is late only if it is late however the dates fell.
 *
 * ```text
 *   holds     ├── A ──┤        ├── C …
 *                 ├── B ──┤
 *   windows   ├───────────┤    openSince
 * ```
 */
export function pausesOf(trace: Trace, conditions: readonly PauseCondition[], start: Start): Pauses {
  if (conditions.length === 0) return NO_PAUSES;
  const pauses = [...holdPauses(trace, conditions, start), ...voyages(trace, conditions)];
  if (pauses.length === 0) return NO_PAUSES;
  const windows: Window[] = [];
  let open: Pause | undefined;
  for (const pause of pauses) {
    if (pause.to === undefined) open = open === undefined || pause.from < open.from ? pause : open;
    else if (pause.to > pause.from) windows.push({ from: pause.from, to: pause.to });
  }
  return {
    windows: merge(windows, open?.from),
    openSince: open?.from,
    openBy: open?.by ?? 'hold-open',
    evidence: pauses.flatMap(({ evidence }) => evidence),
  };
}

function holdPauses(trace: Trace, conditions: readonly PauseCondition[], start: Start): Pause[] {
  const out: Pause[] = [];
  for (const hold of trace.holds) {
    if (hold === start.hold || !applies(hold, conditions, start)) continue;
    const { placed, removed } = hold;
    const evidence = removed === undefined ? [placed.eventId] : [placed.eventId, removed.eventId];
    out.push({ by: 'hold-open', from: placed.at.from, to: removed?.at.to, evidence });
  }
  return out;
}

function applies(hold: Hold, conditions: readonly PauseCondition[], start: Start): boolean {
  if (start.hold === undefined && !mayBeSame(hold.subject, start.occurrence.subject)) return false;
  return conditions.some(
    (condition) =>
      condition.state === 'customs.hold' &&
      (condition.agency === undefined || condition.agency.toLowerCase() === hold.agency.toLowerCase()),
  );
}

/**
 * The time between stops: from a departure to the next arrival, to when it is expected, or as long as nothing is known of one. So goods that
 * should have arrived are under way no longer.
 */
function voyages(trace: Trace, conditions: readonly PauseCondition[]): Pause[] {
  if (!conditions.some(({ state }) => state === 'under-way')) return [];
  const arrivals: { readonly fact: Fact; readonly actual: boolean }[] = [];
  for (const { milestone, actual, estimated, planned } of trace.milestones) {
    const fact = actual ?? estimated ?? planned;
    if (milestone === 'arrived' && fact !== undefined) arrivals.push({ fact, actual: actual !== undefined });
  }
  // Of one moment the arrival that happened comes before the one that is expected.
  arrivals.sort((a, b) => Number(b.actual) - Number(a.actual) || a.fact.at.to - b.fact.at.to);
  return trace.milestones.flatMap(({ milestone, actual }): Pause[] => {
    if (milestone !== 'departed' || actual === undefined) return [];
    const arrival = arrivals.find(({ fact }) => fact.at.to > actual.at.from)?.fact;
    const evidence = arrival === undefined ? [actual.eventId] : [actual.eventId, arrival.eventId];
    return [{ by: 'under-way', from: actual.at.from, to: arrival?.at.to, evidence }];
  });
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
