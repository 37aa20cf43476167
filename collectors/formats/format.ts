import { isAscii } from 'node:buffer';
import type { DeadLetterCode } from '../maps/map.ts';

/** What a message holds once it is parsed, whatever it was written in. Leaves of XML and CSV are always texts. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** Why bytes could not be read: the whole message becomes a dead letter with this code and reason. */
export interface Fault {
  readonly code: Extract<
    DeadLetterCode,
    'not-parseable' | 'too-large' | 'too-deep' | 'unsafe-xml' | 'wrong-shape'
  >;
  /** For people: what is wrong and where. */
  readonly reason: string;
}

/** A part of a message (one of several in an interchange, a line of a list) that could not be read while others could. */
export interface UnreadPart extends Fault {
  readonly path: string;
  /** The source's own id of the part, where it could still be told. */
  readonly sourceId?: string;
}

/** Something odd about how a message is wrapped that stops nothing: a count that is wrong, a reference that does not match. */
export interface Oddity {
  readonly path: string;
  readonly value: string;
  readonly why: string;
}

export type Parsed =
  | { readonly value: Value; readonly unread?: readonly UnreadPart[]; readonly oddities?: readonly Oddity[] }
  | { readonly fault: Fault };

/** Bounds that keep one bad message from hurting the others. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** 16 MiB and 64 levels: no message of this trade comes near either. */
export const DEFAULT_LIMITS: Limits = { maxBytes: 16 * 1024 * 1024, maxDepth: 64 };

export const fault = (code: Fault['code'], reason: string): { readonly fault: Fault } => ({
  fault: { code, reason },
});

/** A fault when the message is longer than `limits` allows or holds nothing at all. */
export function checkSize(data: Uint8Array, limits: Limits): { readonly fault: Fault } | undefined {
  if (data.byteLength > limits.maxBytes) {
    return fault('too-large', `${data.byteLength} bytes, at most ${limits.maxBytes} are read`);
  }
  return data.byteLength === 0 ? fault('not-parseable', 'the message is empty') : undefined;
}

/** Decoders are costly to make and keep no state between whole texts. A byte order mark is dropped. */
const decoders = new Map<string, TextDecoder>();

/**
 * Bytes as text, or undefined when they are not valid in `encoding` (a WHATWG label). Nothing is replaced: a text with
 * U+FFFD in it would be a different identifier.
 */
export function decodeText(data: Uint8Array, encoding = 'utf-8'): string | undefined {
  if (encoding === 'utf-8' && isAscii(data)) {
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  }
  let decoder = decoders.get(encoding);
  if (decoder === undefined) {
    decoder = new TextDecoder(encoding, { fatal: true });
    decoders.set(encoding, decoder);
  }
  try {
    return decoder.decode(data);
  } catch {
    return undefined;
  }
}
