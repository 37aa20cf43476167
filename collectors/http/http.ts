import type { EpochMs } from '../../rules/time.ts';
import type { Collector } from '../collector.ts';
import { detectFormat } from '../formats/detect.ts';
import { splitLarge } from '../formats/split-interchange.ts';
import { type HttpAnswer, publicUrl } from '../http-client-answer.ts';
import { appendQuery } from '../http-client-auth.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { pointerTokens, valueAt } from '../json-slices.ts';
import { fetchPage } from '../poll.ts';
import { type PollEdges, polledCollector, pollWindow, type WindowRead } from '../poll-window.ts';
import { type IdentifiedRecord, type PageRecord, readJsonPage, revisionOf, scalarText } from '../records.ts';
import type { HttpSourceConfig } from '../settings.ts';
import { Pager } from './paging.ts';

/** So often at most: where records never stand still, what slipped past is read with the next poll's overlap. */
const NUMBERED_PASSES = 3;

/** Kept of an answer that was the whole poll: the ETag of a first page says nothing of the second. */
interface KnownAnswer {
  readonly url: string;
  readonly value: string;
}

function knownAnswer(kept: unknown): KnownAnswer | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { url, value } = kept as Partial<KnownAnswer>;
  return typeof url === 'string' && typeof value === 'string' ? { url, value } : undefined;
}

/** Polls an HTTP API that answers with JSON (records in a list, over pages) or with one document an answer. */
export const httpCollector = (settings: HttpSourceConfig, gates: HostGates): Collector =>
  polledCollector(settings, gates, (edges) => {
    const walk = new HttpWalk(settings, edges);
    return () =>
      pollWindow('http', settings, edges, (since, kept) => walk.all(since, knownAnswer(kept.etag)));
  });

/** The first URL of a poll: the settings' query, and since when (`{since}` in the URL or a query value, or a parameter). */
export function pollUrl(
  settings: Pick<HttpSourceConfig, 'url' | 'query' | 'since' | 'paging'>,
  since: EpochMs,
): URL {
  const url = new URL(settings.url.replaceAll('{since}', encodeURIComponent(isoSecond(since))));
  for (const [name, value] of Object.entries(settings.query)) {
    appendQuery(url, name, value.replaceAll('{since}', isoSecond(since)));
  }
  if (settings.since !== undefined)
    appendQuery(url, settings.since.param, sinceText(since, settings.since.format));
  if (settings.paging.kind === 'page-number') {
    appendQuery(url, settings.paging.param, String(settings.paging.first));
  }
  return url;
}

const isoSecond = (at: EpochMs): string =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toString({ smallestUnit: 'second' });

function sinceText(at: EpochMs, format: 'iso' | 'epoch-ms' | 'epoch-s' | 'date'): string {
  switch (format) {
    case 'iso':
      return isoSecond(at);
    case 'epoch-ms':
      return String(Math.floor(at));
    case 'epoch-s':
      return String(Math.floor(at / 1000));
    case 'date':
      return isoSecond(at).slice(0, 10);
  }
}

/** Of interchanges, whatever the server calls them: the whole, or the messages of a large one. */
function messagesIn({ body, contentType }: HttpAnswer): readonly PageRecord[] | undefined {
  const format = detectFormat(contentType, body);
  if (format !== 'edifact' && format !== 'x12') return undefined;
  return splitLarge(format, body).map((bytes) => ({ bytes, value: undefined }));
}

/** One run's walks over the pages. */
class HttpWalk {
  readonly #settings: HttpSourceConfig;
  readonly #edges: PollEdges;

  constructor(settings: HttpSourceConfig, edges: PollEdges) {
    this.#settings = settings;
    this.#edges = edges;
  }

  /**
   * Reads all pages and delivers them. A record that leaves its place while numbered pages are read lets one behind it slip from a page
   * not yet read to one that is: they are read again until nothing new comes.
   */
  async all(since: EpochMs, known: KnownAnswer | undefined): Promise<WindowRead> {
    const read = await this.#walk(since, known);
    if (this.#settings.paging.kind !== 'page-number') return read;
    const sum = { messages: read.messages, pages: read.pages };
    let last = read;
    for (let pass = 1; pass < NUMBERED_PASSES && last.full > 1 && last.messages > 0; pass += 1) {
      last = await this.#walk(since, undefined);
      sum.messages += last.messages;
      sum.pages += last.pages;
    }
    return { ...read, ...sum };
  }

  async #walk(
    since: EpochMs,
    known: KnownAnswer | undefined,
  ): Promise<WindowRead & { readonly full: number }> {
    const first = pollUrl(this.#settings, since);
    const pager = new Pager(this.#settings.paging, first, this.#settings.maxPages);
    const read = { messages: 0, pages: 0, startedAt: 0, full: 0 };
    let etag: KnownAnswer | undefined;
    for (let url: URL | undefined = first; url !== undefined; ) {
      const asked = read.pages === 0 && known?.url === first.href ? known : undefined;
      const { answer, document, records } = await this.#fetch(url, asked?.value);
      if (read.pages === 0) read.startedAt = answer.date;
      const index = read.pages;
      read.pages += 1;
      if (answer.status === 304) return { ...read, unchanged: true, keep: { etag: asked } };
      read.messages += await this.#deliver(records, answer);
      if (records.length > 0) read.full += 1;
      url = pager.next({ answer, document, records: records.length, index });
      if (index === 0 && url === undefined && answer.etag !== undefined) {
        etag = { url: first.href, value: answer.etag };
      }
    }
    return etag === undefined ? read : { ...read, keep: { etag } };
  }

  #fetch(url: URL, etag: string | undefined) {
    const { client, context, signal } = this.#edges;
    return fetchPage(this.#settings.name, context, signal, async () => {
      const answer = await client.get(url, {
        signal,
        accept: 'application/json, application/xml;q=0.8, */*;q=0.5',
        ...(etag === undefined ? {} : { etag }),
      });
      return { answer, ...this.#recordsOf(answer) };
    });
  }

  #recordsOf(answer: HttpAnswer): { document: unknown; records: readonly PageRecord[] } {
    const { items } = this.#settings;
    if (answer.status === 304 || answer.status === 204) return { document: undefined, records: [] };
    const isJson =
      items !== undefined || this.#settings.paging.kind !== 'none' || /json/.test(answer.contentType);
    const what = publicUrl(answer.url);
    const parts = items === undefined ? messagesIn(answer) : undefined;
    const notJson = /xml|csv|text\/plain/.test(answer.contentType) && items === undefined;
    if (!isJson || notJson || parts !== undefined)
      return { document: undefined, records: parts ?? [{ bytes: answer.body, value: undefined }] };
    const page = readJsonPage(answer.body, what);
    if (items === undefined) {
      return { document: page.document, records: [{ bytes: answer.body, value: page.document }] };
    }
    const records = page.records(pointerTokens(items));
    if (records !== undefined) return { document: page.document, records };
    const where = items === '' ? 'the answer itself' : items;
    throw new FetchFault('wrong-shape', `${what}: there is no list of records at ${where} (items)`);
  }

  #deliver(records: readonly PageRecord[], answer: HttpAnswer): Promise<number> {
    const contentType = this.#settings.items !== undefined ? 'application/json' : answer.contentType;
    const envelope = {
      source: this.#settings.name,
      contentType: contentType === '' ? 'application/json' : contentType,
      fetchedAt: answer.date,
      origin: publicUrl(answer.url),
    };
    return this.#edges.delivery.deliver(
      envelope,
      records.map((record) => this.#identify(record)),
    );
  }

  #identify(record: PageRecord): IdentifiedRecord {
    const { id, changedAt } = this.#settings;
    const sourceId = id === undefined ? undefined : scalarText(valueAt(record.value, pointerTokens(id)));
    const stamp = changedAt === undefined ? undefined : valueAt(record.value, pointerTokens(changedAt));
    const revision = sourceId === undefined ? undefined : revisionOf(stamp, record.bytes);
    return {
      bytes: record.bytes,
      ...(sourceId === undefined ? {} : { sourceId }),
      ...(revision === undefined ? {} : { revision }),
    };
  }
}
