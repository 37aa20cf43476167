import { offsetAt } from '../../collectors/maps/zones.ts';
import type { DurationMs, EpochMs } from '../../rules/time.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number): string => String(n).padStart(2, '0');

/** `Mon 23 Nov 2026, 14:05 UTC+1`: a moment in a zone, its offset always said. */
export function formatMoment(at: EpochMs, zone: string): string {
  const offsetMs = offsetAt(at, zone);
  // Shifted by its offset, a moment shows in UTC what the clocks of the zone show.
  const local = new Date(at + offsetMs);
  const day = `${DAYS[local.getUTCDay()]} ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${local.getUTCFullYear()}`;
  return `${day}, ${two(local.getUTCHours())}:${two(local.getUTCMinutes())} ${formatOffset(offsetMs)}`;
}

/** `UTC+5:30`, `UTC`. */
function formatOffset(offsetMs: DurationMs): string {
  const minutes = Math.trunc(Math.abs(offsetMs) / 60_000);
  if (minutes === 0) return 'UTC';
  const rest = minutes % 60;
  return `UTC${offsetMs < 0 ? '-' : '+'}${Math.trunc(minutes / 60)}${rest === 0 ? '' : `:${two(rest)}`}`;
}

/** The moment in the place's own time and, when that reads differently, in the reader's. */
export function formatTwice(at: EpochMs, placeZone: string, readerZone: string): string {
  const there = formatMoment(at, placeZone);
  const here = placeZone === readerZone ? there : formatMoment(at, readerZone);
  return there === here ? there : `${there} (${here} for you)`;
}

/** `3 d 4 h`, `5 h 10 min`, `12 min`, `under a minute`: the two largest units, rounded down. */
export function formatDuration(ms: DurationMs): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes < 1) return 'under a minute';
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const parts =
    days > 0
      ? [`${days} d`, hours > 0 && `${hours} h`]
      : [hours > 0 && `${hours} h`, rest > 0 && `${rest} min`];
  return parts.filter((part) => part !== false).join(' ');
}
