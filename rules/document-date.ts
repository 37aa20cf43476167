import type { AttributeValue } from './event.ts';
import { parseTime } from './testing-time.ts';
import type { TimeSpan } from './time.ts';

/** Reading a date takes far longer than judging by it, and documents say the same few dates again and again. */
const KEPT = 10_000;
const known = new Map<string, TimeSpan | undefined>();

/**
 * The date that a document states: `2026-11-24`, `20261124`, `2026-11-24 17:00` (in `zone`), or with an offset. Undefined when it is
 * none. A mere date is every instant of it.
 */
export function dateOf(value: AttributeValue, zone: string): TimeSpan | undefined {
  const key = `${zone}|${value}`;
  if (known.has(key)) return known.get(key);
  const text = String(value).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  const date = parseTime(text, zone);
  if (known.size >= KEPT) known.clear();
  known.set(key, date);
  return date;
}
