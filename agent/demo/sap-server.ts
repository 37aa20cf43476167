import type { EpochMs } from '../../rules/time.ts';
import type { RecordBook } from './record-book.ts';
import type { RecordState } from './said.ts';
import { type Answer, type DemoServer, serve } from './serve.ts';

/** The gateway gives so many records at once, however many are asked for. */
const PAGE = 150;

/** SAP's gateway: OData v2 entity sets with `$filter`, `$orderby`, `$top`, `$skip` and server-driven paging (`__next`). */
export function startSap(options: {
  readonly port: number;
  readonly now: () => EpochMs;
  readonly password: string;
  readonly entities: Readonly<Record<string, RecordBook>>;
}): Promise<DemoServer> {
  const wanted = `Basic ${Buffer.from(`LAYTIME:${options.password}`).toString('base64')}`;
  return serve(options.port, options.now, (url, request) => {
    if (request.headers.authorization !== wanted) {
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="SAP"' } };
    }
    const book = options.entities[url.pathname.split('/').at(-1) ?? ''];
    if (book === undefined) return { status: 404 };
    return page(url, book, options.now());
  });
}

function page(url: URL, book: RecordBook, now: EpochMs): Answer & { readonly sent: () => void } {
  const number = (name: string, absent: number): number => Number(url.searchParams.get(name) ?? absent);
  const matching = book.at(now).filter(filterOf(url.searchParams.get('$filter') ?? ''));
  const skip = number('$skip', 0);
  const window = matching.slice(skip, skip + number('$top', matching.length));
  const from = number('$skiptoken', 0);
  const records = window.slice(from, from + PAGE);
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(from + PAGE));
  const more = from + PAGE < window.length;
  const results = records.map(({ record }) => record);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ d: { results, ...(more && { __next: `${next.pathname}${next.search}` }) } }),
    sent: () => book.given(records),
  };
}

/** `(LastChangeDate ge datetime'…') or (CreationDate ge datetime'…')`: any of the comparisons; a null is never `ge`. */
function filterOf(filter: string): (state: RecordState) => boolean {
  const terms = [...filter.matchAll(/(\w+) ge datetime'([^']+)'/g)].map(([, property, text]) => ({
    property: property!,
    since: Date.parse(`${text}Z`),
  }));
  if (terms.length === 0) return () => true;
  return ({ record }) =>
    terms.some(({ property, since }) => {
      const [, stamp] = /^\/Date\((\d+)\)\/$/.exec(String(record[property])) ?? [];
      return stamp !== undefined && Number(stamp) >= since;
    });
}
