import type { EpochMs } from '../../rules/time.ts';

/** What a text says about when. `local` and `date` are counted as if they were UTC; a zone makes moments of them. */
export type ReadTime =
  | { readonly kind: 'instant'; readonly at: EpochMs; readonly zone: string }
  | { readonly kind: 'local'; readonly at: number }
  | { readonly kind: 'date'; readonly at: number };

export const TIME_FORMATS = [
  'any',
  'iso',
  'date',
  'edifact',
  'yymmdd',
  'sap',
  'epoch-s',
  'epoch-ms',
] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

const DAY_MS = 86_400_000;

/** Reads a text in one of the formats; undefined when it is none, or names a day that does not exist. */
export function readTime(text: string, format: TimeFormat): ReadTime | undefined {
  switch (format) {
    case 'iso':
      return readIso(text);
    case 'date':
      return dayOf(readTime(text, 'any'));
    case 'edifact':
      return readEdifact(text);
    case 'yymmdd':
      return readEdifact(/^\d{6}(?:\d{4})?$/.test(text) ? `${centuryOf(text)}${text}` : text);
    case 'sap':
      return text.startsWith('/Date(') ? readSap(text) : readIso(text);
    case 'epoch-s':
      return readEpoch(text, 1000);
    case 'epoch-ms':
      return readEpoch(text, 1);
    default:
      if (text.startsWith('/Date(')) return readSap(text);
      return /^\d{8}/.test(text) ? readEdifact(text) : readIso(text);
  }
}

const OFFSET_ONLY = /^(?:Z|[+-]\d\d:\d\d)$/;

/** Digits at `from`, or NaN. */
function digits(text: string, from: number, count: number): number {
  let n = 0;
  for (let i = from; i < from + count; i++) {
    const d = text.charCodeAt(i) - 48;
    if (!(d >= 0 && d <= 9)) return Number.NaN;
    n = n * 10 + d;
  }
  return n;
}

/** Milliseconds of a date and time that exist, counted as UTC; NaN otherwise. 24:00 and leap seconds are the next moment. */
function utcOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  if (!(year >= 1900 && year <= 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31))
    return Number.NaN;
  if (!(hour <= 24 && minute <= 59 && second <= 60) || (hour === 24 && minute + second > 0))
    return Number.NaN;
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return Number.NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * ISO 8601 / RFC 3339: `2026-03-01`, `2026-03-01T10:06`, with seconds, with a fraction, with `Z` or `+01:00`, `+0100`, `+01`. Written out
 * by hand because every event of a feed passes here.
 */
function readIso(text: string): ReadTime | undefined {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (text.length === 10) return dateAt(utcOf(year, month, day, 0, 0, 0));
  const separator = text.charCodeAt(10);
  if ((separator !== 84 && separator !== 116 && separator !== 32) || text.charCodeAt(13) !== 58) {
    // xs:date may carry an offset; a day is a day of its place all the same.
    return OFFSET_ONLY.test(text.slice(10)) ? dateAt(utcOf(year, month, day, 0, 0, 0)) : undefined;
  }
  let second = 0;
  let at = 16;
  let fractionMs = 0;
  if (text.charCodeAt(16) === 58) {
    second = digits(text, 17, 2);
    at = 19;
    const point = text.charCodeAt(19);
    if (point === 46 || point === 44) {
      let unit = 100;
      for (at = 20; at < text.length && unitDigit(text, at); at++) {
        fractionMs += (text.charCodeAt(at) - 48) * unit;
        unit /= 10;
      }
      if (at === 20) return undefined;
      fractionMs = Math.floor(fractionMs + 1e-6);
    }
  }
  const local = utcOf(year, month, day, digits(text, 11, 2), digits(text, 14, 2), second) + fractionMs;
  return Number.isNaN(local) ? undefined : withOffset(local, text.slice(at));
}

const unitDigit = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at);
  return c >= 48 && c <= 57;
};

const dateAt = (at: number): ReadTime | undefined => (Number.isNaN(at) ? undefined : { kind: 'date', at });

function withOffset(local: number, suffix: string): ReadTime | undefined {
  if (suffix === '') return { kind: 'local', at: local };
  if (suffix === 'Z' || suffix === 'z') return { kind: 'instant', at: local, zone: 'UTC' };
  const sign = suffix.charCodeAt(0);
  if (sign !== 43 && sign !== 45) return undefined;
  const hours = digits(suffix, 1, 2);
  const minuteAt = suffix.charCodeAt(3) === 58 ? 4 : 3;
  const minutes = suffix.length === 3 ? 0 : digits(suffix, minuteAt, 2);
  if (suffix.length !== 3 && suffix.length !== minuteAt + 2) return undefined;
  if (!(hours <= 18 && minutes <= 59)) return undefined;
  const offset = (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
  const zone = suffix.length === 6 ? suffix : `${suffix.slice(0, 3)}:${String(minutes).padStart(2, '0')}`;
  return { kind: 'instant', at: local - offset * 60_000, zone: offset === 0 ? 'UTC' : zone };
}

/**
 * UN/EDIFACT data element 2379: 102 `CCYYMMDD`, 203 with `HHMM`, 204 with `HHMMSS`, 304 with a zone after it (`Z` or `+01`).
 * The length tells which; without a zone the time is local.
 */
function readEdifact(said: string): ReadTime | undefined {
  // Date and time of day joined from two fields.
  const text = said.charCodeAt(8) === 32 ? said.slice(0, 8) + said.slice(9) : said;
  const length = /^\d*/.exec(text)?.[0].length ?? 0;
  const year = digits(text, 0, 4);
  const month = digits(text, 4, 2);
  const day = digits(text, 6, 2);
  if (length === 8) return text.length === 8 ? dateAt(utcOf(year, month, day, 0, 0, 0)) : undefined;
  if (length !== 12 && length !== 14) return undefined;
  const second = length === 14 ? digits(text, 12, 2) : 0;
  const local = utcOf(year, month, day, digits(text, 8, 2), digits(text, 10, 2), second);
  return Number.isNaN(local) ? undefined : withOffset(local, text.slice(length));
}

/** The day that is written, whatever time and offset stand beside it. */
function dayOf(read: ReadTime | undefined): ReadTime | undefined {
  if (read === undefined || read.kind === 'date') return read;
  const local = writtenAt(read);
  return { kind: 'date', at: local - (((local % DAY_MS) + DAY_MS) % DAY_MS) };
}

/** What the clock in the text shows, counted as if it were UTC. */
export function writtenAt(read: ReadTime): number {
  const [, sign, hours, minutes] =
    read.kind === 'instant' ? (/^([+-])(\d\d):(\d\d)$/.exec(read.zone) ?? []) : [];
  if (sign === undefined) return read.at;
  return read.at + (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** Two digits of a year: 70 to 99 are of the last century. */
const centuryOf = (text: string): string => (text >= '70' ? '19' : '20');

/**
 * OData V2 JSON: `/Date(1523232000000)/` is Edm.DateTime, a local time counted as UTC (at midnight: a date);
 * `/Date(1523232000000+0060)/` is Edm.DateTimeOffset, a moment.
 */
function readSap(text: string): ReadTime | undefined {
  const [, ms, offset] = /^\/Date\((-?\d{1,15})([+-]\d{4})?\)\/$/.exec(text) ?? [];
  if (ms === undefined) return undefined;
  const at = Number(ms);
  if (offset !== undefined) return { kind: 'instant', at, zone: 'UTC' };
  return at % DAY_MS === 0 ? { kind: 'date', at } : { kind: 'local', at };
}

function readEpoch(text: string, unitMs: number): ReadTime | undefined {
  return /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text)
    ? { kind: 'instant', at: Math.floor(Number(text) * unitMs), zone: 'UTC' }
    : undefined;
}

/**
 * A time of day that stands apart from its date: `PT10H06M00S` (Edm.Time), `10:06:00`, `100600`. Milliseconds after midnight; undefined
 * when it is none. Systems write midnight for "not set", which only the caller can know.
 */
export function readTimeOfDay(text: string): number | undefined {
  const parts =
    /^PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:\.\d+)?S)?$/.exec(text) ??
    /^(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?$/.exec(text);
  if (parts === null) return undefined;
  const [hour, minute, second] = [parts[1], parts[2], parts[3]].map((n) => Number(n ?? 0));
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}
