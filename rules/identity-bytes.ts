/**
 * Compact memory for identity: texts and small numbers in one growing byte array, and a hash index over numbered records.
 * Plain objects and strings took six times as much.
 */

const grown = (needed: number, capacity: number): number => Math.max(needed, Math.ceil(capacity * 1.125), 64);

/** An Int32Array that grows by an eighth; entries past the end read as undefined. */
export class IntColumn {
  data = new Int32Array(64);

  /** Makes `index` writable. */
  reach(index: number): void {
    if (index < this.data.length) return;
    const data = new Int32Array(grown(index + 1, this.data.length));
    data.set(this.data);
    this.data = data;
  }

  get bytes(): number {
    return this.data.byteLength;
  }
}

/** Append-only bytes with varints and texts. `dead` counts bytes whose record was freed, until the owner compacts. */
export class Arena {
  data = new Uint8Array(1024);
  length = 0;
  dead = 0;
  /** Where the last read stopped. */
  cursor = 0;

  #reserve(count: number): void {
    if (this.length + count <= this.data.length) return;
    const data = new Uint8Array(grown(this.length + count, this.data.length));
    data.set(this.data.subarray(0, this.length));
    this.data = data;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.data[this.length++] = value;
  }

  /** Unsigned LEB128; `value` below 2^32. */
  varint(value: number): void {
    this.#reserve(5);
    while (value > 127) {
      this.data[this.length++] = (value & 127) | 128;
      value >>>= 7;
    }
    this.data[this.length++] = value;
  }

  int32(value: number): void {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.data[this.length++] = (value >>> shift) & 255;
  }

  /** Number of bytes, then every UTF-16 unit as a varint: one byte for each ASCII character, and any text survives. */
  text(text: string): void {
    let size = 0;
    for (let i = 0; i < text.length; i++) size += unitSize(text.charCodeAt(i));
    this.varint(size);
    this.#reserve(size);
    for (let i = 0; i < text.length; i++) {
      let unit = text.charCodeAt(i);
      while (unit > 127) {
        this.data[this.length++] = (unit & 127) | 128;
        unit >>>= 7;
      }
      this.data[this.length++] = unit;
    }
  }

  readVarint(at: number): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.data[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
      shift += 7;
    }
    this.cursor = at;
    return value >>> 0;
  }

  readInt32(at: number): number {
    const { data } = this;
    this.cursor = at + 4;
    return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
  }

  readText(at: number): string {
    const end = this.readVarint(at) + this.cursor;
    let text = '';
    while (this.cursor < end) text += String.fromCharCode(this.readVarint(this.cursor));
    return text;
  }

  skipText(at: number): void {
    const size = this.readVarint(at);
    this.cursor += size;
  }

  sameText(at: number, text: string): boolean {
    const { data } = this;
    const size = data[at]!;
    // Nearly every text is ASCII and short: its bytes are its units.
    if (size < 128 && size === text.length) {
      for (let i = 0; i < size; i++) if (data[at + 1 + i] !== text.charCodeAt(i)) return false;
      return true;
    }
    if (size < text.length && size < 128) return false;
    const end = this.readVarint(at) + this.cursor;
    for (let i = 0; i < text.length; i++) {
      if (this.cursor >= end || this.readVarint(this.cursor) !== text.charCodeAt(i)) return false;
    }
    return this.cursor === end;
  }

  /** {@link hashText} of the text written at `at`. */
  hashAt(at: number, seed: number): number {
    const end = this.readVarint(at) + this.cursor;
    let hash = seed;
    while (this.cursor < end) hash = Math.imul(hash ^ this.readVarint(this.cursor), 0x01000193);
    return finish(hash);
  }

  /** Copies the record `from..to` into `target`; returns its new place. */
  moveTo(target: Arena, from: number, to: number): number {
    target.#reserve(to - from);
    target.data.set(this.data.subarray(from, to), target.length);
    target.length += to - from;
    return target.length - (to - from);
  }
}

const unitSize = (unit: number): number => (unit < 128 ? 1 : unit < 16384 ? 2 : 3);

/** Murmur3's finaliser: FNV alone leaves the high bits, which choose the slot, nearly constant for short texts. */
function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 units, finished. In-memory only: never a durable identity. */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash);
}

const EMPTY = 0;
const DELETED = -1;

/**
 * Open addressing over record numbers; the owner knows each record's hash and text. A byte of the hash beside each slot
 * spares most looks at records, which lie anywhere in memory.
 */
export class HashIndex {
  #slots = new Int32Array(64);
  #bytes = new Uint8Array(64);
  #used = 0;
  #live = 0;
  readonly #hashOf: (record: number) => number;
  readonly #same: (record: number, text: string, code: number) => boolean;

  constructor(
    hashOf: (record: number) => number,
    same: (record: number, text: string, code: number) => boolean,
  ) {
    this.#hashOf = hashOf;
    this.#same = same;
  }

  /** High bits choose the slot, the low byte lies beside it. */
  #slot(hash: number): number {
    return Math.floor((hash / 4294967296) * this.#slots.length);
  }

  /** The record with this hash, text and code, or -1. */
  find(hash: number, text: string, code: number): number {
    const slots = this.#slots;
    const bytes = this.#bytes;
    const byte = hash & 255;
    for (let slot = this.#slot(hash); ; slot = slot + 1 === slots.length ? 0 : slot + 1) {
      const entry = slots[slot]!;
      if (entry === EMPTY) return -1;
      if (entry === DELETED || bytes[slot] !== byte) continue;
      if (this.#same(entry - 1, text, code)) return entry - 1;
    }
  }

  add(hash: number, record: number): void {
    if ((this.#used + 1) * 4 > this.#slots.length * 3) this.#rebuild();
    this.#insert(hash, record);
    this.#live++;
  }

  delete(hash: number, record: number): void {
    for (let slot = this.#slot(hash); ; slot = slot + 1 === this.#slots.length ? 0 : slot + 1) {
      const entry = this.#slots[slot]!;
      if (entry === EMPTY) return;
      if (entry !== record + 1) continue;
      this.#slots[slot] = DELETED;
      this.#live--;
      return;
    }
  }

  #insert(hash: number, record: number): void {
    const slots = this.#slots;
    let slot = this.#slot(hash);
    while (slots[slot] !== EMPTY) slot = slot + 1 === slots.length ? 0 : slot + 1;
    slots[slot] = record + 1;
    this.#bytes[slot] = hash & 255;
    this.#used++;
  }

  #rebuild(): void {
    const old = this.#slots;
    // Three fifths full afterwards, whether the load came from records or from deleted ones.
    const size = Math.max(64, Math.ceil((this.#live * 5) / 3));
    this.#slots = new Int32Array(size);
    this.#bytes = new Uint8Array(size);
    this.#used = 0;
    for (const entry of old) if (entry > 0) this.#insert(this.#hashOf(entry - 1), entry - 1);
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#bytes.byteLength;
  }
}
