import type { DurationMs, EpochMs } from '../../rules/time.ts';

/** A zone's offsets over the years, found once: `from[i]` is when `offsetMs[i]` began to hold. */
interface ZoneTable {
  readonly from: readonly EpochMs[];
  readonly offsetMs: readonly number[];
}

const FIRST = Date.UTC(1995, 0, 1);
const LAST = Date.UTC(2060, 0, 1);
const DAY_MS = 86_400_000;

const tables = new Map<string, ZoneTable | undefined>();

/** True for an IANA zone or a fixed offset (`+02:00`) that this runtime knows. */
export const isZone = (zone: string): boolean => tableOf(zone) !== undefined;

/** Zone names are input: the cache holds those that exist, and a bounded number of those that do not. */
function tableOf(zone: string): ZoneTable | undefined {
  const known = tables.get(zone);
  if (known !== undefined || tables.has(zone)) return known;
  if (tables.size > 2000) tables.clear();
  const table = build(zone);
  tables.set(zone, table);
  return table;
}

function build(zone: string): ZoneTable | undefined {
  let at: Temporal.ZonedDateTime | null;
  try {
    at = Temporal.Instant.fromEpochMilliseconds(FIRST).toZonedDateTimeISO(zone);
  } catch {
    return undefined;
  }
  const from: EpochMs[] = [];
  const offsetMs: number[] = [];
  while (at !== null && at.epochMilliseconds < LAST) {
    from.push(from.length === 0 ? -Infinity : at.epochMilliseconds);
    offsetMs.push(at.offsetNanoseconds / 1e6);
    at = at.getTimeZoneTransition('next');
  }
  return { from, offsetMs };
}

/**
 * The moment at which clocks in `zone` show `localMs` (local date and time, counted as if it were UTC). Where the clocks go back and show
 * it twice, the earlier moment; where they jump over it, the moment as far after the jump (RFC 5545, section 3.3.5).
 *
 *     offset +1 ────────┐            ┌──────── +1
 *                       │ 02:00-03:00│ skipped: 02:30 +1 = 01:30Z, shown as 03:30
 *     offset +2         └────────────┘
 */
export function localToEpoch(localMs: number, zone: string): EpochMs | undefined {
  const table = tableOf(zone);
  if (table === undefined) return undefined;
  const { from, offsetMs } = table;
  let i = segmentAt(from, localMs - DAY_MS);
  for (; i < from.length; i++) {
    const at = localMs - (offsetMs[i] ?? 0);
    const end = from[i + 1] ?? Infinity;
    if (at < end) return at >= (from[i] ?? -Infinity) ? at : localMs - (offsetMs[i - 1] ?? 0);
  }
  return undefined;
}

/**
 * How far the clocks of `zone` are ahead of UTC at a moment. Within the years of the tables without Temporal, which takes
 * microseconds. Throws a RangeError for a zone that this runtime does not know.
 */
export function offsetAt(at: EpochMs, zone: string): DurationMs {
  const table = at >= FIRST && at < LAST ? tableOf(zone) : undefined;
  if (table === undefined) {
    return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
  }
  return table.offsetMs[segmentAt(table.from, at)]!;
}

function segmentAt(from: readonly EpochMs[], at: EpochMs): number {
  let low = 0;
  let high = from.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((from[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * SAP's own zone keys (table TTZZ as delivered) are not IANA names: its EST has summer time, the IANA zone EST has
 * none. Keys `UTC+n` and `UTC-n` are read as fixed offsets. A system may define its own: those are reported as unknown.
 */
const SAP_ZONES: Readonly<Record<string, string>> = {
  UTC: 'UTC',
  GMT: 'UTC',
  GMTUK: 'Europe/London',
  WET: 'Europe/Lisbon',
  CET: 'Europe/Berlin',
  EET: 'Europe/Athens',
  EST: 'America/New_York',
  EST_: 'America/Jamaica',
  CST: 'America/Chicago',
  CSTNO: 'America/Regina',
  MST: 'America/Denver',
  MSTNO: 'America/Phoenix',
  PST: 'America/Los_Angeles',
  ALA: 'America/Anchorage',
  HAW: 'Pacific/Honolulu',
  AST: 'America/Halifax',
  BRAZIL: 'America/Sao_Paulo',
  BRZLEA: 'America/Sao_Paulo',
  TURKEY: 'Europe/Istanbul',
  ISRAEL: 'Asia/Jerusalem',
  EGYPT: 'Africa/Cairo',
  SAUDI: 'Asia/Riyadh',
  INDIA: 'Asia/Kolkata',
  JAPAN: 'Asia/Tokyo',
  AUSNSW: 'Australia/Sydney',
  AUSVIC: 'Australia/Melbourne',
  AUSQLD: 'Australia/Brisbane',
  AUSSA: 'Australia/Adelaide',
  AUSNT: 'Australia/Darwin',
  AUSWA: 'Australia/Perth',
  AUSTAS: 'Australia/Hobart',
  NZST: 'Pacific/Auckland',
};

/** The zone that an SAP zone key stands for; undefined when it is none that SAP delivers. */
export function sapZone(key: string): string | undefined {
  const named = Object.hasOwn(SAP_ZONES, key) ? SAP_ZONES[key] : undefined;
  if (named !== undefined) return named;
  const [, sign, hours] = /^UTC([+-])(\d{1,2})$/.exec(key) ?? [];
  if (sign === undefined || hours === undefined || Number(hours) > 14) return undefined;
  return `${sign}${hours.padStart(2, '0')}:00`;
}
