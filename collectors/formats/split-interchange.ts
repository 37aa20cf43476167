import type { Dialect } from './dialect.ts';
import { EDIFACT } from './edifact.ts';
import { endOf, type Separators, splitAt } from './segments.ts';
import { X12 } from './x12.ts';

/** A larger interchange is taken apart by message: no message of this trade is large, but a day of them is. */
export const WHOLE_BYTES = 256 * 1024;

/** Element that holds the control reference, of headers and of the trailers of messages. */
const REFERENCE: Readonly<Record<string, number>> = {
  ...{ UNB: 5, UNG: 5, UNH: 1, UNT: 2 },
  ...{ ISA: 13, GS: 6, ST: 2, SE: 2 },
};
/** An interchange's header is no longer than this, so that one that is cut off is not waited for. */
const LONGEST_HEAD = 1024;
const TAG = 3;
/** The byte order mark of UTF-8, one character a byte. */
const MARK = '\xef\xbb\xbf';

/** One message of an interchange with the envelope it came in, its trailers counting one: an interchange of its own. One character a byte. */
export interface InterchangePart {
  readonly text: string;
  /** 1-based, over all interchanges of the file. */
  readonly position: number;
  /** What is wrong with it; it is passed on as it stands. */
  readonly bad?: string;
}

/**
 * Takes interchanges apart by message while they are read; memory holds one message. Looks at separators and at the names of envelope
 * segments, and understands nothing else. Nothing is left out: what stands where no message can is a part of its own, and bad. Of messages
 * that share a reference the later ones get it with `#2`, `#3`, under which they are known in the whole.
 *
 *     UNB UNH … UNT UNH … UNT UNZ+2   →   UNB UNH … UNT UNZ+1   UNB UNH … UNT UNZ+1
 */
export class InterchangeSplitter {
  readonly #dialect: Dialect;
  #rest = '';
  #separators: Separators | undefined;
  /** The headers that stand above the message. */
  #interchange = '';
  #group = '';
  #message = '';
  /** Messages of the group by reference. */
  #references = new Map<string, number>();
  #again = 1;
  /** Text outside of messages that is no envelope. */
  #stray = '';
  #position = 0;

  constructor(format: 'edifact' | 'x12') {
    this.#dialect = format === 'edifact' ? EDIFACT : X12;
    this.#separators = this.#dialect.bare;
  }

  *take(text: string): Generator<InterchangePart> {
    this.#rest += text;
    yield* this.#segments(false);
  }

  *end(): Generator<InterchangePart> {
    yield* this.#segments(true);
    const last = this.#rest;
    this.#rest = '';
    if (this.#message !== '') this.#message += last;
    else if (last.trim() !== '') this.#stray += last;
    yield* this.#close('it has no end');
  }

  *#segments(ended: boolean): Generator<InterchangePart> {
    let from = 0;
    for (;;) {
      const start = this.#start(from, ended);
      if (start === undefined || this.#separators === undefined) break;
      const end = endOf(this.#rest, start, this.#separators);
      if (end === -1) break;
      yield* this.#segment(this.#rest.slice(from, end + 1), this.#rest.slice(start, end), this.#separators);
      from = end + 1;
    }
    this.#rest = this.#rest.slice(from);
  }

  /**
   * Where the segment begins that stands at `from`: behind white space, and behind the service string (UNA) of an interchange, whose
   * separators are read here. Undefined when more must come first.
   */
  #start(from: number, ended: boolean): number | undefined {
    const rest = this.#rest;
    let at = from;
    while (at < rest.length && rest.charCodeAt(at) <= 0x20) at += 1;
    if (rest.startsWith(MARK, at)) at += MARK.length;
    if (at === rest.length || (!ended && rest.length - at < TAG)) return undefined;
    if (!rest.startsWith('UNA', at) && !rest.startsWith(this.#dialect.tags.interchange.head, at)) return at;
    if (!ended && rest.length - at < LONGEST_HEAD) return undefined;
    const begun = this.#dialect.start(rest, at);
    if (begun === undefined || 'bad' in begun) return at;
    this.#separators = begun.separators;
    return at + begun.length;
  }

  *#segment(whole: string, text: string, separators: Separators): Generator<InterchangePart> {
    const { interchange, group, message } = this.#dialect.tags;
    const tag = splitAt(text, separators.element, separators.release)[0] ?? '';
    if (tag === interchange.head || tag === group.head) {
      yield* this.#close('it has no trailer');
      this.#references = new Map();
      this.#group = tag === group.head ? whole : '';
      if (tag === interchange.head) this.#interchange = whole;
    } else if (tag === message.head) {
      yield* this.#close('it has no trailer');
      const reference = referenceIn(text, tag, separators);
      this.#again = (this.#references.get(reference) ?? 0) + 1;
      this.#references.set(reference, this.#again);
      this.#message = told(whole, tag, separators, this.#again);
    } else if (tag === interchange.tail || tag === group.tail) {
      yield* this.#close('it has no trailer');
    } else if (this.#message !== '') {
      this.#message += tag === message.tail ? told(whole, tag, separators, this.#again) : whole;
      if (tag === message.tail) yield* this.#close();
    } else if (!this.#dialect.between.has(tag)) this.#stray += whole;
  }

  *#close(bad?: string): Generator<InterchangePart> {
    yield* this.#closeStray();
    if (this.#message === '') return;
    const text = this.#interchange + this.#group + this.#message + this.#tails();
    this.#message = '';
    this.#position += 1;
    yield { text, position: this.#position, ...(bad !== undefined && { bad }) };
  }

  *#closeStray(): Generator<InterchangePart> {
    const text = this.#stray;
    this.#stray = '';
    if (text === '') return;
    this.#position += 1;
    yield { text, position: this.#position, bad: 'it stands where no message can' };
  }

  #tails(): string {
    if (this.#separators === undefined) return '';
    const { element, terminator } = this.#separators;
    const { interchange, group } = this.#dialect.tags;
    const tail = (tags: { readonly head: string; readonly tail: string }, head: string): string => {
      if (head === '') return '';
      const text = head.slice(head.indexOf(tags.head), -1);
      return [tags.tail, '1', referenceIn(text, tags.head, this.#separators!)].join(element) + terminator;
    };
    return tail(group, this.#group) + tail(interchange, this.#interchange);
  }
}

const referenceIn = (text: string, tag: string, { element, release }: Separators): string =>
  splitAt(text, element, release)[REFERENCE[tag]!] ?? '';

/** The header or trailer of a message that is the n-th with its reference. */
function told(
  whole: string,
  tag: string,
  { element, release, terminator }: Separators,
  again: number,
): string {
  if (again === 1) return whole;
  const elements = [...splitAt(whole.slice(0, -1), element, release)];
  elements[REFERENCE[tag]!] += `#${again}`;
  return elements.join(element) + terminator;
}

/** All of a document's interchanges, whole where it is small; else each message in an envelope of its own. */
export function splitLarge(format: 'edifact' | 'x12', data: Uint8Array): readonly Uint8Array[] {
  if (data.byteLength <= WHOLE_BYTES) return [data];
  const splitter = new InterchangeSplitter(format);
  const parts = [...splitter.take(Buffer.from(data).toString('latin1')), ...splitter.end()];
  return parts.map(({ text }) => Buffer.from(text, 'latin1'));
}
