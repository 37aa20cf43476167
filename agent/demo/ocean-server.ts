import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';
import type { RecordBook } from './record-book.ts';
import { type Answer, type DemoServer, serve } from './serve.ts';

const DEFAULT_LIMIT = 100;

/**
 * A carrier's DCSA Track & Trace 2.2 API: `GET /v2/events`, what was created since, a page at a time (`Next-Page`). Now and then it
 * fails (500), asks to slow down (429), and while it is `silent` it is down (503).
 */
export function startOcean(options: {
  readonly port: number;
  readonly now: () => EpochMs;
  readonly book: RecordBook;
  readonly silent: (at: EpochMs) => boolean;
  readonly chance: Chance;
}): Promise<DemoServer> {
  const { port, now, book, silent, chance } = options;
  return serve(port, now, (url) => {
    if (url.pathname !== '/v2/events') return { status: 404 };
    if (silent(now())) return { status: 503, body: 'maintenance' };
    const luck = chance.next();
    if (luck < 0.015) return { status: 500, body: 'internal error' };
    if (luck < 0.025) return { status: 429, headers: { 'retry-after': '20' } };
    return page(url, book, now());
  });
}

/** Pages are windows of what there was when the first was asked for, so that nothing moves between them. */
function page(url: URL, book: RecordBook, now: EpochMs): Answer & { readonly sent: () => void } {
  const since = Date.parse(url.searchParams.get('eventCreatedDateTime:gte') ?? '1970-01-01T00:00:00Z');
  const [asOf = now, offset = 0] = (url.searchParams.get('cursor') ?? '')
    .split('.')
    .filter((text) => text !== '')
    .map(Number);
  const limit = Number(url.searchParams.get('limit') ?? DEFAULT_LIMIT);
  const events = book
    .at(asOf)
    .filter(({ at }) => at >= since)
    .sort((a, b) => a.at - b.at);
  const window = events.slice(offset, offset + limit);
  const next = new URL(url);
  next.searchParams.set('cursor', `${asOf}.${offset + limit}`);
  const more = offset + limit < events.length;
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(more && { 'next-page': `${next.pathname}${next.search}` }),
    },
    body: JSON.stringify(window.map(({ record }) => record)),
    sent: () => book.given(window),
  };
}
