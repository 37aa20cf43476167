import type { DurationMs, EpochMs } from '../../rules/time.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number): string => String(n).padStart(2, '0');

/** `Mon 23 Nov 2026, 14:05 UTC+1`: a moment in a zone, its offset always said. */
export function formatMoment(at: EpochMs, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const day = `${DAYS[local.dayOfWeek - 1]} ${local.day} ${MONTHS[local.month - 1]} ${local.year}`;
  return `${day}, ${two(local.hour)}:${two(local.minute)} ${formatOffset(local.offset)}`;
}

/** `+05:30` → `UTC+5:30`, `+00:00` → `UTC`. */
function formatOffset(offset: string): string {
  const [hours = '', minutes = ''] = offset.slice(1).split(':');
  if (Number(hours) === 0 && Number(minutes) === 0) return 'UTC';
  return `UTC${offset[0]}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`;
}

/** The moment in the place's own time and, when that reads differently, in the reader's. */
export function formatTwice(at: EpochMs, placeZone: string, readerZone: string): string {
  const there = formatMoment(at, placeZone);
  const here = formatMoment(at, readerZone);
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
