import type { EpochMs } from '../../rules/time.ts';
import type { Collector } from '../collector.ts';
import { publicUrl } from '../http-client-answer.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { valueAt } from '../json-slices.ts';
import { fetchPage } from '../poll.ts';
import {
  PageCount,
  type PollEdges,
  polledCollector,
  pollWindow,
  type WindowRead,
  walkAgain,
} from '../poll-window.ts';
import { type PageRecord, readJsonPage, revisionOf, scalarText } from '../records.ts';
import { contentHash } from '../seen.ts';
import type { OracleSourceConfig } from '../settings.ts';

/** So many records of a page are asked for again with the next one, to see whether the records stand where they stood. */
const OVERLAP_RECORDS = 10;
const PAGE_SIZE = 100;

/**
 * Polls a resource of Oracle Fusion's REST API in the order of its change time. Pages go by offset, so a record that changes
 * while they are read moves to the end and everything behind it moves up by one: pages overlap, and the walk goes on behind the last
 * record that it knows again. When it knows none it begins again at the change time it had reached.
 *
 *     page 1   a b c d e f g h            b changes and moves to the end:
 *     page 2             g h i j …        page 2 begins with h: go on behind h, nothing is missed
 */
export const oracleCollector = (settings: OracleSourceConfig, gates: HostGates): Collector =>
  polledCollector(settings, gates, (edges) => {
    const walk = new OracleWalk(settings, edges);
    return () =>
      pollWindow('oracle', settings, edges, (since) => walkAgain(['paging-drift'], () => walk.all(since)));
  });

interface OraclePage {
  readonly records: readonly PageRecord[];
  readonly hasMore: boolean;
  readonly date: EpochMs;
  readonly url: URL;
}

/** Where the next page begins. */
interface Position {
  /** The change time from which the server counts. */
  readonly stamp: string;
  readonly offset: number;
  /** Ids of the last records read, in order; the page should show them again. */
  readonly tail: readonly string[];
  /** Change time of the last record read. */
  readonly reached?: string;
}

/** The URL of a page. */
export function resourceUrl(
  settings: Pick<
    OracleSourceConfig,
    'url' | 'resource' | 'filter' | 'fields' | 'expand' | 'finder' | 'changedAt' | 'keys' | 'framework'
  >,
  page: { readonly stamp: string; readonly offset: number; readonly limit: number },
): URL {
  const url = new URL(settings.url);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${settings.resource}`;
  const changed = `${settings.changedAt} >= '${page.stamp}'`;
  // Version 1 of the framework joins conditions by a semicolon, later ones by `and` (unverified).
  const joined = settings.framework === 1 ? ';' : ' and ';
  const options: [string, string | undefined][] = [
    ['q', settings.filter === undefined ? changed : `${settings.filter}${joined}${changed}`],
    ['orderBy', `${settings.changedAt}:asc`],
    ['limit', String(page.limit)],
    ['offset', String(page.offset)],
    // Without the links there would be nothing to name a record by, unless we know its key.
    ['onlyData', settings.keys.length > 0 ? 'true' : undefined],
    ['fields', settings.fields.join(',') || undefined],
    ['expand', settings.expand.join(',') || undefined],
    ['finder', settings.finder],
  ];
  const query = options.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  url.search = [url.search.replace(/^\?/, ''), ...query].filter((part) => part !== '').join('&');
  return url;
}

class OracleWalk {
  readonly #settings: OracleSourceConfig;
  readonly #edges: PollEdges;
  readonly #limit: number;
  readonly #overlap: number;
  #lastPage = '';

  constructor(settings: OracleSourceConfig, edges: PollEdges) {
    this.#settings = settings;
    this.#edges = edges;
    this.#limit = Math.max(settings.pageSize ?? PAGE_SIZE, 2);
    this.#overlap = Math.min(OVERLAP_RECORDS, Math.floor(this.#limit / 2));
  }

  async all(since: EpochMs): Promise<WindowRead> {
    const stamp = Temporal.Instant.fromEpochMilliseconds(Math.floor(since)).toString({
      smallestUnit: 'second',
    });
    const count = new PageCount(this.#settings.maxPages);
    this.#lastPage = '';
    const read = { messages: 0, pages: 0, startedAt: 0 };
    for (let at: Position | undefined = { stamp, offset: 0, tail: [] }; at !== undefined; ) {
      const page = await this.#fetch(at);
      count.next(`${read.pages}`, publicUrl(page.url));
      if (read.pages === 0) read.startedAt = page.date;
      read.pages += 1;
      this.#mustDiffer(page);
      const known = this.#knownUntil(page, at);
      if (known === undefined) {
        at = { stamp: this.#stampReached(page, at), offset: 0, tail: [] };
        continue;
      }
      read.messages += await this.#deliver(page.records.slice(known), page);
      at = page.hasMore ? this.#after(page, at) : undefined;
    }
    return read;
  }

  /** A server that does not know `offset` answers every one with the same page. */
  #mustDiffer({ records, url }: OraclePage): void {
    const ids = records.map((record) => this.#identity(record)).join();
    if (records.length > 0 && ids === this.#lastPage) {
      throw new FetchFault('cursor-repeated', `${publicUrl(url)}: two offsets gave the same page`);
    }
    this.#lastPage = ids;
  }

  /** How many records at the start of the page were read before; undefined when it shows none of those it should. */
  #knownUntil(page: OraclePage, { tail }: Position): number | undefined {
    if (tail.length === 0) return 0;
    const ids = page.records.map((record) => this.#identity(record));
    for (const id of tail.toReversed()) {
      const index = ids.indexOf(id);
      if (index >= 0) return index + 1;
    }
    return undefined;
  }

  #after(page: OraclePage, at: Position): Position {
    const { records } = page;
    const final = records.at(-1);
    const reached =
      final === undefined ? at.reached : scalarText(valueAt(final.value, [this.#settings.changedAt]));
    // An empty page that is not the last: the records seen last must still be found.
    const tail =
      records.length === 0 ? at.tail : records.slice(-this.#overlap).map((record) => this.#identity(record));
    if (tail.length === 0)
      throw this.#drift(page.url, 'the server says that there is more and gives nothing');
    const offset = at.offset + Math.max(records.length - tail.length, 0);
    return { stamp: at.stamp, offset, tail, ...(reached !== undefined && { reached }) };
  }

  /** The records moved further than pages overlap: from the change time reached, in whose order they are. */
  #stampReached(page: OraclePage, at: Position): string {
    if (at.reached !== undefined && at.reached !== at.stamp) return at.reached;
    throw this.#drift(page.url, 'the records moved while they were paged through');
  }

  #drift(url: URL, why: string): FetchFault {
    return new FetchFault('paging-drift', `${publicUrl(url)}: ${why}`);
  }

  #fetch(at: Position): Promise<OraclePage> {
    const { client, context, signal } = this.#edges;
    const url = resourceUrl(this.#settings, { ...at, limit: this.#limit });
    const headers = { 'rest-framework-version': String(this.#settings.framework) };
    return fetchPage(this.#settings.name, context, signal, async () => {
      const answer = await client.get(url, { signal, accept: 'application/json', headers });
      const page = readJsonPage(answer.body, publicUrl(url));
      const records = page.records(['items']);
      if (records === undefined)
        throw new FetchFault('wrong-shape', `${publicUrl(url)}: there is no list of items`);
      return { records, hasMore: valueAt(page.document, ['hasMore']) === true, date: answer.date, url };
    });
  }

  #identity(record: PageRecord): string {
    return itemId(record.value, this.#settings.keys) ?? contentHash(record.bytes);
  }

  #deliver(records: readonly PageRecord[], { url, date }: OraclePage): Promise<number> {
    const envelope = {
      source: this.#settings.name,
      contentType: 'application/json',
      fetchedAt: date,
      origin: publicUrl(url),
    };
    const identified = records.map((record) => {
      const sourceId = itemId(record.value, this.#settings.keys);
      const revision = revisionOf(valueAt(record.value, [this.#settings.changedAt]), record.bytes);
      return {
        bytes: record.bytes,
        ...(sourceId !== undefined && { sourceId }),
        ...(sourceId !== undefined && revision !== undefined && { revision }),
      };
    });
    return this.#edges.delivery.deliver(envelope, identified);
  }
}

/** The key fields of an item joined by a comma, else the last segment of its `self` link; undefined when it has neither. */
export function itemId(item: unknown, keys: readonly string[]): string | undefined {
  if (keys.length > 0) {
    const parts = keys.map((key) => scalarText(valueAt(item, [key])));
    if (parts.every((part) => part !== undefined)) return parts.join(',');
  }
  const links = valueAt(item, ['links']);
  const self = Array.isArray(links) ? links.find((link) => valueAt(link, ['rel']) === 'self') : undefined;
  const href = scalarText(valueAt(self, ['href']));
  return href?.slice(href.lastIndexOf('/') + 1);
}
