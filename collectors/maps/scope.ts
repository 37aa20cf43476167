import type { Value } from '../formats/format.ts';
import type { LoggedMessage, Rejection, SourceIdentity, Unmapped } from './map.ts';

/** What the closures of a map may look at while they read one record, and where they leave what they notice. */
export interface Scope {
  readonly message: LoggedMessage;
  readonly source: SourceIdentity;
  /** The whole message. */
  readonly root: Value;
  /** The record being read: the message itself, or one element of its `records`. */
  record: Value;
  /** Pointer to the record: `/events/3`, or nothing for the message itself. */
  recordAt: string;
  /** The only record of its message: the transport's id is its id. */
  alone: boolean;
  /** The element that a `for_each` stands at. */
  item: Value | undefined;
  itemAt: string;
  partner: string;
  /** How the map says of a record what message it is, by which release of its standard, and for which country. */
  readonly speech: Speech;
  readonly notes: Unmapped[];
  /** A code that its table knows and maps to `ignore`: the record is understood and says nothing. */
  ignored: string | undefined;
  /** Set when the record cannot be used; its events are dropped and it becomes a dead letter. */
  rejection: Rejection | undefined;
}

export interface Speech {
  readonly message: TextOf | undefined;
  readonly release: TextOf | undefined;
  readonly country: TextOf | undefined;
}

export type TextOf = (scope: Scope) => string | undefined;
/** Adds every text found to `out`, in order. */
export type TextsOf = (scope: Scope, out: string[]) => void;
export type Test = (scope: Scope) => boolean;

/**
 * A leaf as text, without blanks around it; undefined for what says nothing (absent, null, empty, an object). The text of an XML
 * element with attributes is its `#text`.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const text = value.trim();
    return text === '' ? undefined : text;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const inner: unknown = (value as { readonly '#text'?: unknown })['#text'];
  return typeof inner === 'string' ? textOf(inner) : undefined;
}
