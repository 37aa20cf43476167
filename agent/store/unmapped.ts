import type { JudgeBatch } from '../track/outcome.ts';
import type { RowWriter } from './row-binary.ts';

/** How often a map could not place the same thing between two commits. */
export interface UnmappedCount {
  readonly source: string;
  readonly partner: string;
  readonly kind: string;
  /** List positions replaced by `*`: every number in a path stands for a place in a list. */
  readonly path: string;
  readonly value: string;
  readonly why: string;
  count: number;
}

/** Different things kept per commit; a source that sends new rubbish every time must not grow the row without bound. */
const MAX_DIFFERENT = 1000;
const MAX_VALUE_LENGTH = 200;

export function countUnmapped(counts: Map<string, UnmappedCount>, items: JudgeBatch['unmapped']): void {
  for (const { source, partner, item } of items) {
    const { kind, why } = item;
    const path = item.path.replace(/\/\d+(?=\/|$)/g, '/*');
    const value = item.value.slice(0, MAX_VALUE_LENGTH);
    const one = { source, partner, kind, path, value, why };
    const rest = { source, partner, kind, path: '*', value: '*', why: 'too many different values' };
    if (!countOne(counts, one, MAX_DIFFERENT)) countOne(counts, rest, Number.POSITIVE_INFINITY);
  }
}

/** False when it is new and there is no room. */
function countOne(
  counts: Map<string, UnmappedCount>,
  one: Omit<UnmappedCount, 'count'>,
  most: number,
): boolean {
  const key = `${one.source}\n${one.partner}\n${one.kind}\n${one.path}\n${one.value}`;
  const known = counts.get(key);
  if (known === undefined && counts.size >= most) return false;
  if (known !== undefined) known.count += 1;
  else counts.set(key, { ...one, count: 1 });
  return true;
}

export function encodeUnmapped(to: RowWriter, counts: readonly UnmappedCount[]): void {
  to.length(counts.length);
  for (const one of counts) {
    to.string(one.source);
    to.string(one.kind);
    to.string(one.path);
    to.string(one.value);
    to.string(one.why);
    to.uint32(one.count);
  }
}

/** In the same order. */
export function encodePartners(to: RowWriter, counts: readonly UnmappedCount[]): void {
  to.length(counts.length);
  for (const { partner } of counts) to.string(partner);
}
