import { STRUCTURED } from '../formats/cloudevents.ts';
import { parseCsv, readCsvRows } from '../formats/csv.ts';
import type { Dialect } from '../formats/dialect.ts';
import { EDIFACT, parseEdifact } from '../formats/edifact.ts';
import { decodeText, type Parsed } from '../formats/format.ts';
import { parseJson } from '../formats/json.ts';
import { type Column, parseFixedWidth } from '../formats/lines.ts';
import { parseX12, X12 } from '../formats/x12.ts';
import { decodeXml, parseXml } from '../formats/xml.ts';
import { dropFromColumns } from './drop-columns.ts';
import { dropFromCsv } from './drop-csv.ts';
import { dropFromJson, type Replace } from './drop-json.ts';
import { below, type DropPaths } from './drop-path.ts';
import { dropFromSegments, type SegmentDrop } from './drop-segments.ts';
import { dropFromXml } from './drop-xml.ts';

/** Formats whose private fields can be found in the bytes. */
export const PRIVATE_FORMATS = [
  'json',
  'ndjson',
  'epcis',
  'xml',
  'csv',
  'fixed-width',
  'edifact',
  'x12',
  'cloudevents',
] as const;
export type PrivateFormat = (typeof PRIVATE_FORMATS)[number];

/** What a map says is nobody's business. */
export interface PrivateFields {
  readonly format: PrivateFormat;
  readonly paths: DropPaths;
  /** What is private in formats of segments, which have no paths. */
  readonly segments?: readonly SegmentDrop[];
  /** The layout of fixed-width lines. */
  readonly columns?: readonly Column[];
  /** Names of transport headers, in lower case. */
  readonly headers: ReadonlySet<string>;
}

/**
 * Bytes without private fields; or, when they cannot be read and so nobody can tell where those are, nothing but the reason, in one
 * word that holds no text of the message.
 */
export type Cleaned = { readonly data: Uint8Array } | { readonly withheld: string };

class WithheldError extends Error {}

/** `contentType` tells whether the message lies in a CloudEvents envelope. Unchanged bytes are given back as they came. */
export function cleanMessage(fields: PrivateFields, data: Uint8Array, contentType: string): Cleaned {
  const { format, paths } = fields;
  if (format === 'cloudevents') return guarded(() => cleanEvents(data, paths));
  if (!contentType.startsWith(STRUCTURED)) return guarded(() => cleanBody(format, data, fields));
  return guarded(() => cleanEnvelope(data, (inner) => cleanBody(format, inner, fields)));
}

/** The body of a CloudEvent in binary mode, whose attributes are headers. */
export function cleanBinary(fields: PrivateFields, data: Uint8Array): Cleaned {
  const { format, paths } = fields;
  if (format !== 'cloudevents') return guarded(() => cleanBody(format, data, fields));
  const inside = below(paths, 'data');
  if (inside === 'drop') return { data: new Uint8Array() };
  return inside.length === 0
    ? { data }
    : guarded(() => cleanBody('json', data, { ...fields, paths: inside }));
}

function guarded(clean: () => Uint8Array): Cleaned {
  try {
    return { data: clean() };
  } catch (error) {
    if (error instanceof WithheldError) return { withheld: error.message };
    // A fault of ours must not let anything through.
    return { withheld: 'not-cleaned' };
  }
}

function readable(parsed: Parsed): void {
  if ('fault' in parsed) throw new WithheldError(parsed.fault.code);
}

function cleanBody(
  format: Exclude<PrivateFormat, 'cloudevents'>,
  data: Uint8Array,
  { paths, segments = [], columns = [] }: PrivateFields,
): Uint8Array {
  switch (format) {
    case 'json':
    case 'epcis':
      return cleanJson(data, paths);
    case 'ndjson':
      return cleanLines(data, paths);
    case 'xml': {
      readable(parseXml(data));
      return Buffer.from(dropFromXml(decodeXml(data) as string, paths));
    }
    case 'csv': {
      readable(parseCsv(data));
      const { rows, delimiter } = readCsvRows(decodeText(data) ?? '');
      return Buffer.from(dropFromCsv(rows, delimiter, paths));
    }
    case 'fixed-width':
      readable(parseFixedWidth(data, columns));
      return paths.length === 0 ? data : dropFromColumns(data, columns, paths);
    case 'edifact':
      readable(parseEdifact(data));
      return cleanSegments(data, EDIFACT, segments);
    case 'x12':
      readable(parseX12(data));
      return cleanSegments(data, X12, segments);
  }
}

function cleanSegments(data: Uint8Array, dialect: Dialect, drops: readonly SegmentDrop[]): Uint8Array {
  if (drops.length === 0) return data;
  const text = Buffer.from(data).toString('latin1');
  const clean = dropFromSegments(text, dialect, drops);
  if (clean === undefined) throw new WithheldError('not-parseable');
  return clean === text ? data : Buffer.from(clean, 'latin1');
}

function cleanJson(data: Uint8Array, paths: DropPaths, replace?: Replace): Uint8Array {
  readable(parseJson(data));
  const text = decodeText(data) ?? '';
  const clean = dropFromJson(text, paths, replace);
  return clean === text ? data : Buffer.from(clean);
}

/** A line that cannot be read becomes one that no map reads: it costs itself, and says nothing. */
function cleanLines(data: Uint8Array, paths: DropPaths): Uint8Array {
  const text = decodeText(data);
  if (text === undefined) throw new WithheldError('not-parseable');
  const lines = text.split('\n').map((line) => {
    if (line.trim() === '') return line;
    const cleaned = guarded(() => cleanJson(Buffer.from(line), paths));
    return 'data' in cleaned ? Buffer.from(cleaned.data).toString() : '"withheld"';
  });
  return Buffer.from(lines.join('\n'));
}

/** CloudEvents in structured or batch mode; what is in `data_base64` is reached by paths below `data`. */
function cleanEvents(data: Uint8Array, paths: DropPaths): Uint8Array {
  const inside = below(paths, 'data');
  return cleanJson(data, paths, (name, value) => {
    if (inside === 'drop') return name === 'data_base64' ? 'null' : undefined;
    if (inside.length === 0) return undefined;
    if (name === 'data_base64') return base64Of(value, (inner) => cleanJson(inner, inside));
    // A text where an object was expected: whatever is private in it has no path.
    return name === 'data' && value.startsWith('"') ? 'null' : undefined;
  });
}

/** A message of another format in an envelope; see `openEnvelope`. */
function cleanEnvelope(data: Uint8Array, clean: (inner: Uint8Array) => Uint8Array): Uint8Array {
  return cleanJson(data, [], (name, value) => {
    if (name === 'data_base64') return base64Of(value, clean);
    if (name !== 'data') return undefined;
    if (!value.startsWith('"')) return Buffer.from(clean(Buffer.from(value))).toString();
    const inner = Buffer.from(JSON.parse(value) as string);
    return JSON.stringify(Buffer.from(clean(inner)).toString());
  });
}

function base64Of(value: string, clean: (inner: Uint8Array) => Uint8Array): string {
  const encoded: unknown = JSON.parse(value);
  if (typeof encoded !== 'string') return 'null';
  return JSON.stringify(Buffer.from(clean(Buffer.from(encoded, 'base64'))).toString('base64'));
}

/** Parameter of the content type that says: nothing of the message was kept, for it could not be read. */
export const WITHHELD_PARAMETER = 'laytime-withheld';

/** Why a message was withheld, by its content type; undefined when it was not. */
export const withheldWhy = (contentType: string): string | undefined =>
  new RegExp(`;${WITHHELD_PARAMETER}=([a-z-]+)`).exec(contentType)?.[1];
