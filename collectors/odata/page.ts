import type { Revision } from '../../rules/event.ts';
import { FetchFault } from '../http-client-fault.ts';
import { valueAt } from '../json-slices.ts';
import { type JsonPage, type PageRecord, readJsonPage } from '../records.ts';
import { contentHash } from '../seen.ts';
import { deletedLink, keyOfLink } from './deleted.ts';

/** One answer of an OData server, v2 or v4. */
export interface ODataPage {
  readonly records: readonly PageRecord[];
  /** As the server wrote it: opaque, to be followed as is. */
  readonly next?: string;
  /** On the last page of a server that tracks changes: where to ask for those since. */
  readonly delta?: string;
}

const LISTS = [['d', 'results'], ['d'], ['value']] as const;
const DELTA = [['d', '__delta'], ['@odata.deltaLink'], ['@deltaLink'], ['odata.deltaLink']] as const;
const NEXT = [['d', '__next'], ['@odata.nextLink'], ['@nextLink'], ['odata.nextLink']] as const;

/**
 * Reads `{"d":{"results":[…],"__next":…}}` (v2), `{"d":[…]}` (v1 style) or `{"value":[…],"@odata.nextLink":…}` (v4;
 * 4.01 may leave out `odata.`). Throws `not-json`, or `wrong-shape` when no list is where one must be, or
 * an error stands beside it: a server that fails half-way through has already said 200.
 */
export function readODataPage(body: Uint8Array, what: string): ODataPage {
  const page = readJsonPage(body, what);
  const next = linkAt(page, NEXT);
  const delta = linkAt(page, DELTA);
  return {
    records: listOf(page, what),
    ...(next === undefined ? {} : { next }),
    ...(delta === undefined ? {} : { delta }),
  };
}

function linkAt(page: JsonPage, paths: readonly (readonly string[])[]): string | undefined {
  const links = paths.map((path) => valueAt(page.document, path));
  return links.find((link): link is string => typeof link === 'string' && link !== '');
}

function listOf(page: JsonPage, what: string): readonly PageRecord[] {
  const error = valueAt(page.document, ['error']);
  const failed = typeof error === 'object' && error !== null;
  for (const path of failed ? [] : LISTS) {
    const records = page.records(path);
    if (records !== undefined) return records;
  }
  const message = valueAt(error, ['message']);
  const text = typeof message === 'string' ? message : valueAt(message, ['value']);
  const why = typeof text === 'string' ? `; the server says: ${text.slice(0, 200)}` : '';
  const odd = failed ? 'an error came with status 200' : 'neither d.results nor value holds a list';
  throw new FetchFault('wrong-shape', `${what}: ${odd}${why}`);
}

/**
 * The record's own id: `A_OutbDeliveryHeader('80000001')`, the last segment of its canonical URL, so that a server met
 * under another host name gives the same ids; else its key properties joined by a slash. One that a delta says is gone has the id that
 * it had. Undefined when it has neither.
 */
export function recordId(value: unknown, keys: readonly string[]): string | undefined {
  if (keys.length > 0) {
    const parts = keys.map((key) => valueAt(value, [key]));
    if (parts.every((part) => typeof part === 'string' || typeof part === 'number')) return parts.join('/');
  }
  const gone = deletedLink(value);
  if (gone !== undefined) return keyOfLink(gone, keys) ?? gone.slice(gone.lastIndexOf('/') + 1);
  for (const path of [['__metadata', 'uri'], ['__metadata', 'id'], ['@odata.id'], ['@id']]) {
    const link = valueAt(value, path);
    if (typeof link === 'string' && link !== '') return link.slice(link.lastIndexOf('/') + 1);
  }
  return undefined;
}

/** `W/"'0002'"`: a version counter. `W/"datetimeoffset'2026-03-01T10%3A00%3A00Z'"`: the time of the last change. */
const COUNTER = /^(?:W\/)?"'?(\d{1,15})'?"$/;
const STAMP = /^(?:W\/)?"datetimeoffset'([^']+)'"$/;

/**
 * The record's revision, when its ETag is one that grows: a version counter or a time. Any other ETag only says
 * "different", not "newer", and gives none. The content's hash is part of the tag: a status that the server computes
 * may change without the counter, and must not pass for a repeat.
 */
export function recordRevision(record: PageRecord): Revision | undefined {
  const etag = valueAt(record.value, ['__metadata', 'etag']) ?? valueAt(record.value, ['@odata.etag']);
  if (typeof etag !== 'string') return undefined;
  const order = etagOrder(etag);
  return order === undefined ? undefined : { order, tag: `${etag} ${contentHash(record.bytes)}` };
}

function etagOrder(etag: string): number | undefined {
  const counter = COUNTER.exec(etag)?.[1];
  if (counter !== undefined) return Number(counter);
  const text = STAMP.exec(etag)?.[1];
  if (text === undefined) return undefined;
  try {
    return Temporal.Instant.from(decodeURIComponent(text)).epochMilliseconds;
  } catch {
    return undefined;
  }
}
