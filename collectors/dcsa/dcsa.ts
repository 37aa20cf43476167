import type { Revision } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Collector } from '../collector.ts';
import { withParameter } from '../http/paging.ts';
import { type HttpAnswer, publicUrl } from '../http-client-answer.ts';
import { appendQuery } from '../http-client-auth.ts';
import { FetchFault } from '../http-client-fault.ts';
import type { HostGates } from '../http-client-gate.ts';
import { valueAt } from '../json-slices.ts';
import { asFault, fetchPage } from '../poll.ts';
import {
  PageCount,
  type PollEdges,
  polledCollector,
  pollWindow,
  type WindowRead,
  walkAgain,
} from '../poll-window.ts';
import { type PageRecord, readJsonPage, revisionOf, scalarText } from '../records.ts';
import type { DcsaSourceConfig } from '../settings.ts';

/**
 * Polls DCSA Track & Trace 3.0, `GET /events`. A page says in `Next-Page-Cursor` where the next one is; the cursor goes with all of the
 * original parameters, and may be good for one use only, so that a page whose answer was lost on the way means beginning again.
 */
export const dcsaCollector = (settings: DcsaSourceConfig, gates: HostGates): Collector =>
  polledCollector(settings, gates, (edges) => {
    const walk = new DcsaWalk(settings, edges);
    return () =>
      pollWindow('dcsa', settings, edges, (since) => walkAgain(['cursor-spent'], () => walk.all(since)));
  });

/** The first page: producers may apply a time window of their own in silence, so ours is always said. */
export function eventsUrl(
  settings: Pick<DcsaSourceConfig, 'url' | 'query' | 'pageSize'>,
  since: EpochMs,
): URL {
  const url = new URL(settings.url);
  const path = url.pathname.replace(/\/$/, '');
  url.pathname = path.endsWith('/events') ? path : `${path}/events`;
  for (const [name, value] of Object.entries(settings.query)) appendQuery(url, name, value);
  const from = Temporal.Instant.fromEpochMilliseconds(Math.floor(since)).toString({ smallestUnit: 'second' });
  appendQuery(url, 'eventUpdatedDateTimeMin', from);
  if (settings.pageSize !== undefined) appendQuery(url, 'limit', String(settings.pageSize));
  return url;
}

class DcsaWalk {
  readonly #settings: DcsaSourceConfig;
  readonly #edges: PollEdges;

  constructor(settings: DcsaSourceConfig, edges: PollEdges) {
    this.#settings = settings;
    this.#edges = edges;
  }

  async all(since: EpochMs): Promise<WindowRead> {
    const first = eventsUrl(this.#settings, since);
    const count = new PageCount(this.#settings.maxPages);
    const read = { messages: 0, pages: 0, startedAt: 0 };
    for (let url: URL | undefined = first; url !== undefined; ) {
      count.next(url.href, publicUrl(url));
      const { answer, records } = await this.#fetch(url, read.pages > 0);
      if (read.pages === 0) read.startedAt = answer.date;
      read.pages += 1;
      read.messages += await this.#deliver(records, answer);
      const cursor = answer.header('next-page-cursor')?.trim();
      url = cursor === undefined || cursor === '' ? undefined : withParameter(first, 'cursor', cursor);
    }
    return read;
  }

  async #fetch(url: URL, byCursor: boolean): Promise<{ answer: HttpAnswer; records: readonly PageRecord[] }> {
    const { client, context, signal } = this.#edges;
    try {
      return await fetchPage(this.#settings.name, context, signal, async () => {
        const answer = await client.get(url, { signal, accept: 'application/json' });
        return { answer, records: this.#records(answer) };
      });
    } catch (error) {
      const fault = asFault(error);
      const spent = byCursor && (fault.fault === 'bad-request' || fault.fault === 'not-found');
      if (!spent) throw fault;
      const message = `${publicUrl(url)}: the server does not know its own cursor any more (${fault.message})`;
      throw new FetchFault('cursor-spent', message, { cause: fault });
    }
  }

  #records(answer: HttpAnswer): readonly PageRecord[] {
    if (answer.status === 204) return [];
    const what = publicUrl(answer.url);
    const page = readJsonPage(answer.body, what);
    const records = page.records(['events']) ?? page.records([]);
    if (records === undefined) throw new FetchFault('wrong-shape', `${what}: there is no list of events`);
    this.#tellFeedback(page.document, what);
    return records;
  }

  /** What the producer could not give, in its own words; the events that it could give stand. */
  #tellFeedback(document: unknown, origin: string): void {
    const feedback = valueAt(document, ['feedbackElements']);
    for (const element of Array.isArray(feedback) ? feedback.slice(0, 10) : []) {
      const severity = scalarText(valueAt(element, ['severity'])) ?? '';
      if (severity === 'INFO') continue;
      const message = scalarText(valueAt(element, ['message'])) ?? '';
      const reason = `feedback of the server: ${severity} ${message.slice(0, 200)}`;
      this.#edges.context.report({ kind: 'refused', source: this.#settings.name, origin, reason });
    }
  }

  #deliver(records: readonly PageRecord[], answer: HttpAnswer): Promise<number> {
    const envelope = {
      source: this.#settings.name,
      contentType: 'application/json',
      fetchedAt: answer.date,
      origin: publicUrl(answer.url),
    };
    const identified = records.map((record) => {
      const sourceId = eventKey(record.value);
      const revision = sourceId === undefined ? undefined : eventRevision(record);
      return {
        bytes: record.bytes,
        ...(sourceId !== undefined && { sourceId }),
        ...(revision !== undefined && { revision }),
      };
    });
    return this.#edges.delivery.deliver(envelope, identified);
  }
}

/**
 * What DCSA 3.0 tells events apart by: who originated it (code, list provider and list of each party) and its id. In the 2023 beta a
 * retraction is an event of its own that names the one it takes back: it is a revision of that one. Undefined without an id.
 */
export function eventKey(event: unknown): string | undefined {
  const id = [['metadata', 'retractedEventID'], ['eventID'], ['metadata', 'eventID']]
    .map((path) => scalarText(valueAt(event, path)))
    .find((text) => text !== undefined);
  if (id === undefined) return undefined;
  const parties = ['originatingParties', 'originatingParty']
    .map((name) => valueAt(event, ['eventRouting', name]))
    .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .map((party) =>
      ['partyCode', 'codeListProvider', 'codeListName']
        .map((name) => scalarText(valueAt(party, [name])) ?? '')
        .join('/'),
    )
    .filter((text) => text !== '//')
    .sort();
  return parties.length === 0 ? id : `${parties.join('+')} ${id}`;
}

function eventRevision(record: PageRecord): Revision | undefined {
  const stamp = [['eventUpdatedDateTime'], ['metadata', 'eventCreatedDateTime'], ['eventCreatedDateTime']]
    .map((path) => valueAt(record.value, path))
    .find((value) => typeof value === 'string');
  return revisionOf(stamp, record.bytes);
}
