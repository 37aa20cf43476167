import type { Value } from './format.ts';

/** The characters that take a segment apart. `release` takes the meaning from the character after it. */
export interface Separators {
  readonly element: string;
  readonly component: string;
  readonly repetition?: string;
  readonly release?: string;
  readonly terminator: string;
}

/** A segment as it stands in an interchange, one character a byte, not yet taken apart. */
export interface RawSegment {
  readonly text: string;
  /** Counted from 1 over the whole message as it was received. */
  readonly number: number;
  /** Bytes before it. */
  readonly at: number;
  /** False: the text ended before the segment did. */
  readonly ended: boolean;
}

/**
 * A segment as a value: elements under `01`, `02` …, absent when empty. An element of several components has the later ones under
 * `2`, `3` … and the first as its own text; a repeated element is a list. The text of the segment itself is what follows its
 * first component, the qualifier: of `RFF+BH:X1` it is `X1`, of `N9*BM*X1` too.
 */
export type SegmentValue = { readonly [name: string]: Value };

/** More than any directory allows (99 elements of 99 components); hostile input stops here. */
const MOST_PARTS = 200;
/** 1 MiB: a segment longer than that has lost its terminator. */
const LONGEST_SEGMENT = 1024 * 1024;

/** Blank, line break, or the Ctrl-Z and NUL that old systems end a file with. */
const isWhite = (text: string, at: number): boolean => text.charCodeAt(at) <= 0x20;

const LINE_BREAK = /[\r\n]/;

/** Hands out segments one after the other. White space between segments (line breaks, mostly) belongs to none. */
export class SegmentReader {
  readonly #text: string;
  #at: number;
  #number = 0;

  /** `text` has one character a byte. */
  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  /** Position of the next character that is not white space; undefined at the end. */
  peek(): number | undefined {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length && isWhite(text, at)) at++;
    this.#at = at;
    return at < text.length ? at : undefined;
  }

  /** Passes over a service string that is no segment (UNA). */
  skip(length: number): void {
    this.#at += length;
  }

  /** A line that begins like `restart` ends a segment that was cut off: it is the start of another interchange. */
  next(separators: Separators, restart: RegExp): RawSegment | undefined {
    const start = this.peek();
    if (start === undefined) return undefined;
    const end = endOf(this.#text, start, separators);
    this.#number += 1;
    const number = this.#number;
    const text = this.#text.slice(start, end === -1 ? undefined : end);
    const cut = LINE_BREAK.test(text) ? text.search(restart) : -1;
    this.#at = cut > 0 ? start + cut : end === -1 ? this.#text.length : end + 1;
    if (cut > 0) return { text: text.slice(0, cut), number, at: start, ended: false };
    return { text, number, at: start, ended: end !== -1 };
  }
}

/** Where the segment that begins at `start` is terminated; -1 when it is not. */
export function endOf(text: string, start: number, { terminator, release }: Separators): number {
  let end = text.indexOf(terminator, start);
  if (release === undefined) return end;
  while (end !== -1 && isReleased(text, end, start, release)) end = text.indexOf(terminator, end + 1);
  return end;
}

/** An odd number of release characters before it; an even number releases one another. */
function isReleased(text: string, at: number, start: number, release: string): boolean {
  let count = 0;
  while (at - count > start && text[at - count - 1] === release) count++;
  return count % 2 === 1;
}

/** Bytes of a data element as text, or undefined when they are not valid in the interchange's character set. */
export type Decode = (bytes: string) => string | undefined;

export interface ReadSegment {
  readonly tag: string;
  readonly value: SegmentValue;
}

const HIGH = /[\x80-\xff]/;

/** Takes a segment apart. `bad` says why that cannot be. */
export function readSegment(
  raw: RawSegment,
  separators: Separators,
  isTag: RegExp,
  decode: Decode,
): ReadSegment | { readonly bad: string } {
  if (raw.text.length > LONGEST_SEGMENT)
    return { bad: 'it is longer than any segment: its terminator is missing' };
  // Files that were wrapped at a column: no character set of either standard has line breaks in data.
  const text = LINE_BREAK.test(raw.text) ? raw.text.replace(/[\r\n]+/g, '') : raw.text;
  const elements = splitAt(text, separators.element, separators.release);
  const tag = elements[0] ?? '';
  if (!isTag.test(tag)) return { bad: `"${printable(tag)}" is not the name of a segment` };
  if (elements.length > MOST_PARTS) return { bad: `it has ${elements.length} elements` };
  const leaf = HIGH.test(text) ? decode : undefined;
  const value: Record<string, Value> = {};
  for (let i = 1; i < elements.length; i++) {
    const element = elements[i]!;
    if (element === '') continue;
    const read = elementOf(element, separators, leaf);
    if (typeof read === 'object' && 'bad' in read) return { bad: `element ${i} ${read.bad}` };
    if (read.value !== undefined) value[i < 10 ? `0${i}` : String(i)] = read.value;
  }
  const follows = afterQualifier(value);
  if (follows !== undefined) value['#text'] = follows;
  return { tag, value };
}

const printable = (text: string): string => text.slice(0, 12).replace(/[^\x20-\x7e]/g, '.');

type ReadElement = { readonly value: Value | undefined } | { readonly bad: string };

function elementOf(text: string, separators: Separators, decode: Decode | undefined): ReadElement {
  const { repetition, release } = separators;
  if (repetition === undefined || !text.includes(repetition)) return compositeOf(text, separators, decode);
  const parts = splitAt(text, repetition, release);
  if (parts.length > MOST_PARTS) return { bad: `is repeated ${parts.length} times` };
  const values: Value[] = [];
  for (const part of parts) {
    const read = compositeOf(part, separators, decode);
    if ('bad' in read) return read;
    if (read.value !== undefined) values.push(read.value);
  }
  return { value: values.length > 1 ? values : values[0] };
}

function compositeOf(text: string, separators: Separators, decode: Decode | undefined): ReadElement {
  const { component, release } = separators;
  const parts = text.includes(component) ? splitAt(text, component, release) : [text];
  if (parts.length > MOST_PARTS) return { bad: `has ${parts.length} components` };
  const texts: string[] = [];
  for (const part of parts) {
    const plain = release !== undefined && part.includes(release) ? withoutRelease(part, release) : part;
    const decoded = decode === undefined ? plain : decode(plain);
    if (decoded === undefined)
      return { bad: 'has bytes that are not in the character set of the interchange' };
    texts.push(decoded);
  }
  const [first = ''] = texts;
  if (texts.length === 1) return { value: first.trim() === '' ? undefined : first };
  const value: Record<string, Value> = {};
  if (first.trim() !== '') value['#text'] = first;
  for (let i = 1; i < texts.length; i++) {
    const text = texts[i]!;
    if (text.trim() !== '') value[String(i + 1)] = text;
  }
  return { value: Object.keys(value).length === 0 ? undefined : value };
}

/** Splits at a separator that is not released; release characters stay. */
export function splitAt(text: string, separator: string, release: string | undefined): readonly string[] {
  if (release === undefined || !text.includes(release)) return text.split(separator);
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === release) i++;
    else if (c === separator) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

function withoutRelease(text: string, release: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === release && i + 1 < text.length) i++;
    out += text[i]!;
  }
  return out;
}

/** What comes after the first component: the second one, else the first of the next element. */
function afterQualifier(value: SegmentValue): string | undefined {
  const inside = textIn(value, '01', '2');
  if (inside !== undefined) return inside;
  return textIn(value, '02');
}

/** The text of an element or of a component of it; of repeated elements the first. */
export function textIn(value: SegmentValue, element: string, component?: string): string | undefined {
  const found = value[element];
  const one: Value | undefined = Array.isArray(found) ? found[0] : found;
  if (typeof one === 'string') return component === undefined || component === '1' ? one.trim() : undefined;
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return undefined;
  const text = (one as SegmentValue)[component === undefined || component === '1' ? '#text' : component];
  return typeof text === 'string' ? text.trim() : undefined;
}
