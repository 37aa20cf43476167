import type { EpochMs, TimeSpan } from './time.ts';
import { wrongType, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';

const EXAMPLE = '2026-06-01 09:00, 2026-06-01T09:00+02:00 or only the date';

/**
 * Reads a time as people write it in a test: with an offset, without one (then in `zone`), or only a date (then every
 * instant of it). A local time that the change of clocks skips or repeats is taken as Temporal's `compatible` does.
 */
export function parseTime(text: string, zone: string): TimeSpan | undefined {
  const written = text.trim().replace(/^(\d{4}-\d{2}-\d{2}) +/, '$1T');
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(written)) {
      const date = Temporal.PlainDate.from(written);
      const from = date.toZonedDateTime(zone).epochMilliseconds;
      const next = date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
      return { from, to: next - 1, zone, zoneFrom: 'place' };
    }
    if (/(Z|[+-]\d{2}:?\d{2})$/i.test(written)) {
      const at = Temporal.Instant.from(written).epochMilliseconds;
      return { from: at, to: at, zone, zoneFrom: 'text' };
    }
    const at = Temporal.PlainDateTime.from(written).toZonedDateTime(zone).epochMilliseconds;
    return { from: at, to: at, zone, zoneFrom: 'place' };
  } catch {
    return undefined;
  }
}

export function readTime(
  node: YamlNode,
  report: YamlReport,
  what: string,
  zone: string,
): TimeSpan | undefined {
  const span = node.kind === 'scalar' ? parseTime(node.source, zone) : undefined;
  return span ?? wrongType(node, report, what, `a time such as ${EXAMPLE}`);
}

/** `2026-06-01 09:00`, with seconds only when there are any. */
export function localText(at: EpochMs, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime();
  const whole = local.second === 0 && local.millisecond === 0;
  return local
    .toString({ smallestUnit: whole ? 'minute' : local.millisecond === 0 ? 'second' : 'millisecond' })
    .replace('T', ' ');
}

/** The same with the offset: `2026-06-01 09:00 +02:00`. */
export const zonedText = (at: EpochMs, zone: string): string =>
  `${localText(at, zone)} ${Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offset}`;

/** `1d 2h 5m`; at least one unit. */
export function spanText(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const parts = [
    days > 0 ? `${days}d` : '',
    hours > 0 ? `${hours}h` : '',
    minutes % 60 > 0 ? `${minutes % 60}m` : '',
  ];
  return parts.filter((part) => part !== '').join(' ') || `${Math.round(Math.abs(ms) / 1000)}s`;
}

/** `24h`, `1h 30m`: open time is counted in hours, for a day of it is no day. */
export function hoursText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return [hours > 0 ? `${hours}h` : '', minutes % 60 > 0 || hours === 0 ? `${minutes % 60}m` : '']
    .filter((part) => part !== '')
    .join(' ');
}
