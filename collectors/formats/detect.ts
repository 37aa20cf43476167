/** What a message can be told to be, before any map reads it. */
export type DetectedFormat = 'json' | 'json-lines' | 'xml' | 'csv' | 'edifact' | 'x12';

const BY_TYPE: readonly (readonly [pattern: RegExp, format: DetectedFormat])[] = [
  [/^application\/edifact\b/, 'edifact'],
  [/^application\/edi-x12\b/, 'x12'],
  [/^application\/(?:x-ndjson|jsonl|json-seq)\b/, 'json-lines'],
  [/^(?:application|text)\/(?:[\w.-]+\+)?xml\b/, 'xml'],
  [/^application\/(?:[\w.-]+\+)?json\b/, 'json'],
  [/^text\/csv\b/, 'csv'],
];

/** The media type under which each format is kept in the log (RFC 1767 for EDI). */
export const CONTENT_TYPES: Readonly<Record<DetectedFormat, string>> = {
  json: 'application/json',
  'json-lines': 'application/x-ndjson',
  xml: 'application/xml',
  csv: 'text/csv',
  edifact: 'application/edifact',
  x12: 'application/edi-x12',
};

const HEAD_BYTES = 512;

/**
 * The format that a content type names, else the one that the first bytes show. Undefined when neither tells: CSV and fixed columns look
 * like any text and are never guessed.
 */
export function detectFormat(contentType: string, data: Uint8Array): DetectedFormat | undefined {
  const type = contentType.toLowerCase();
  const named = BY_TYPE.find(([pattern]) => pattern.test(type))?.[1];
  return named ?? detectContent(data);
}

/** The format that the first bytes show. */
export function detectContent(data: Uint8Array): DetectedFormat | undefined {
  const head = Buffer.from(data.subarray(0, HEAD_BYTES))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (/^(?:UNA[^A-Za-z0-9]|UN[BGH]\+)/.test(head)) return 'edifact';
  if (/^ISA[^A-Za-z0-9\s]/.test(head)) return 'x12';
  if (head.startsWith('<')) return 'xml';
  if (/^\{[^\n]*\}\s*\n\s*\{/.test(head)) return 'json-lines';
  return /^[[{]/.test(head) ? 'json' : undefined;
}
