import type { DurationMs, EpochMs } from '../../rules/time.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Mon 23 Nov 2026, 14:05 GMT+1`: a moment in a zone, the zone always said. */
export function formatMoment(at: EpochMs, zone: string): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'shortOffset',
    });
    formats.set(zone, format);
  }
  const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const date = `${part.get('weekday')} ${part.get('day')} ${part.get('month')} ${part.get('year')}`;
  return `${date}, ${part.get('hour')}:${part.get('minute')} ${part.get('timeZoneName')}`;
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
