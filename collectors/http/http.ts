import type { EpochMs } from '../../rules/time.ts';
import type { Collector, CollectorContext } from '../collector.ts';
import { type HttpAnswer, HttpClient, publicUrl } from '../http-client.ts';
import { appendQuery } from '../http-client-auth.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { pointerTokens, valueAt } from '../json-slices.ts';
import { fetchPage, logged, type PollSummary, pollUntilAborted } from '../poll.ts';
import {
  type IdentifiedRecord,
  type PageRecord,
  RecordDelivery,
  readJsonPage,
  revisionOf,
  scalarText,
} from '../records.ts';
import type { HttpSourceConfig } from '../settings.ts';
import { Pager } from './paging.ts';

interface Cursor {
  readonly readUntil: EpochMs;
  /** Of an answer that was the whole poll: the ETag of a first page says nothing of the second. */
  readonly etag?: { readonly url: string; readonly value: string };
}

function cursorOf(stored: unknown): Cursor | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  return Number.isFinite((stored as Cursor).readUntil) ? (stored as Cursor) : undefined;
}

/** Polls an HTTP API that answers with JSON (records in a list, over pages) or with one document an answer. */
export class HttpCollector implements Collector {
  readonly source: string;
  readonly #settings: HttpSourceConfig;
  readonly #gates: HostGates;

  constructor(settings: HttpSourceConfig, gates: HostGates) {
    this.source = settings.name;
    this.#settings = settings;
    this.#gates = gates;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    const client = new HttpClient(this.#settings, this.#gates, context);
    const poll = new HttpPoll(this.#settings, client, context, signal);
    try {
      await pollUntilAborted(this.source, this.#settings.pollMs, context, signal, () => poll.once());
    } finally {
      await client.close();
    }
  }
}

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

/** One run's polls. */
class HttpPoll {
  readonly #settings: HttpSourceConfig;
  readonly #client: HttpClient;
  readonly #context: CollectorContext;
  readonly #signal: AbortSignal;
  readonly #delivery: RecordDelivery;

  constructor(
    settings: HttpSourceConfig,
    client: HttpClient,
    context: CollectorContext,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#client = client;
    this.#context = context;
    this.#signal = signal;
    this.#delivery = new RecordDelivery(context, settings.maxMessageBytes);
  }

  /** Reads all pages, delivers them, proves it, and only then moves the cursor. */
  async once(): Promise<PollSummary> {
    const { name, overlapMs, initialLookbackMs } = this.#settings;
    const key = `http/${name}`;
    const cursor = cursorOf(await logged(() => this.#context.cursors.get(key)));
    const since =
      cursor === undefined ? this.#context.now() - initialLookbackMs : cursor.readUntil - overlapMs;
    const read = await this.#readAll(pollUrl(this.#settings, since), cursor);
    const readUntil = Math.min(read.startedAt, this.#context.now());
    if (!read.unchanged) this.#delivery.pollCompleted();
    const provedUntil = readUntil - overlapMs;
    await logged(() => this.#context.sink.prove({ source: name, kind: 'poll-complete', provedUntil }));
    const next: Cursor = { readUntil, ...(read.etag === undefined ? {} : { etag: read.etag }) };
    await logged(() => this.#context.cursors.put(key, next));
    return { messages: read.messages, pages: read.pages };
  }

  async #readAll(first: URL, cursor: Cursor | undefined) {
    const pager = new Pager(this.#settings.paging, first);
    const read = {
      messages: 0,
      pages: 0,
      startedAt: 0,
      unchanged: false,
      etag: undefined as Cursor['etag'] | undefined,
    };
    for (let url: URL | undefined = first; url !== undefined; ) {
      if (read.pages >= this.#settings.maxPages) {
        throw new FetchFault(
          'too-many-pages',
          `${publicUrl(url)}: more than ${read.pages} pages (max_pages)`,
        );
      }
      const etag = read.pages === 0 && cursor?.etag?.url === first.href ? cursor.etag.value : undefined;
      const { answer, document, records } = await this.#fetch(url, etag);
      if (read.pages === 0) read.startedAt = answer.date;
      if (answer.status === 304) return { ...read, pages: 1, unchanged: true, etag: cursor?.etag };
      read.messages += await this.#deliver(records, answer);
      const index = read.pages;
      read.pages += 1;
      url = pager.next({ answer, document, records: records.length, index });
      if (index === 0 && url === undefined && answer.etag !== undefined) {
        read.etag = { url: first.href, value: answer.etag };
      }
    }
    return read;
  }

  #fetch(url: URL, etag: string | undefined) {
    return fetchPage(this.#settings.name, this.#context, this.#signal, async () => {
      const answer = await this.#client.get(url, {
        signal: this.#signal,
        accept: 'application/json, application/xml;q=0.8, */*;q=0.5',
        ...(etag === undefined ? {} : { etag }),
      });
      return { answer, ...this.#recordsOf(answer) };
    });
  }

  #recordsOf(answer: HttpAnswer): { document: unknown; records: readonly PageRecord[] } {
    const { items } = this.#settings;
    if (answer.status === 304 || answer.body.byteLength === 0) return { document: undefined, records: [] };
    const isJson =
      items !== undefined || this.#settings.paging.kind !== 'none' || /json/.test(answer.contentType);
    const what = publicUrl(answer.url);
    const notJson = /xml|csv|text\/plain/.test(answer.contentType) && items === undefined;
    if (!isJson || notJson)
      return { document: undefined, records: [{ bytes: answer.body, value: undefined }] };
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
    return this.#delivery.deliver(
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
