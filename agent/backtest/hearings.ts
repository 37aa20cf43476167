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

/** How often a channel that is heard proves itself, when nothing says how often it is expected. */
const EVERY_MS: DurationMs = 15 * 60_000;
const LEAST_MS: DurationMs = 60_000;

/**
 * Proofs of life in the order of time, up to `until`:
 *
 * ```text
 *   stored   ├──── hearing ────┤── blind ──┤── hearing ──
 *   given    ● ● ● ● ● ● ● ● ● ●           ● ● ● ● ● ● ●
 * ```
 */
export function proofsOf(
  hearings: readonly Hearing[],
  sources: readonly ChannelSource[],
  until: EpochMs,
): readonly HeardAt[] {
  const every = new Map(
    sources.map(({ name, expectEveryMs }) => [
      name,
      Math.max(LEAST_MS, Math.min(EVERY_MS, (expectEveryMs ?? Number.POSITIVE_INFINITY) / 2)),
    ]),
  );
  const proofs: HeardAt[] = [];
  for (const { source, partner, status, since, until: end } of hearings) {
    const stepMs = every.get(source);
    if (status !== 'hearing' || stepMs === undefined) continue;
    const last = Math.min(end ?? until, until);
    for (let at = since; at < last; at += stepMs) proofs.push({ source, partner, at });
    if (last >= since) proofs.push({ source, partner, at: last });
  }
  return proofs.sort((a, b) => a.at - b.at);
}
