import { type HttpAnswer, publicUrl } from '../http-client-answer.ts';
import { appendQuery } from '../http-client-auth.ts';
import { FetchFault } from '../http-client-fault.ts';
import { pointerTokens, valueAt } from '../json-slices.ts';
import { PageCount } from '../poll-window.ts';
import { contentHash } from '../seen.ts';
import type { HttpSourceConfig } from '../settings.ts';

/** What a page says about the next one. */
export interface PageSeen {
  readonly answer: HttpAnswer;
  /** Parsed body; undefined for an answer that is not JSON. */
  readonly document: unknown;
  /** Records on it; an empty page need not be the last. */
  readonly records: number;
  /** 0 for the first page of the poll. */
  readonly index: number;
}

/** An empty page may stand between two full ones; so many in a row are the end where nothing else says so. */
const EMPTY_PAGES_TO_END = 2;

const LINK_PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/g;

/**
 * RFC 8288: the target of `rel="next"` in a `Link` header with any number of links. A comma or a semicolon inside `<…>`
 * or a quoted parameter does not separate.
 */
export function nextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  for (const [, target, parameters] of header.matchAll(/<([^>]*)>((?:[^",]|"(?:[^"\\]|\\.)*")*)/g)) {
    const relation = [...parameters!.matchAll(LINK_PARAMETER)].find(
      ([, name]) => name!.toLowerCase() === 'rel',
    );
    const relations = (relation?.[2] ?? relation?.[3] ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target!;
  }
  return undefined;
}

/** Replaces (or adds) a query parameter of the first request: a cursor is handed back with the original parameters. */
export function withParameter(url: URL, name: string, value: string): URL {
  const next = new URL(url);
  const kept = next.search
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair !== '' && decodeURIComponent(pair.split('=')[0]!.replaceAll('+', ' ')) !== name);
  next.search = kept.join('&');
  appendQuery(next, name, value);
  return next;
}

/** Finds the next page in one of the ways that APIs have. Undefined after the last. */
export class Pager {
  readonly #paging: HttpSourceConfig['paging'];
  readonly #first: URL;
  readonly #count: PageCount;
  #emptyInARow = 0;
  #lastBody = '';

  constructor(paging: HttpSourceConfig['paging'], first: URL, maxPages: number) {
    this.#paging = paging;
    this.#first = first;
    this.#count = new PageCount(maxPages);
    this.#count.next(first.href, publicUrl(first));
  }

  /** Throws `cursor-repeated` when it was there before: following it would never end; `too-many-pages`; and `page-on-other-host`. */
  next(page: PageSeen): URL | undefined {
    this.#emptyInARow = page.records === 0 ? this.#emptyInARow + 1 : 0;
    const url = this.#target(page);
    if (url === undefined) return undefined;
    const what = publicUrl(page.answer.url);
    if (url.origin !== page.answer.url.origin) {
      throw new FetchFault('page-on-other-host', `${what}: the next page is said to be on ${url.origin}`);
    }
    this.#count.next(url.href, what);
    return url;
  }

  #target(page: PageSeen): URL | undefined {
    const paging = this.#paging;
    switch (paging.kind) {
      case 'none':
        return undefined;
      case 'auto': {
        const link = nextLink(page.answer.header('link'));
        return link === undefined ? this.#nextPage(page, 'cursor') : resolve(link, page.answer.url);
      }
      case 'next-page':
        return this.#nextPage(page, paging.param);
      case 'cursor': {
        const cursor = textAt(page.document, paging.from);
        return cursor === undefined ? undefined : withParameter(this.#first, paging.param, cursor);
      }
      case 'url': {
        const link = textAt(page.document, paging.from);
        return link === undefined ? undefined : resolve(link, page.answer.url);
      }
      case 'page-number': {
        if (this.#emptyInARow >= EMPTY_PAGES_TO_END) return undefined;
        this.#mustDiffer(page);
        return withParameter(this.#first, paging.param, String(paging.first + page.index + 1));
      }
    }
  }

  /** A server that does not know the page parameter answers every number with the same page. */
  #mustDiffer(page: PageSeen): void {
    if (page.records === 0) return;
    const body = contentHash(page.answer.body);
    if (body === this.#lastBody) {
      const what = publicUrl(page.answer.url);
      throw new FetchFault('cursor-repeated', `${what}: two page numbers gave the same page`);
    }
    this.#lastBody = body;
  }

  /**
   * DCSA: `Next-Page` (T&T 2.2) is a URL, or in some implementations the bare cursor; `Next-Page-Cursor` (3.0) is the
   * cursor, to be sent with the original parameters.
   */
  #nextPage(page: PageSeen, param: string): URL | undefined {
    const text = page.answer.header('next-page')?.trim();
    if (text !== undefined && text !== '') {
      const isUrl = /^(https?:\/\/|\/|\?)/.test(text);
      return isUrl ? resolve(text, page.answer.url) : withParameter(this.#first, param, text);
    }
    const cursor = page.answer.header('next-page-cursor')?.trim();
    return cursor === undefined || cursor === '' ? undefined : withParameter(this.#first, param, cursor);
  }
}

function resolve(link: string, page: URL): URL {
  const url = URL.parse(link, page);
  if (url !== null) return url;
  throw new FetchFault('wrong-shape', `${publicUrl(page)}: the link to the next page is not a URL`);
}

/** A cursor or link in the body: a non-empty text, or a number. Null, absent, '' and false mean: no more pages. */
function textAt(document: unknown, pointer: string): string | undefined {
  const value = valueAt(document, pointerTokens(pointer));
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
