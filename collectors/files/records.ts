import { CONTENT_TYPES } from '../formats/detect.ts';
import { splitCsv } from './csv-rows.ts';
import { splitInterchange } from './interchange-parts.ts';
import { splitJsonArray } from './json-array.ts';

export const FILE_FORMATS = ['json', 'json-lines', 'csv', 'fixed-width', 'xml', 'edifact', 'x12'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** One record of a file. */
export interface FileRecord {
  /** What the log gets: as it stood in the file; a CSV row has the header before it. */
  readonly data: Uint8Array;
  readonly contentType: string;
  /** 1-based: the line it starts on; for elements of a JSON array their number. */
  readonly position: number;
  /** Of a record larger than the limit only the head is in `data`; this is its whole size. */
  readonly bytes: number;
  /** Why it could not be read; it is passed on as it stands, and costs nothing but itself. */
  readonly bad?: string;
}

export interface SplitSettings {
  readonly delimiter: string;
  readonly encoding: 'utf-8' | 'latin1';
  /** A record is kept in memory up to this size. */
  readonly maxRecordBytes: number;
}

export type ByteSource = AsyncIterable<Uint8Array>;

/** The format of a file: the configured one, or by its extension; undefined when that says nothing. */
export function formatOf(name: string, configured: 'auto' | FileFormat): FileFormat | undefined {
  if (configured !== 'auto') return configured;
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  switch (extension) {
    case 'json':
      return 'json';
    case 'ndjson':
    case 'jsonl':
      return 'json-lines';
    case 'csv':
    case 'tsv':
      return 'csv';
    case 'xml':
      return 'xml';
    default:
      return undefined;
  }
}

/** Splits a file into records while it is read: memory holds one record at a time, whatever the file's size. */
export function splitFile(
  source: ByteSource,
  format: FileFormat,
  settings: SplitSettings,
): AsyncIterable<FileRecord> {
  switch (format) {
    case 'json':
      return splitJsonArray(source, settings.maxRecordBytes);
    case 'json-lines':
      return eachLine(source, CONTENT_TYPES.json, settings.maxRecordBytes);
    case 'fixed-width':
      return eachLine(source, 'text/plain', settings.maxRecordBytes);
    case 'csv':
      return splitCsv(source, settings);
    case 'xml':
      return wholeFile(source, CONTENT_TYPES.xml, settings.maxRecordBytes);
    case 'edifact':
    case 'x12':
      return splitInterchange(source, format, settings.maxRecordBytes);
  }
}

const NEWLINE = 0x0a;

/** A line of a file, without its line end. */
export interface Line {
  readonly data: Uint8Array;
  /** 1-based. */
  readonly number: number;
  /** Its whole size; more than `data` holds when it was over the limit. */
  readonly bytes: number;
}

/** Gathers bytes up to a limit and counts the rest. */
export class BoundedBytes {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    // One byte more than allowed stays, so that what was cut can be told from what just fits.
    const room = this.#limit + 1 - this.#kept;
    if (room <= 0 || chunk.byteLength === 0) return;
    const part = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
    // A copy: the reader may reuse its buffer, and a view would hold all of it.
    this.#chunks.push(part.slice());
    this.#kept += part.byteLength;
  }

  take(): { data: Uint8Array; bytes: number } {
    const data = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const { bytes } = this;
    this.#chunks = [];
    this.#kept = 0;
    this.bytes = 0;
    return { data, bytes };
  }
}

/** Lines ended by LF or CR LF; the last may have no end. A UTF-8 byte order mark at the start is left out. */
export async function* lines(source: ByteSource, maxBytes: number): AsyncGenerator<Line> {
  const line = new BoundedBytes(maxBytes);
  let number = 1;
  let first = true;
  for await (let chunk of source) {
    if (first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
    first = false;
    for (let from = 0; from < chunk.byteLength; ) {
      const end = chunk.indexOf(NEWLINE, from);
      line.add(chunk.subarray(from, end === -1 ? chunk.byteLength : end));
      if (end === -1) break;
      yield { ...withoutReturn(line.take()), number };
      number += 1;
      from = end + 1;
    }
  }
  if (line.bytes > 0) yield { ...withoutReturn(line.take()), number };
}

function withoutReturn(line: { data: Uint8Array; bytes: number }): { data: Uint8Array; bytes: number } {
  const whole = line.data.byteLength === line.bytes;
  if (!whole || line.data.at(-1) !== 0x0d) return line;
  return { data: line.data.subarray(0, -1), bytes: line.bytes - 1 };
}

const isBlank = (data: Uint8Array): boolean => data.every((byte) => byte === 0x20 || byte === 0x09);

async function* eachLine(
  source: ByteSource,
  contentType: string,
  maxBytes: number,
): AsyncGenerator<FileRecord> {
  for await (const { data, number, bytes } of lines(source, maxBytes)) {
    if (isBlank(data)) continue;
    yield { data, contentType, position: number, bytes };
  }
}

async function* wholeFile(
  source: ByteSource,
  contentType: string,
  maxBytes: number,
): AsyncGenerator<FileRecord> {
  const whole = new BoundedBytes(maxBytes);
  for await (const chunk of source) whole.add(chunk);
  if (whole.bytes > 0) yield { ...whole.take(), contentType, position: 1 };
}
