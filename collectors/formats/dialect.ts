import { decodeText, type Value } from './format.ts';
import type { Loop } from './loops.ts';
import type { Decode, ReadSegment, SegmentValue, Separators } from './segments.ts';

/** How the segments of a message are put together, which only a map can know. */
export interface SegmentOptions {
  readonly loops: readonly Loop[];
  /** Names of nested loops: each repetition of the last one becomes a record. */
  readonly split: readonly string[];
}

export const NO_LOOPS: SegmentOptions = { loops: [], split: [] };

/** Header of an interchange, group or message under names that people know. */
export type Header = { readonly [name: string]: Value };

/** What tells EDIFACT and X12 apart. In both, a trailer's first element is a count and its second repeats the header's reference. */
export interface Dialect {
  readonly tags: Readonly<
    Record<'interchange' | 'group' | 'message', { readonly head: string; readonly tail: string }>
  >;
  /** Segments that may stand between an envelope's header and its messages, and are none of ours. */
  readonly between: ReadonlySet<string>;
  readonly isTag: RegExp;
  /** The start of a line that can only be another interchange. */
  readonly restart: RegExp;
  /** Separators for what begins here; undefined when no interchange does. `length` is that of a service string to pass over. */
  start(
    text: string,
    at: number,
  ): { readonly separators: Separators; readonly length: number } | { readonly bad: string } | undefined;
  /** Separators of messages without an interchange around them; undefined: they cannot be read. */
  readonly bare: Separators | undefined;
  interchange(value: SegmentValue): Header;
  group(value: SegmentValue): Header;
  /** Undefined when it does not say what message it is. */
  message(value: SegmentValue, group: Header | undefined): Header | undefined;
  decoder(interchange: SegmentValue | undefined): Decode;
  /** Makes a segment easier to read for maps. */
  readonly refine?: (segment: ReadSegment) => ReadSegment;
}

/** Other than ASCII where a header promises ASCII, or none says anything: UTF-8 when it is valid, else what most write, Latin 1. */
export function decodeUnsaid(bytes: string): string | undefined {
  return decodeText(Buffer.from(bytes, 'latin1')) ?? decodeText(Buffer.from(bytes, 'latin1'), 'iso-8859-1');
}

/** Names → the texts that are there. */
export function headerOf(fields: Readonly<Record<string, string | undefined>>): Header {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== undefined)) as Header;
}

/** When something was prepared: `230522`, or `20230522` from syntax version 4 on, and `0044`. */
export function preparedAt(date: string | undefined, time: string | undefined): string | undefined {
  const [, century = '20', year, month, day] = /^(\d{2})?(\d{2})(\d{2})(\d{2})$/.exec(date ?? '') ?? [];
  if (year === undefined) return undefined;
  const clock = /^(\d{2})(\d{2})/.exec(time ?? '');
  return `${century}${year}-${month}-${day}${clock === null ? '' : `T${clock[1]}:${clock[2]}`}`;
}
