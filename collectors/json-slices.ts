import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './formats/json-bytes.ts';

/**
 * Where the records of a page are, as bytes. A page is taken apart without rewriting it: re-serialising would round
 * long numbers, repair invalid UTF-8 and reorder nothing we could notice; a record in the log is what the source sent.
 */

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** RFC 6901: `/a/b~1c` as its reference tokens; '' is the whole document. */
export function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  const tokens = pointer.startsWith('/') ? pointer.slice(1).split('/') : pointer.split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at an RFC 6901 pointer; undefined when there is none. Only own properties count. */
export function valueAt(document: unknown, tokens: readonly string[]): unknown {
  let value = document;
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return value;
}

/**
 * The elements of the array at `tokens`, each as its own bytes (views, not copies). Undefined when there is no array
 * there. `json` must be well-formed (it has been through `JSON.parse`); of members named twice the last counts, as there.
 */
export function sliceElements(json: Uint8Array, tokens: readonly string[]): Uint8Array[] | undefined {
  let at = skipSpace(json, json[0] === 0xef ? 3 : 0);
  for (const token of tokens) {
    const next = json[at] === OPEN_BRACE ? memberAt(json, at, token) : elementAt(json, at, token);
    if (next === undefined) return undefined;
    at = next;
  }
  if (json[at] !== OPEN_BRACKET) return undefined;
  return [...elements(json, at)].map(([from, to]) => json.subarray(from, to));
}

const NOT_NUMBERS = ['-Infinity', 'Infinity', 'NaN'].map((word) => Buffer.from(word));

/**
 * A copy in which `NaN` and `Infinity`, which are not JSON and are written all the same (by Python, for one), are empty texts of the same
 * length, so that the rest can be read. What texts say stays. The very same bytes when there are none.
 */
export function withoutNotNumbers(json: Uint8Array): Uint8Array {
  let copy: Uint8Array | undefined;
  for (let at = 0; at < json.length; ) {
    if (json[at] === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    const word = NOT_NUMBERS.find((each) => each.equals(json.subarray(at, at + each.length)));
    if (word !== undefined) {
      copy ??= new Uint8Array(json);
      copy.fill(0x20, at, at + word.length).fill(QUOTE, at, at + 2);
    }
    at += word?.length ?? 1;
  }
  return copy ?? json;
}

function skipSpace(json: Uint8Array, at: number): number {
  while (isSpace(json[at])) at += 1;
  return at;
}

/** Just past the string that starts at `at`. */
function skipString(json: Uint8Array, at: number): number {
  for (at += 1; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  return at;
}

/** Just past the value that starts at `at`. Depth is counted, not recursed into: nesting cannot exhaust the stack. */
function skipValue(json: Uint8Array, at: number): number {
  const first = json[at];
  if (first === QUOTE) return skipString(json, at);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (at < json.length && !isScalarEnd(json[at]!)) at += 1;
    return at;
  }
  for (let depth = 0; at < json.length; ) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}

const isScalarEnd = (byte: number): boolean =>
  byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);

function memberAt(json: Uint8Array, at: number, name: string): number | undefined {
  let found: number | undefined;
  at = skipSpace(json, at + 1);
  while (at < json.length && json[at] !== CLOSE_BRACE) {
    const end = skipString(json, at);
    const key = JSON.parse(Buffer.from(json.subarray(at, end)).toString('utf8')) as string;
    at = skipSpace(json, end);
    if (json[at] === COLON) at = skipSpace(json, at + 1);
    if (key === name) found = at;
    at = skipSpace(json, skipValue(json, at));
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
  }
  return found;
}

function elementAt(json: Uint8Array, at: number, index: string): number | undefined {
  if (json[at] !== OPEN_BRACKET || !/^\d+$/.test(index)) return undefined;
  let n = Number(index);
  for (const [from] of elements(json, at)) {
    if (n === 0) return from;
    n -= 1;
  }
  return undefined;
}

function* elements(json: Uint8Array, at: number): Generator<readonly [number, number]> {
  at = skipSpace(json, at + 1);
  while (at < json.length && json[at] !== CLOSE_BRACKET) {
    const end = skipValue(json, at);
    yield [at, end];
    at = skipSpace(json, end);
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
  }
}
