import {
  checkSize,
  DEFAULT_LIMITS,
  decodeText,
  fault,
  type Limits,
  type Parsed,
  type UnreadPart,
  type Value,
} from './format.ts';
import { parseJson } from './json.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

interface Line {
  readonly data: Uint8Array;
  /** Counted from 1. */
  readonly number: number;
}

/** Lines ended by LF or CR LF that are not blank. */
function* linesOf(data: Uint8Array): Generator<Line> {
  let from = data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? 3 : 0;
  for (let number = 1; from < data.byteLength; number++) {
    const found = data.indexOf(NEWLINE, from);
    const end = found === -1 ? data.byteLength : found;
    const line = data.subarray(from, end > from && data[end - 1] === RETURN ? end - 1 : end);
    if (line.some((byte) => byte > 0x20)) yield { data: line, number };
    from = end + 1;
  }
}

/** Each line is read alone: one that cannot be is an unread part, and its neighbours stand. */
function readLines(data: Uint8Array, limits: Limits, read: (line: Line) => Parsed): Parsed {
  const size = checkSize(data, limits);
  if (size !== undefined) return size;
  const values: Value[] = [];
  const unread: UnreadPart[] = [];
  for (const line of linesOf(data)) {
    const parsed = read(line);
    if ('value' in parsed) values.push(parsed.value);
    else {
      const reason = `line ${line.number}: ${parsed.fault.reason}`;
      unread.push({ code: parsed.fault.code, reason, path: `/line/${line.number}` });
    }
  }
  if (values.length === 0 && unread.length === 0) return fault('not-parseable', 'there is no line in it');
  return unread.length === 0 ? { value: values } : { value: values, unread };
}

/** JSON lines (NDJSON): a list of what stands on each line. Blank lines are passed over. */
export function parseNdjson(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  return readLines(data, limits, (line) => parseJson(line.data, limits));
}

/** A column of a fixed-width file, in characters. */
export interface Column {
  readonly name: string;
  /** Counted from 1, as layouts are written. */
  readonly from: number;
  /** Included. */
  readonly to: number;
}

/**
 * Lines of fixed columns: a list of records of texts without the blanks around them. The last column may be short or missing, as writers cut
 * blanks off at the end; a line that ends before the last column begins, or goes on after it, does not fit the layout and is an unread part.
 */
export function parseFixedWidth(
  data: Uint8Array,
  columns: readonly Column[],
  limits: Limits = DEFAULT_LIMITS,
): Parsed {
  const last = columns.reduce((a, b) => (b.to > a.to ? b : a));
  return readLines(data, limits, (line) => {
    const text = decodeText(line.data) ?? decodeText(line.data, 'windows-1252');
    if (text === undefined) return fault('not-parseable', 'the bytes are no text');
    const length = text.trimEnd().length;
    if (length > last.to) return fault('not-parseable', `it has ${length} characters, the layout ${last.to}`);
    const required = columns.find((column) => column !== last && column.from > length);
    if (required !== undefined && text.length < required.from) {
      return fault(
        'not-parseable',
        `it ends before the column ${required.name} (${required.from} to ${required.to})`,
      );
    }
    return {
      value: Object.fromEntries(columns.map(({ name, from, to }) => [name, text.slice(from - 1, to).trim()])),
    };
  });
}
