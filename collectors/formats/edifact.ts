import {
  type Dialect,
  decodeUnsaid,
  headerOf,
  NO_LOOPS,
  preparedAt,
  type SegmentOptions,
} from './dialect.ts';
import { DEFAULT_LIMITS, decodeText, type Limits, type Parsed, type Value } from './format.ts';
import { parseInterchange } from './interchange.ts';
import { type Decode, type ReadSegment, type SegmentValue, type Separators, textIn } from './segments.ts';

/**
 * UN/EDIFACT (ISO 9735, syntax versions 1 to 4): interchanges, groups, messages; with or without UNA, line breaks, byte order mark. Each
 * message is a record with `interchange`, `group`, `message` and its segments by name; see segments.ts for their shape.
 */
export function parseEdifact(
  data: Uint8Array,
  options: SegmentOptions = NO_LOOPS,
  limits: Limits = DEFAULT_LIMITS,
): Parsed {
  return parseInterchange(data, EDIFACT, options, limits);
}

const DEFAULTS: Separators = { component: ':', element: '+', release: '?', terminator: "'" };
const UNA_LENGTH = 9;

/** `UNA:+.? '`: component, element, decimal mark, release, repetition (version 4), terminator. A blank means "not used". */
function start(text: string, at: number): ReturnType<Dialect['start']> {
  if (text.startsWith('UNB+', at)) {
    return { separators: withRepetition(DEFAULTS, text, at), length: 0 };
  }
  if (!text.startsWith('UNA', at)) return undefined;
  const [component, element, , release, repetition, terminator] = text.slice(at + 3, at + UNA_LENGTH);
  if (component === undefined || element === undefined || release === undefined || terminator === undefined) {
    return { bad: 'UNA is cut off' };
  }
  const said: Separators = { component, element, terminator, ...(release !== ' ' && { release }) };
  const all = Object.values(said);
  if (new Set(all).size < all.length || all.some((c) => /[A-Za-z0-9]/.test(c))) {
    return {
      bad: `UNA names separators that cannot be: ${JSON.stringify(text.slice(at + 3, at + UNA_LENGTH))}`,
    };
  }
  const repeats = repetition !== undefined && repetition !== ' ' && !all.includes(repetition);
  const separators = repeats && isVersion4(text, at, element, component) ? { ...said, repetition } : said;
  return { separators, length: UNA_LENGTH };
}

const withRepetition = (separators: Separators, text: string, at: number): Separators =>
  isVersion4(text, at, separators.element, separators.component)
    ? { ...separators, repetition: '*' }
    : separators;

/** Before version 4 the repetition separator was reserved and `*` an ordinary character. */
function isVersion4(text: string, at: number, element: string, component: string): boolean {
  const head = text.slice(at, at + 40);
  const [, version] = (head.slice(head.indexOf('UNB')).split(element)[1] ?? '').split(component);
  return version === '4';
}

/** Character sets by syntax identifier (ISO 9735, data element 0001). Level A and B are ASCII: see {@link decoder}. */
const CHARACTER_SETS: Readonly<Record<string, string>> = {
  UNOC: 'iso-8859-1',
  UNOD: 'iso-8859-2',
  UNOE: 'iso-8859-5',
  UNOF: 'iso-8859-7',
  UNOG: 'iso-8859-3',
  UNOH: 'iso-8859-4',
  UNOI: 'iso-8859-6',
  UNOJ: 'iso-8859-8',
  UNOK: 'iso-8859-9',
  UNOL: 'iso-8859-15',
  UNOW: 'utf-8',
  UNOY: 'utf-8',
};

function decoder(interchange: SegmentValue | undefined): Decode {
  const id = interchange === undefined ? undefined : textIn(interchange, '01');
  const encoding = id !== undefined && Object.hasOwn(CHARACTER_SETS, id) ? CHARACTER_SETS[id] : undefined;
  return encoding === undefined
    ? decodeUnsaid
    : (bytes) => decodeText(Buffer.from(bytes, 'latin1'), encoding);
}

export const EDIFACT: Dialect = {
  tags: {
    interchange: { head: 'UNB', tail: 'UNZ' },
    group: { head: 'UNG', tail: 'UNE' },
    message: { head: 'UNH', tail: 'UNT' },
  },
  between: new Set(),
  isTag: /^[A-Z][A-Z0-9]{2}$/,
  restart: /(?<=[\r\n])(?:UNA[^A-Za-z0-9]|UNB\+)/,
  start,
  bare: DEFAULTS,
  decoder,
  interchange: (v) =>
    headerOf({
      syntax: textIn(v, '01'),
      sender: textIn(v, '02'),
      recipient: textIn(v, '03'),
      at: preparedAt(textIn(v, '04'), textIn(v, '04', '2')),
      ref: textIn(v, '05'),
      application: textIn(v, '07'),
      test: textIn(v, '11'),
    }),
  group: (v) =>
    headerOf({
      type: textIn(v, '01'),
      sender: textIn(v, '02'),
      recipient: textIn(v, '03'),
      at: preparedAt(textIn(v, '04'), textIn(v, '04', '2')),
      ref: textIn(v, '05'),
    }),
  message: (v) => {
    const type = textIn(v, '02');
    if (type === undefined) return undefined;
    const [version, release] = [textIn(v, '02', '2'), textIn(v, '02', '3')];
    return headerOf({
      type,
      ref: textIn(v, '01'),
      version,
      /** `D00B`, as people name a directory. */
      release:
        version === undefined && release === undefined ? undefined : `${version ?? ''}${release ?? ''}`,
      agency: textIn(v, '02', '4'),
      association: textIn(v, '02', '5'),
    });
  },
  refine: refineDate,
};

/**
 * The text of a DTM segment becomes ISO 8601, by its format code (data element 2379); what is no moment (a period, a week) stays as it
 * is. The parts remain under `01`.
 */
function refineDate(segment: ReadSegment): ReadSegment {
  if (segment.tag !== 'DTM') return segment;
  const [text, format] = [textIn(segment.value, '01', '2'), textIn(segment.value, '01', '3')];
  const iso = text === undefined ? undefined : isoOf(text, format);
  return iso === undefined ? segment : { ...segment, value: { ...segment.value, '#text': iso as Value } };
}

/** Order of year, month, day, hour, minute, second and zone in the formats that name a moment or a day. */
const DATE_FORMATS: Readonly<Record<string, RegExp>> = {
  '2': /^(?<d>\d{2})(?<m>\d{2})(?<y>\d{2})$/,
  '101': /^(?<y>\d{2})(?<m>\d{2})(?<d>\d{2})$/,
  '102': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})$/,
  '201': /^(?<y>\d{2})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})$/,
  '202': /^(?<y>\d{2})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})(?<s>\d{2})$/,
  '203': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})$/,
  '204': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})(?<s>\d{2})$/,
  '205': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})(?<z>[+-]\d{4})$/,
  '303': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})(?<z>Z|[A-Z]{3}|[+-]\d{2,4})$/,
  '304': /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?<h>\d{2})(?<i>\d{2})(?<s>\d{2})(?<z>Z|[A-Z]{3}|[+-]\d{2,4})$/,
};

/** Zones by letters that mean one offset only. `CST` and `IST` mean several, and stay unread. */
const OFFSETS: Readonly<Record<string, string>> = {
  Z: 'Z',
  UTC: 'Z',
  GMT: 'Z',
  WET: '+00:00',
  CET: '+01:00',
  EET: '+02:00',
  EST: '-05:00',
  EDT: '-04:00',
  CDT: '-05:00',
  MST: '-07:00',
  MDT: '-06:00',
  PST: '-08:00',
  PDT: '-07:00',
  JST: '+09:00',
};

function isoOf(text: string, format: string | undefined): string | undefined {
  const known =
    format !== undefined && Object.hasOwn(DATE_FORMATS, format) ? DATE_FORMATS[format] : undefined;
  const { y, m, d, h, i, s = '00', z } = known?.exec(text)?.groups ?? {};
  // A day that cannot be stays as it was written, for whoever is told of it.
  if (y === undefined || Number(m) > 12 || Number(d) > 31) return undefined;
  const date = `${y.length === 2 ? `20${y}` : y}-${m}-${d}`;
  if (h === undefined) return date;
  const local = `${date}T${h}:${i}:${s}`;
  if (z === undefined) return local;
  const offset = /^[+-]/.test(z) ? z : Object.hasOwn(OFFSETS, z) ? OFFSETS[z] : undefined;
  return offset === undefined ? undefined : local + offset;
}
