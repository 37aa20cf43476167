import { parse } from 'csv-parse/sync';
import {
  checkSize,
  DEFAULT_LIMITS,
  decodeText,
  fault,
  type Limits,
  type Parsed,
  type Value,
} from './format.ts';

/**
 * CSV (RFC 4180) with a header row: a list of records, every value a trimmed text. The delimiter is the one of comma, semicolon
 * and tab that occurs most often in the header. A row with more or fewer fields than the header is a fault, as is a
 * header that names a column twice: guessing would put values into wrong columns.
 */
export function parseCsv(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  const size = checkSize(data, limits);
  if (size !== undefined) return size;
  const text = decodeText(data);
  if (text === undefined) return fault('not-parseable', 'the bytes are not UTF-8 text');
  try {
    return table(readCsvRows(text).rows);
  } catch (error) {
    return fault('not-parseable', `not CSV: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Fields without blanks around them, and the delimiter that was found. Throws for a text that is no CSV. */
export function readCsvRows(text: string): { readonly rows: string[][]; readonly delimiter: string } {
  const delimiter = delimiterOf(text);
  const rows: string[][] = parse(text, { delimiter, trim: true, skip_empty_lines: true, bom: true });
  return { rows, delimiter };
}

function table(rows: readonly string[][]): Parsed {
  const [header, ...records] = rows;
  if (header === undefined) return fault('not-parseable', 'not CSV: there is no header row');
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) return fault('not-parseable', `the header names the column "${twice}" twice`);
  return {
    value: records.map(
      (record): Value => Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])),
    ),
  };
}

function delimiterOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const header = (end === -1 ? text : text.slice(0, end)).replace(/"[^"]*"/g, '');
  let best = ',';
  for (const candidate of [';', '\t']) {
    if (header.split(candidate).length > header.split(best).length) best = candidate;
  }
  return best;
}
