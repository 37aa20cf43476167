import { Buffer } from 'node:buffer';

/** Chunks are this long unless one row is longer. Small enough to stay in cache, large enough to write to a socket at once. */
const CHUNK_BYTES = 256 * 1024;
/** A row starts in a fresh chunk when less than this is left, so that chunks seldom have to grow. */
const ROW_ROOM = 16 * 1024;
/** Up to here a loop over the units beats the call into native code. */
const LOOP_LENGTH = 16;

/**
 * Writes ClickHouse RowBinary: values one after the other, little-endian, strings and arrays preceded by a LEB128
 * length. Rows lie in chunks, each row in one chunk.
 */
export class RowWriter {
  #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;
  #full: Uint8Array[] = [];
  #fullBytes = 0;
  /** Offset of the end of each row, over all chunks. */
  #ends: number[] = [];

  get bytes(): number {
    return this.#fullBytes + this.#at;
  }

  get rows(): number {
    return this.#ends.length;
  }

  /** Must follow the last value of every row: bisecting a refused batch needs to know where rows end. */
  endRow(): void {
    this.#ends.push(this.#fullBytes + this.#at);
    if (this.#at + ROW_ROOM > this.#buffer.length) this.#nextChunk();
  }

  /** Gives up what was written and starts anew; the bytes are the caller's from now on. */
  take(): EncodedRows {
    if (this.#at > 0) this.#nextChunk();
    const encoded = { chunks: this.#full, bytes: this.#fullBytes, ends: this.#ends };
    this.#full = [];
    this.#fullBytes = 0;
    this.#ends = [];
    return encoded;
  }

  string(text: string): void {
    const length = text.length;
    this.#reserve(length * 3 + 5);
    const buffer = this.#buffer;
    let at = this.#at;
    if (length <= LOOP_LENGTH) {
      // At most 3 bytes a UTF-16 unit: the length fits one byte.
      const start = at;
      at += 1;
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 127) {
          at = start + 1 + buffer.write(text, start + 1, 'utf8');
          break;
        }
        buffer[at] = unit;
        at += 1;
      }
      buffer[start] = at - start - 1;
      this.#at = at;
      return;
    }
    const prefix = varintSize(length);
    const written = buffer.write(text, at + prefix, 'utf8');
    const needed = varintSize(written);
    if (needed !== prefix) buffer.copyWithin(at + needed, at + prefix, at + prefix + written);
    this.#putVarint(written);
    this.#at += written;
  }

  data(bytes: Uint8Array): void {
    this.#reserve(bytes.length + 5);
    this.#putVarint(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Length of an array or a map. */
  length(count: number): void {
    this.#reserve(5);
    this.#putVarint(count);
  }

  strings(texts: readonly string[]): void {
    this.length(texts.length);
    for (const text of texts) this.string(text);
  }

  /** UInt8, Bool, Enum8. */
  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Int64 or UInt64 of a safe integer; DateTime64(3) of epoch milliseconds. Fractions are cut. */
  int64(value: number): void {
    this.#reserve(8);
    const whole = Math.trunc(value);
    this.#view.setInt32(this.#at, whole | 0, true); // ToInt32 is modulo 2^32, whatever the size
    this.#view.setInt32(this.#at + 4, Math.floor(whole / 0x1_0000_0000), true);
    this.#at += 8;
  }

  /** NULL when absent or not finite. */
  nullableInt64(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) {
      this.byte(1);
      return;
    }
    this.byte(0);
    this.int64(value);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** UInt128 made of two safe integers: orders by `high`, then by `low`. */
  pair(high: number, low: number): void {
    this.int64(low);
    this.int64(high);
  }

  #putVarint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  #nextChunk(): void {
    this.#full.push(this.#buffer.subarray(0, this.#at));
    this.#fullBytes += this.#at;
    this.#use(Buffer.allocUnsafeSlow(CHUNK_BYTES));
    this.#at = 0;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#use(grown);
  }

  #use(buffer: Buffer<ArrayBuffer>): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }
}

/** Rows as they go over the wire, and where each of them ends. */
export interface EncodedRows {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  readonly ends: readonly number[];
}

/** Rows `from` up to, not including, `to`, in one chunk. Copies: for the rare refused batch only. */
export function sliceRows(rows: EncodedRows, from: number, to: number): EncodedRows {
  const start = from === 0 ? 0 : rows.ends[from - 1]!;
  const end = to === 0 ? 0 : rows.ends[to - 1]!;
  const all = rows.chunks.length === 1 ? rows.chunks[0]! : Buffer.concat(rows.chunks);
  return {
    chunks: [all.subarray(start, end)],
    bytes: end - start,
    ends: rows.ends.slice(from, to).map((offset) => offset - start),
  };
}

/** The rows with these indexes (ascending), copied. */
export function selectRows(rows: EncodedRows, indexes: readonly number[]): EncodedRows {
  const chunks: Uint8Array[] = [];
  const ends: number[] = [];
  let bytes = 0;
  let chunk = 0;
  let chunkStart = 0;
  for (const index of indexes) {
    const start = index === 0 ? 0 : rows.ends[index - 1]!;
    const end = rows.ends[index]!;
    while (start >= chunkStart + rows.chunks[chunk]!.length) {
      chunkStart += rows.chunks[chunk]!.length;
      chunk += 1;
    }
    chunks.push(rows.chunks[chunk]!.subarray(start - chunkStart, end - chunkStart));
    bytes += end - start;
    ends.push(bytes);
  }
  return { chunks: packChunks(chunks), bytes, ends };
}

/** Socket writes cost by the call: joins small pieces into pieces of about a chunk. */
function packChunks(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const packed: Uint8Array[] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, piece] of pieces.entries()) {
    bytes += piece.length;
    if (bytes < CHUNK_BYTES && index < pieces.length - 1) continue;
    packed.push(Buffer.concat(pieces.slice(from, index + 1), bytes));
    from = index + 1;
    bytes = 0;
  }
  return packed;
}

/** Reads back the first values of a row: what a dead letter must say of a row that was refused. */
export class RowReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  string(): string {
    return Buffer.from(this.data()).toString('utf8');
  }

  data(): Uint8Array {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  int64(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigInt64LE(this.#at - 8));
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}
