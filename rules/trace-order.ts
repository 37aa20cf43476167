import type { Revision } from './event.ts';
import type { TraceEntry } from './trace.ts';

/** How much a source is trusted; higher is better. */
export type SourceRank = (source: string) => number;

/** Negative when `a` is the better statement. Total: two entries of a trace never have the same key. */
export type CompareEntries = (a: TraceEntry, b: TraceEntry, rank: SourceRank) => number;

/** Plans and estimates: what was said last. */
export const byLatest: CompareEntries = (a, b, rank) =>
  b.revision.order - a.revision.order || rank(b.source) - rank(a.source) || byName(a, b);

/** First plans: what was said first; said at one time, whoever else would win. */
export const byEarliest: CompareEntries = (a, b, rank) =>
  a.revision.order - b.revision.order || rank(b.source) - rank(a.source) || byName(a, b);

/** Facts: the most trusted source, then the exact time before the mere date, then what was said last. */
export const byTrust: CompareEntries = (a, b, rank) =>
  rank(b.source) - rank(a.source) ||
  inexact(a) - inexact(b) ||
  b.revision.order - a.revision.order ||
  byName(a, b);

/** Attributes: what holds of the latest happening. */
export const byHappening: CompareEntries = (a, b, rank) =>
  b.occurredAt.from - a.occurredAt.from || b.occurredAt.to - a.occurredAt.to || byLatest(a, b, rank);

const inexact = ({ occurredAt }: TraceEntry): number => (occurredAt.from === occurredAt.to ? 0 : 1);

function byName(a: TraceEntry, b: TraceEntry): number {
  if (a.revision.tag !== b.revision.tag) return a.revision.tag > b.revision.tag ? -1 : 1;
  return a.key === b.key ? 0 : a.key > b.key ? -1 : 1;
}

/** Whether two parts of occurrences may be the same: what one of them does not say never separates them. */
export const agree = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

/** The id of the event that an entry stands for. */
export const entryEventId = (entry: TraceEntry): string => eventIdText(entry.key, entry.revision);

/** See `eventIdOf`. */
export const eventIdText = (key: string, { order, tag }: Revision): string =>
  `${key}.${base36(order)}.${tag}`;

const PAIRS = Array.from({ length: 1296 }, (_, i) => i.toString(36).padStart(2, '0'));

/** `value.toString(36)`, which is slow for numbers beyond 2^31. */
export function base36(value: number): string {
  if (!(value >= 1296 && Number.isSafeInteger(value))) return value.toString(36);
  let out = '';
  let rest = value;
  while (rest >= 1296) {
    const more = Math.floor(rest / 1296);
    out = PAIRS[rest - more * 1296]! + out;
    rest = more;
  }
  return rest.toString(36) + out;
}
