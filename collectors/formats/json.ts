import {
  checkSize,
  DEFAULT_LIMITS,
  decodeText,
  type Fault,
  fault,
  type Limits,
  type Parsed,
  type Value,
} from './format.ts';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts';

/** A double holds every integer of 15 digits, not every one of 16. */
const SAFE_DIGITS = 15;

/**
 * JSON (RFC 8259) in UTF-8, with or without a byte order mark. A number that a double would change (a container id or
 * a customs number written without quotes, beyond 15 digits) is kept as the text that was written; all others are numbers.
 */
export function parseJson(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  const size = checkSize(data, limits);
  if (size !== undefined) return size;
  const text = decodeText(data);
  if (text === undefined) return fault('not-parseable', 'the bytes are not UTF-8 text');
  const look = isPlain(text, data, limits) ? PLAIN : scan(data, limits);
  if ('fault' in look) return look;
  try {
    const value: Value = look.longNumbers ? JSON.parse(text, keepLongNumbers) : JSON.parse(text);
    return { value };
  } catch (error) {
    return fault('not-parseable', `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A JSON text whose bytes are `data`, long numbers kept as in {@link parseJson}; nothing else is checked. Throws a SyntaxError.
 */
export function parseJsonText(text: string, data: Uint8Array): Value {
  const look = mayHoldLongNumber(data) ? scan(data, { maxDepth: Number.POSITIVE_INFINITY }) : PLAIN;
  const long = 'longNumbers' in look && look.longNumbers;
  return long ? JSON.parse(text, keepLongNumbers) : JSON.parse(text);
}

const PLAIN = { longNumbers: false };

/** Whether a text can neither nest too deep nor hold a long number, however it reads: true of most, and quick to tell. */
function isPlain(text: string, data: Uint8Array, limits: Limits): boolean {
  let openings = 0;
  for (const bracket of BRACKETS) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      openings += 1;
      if (openings > limits.maxDepth) return false;
    }
  }
  return !mayHoldLongNumber(data);
}

/**
 * Looser than what {@link scan} looks for: digits in texts count, and so do decimal points. A run of that many covers every place
 * that is a multiple of its length, so no other places are looked at.
 */
function mayHoldLongNumber(data: Uint8Array): boolean {
  const run = SAFE_DIGITS + 1;
  for (let at = run - 1; at < data.length; at += run) {
    if (!isDigitOrPoint(data[at])) continue;
    let from = at;
    while (isDigitOrPoint(data[from - 1])) from -= 1;
    let to = at;
    while (isDigitOrPoint(data[to + 1])) to += 1;
    if (to - from >= SAFE_DIGITS) return true;
  }
  return false;
}

const isDigitOrPoint = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || byte === 0x2e);

const BRACKETS = ['{', '['] as const;

/** One pass over the bytes: how deep it nests, and whether a number outside of texts is too long for a double. */
function scan(
  data: Uint8Array,
  limits: Pick<Limits, 'maxDepth'>,
): { readonly longNumbers: boolean } | { readonly fault: Fault } {
  const n = data.length;
  let depth = 0;
  let digits = 0;
  let longNumbers = false;
  for (let i = 0; i < n; i++) {
    const c = data[i]!;
    if (c === QUOTE) {
      digits = 0;
      for (i++; i < n; i++) {
        const s = data[i]!;
        if (s === QUOTE) break;
        if (s === BACKSLASH) i++;
      }
    } else if (c >= 0x30 && c <= 0x39) {
      if (++digits > SAFE_DIGITS) longNumbers = true;
    } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      digits = 0;
      if (++depth > limits.maxDepth) {
        return fault('too-deep', `nested deeper than ${limits.maxDepth} levels at byte ${i}`);
      }
    } else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
      digits = 0;
      depth--;
    } else if (c !== 0x2e) {
      // A decimal point does not end the significant digits; anything else does.
      digits = 0;
    }
  }
  return { longNumbers };
}

/** JSON.parse with source text access (ECMAScript 2026, section 25.5.1): a changed number stays as it was written. */
function keepLongNumbers(_key: string, value: Value, context?: { readonly source?: string }): Value {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return significantDigits(context.source) > SAFE_DIGITS && String(value) !== context.source
    ? context.source
    : value;
}

const significantDigits = (source: string): number =>
  source
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '').length;
