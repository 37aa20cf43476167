import type { JudgeBatch } from '../track/outcome.ts';
import type { RowWriter } from './row-binary.ts';

/** How often a map could not place the same thing between two commits. */
export interface UnmappedCount {
  readonly source: string;
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
  for (const { source, item } of items) {
    const path = item.path.replace(/\/\d+(?=\/|$)/g, '/*');
    const value = item.value.slice(0, MAX_VALUE_LENGTH);
    const key = `${source}\n${item.kind}\n${path}\n${value}`;
    const known = counts.get(key);
    if (known !== undefined) known.count += 1;
    else if (counts.size < MAX_DIFFERENT) {
      counts.set(key, { source, kind: item.kind, path, value, why: item.why, count: 1 });
    } else countRest(counts, source, item.kind);
  }
}

function countRest(counts: Map<string, UnmappedCount>, source: string, kind: string): void {
  const key = `${source}\n${kind}`;
  const known = counts.get(key);
  if (known !== undefined) known.count += 1;
  else counts.set(key, { source, kind, path: '*', value: '*', why: 'too many different values', count: 1 });
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
