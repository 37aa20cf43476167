import type { EpochMs } from '../../rules/time.ts';
import type { Collector } from '../collector.ts';
import { publicUrl } from '../http-client-answer.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { asFault, fetchPage } from '../poll.ts';
import {
  PageCount,
  type PollEdges,
  polledCollector,
  pollWindow,
  type WindowRead,
  walkAgain,
} from '../poll-window.ts';
import type { PageRecord } from '../records.ts';
import { contentHash } from '../seen.ts';
import type { ODataSourceConfig } from '../settings.ts';
import { type ODataPage, readODataPage, recordId, recordRevision } from './page.ts';
import { entityUrl, type ODataVersion, withKnown } from './query.ts';

/** Polls an OData entity set, v2 or v4. Each entity is one message; the unchanged are not sent again. */
export const odataCollector = (settings: ODataSourceConfig, gates: HostGates): Collector =>
  polledCollector(settings, gates, (edges) => {
    const walk = new ODataWalk(settings, edges);
    return () =>
      pollWindow('odata', settings, edges, (since, kept) =>
        walkAgain(['paging-drift'], () => walk.changes(since, kept.delta)),
      );
  });

/** One run's walks: what they share is the version the server turned out to speak. */
class ODataWalk {
  readonly #settings: ODataSourceConfig;
  readonly #edges: PollEdges;
  readonly #keys: readonly string[];
  readonly #version: ODataVersion;

  constructor(settings: ODataSourceConfig, edges: PollEdges) {
    const known = withKnown(settings);
    const { pageSize } = known;
    // Windows overlap by one record, so one record alone would never get on.
    this.#settings = pageSize === undefined ? known : { ...known, pageSize: Math.max(pageSize, 2) };
    this.#edges = edges;
    this.#keys = known.keys;
    this.#version = settings.version === 'auto' ? guessVersion(settings.url) : settings.version;
  }

  /** What changed: by the delta link of the walk before, where the server gives them, else by stamps. */
  async changes(since: EpochMs, delta: unknown): Promise<WindowRead> {
    const { delta: tracked, url: root } = this.#settings;
    const first = entityUrl(this.#settings, this.#keys, { version: this.#version, since, skip: 0 });
    if (!tracked) return this.#walk(first, since);
    if (typeof delta !== 'string') return this.#tracked(first, since);
    try {
      return await this.#walk(sameHost(delta, new URL(root)), since);
    } catch (error) {
      const fault = asFault(error);
      // 410, 404 or 400: the server has forgotten what it told us up to there.
      if (fault.fault !== 'not-found' && fault.fault !== 'bad-request') throw fault;
      const lost = `${fault.message}; everything since the last poll is read, deletions meanwhile are not told`;
      const named = { error: lost, fault: 'delta-expired', retryInMs: 0 } as const;
      this.#edges.context.report({ kind: 'poll-failed', source: this.#settings.name, ...named });
      return this.#tracked(first, since);
    }
  }

  async #tracked(first: URL, since: EpochMs): Promise<WindowRead> {
    const read = await this.#walk(first, since);
    if (read.keep !== undefined) return read;
    const reason = 'no-delta-link: the server does not track changes; asked by stamps';
    this.#edges.context.report({
      kind: 'refused',
      source: this.#settings.name,
      origin: publicUrl(first),
      reason,
    });
    return read;
  }

  /** One walk over all pages: the server's own links where it gives them, else windows of `pageSize`. */
  async #walk(first: URL, since: EpochMs): Promise<WindowRead> {
    const walk = { messages: 0, pages: 0, inWindow: 0, skip: 0, startedAt: 0, last: '' };
    const count = new PageCount(this.#settings.maxPages);
    let keep: { readonly delta: string } | undefined;
    for (let url: URL | undefined = first; url !== undefined; ) {
      count.next(url.href, publicUrl(url));
      const { page, date } = await this.#fetch(url);
      if (walk.pages === 0) walk.startedAt = date;
      walk.pages += 1;
      const fresh =
        walk.inWindow === 0 && walk.skip > 0 ? this.#afterOverlap(page, walk.last, url) : page.records;
      walk.messages += await this.#deliver(fresh, url, date);
      walk.inWindow += page.records.length;
      const final = page.records.at(-1);
      if (final !== undefined) walk.last = this.#identity(final);
      if (page.delta !== undefined) keep = { delta: sameHost(page.delta, url).href };
      url = page.next === undefined ? this.#nextWindow(walk, since) : sameHost(page.next, url);
    }
    const { messages, pages, startedAt } = walk;
    return { messages, pages, startedAt, ...(keep !== undefined && { keep }) };
  }

  /**
   * The next window starts on the last record of the one before: if that is not what stands there now, records were
   * added or removed meanwhile, and one may have slipped past. Undefined after a window that was not full.
   */
  #nextWindow(walk: { inWindow: number; skip: number }, since: EpochMs): URL | undefined {
    const { pageSize } = this.#settings;
    // More than was asked for: the server does not know `$top`, and has given everything.
    if (pageSize === undefined || walk.inWindow !== pageSize || this.#settings.delta) return undefined;
    walk.skip += pageSize - 1;
    walk.inWindow = 0;
    return entityUrl(this.#settings, this.#keys, { version: this.#version, since, skip: walk.skip });
  }

  #afterOverlap(page: ODataPage, last: string, url: URL): readonly PageRecord[] {
    const [first, ...rest] = page.records;
    if (first !== undefined && this.#identity(first) === last) return rest;
    throw new FetchFault(
      'paging-drift',
      `${publicUrl(url)}: the records moved while they were paged through`,
    );
  }

  #identity(record: PageRecord): string {
    return recordId(record.value, this.#keys) ?? contentHash(record.bytes);
  }

  #fetch(url: URL): Promise<{ page: ODataPage; date: EpochMs }> {
    const { client, context, signal } = this.#edges;
    return fetchPage(this.#settings.name, context, signal, async () => {
      const answer = await client.get(url, {
        signal,
        accept: 'application/json',
        headers: this.#preference(),
      });
      return { page: readODataPage(answer.body, publicUrl(url)), date: answer.date };
    });
  }

  /** Version 2 has no way to ask: a service that tracks changes gives its link unasked. */
  #preference(): Record<string, string> {
    if (!this.#settings.delta || this.#version === 'v2') return {};
    const { pageSize } = this.#settings;
    const size = pageSize === undefined ? '' : `,odata.maxpagesize=${pageSize}`;
    return { prefer: `odata.track-changes${size}` };
  }

  #deliver(records: readonly PageRecord[], url: URL, fetchedAt: EpochMs): Promise<number> {
    const envelope = {
      source: this.#settings.name,
      contentType: 'application/json',
      fetchedAt,
      origin: publicUrl(url),
    };
    // With expanded children the parent's ETag says nothing of them.
    const versioned = this.#settings.expand.length === 0;
    const identified = records.map((record) => {
      const sourceId = recordId(record.value, this.#keys);
      const revision = versioned ? recordRevision(record) : undefined;
      return {
        bytes: record.bytes,
        ...(sourceId === undefined ? {} : { sourceId }),
        ...(revision === undefined ? {} : { revision }),
      };
    });
    return this.#edges.delivery.deliver(envelope, identified);
  }
}

/** SAP's paths tell: `/sap/opu/odata4/` is v4, `/sap/opu/odata/` v2; elsewhere a `v2` in the path, else v4. */
function guessVersion(url: string): ODataVersion {
  const { pathname } = new URL(url);
  if (pathname.includes('/odata4/')) return 'v4';
  return /\/opu\/odata\/|\/v2(\/|$)|odata\/2\.0/i.test(pathname) ? 'v2' : 'v4';
}

/** Resolves a page link against its page. Credentials stay on their host: a link elsewhere is a fault. */
export function sameHost(link: string, page: URL): URL {
  const url = URL.parse(link, page);
  if (url === null)
    throw new FetchFault('wrong-shape', `${publicUrl(page)}: the link to the next page is not a URL`);
  if (url.origin === page.origin) return url;
  throw new FetchFault(
    'page-on-other-host',
    `${publicUrl(page)}: the next page is said to be on ${url.origin}; configure that host as the url if it is the same system`,
  );
}
