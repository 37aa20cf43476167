import { BACKSLASH, CLOSE_BRACKET, COMMA, OPEN_BRACKET, QUOTE } from '../formats/json-bytes.ts';
import { BoundedBytes, type ByteSource, type FileRecord } from './records.ts';

const isOpen = (byte: number): boolean => byte === 0x7b || byte === OPEN_BRACKET;
const isClose = (byte: number): boolean => byte === 0x7d || byte === CLOSE_BRACKET;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The elements of a JSON array, found by brackets and quotes alone while the file is read, as they stand there; a file
 * that is no array is one record. Nothing is validated: an element that is not JSON goes on alone, and a file cut off
 * in the middle loses nothing, since its last piece is passed on as a bad record.
 */
export async function* splitJsonArray(source: ByteSource, maxBytes: number): AsyncGenerator<FileRecord> {
  const splitter = new ArraySplitter(maxBytes);
  for await (const chunk of source) yield* splitter.take(chunk);
  yield* splitter.end();
}

type Where = 'before' | 'in-array' | 'after-array' | 'whole-file';

class ArraySplitter {
  readonly #piece: BoundedBytes;
  #where: Where = 'before';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #position = 0;
  /** Whether the current piece has anything but white space. */
  #filled = false;
  #first = true;

  constructor(maxBytes: number) {
    this.#piece = new BoundedBytes(maxBytes);
  }

  *take(chunk: Uint8Array): Generator<FileRecord> {
    let from = 0;
    if (this.#first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) from = 3;
    this.#first = false;
    for (let at = from; at < chunk.byteLength; at += 1) {
      const byte = chunk[at]!;
      if (this.#where === 'before') {
        if (isSpace(byte)) {
          from = at + 1;
        } else if (byte === OPEN_BRACKET) {
          this.#where = 'in-array';
          from = at + 1;
        } else {
          this.#where = 'whole-file';
        }
      }
      if (this.#where === 'whole-file') {
        this.#filled = true;
        break;
      }
      if (this.#where === 'after-array' && !isSpace(byte)) this.#filled = true;
      if (this.#where !== 'in-array' || from > at) continue;
      if (!this.#endsPiece(byte)) continue;
      this.#piece.add(chunk.subarray(from, at));
      from = at + 1;
      yield* this.#emit();
    }
    this.#piece.add(chunk.subarray(from));
  }

  *end(): Generator<FileRecord> {
    if (this.#where === 'in-array') yield* this.#emit('the file ends inside the list');
    else if (this.#where === 'after-array') yield* this.#emit('text after the end of the list');
    else yield* this.#emit();
  }

  /** Follows quotes and brackets. True for the comma or bracket that ends an element of the outer list. */
  #endsPiece(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
      if (byte === CLOSE_BRACKET) this.#where = 'after-array';
      return true;
    }
    if (!isSpace(byte)) this.#filled = true;
    if (byte === QUOTE) this.#inString = true;
    else if (isOpen(byte)) this.#depth += 1;
    else if (isClose(byte) && this.#depth > 0) this.#depth -= 1;
    return false;
  }

  *#emit(bad?: string): Generator<FileRecord> {
    const { data, bytes } = this.#piece.take();
    const filled = this.#filled;
    this.#filled = false;
    if (!filled) return;
    this.#position += 1;
    const cut = data.byteLength < bytes;
    const record = cut ? data : trimmed(data);
    yield {
      data: record,
      contentType: 'application/json',
      position: this.#position,
      bytes: cut ? bytes : record.byteLength,
      ...(bad === undefined ? {} : { bad }),
    };
  }
}

function trimmed(data: Uint8Array): Uint8Array {
  let from = 0;
  let to = data.byteLength;
  while (from < to && isSpace(data[from]!)) from += 1;
  while (to > from && isSpace(data[to - 1]!)) to -= 1;
  return data.subarray(from, to);
}
