import { CONTENT_TYPES } from '../formats/detect.ts';
import { type InterchangePart, InterchangeSplitter, WHOLE_BYTES } from '../formats/split-interchange.ts';
import type { ByteSource, FileRecord } from './records.ts';

/** A file of interchanges, whole where it is small; else each message in an envelope of its own. */
export async function* splitInterchange(
  source: ByteSource,
  format: 'edifact' | 'x12',
  maxBytes: number,
): AsyncGenerator<FileRecord> {
  const contentType = CONTENT_TYPES[format];
  const most = Math.min(maxBytes, WHOLE_BYTES);
  let held: Uint8Array[] = [];
  let bytes = 0;
  let splitter: InterchangeSplitter | undefined;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    // A copy: the reader may reuse its buffer.
    held.push(new Uint8Array(chunk));
    if (bytes <= most) continue;
    splitter ??= new InterchangeSplitter(format);
    const text = Buffer.concat(held).toString('latin1');
    held = [];
    for (const part of splitter.take(text)) yield recordOf(part, contentType, maxBytes);
  }
  if (splitter !== undefined) for (const part of splitter.end()) yield recordOf(part, contentType, maxBytes);
  else if (bytes > 0) yield { data: Buffer.concat(held), contentType, position: 1, bytes };
}

function recordOf(
  { text, position, bad }: InterchangePart,
  contentType: string,
  maxBytes: number,
): FileRecord {
  // One byte more than allowed, so that what was cut can be told from what just fits.
  const data = Buffer.from(text.slice(0, maxBytes + 1), 'latin1');
  return { data, contentType, position, bytes: text.length, ...(bad !== undefined && { bad }) };
}
