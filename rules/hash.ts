/**
 * 128-bit MurmurHash3 (x86 variant) of the parts, joined by U+001F, as 22 base64url characters. Pure and fast; used for
 * identities that must be the same on every machine and in every order. Not for security.
 */
export function hashId(...parts: readonly string[]): string {
  return base64url(murmur128(parts.join('\u001f')));
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;
/** The alphabet of base64url (RFC 4648, section 5) as character codes. */
const CODES = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  (character) => character.charCodeAt(0),
);

const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r));

function fmix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes UTF-16 code units (two bytes each, low byte first), so that no encoding step is needed. */
export function murmur128(text: string): readonly [number, number, number, number] {
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const n = text.length;
  // A code unit is half a lane: a block of 16 bytes is 8 code units. Past the end charCodeAt gives NaN, which | turns into 0.
  for (let i = 0; i < n; i += 8) {
    const k1 = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
    const k2 = text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16);
    const k3 = text.charCodeAt(i + 4) | (text.charCodeAt(i + 5) << 16);
    const k4 = text.charCodeAt(i + 6) | (text.charCodeAt(i + 7) << 16);
    h1 ^= Math.imul(rotl(Math.imul(k1, C1), 15), C2);
    h1 = (Math.imul(rotl(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(k2, C2), 16), C3);
    h2 = (Math.imul(rotl(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(k3, C3), 17), C4);
    h3 = (Math.imul(rotl(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(k4, C4), 18), C1);
    h4 = (Math.imul(rotl(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= n;
  h2 ^= n;
  h3 ^= n;
  h4 ^= n;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = fmix((h2 + h1) | 0);
  h3 = fmix((h3 + h1) | 0);
  h4 = fmix((h4 + h1) | 0);
  h1 = (fmix(h1) + h2 + h3 + h4) >>> 0;
  return [h1, (h2 + h1) >>> 0, (h3 + h1) >>> 0, (h4 + h1) >>> 0];
}

/** In one call, so that the text is flat: these texts are keys of maps. */
function base64url([a, b, c, d]: readonly [number, number, number, number]): string {
  const rest = ((a & 3) << 6) | ((b & 3) << 4) | ((c & 3) << 2) | (d & 3);
  return String.fromCharCode(
    CODES[a >>> 26]!,
    CODES[(a >>> 20) & 63]!,
    CODES[(a >>> 14) & 63]!,
    CODES[(a >>> 8) & 63]!,
    CODES[(a >>> 2) & 63]!,
    CODES[b >>> 26]!,
    CODES[(b >>> 20) & 63]!,
    CODES[(b >>> 14) & 63]!,
    CODES[(b >>> 8) & 63]!,
    CODES[(b >>> 2) & 63]!,
    CODES[c >>> 26]!,
    CODES[(c >>> 20) & 63]!,
    CODES[(c >>> 14) & 63]!,
    CODES[(c >>> 8) & 63]!,
    CODES[(c >>> 2) & 63]!,
    CODES[d >>> 26]!,
    CODES[(d >>> 20) & 63]!,
    CODES[(d >>> 14) & 63]!,
    CODES[(d >>> 8) & 63]!,
    CODES[(d >>> 2) & 63]!,
    CODES[rest >>> 2]!,
    CODES[(rest & 3) << 4]!,
  );
}

/** The id of a clock: rule name, shipment and what tells the start occurrence from others. Survives edits of the rule. */
export const clockIdOf = (rule: string, shipmentId: string, startText: string): string =>
  hashId('clock', rule, shipmentId, startText);

const LENGTH = 22;
/** Value of a character's code; 64 for those that are not in the alphabet. */
const VALUES = new Uint8Array(128).fill(64);
for (const [value, code] of CODES.entries()) VALUES[code] = value;

/** Reads what {@link hashId} wrote into four words. False, with nothing to be read in them, for any other text. */
export function parseHashId(text: string, into: Int32Array): boolean {
  if (text.length !== LENGTH) return false;
  const rest = (valueAt(text, 20) << 2) | (valueAt(text, 21) >> 4);
  // What is not in the alphabet has the value 64: one bit that nothing else has.
  let odd = (valueAt(text, 20) | valueAt(text, 21)) & 64 || valueAt(text, 21) & 15;
  for (let word = 0; word < 4; word++) {
    let bits = 0;
    for (let i = 5 * word; i < 5 * word + 5; i++) {
      const value = valueAt(text, i);
      odd |= value & 64;
      bits = (bits << 6) | value;
    }
    into[word] = (bits << 2) | ((rest >> (6 - 2 * word)) & 3);
  }
  return odd === 0;
}

function valueAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? VALUES[code]! : 64;
}

/** The inverse of {@link parseHashId}: the text of the four words that begin at `at`. */
export const textOfWords = (words: Int32Array, at: number): string =>
  base64url([words[at]! >>> 0, words[at + 1]! >>> 0, words[at + 2]! >>> 0, words[at + 3]! >>> 0]);
