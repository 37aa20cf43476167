import { type ByteSource, type FileRecord, type Line, lines, type SplitSettings } from './records.ts';

/** A quoted field may run over this many bytes of further lines; past it the quote was a slip of the pen. */
const LONGEST_QUOTED_BYTES = 65_536;

/**
 * Rows of a CSV file (RFC 4180; the first row names the columns), each with the header before it: a small CSV file of its
 * own in UTF-8, which a map reads like the whole one. A row that does not fit the columns, or opens a quote that nobody
 * closes, is passed on like the others: it becomes a dead letter, alone.
 */
export async function* splitCsv(source: ByteSource, settings: SplitSettings): AsyncGenerator<FileRecord> {
  let header: Header | undefined;
  const decoder = new TextDecoder(settings.encoding === 'latin1' ? 'windows-1252' : 'utf-8');
  for await (const row of rows(lines(source, settings.maxRecordBytes), settings)) {
    const text = decoder.decode(row.data);
    if (text.trim() === '') continue;
    if (header === undefined) header = headerOf(text, settings.delimiter);
    else yield rowRecord(row, text, header, settings);
  }
}

interface Header {
  readonly text: string;
  readonly columns: number;
  /** Rows are written anew, with commas, when readers could not tell the delimiter by looking at the header. */
  readonly rewrite: boolean;
}

/** Delimiters that readers recognise by counting them in the header; a tie goes to the first. */
const RECOGNISED = [',', ';', '\t'];

function headerOf(text: string, delimiter: string): Header {
  const fields = fieldsOf(text, delimiter) ?? [text];
  const bare = text.replace(/"[^"]*"/g, '');
  const count = (separator: string): number => bare.split(separator).length;
  const most = RECOGNISED.reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
  const rewrite = delimiter !== most;
  return { text: rewrite ? csvLine(fields) : text, columns: fields.length, rewrite };
}

const csvLine = (fields: readonly string[]): string =>
  fields.map((field) => (/[",\r\n;\t]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');

function rowRecord(row: Line, text: string, header: Header, settings: SplitSettings): FileRecord {
  const { number: position } = row;
  const contentType = 'text/csv';
  if (row.data.byteLength < row.bytes) return { data: row.data, contentType, position, bytes: row.bytes };
  const fields = fieldsOf(text, settings.delimiter);
  const bad = whyBad(fields, header.columns);
  const keepBytes = settings.encoding === 'utf-8' && !(header.rewrite && fields !== undefined);
  const body = header.rewrite && fields !== undefined ? csvLine(fields) : text;
  // UTF-8 rows keep their own bytes: what is not valid in them is for the map to say.
  const data = Buffer.concat([Buffer.from(`${header.text}\n`), keepBytes ? row.data : Buffer.from(body)]);
  const bytes = data.byteLength;
  return { data, contentType, position, bytes, ...(bad === undefined ? {} : { bad }) };
}

function whyBad(fields: readonly string[] | undefined, columns: number): string | undefined {
  if (fields === undefined) return 'a quote is not closed, or text follows one that is';
  if (fields.length === columns) return undefined;
  return `${fields.length} fields, but the header names ${columns}`;
}

/**
 * Joins lines while a quote is open. A quote that is still open at the limit or at the end of the file, or whose closing
 * makes no row of the table, was a slip: it costs the line it stands on, and the lines after it are read again without it.
 */
async function* rows(source: AsyncIterable<Line>, settings: SplitSettings): AsyncGenerator<Line> {
  let open: Line[] = [];
  let columns: number | undefined;
  for await (const line of source) {
    open.push(line);
    const { taken, rest } = takeRows(open, settings.delimiter, columns);
    for (const row of taken) {
      columns ??= fieldsOf(Buffer.from(row.data).toString('latin1'), settings.delimiter)?.length;
      yield row;
    }
    open = rest;
  }
  while (open.length > 0) {
    yield open.shift()!;
    const { taken, rest } = takeRows(open, settings.delimiter, columns);
    yield* taken;
    open = rest;
  }
}

/** The complete rows at the start of `lines`, and the lines of one that is still open. */
function takeRows(
  lines: readonly Line[],
  delimiter: string,
  columns: number | undefined,
): { readonly taken: Line[]; readonly rest: Line[] } {
  const taken: Line[] = [];
  let from = 0;
  for (let to = from + 1; to <= lines.length; ) {
    const row = joined(lines.slice(from, to));
    const state = rowState(row, to - from > 1, delimiter, columns);
    if (state === 'open') {
      to += 1;
      continue;
    }
    taken.push(state === 'complete' ? row : lines[from]!);
    from = state === 'complete' ? to : from + 1;
    to = from + 1;
  }
  return { taken, rest: lines.slice(from) };
}

/** One line that is closed is a row, good or bad; several must make sense, or the quote that joined them was a slip. */
function rowState(
  row: Line,
  several: boolean,
  delimiter: string,
  columns: number | undefined,
): 'complete' | 'open' | 'slip' {
  if (!isClosed(row.data, delimiter)) return row.bytes > LONGEST_QUOTED_BYTES ? 'slip' : 'open';
  if (!several) return 'complete';
  const fields = fieldsOf(Buffer.from(row.data).toString('latin1'), delimiter);
  return fields !== undefined && (columns === undefined || fields.length === columns) ? 'complete' : 'slip';
}

function joined(parts: readonly Line[]): Line {
  if (parts.length === 1) return parts[0]!;
  const data = Buffer.concat(parts.flatMap(({ data }, i) => (i === 0 ? [data] : [LINE_FEED, data])));
  const bytes = parts.reduce((sum, part) => sum + part.bytes + 1, -1);
  return { data, number: parts[0]!.number, bytes };
}

const LINE_FEED = Buffer.from('\n');
const QUOTE = 0x22;

/** Whether no quoted field is still open at the end. A quote opens a field only where the field begins. */
function isClosed(data: Uint8Array, delimiter: string): boolean {
  const separator = delimiter.charCodeAt(0);
  let quoted = false;
  let fieldStart = true;
  for (let at = 0; at < data.byteLength; at += 1) {
    const byte = data[at]!;
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (data[at + 1] === QUOTE) at += 1;
      else quoted = false;
    } else if (byte === QUOTE && fieldStart) {
      quoted = true;
      fieldStart = false;
    } else {
      fieldStart = byte === separator;
    }
  }
  return !quoted;
}

/** The fields of one row; undefined when its quotes make no sense. */
export function fieldsOf(row: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (row[at] !== '"') {
      const end = row.indexOf(delimiter, at);
      fields.push(end === -1 ? row.slice(at) : row.slice(at, end));
      if (end === -1) return fields;
      at = end + delimiter.length;
      continue;
    }
    let field = '';
    for (at += 1; ; ) {
      const quote = row.indexOf('"', at);
      if (quote === -1) return undefined;
      field += row.slice(at, quote);
      at = quote + 1;
      if (row[at] !== '"') break;
      field += '"';
      at += 1;
    }
    fields.push(field);
    if (at >= row.length) return fields;
    if (!row.startsWith(delimiter, at)) return undefined;
    at += delimiter.length;
  }
}
