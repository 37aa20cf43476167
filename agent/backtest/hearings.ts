import type { ChannelSource } from '../../rules/channels-channel.ts';
import type { DurationMs, EpochMs } from '../../rules/time.ts';

/** A time during which a channel was heard or not, as it is stored; `until` is absent while it lasts. */
export interface Hearing {
  readonly source: string;
  readonly partner: string;
  readonly status: 'hearing' | 'blind' | 'never-heard';
  readonly since: EpochMs;
  readonly until?: EpochMs;
}

/** That a source was heard up to a moment. */
export interface HeardAt {
  readonly source: string;
  readonly partner: string;
  readonly at: EpochMs;
}

/** An interval in which a channel was heard, both ends included. */
interface HeardFor extends Omit<HeardAt, 'at'> {
  readonly since: EpochMs;
  readonly last: EpochMs;
  readonly stepMs: DurationMs;
}

/** How often a channel that is heard proves itself, when nothing says how often it is expected. */
const EVERY_MS: DurationMs = 15 * 60_000;
const LEAST_MS: DurationMs = 60_000;

/** Proofs are made for so long at once: years of many channels would not fit into memory together. */
const WINDOW_MS: DurationMs = 86_400_000;

/**
 * Proofs of life in the order of time, up to `until`:
 *
 * ```text
 *   stored   ├──── hearing ────┤── blind ──┤── hearing ──
 *   given    ● ● ● ● ● ● ● ● ● ●           ● ● ● ● ● ● ●
 * ```
 */
export function* proofsOf(
  hearings: readonly Hearing[],
  sources: readonly ChannelSource[],
  until: EpochMs,
): Generator<HeardAt> {
  const every = new Map(
    sources.map(({ name, expectEveryMs }) => [
      name,
      Math.max(LEAST_MS, Math.min(EVERY_MS, (expectEveryMs ?? Number.POSITIVE_INFINITY) / 2)),
    ]),
  );
  const heard = hearings.flatMap(({ source, partner, status, since, until: end }) => {
    const stepMs = every.get(source);
    const last = Math.min(end ?? until, until);
    return status !== 'hearing' || stepMs === undefined || last < since
      ? []
      : [{ source, partner, since, last, stepMs }];
  });
  const first = heard.reduce((earliest, { since }) => Math.min(earliest, since), Number.POSITIVE_INFINITY);
  for (let from = first; from <= until; from += WINDOW_MS) {
    const proofs: HeardAt[] = [];
    for (const each of heard) addProofs(each, from, from + WINDOW_MS, proofs);
    yield* proofs.sort((a, b) => a.at - b.at);
  }
}

/** Those of one interval from a moment to (not including) another; the last moment of the interval is one, too. */
function addProofs(heard: HeardFor, from: EpochMs, to: EpochMs, proofs: HeardAt[]): void {
  const { source, partner, since, last, stepMs } = heard;
  const steps = Math.max(0, Math.ceil((from - since) / stepMs));
  for (let at = since + steps * stepMs; at < Math.min(last, to); at += stepMs)
    proofs.push({ source, partner, at });
  if (last >= from && last < to) proofs.push({ source, partner, at: last });
}
