/**
 * First of the 64 characters that carry six bits each: `0` to `o`. All are printable ASCII, and none is a
 * line break.
 */
const ZERO = 0x30;
const MORE = 32;
const UNITS_MS = [60_000, 1_000, 1] as const;
const decoder = new TextDecoder();

/**
 * Writes numbers and texts one after the other without separators. A number takes five bits a character,
 * lowest first; the sixth bit says that more follow. One writer is used again and again: a pack of a dozen
 * entries takes no allocation but its text.
 */
export class PackWriter {
  #bytes = new Uint8Array(4096);
  #at = 0;

  reset(): void {
    this.#at = 0;
  }

  finish(): string {
    return decoder.decode(this.#bytes.subarray(0, this.#at));
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    this.#reserve(11);
    let rest = value;
    // Above 2^31 bit operations would cut.
    while (rest > 0x7fff_ffff) {
      const more = Math.floor(rest / 32);
      this.#bytes[this.#at++] = ZERO + MORE + (rest - more * 32);
      rest = more;
    }
    while (rest > 31) {
      this.#bytes[this.#at++] = ZERO + MORE + (rest & 31);
      rest >>>= 5;
    }
    this.#bytes[this.#at++] = ZERO + rest;
  }

  /** A whole number from −2^52 to 2^52. */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /**
   * Milliseconds; most are whole seconds or minutes, and shorter so. The unit and the sign lie in the first
   * character.
   */
  time(ms: number): void {
    const size = Math.abs(ms);
    const seconds = Math.floor(size / 1_000);
    const minutes = Math.floor(size / 60_000);
    const negative = ms < 0 ? 4 : 0;
    // Division and floor, not %, which is slow for numbers beyond 2^31.
    if (minutes * 60_000 === size) this.number(minutes * 8 + negative);
    else if (seconds * 1_000 === size) this.number(seconds * 8 + negative + 1);
    else this.number(size * 8 + negative + 2);
  }

  /** Any number: whole ones as such, others by their decimal text. */
  anyNumber(value: number): void {
    const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 50 && !Object.is(value, -0);
    if (whole) this.signed(value * 2);
    else {
      this.signed(1);
      this.text(Object.is(value, -0) ? '-0' : String(value));
    }
  }

  /** Printable ASCII of a length that the reader knows. */
  plain(text: string): void {
    const n = text.length;
    this.#reserve(n);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < n; i++) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + n;
  }

  /** Any text; beyond printable ASCII each UTF-16 unit takes up to four characters. */
  text(text: string): void {
    if (isPlain(text)) {
      this.number(text.length * 2);
      this.plain(text);
      return;
    }
    this.number(text.length * 2 + 1);
    for (let i = 0; i < text.length; i++) this.number(text.charCodeAt(i));
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#at + length) * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Whether a text is printable ASCII. */
export function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/**
 * Reads what {@link PackWriter} wrote, in the same order. Throws a RangeError when the text ends too early or
 * is no pack.
 */
export class PackReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  number(): number {
    let digit = this.#digit();
    if (digit < MORE) return digit;
    let value = 0;
    let factor = 1;
    while (digit >= MORE) {
      value += (digit - MORE) * factor;
      factor *= 32;
      digit = this.#digit();
    }
    return value + digit * factor;
  }

  signed(): number {
    const value = this.number();
    const half = Math.floor(value / 2);
    return half * 2 === value ? half : -half - 1;
  }

  time(): number {
    const value = this.number();
    const size = Math.floor(value / 8);
    const code = value - size * 8;
    const ms = size * UNITS_MS[code & 3]!;
    return code & 4 ? -ms : ms;
  }

  anyNumber(): number {
    const value = this.signed();
    return value === 1 ? Number(this.text()) : value / 2;
  }

  plain(length: number): string {
    const end = this.#at + length;
    if (end > this.#text.length) throw damaged(this.#at);
    const out = this.#text.slice(this.#at, end);
    this.#at = end;
    return out;
  }

  text(): string {
    const code = this.number();
    const length = Math.floor(code / 2);
    if (code % 2 === 0) return this.plain(length);
    let out = '';
    for (let i = 0; i < length; i++) out += String.fromCharCode(this.number());
    return out;
  }

  #digit(): number {
    const digit = this.#text.charCodeAt(this.#at) - ZERO;
    // Past the end charCodeAt gives NaN, which fails both.
    if (!(digit >= 0 && digit < 64)) throw damaged(this.#at);
    this.#at += 1;
    return digit;
  }
}

const damaged = (at: number): RangeError => new RangeError(`packed entries are damaged at character ${at}`);
