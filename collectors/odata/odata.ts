import type { EpochMs } from '../../rules/time.ts';
import type { Collector, CollectorContext } from '../collector.ts';
import { HttpClient, publicUrl } from '../http-client.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { fetchPage, logged, type PollSummary, pollUntilAborted } from '../poll.ts';
import { type PageRecord, RecordDelivery } from '../records.ts';
import { contentHash } from '../seen.ts';
import type { ODataSourceConfig } from '../settings.ts';
import { type ODataPage, readODataPage, recordId, recordRevision } from './page.ts';
import { entityUrl, type ODataVersion, withKnown } from './query.ts';

/** A window that slides while it is read is read again so often. */
const PASSES = 3;

interface Cursor {
  /** Changes stamped up to here (by the server's clock, or ours if that is behind) have been delivered. */
  readonly readUntil: EpochMs;
}

const isCursor = (value: unknown): value is Cursor =>
  typeof value === 'object' &&
  value !== null &&
  Number.isFinite((value as { readUntil?: unknown }).readUntil);

/**
 * Polls an OData entity set, v2 or v4. Each entity is one message; the unchanged are not sent again.
 *
 *     poll n      ├── overlap ──┤ readUntil(n) = server's Date at its first page
 *     poll n+1    └ asks for changes since here                    proves up to its own Date minus the overlap
 */
export class ODataCollector implements Collector {
  readonly source: string;
  readonly #settings: ODataSourceConfig;
  readonly #gates: HostGates;

  constructor(settings: ODataSourceConfig, gates: HostGates) {
    this.source = settings.name;
    this.#settings = settings;
    this.#gates = gates;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    const client = new HttpClient(this.#settings, this.#gates, context);
    const poll = new ODataPoll(this.#settings, client, context, signal);
    try {
      await pollUntilAborted(this.source, this.#settings.pollMs, context, signal, () => poll.once());
    } finally {
      await client.close();
    }
  }
}

/** One run's polls: what they share is the contents already delivered and the version the server turned out to speak. */
class ODataPoll {
  readonly #settings: ODataSourceConfig;
  readonly #client: HttpClient;
  readonly #context: CollectorContext;
  readonly #signal: AbortSignal;
  readonly #delivery: RecordDelivery;
  readonly #keys: readonly string[];
  readonly #version: ODataVersion;

  constructor(
    settings: ODataSourceConfig,
    client: HttpClient,
    context: CollectorContext,
    signal: AbortSignal,
  ) {
    const known = withKnown(settings);
    const { pageSize } = known;
    // Windows overlap by one record, so one record alone would never get on.
    this.#settings = pageSize === undefined ? known : { ...known, pageSize: Math.max(pageSize, 2) };
    this.#client = client;
    this.#context = context;
    this.#signal = signal;
    this.#delivery = new RecordDelivery(context, settings.maxMessageBytes);
    this.#keys = known.keys;
    this.#version = settings.version === 'auto' ? guessVersion(settings.url) : settings.version;
  }

  /** Reads everything that changed, delivers it, proves it, and only then moves the cursor. */
  async once(): Promise<PollSummary> {
    const { name, overlapMs, initialLookbackMs } = this.#settings;
    const stored = await logged(() => this.#context.cursors.get(`odata/${name}`));
    const since = isCursor(stored) ? stored.readUntil - overlapMs : this.#context.now() - initialLookbackMs;
    const read = await this.#readAll(since);
    // A server whose clock runs ahead must not make us skip what it writes once its clock is put right.
    const readUntil = Math.min(read.startedAt, this.#context.now());
    this.#delivery.pollCompleted();
    const provedUntil = readUntil - overlapMs;
    await logged(() => this.#context.sink.prove({ source: name, kind: 'poll-complete', provedUntil }));
    await logged(() => this.#context.cursors.put(`odata/${name}`, { readUntil }));
    return { messages: read.messages, pages: read.pages };
  }

  async #readAll(since: EpochMs): Promise<PollSummary & { startedAt: EpochMs }> {
    for (let pass = 1; ; pass += 1) {
      try {
        return await this.#pass(since);
      } catch (error) {
        const drift = error instanceof FetchFault && error.fault === 'paging-drift';
        if (!drift || pass >= PASSES) throw error;
      }
    }
  }

  /** One walk over all pages: the server's own links where it gives them, else windows of `pageSize`. */
  async #pass(since: EpochMs): Promise<PollSummary & { startedAt: EpochMs }> {
    const version = this.#version;
    const first = entityUrl(this.#settings, this.#keys, { version, since, skip: 0 });
    const walk = { messages: 0, pages: 0, inWindow: 0, skip: 0, startedAt: 0, last: '' };
    const links = new Set<string>();
    for (let url: URL | undefined = first; url !== undefined; ) {
      if (walk.pages >= this.#settings.maxPages) {
        throw new FetchFault(
          'too-many-pages',
          `${publicUrl(url)}: more than ${walk.pages} pages (max_pages)`,
        );
      }
      if (links.has(url.href)) {
        throw new FetchFault(
          'cursor-repeated',
          `${publicUrl(url)}: the server led back to a page already read`,
        );
      }
      links.add(url.href);
      const { page, date } = await this.#fetch(url);
      if (walk.pages === 0) walk.startedAt = date;
      walk.pages += 1;
      const fresh =
        walk.inWindow === 0 && walk.skip > 0 ? this.#afterOverlap(page, walk.last, url) : page.records;
      walk.messages += await this.#deliver(fresh, url, date);
      walk.inWindow += page.records.length;
      const final = page.records.at(-1);
      if (final !== undefined) walk.last = this.#identity(final);
      url = page.next === undefined ? this.#nextWindow(walk, since) : sameHost(page.next, url);
    }
    return walk;
  }

  /**
   * The next window starts on the last record of the one before: if that is not what stands there now, records were
   * added or removed meanwhile, and one may have slipped past. Undefined after a window that was not full.
   */
  #nextWindow(walk: { inWindow: number; skip: number }, since: EpochMs): URL | undefined {
    const { pageSize } = this.#settings;
    // More than was asked for: the server does not know `$top`, and has given everything.
    if (pageSize === undefined || walk.inWindow !== pageSize) return undefined;
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
    return fetchPage(this.#settings.name, this.#context, this.#signal, async () => {
      const answer = await this.#client.get(url, { signal: this.#signal, accept: 'application/json' });
      return { page: readODataPage(answer.body, publicUrl(url)), date: answer.date };
    });
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
    return this.#delivery.deliver(envelope, identified);
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
