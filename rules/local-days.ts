import type { EpochMs } from './time.ts';

/** A local date as the number of days since 1970-01-01. */
export type DayNumber = number;

const DAY_MS = 86_400_000;
const BLOCK_BITS = 9;
const BLOCK = 1 << BLOCK_BITS;
const EPOCH = Temporal.PlainDate.from('1970-01-01');

/** First moments of local days, by zone, in blocks of days. They never change within a run, and asking Temporal each time is slow. */
const zones = new Map<string, Map<number, Float64Array>>();

/**
 * The first moment of a local day: midnight, or what comes instead of it where clocks are put forward at midnight. Throws a RangeError
 * for what is no day.
 */
export function startOfDay(day: DayNumber, zone: string): EpochMs {
  if (!Number.isInteger(day)) throw new RangeError(`${day} is no day`);
  if (zone === 'UTC') return day * DAY_MS;
  let blocks = zones.get(zone);
  if (blocks === undefined) {
    blocks = new Map();
    zones.set(zone, blocks);
  }
  const index = day >> BLOCK_BITS;
  let block = blocks.get(index);
  if (block === undefined) {
    const first = EPOCH.add({ days: index * BLOCK });
    block = Float64Array.from(
      { length: BLOCK },
      (_, i) => first.add({ days: i }).toZonedDateTime(zone).epochMilliseconds,
    );
    blocks.set(index, block);
  }
  return block[day & (BLOCK - 1)]!;
}

/** The local day on which a moment lies. */
export function dayOf(at: EpochMs, zone: string): DayNumber {
  const day = Math.floor(at / DAY_MS);
  if (zone === 'UTC') return day;
  // No zone is as much as a day away from UTC.
  if (at < startOfDay(day, zone)) return day - 1;
  return at < startOfDay(day + 1, zone) ? day : day + 1;
}
