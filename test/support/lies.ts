import type { FaultName } from '../../collectors/http-client-fault.ts';
import { START_MS } from './collector-world.ts';
import { type Dialect, goodPage, type Page } from './dialects.ts';

const YEAR_MS = 365 * 86_400_000;

/** A server that answers well-formed HTTP, and says something that is not so. */
export interface Lie {
  readonly what: string;
  /** Absent when it costs nobody anything. */
  readonly fault?: FaultName;
  /** What the fault's message says. */
  readonly says?: RegExp;
  /** What is told of it beside faults. */
  readonly told?: RegExp;
  /** Not all can tell each lie: only some have links, only one has offsets. */
  readonly not?: readonly string[];
  /** The answer to a request for page `page` (from 1), while it lies; `count` requests for that page came before. */
  page(dialect: Dialect, page: number, count: number): Page;
}

const always =
  (change: (page: Page) => Page): Lie['page'] =>
  (dialect, page) =>
    change(goodPage(dialect, page));

const dated = (ms: number): Lie['page'] =>
  always(({ body, headers }) => ({ body, headers: { ...headers, date: new Date(ms).toUTCString() } }));

const typed = (type: string): Lie['page'] =>
  always(({ body, headers }) => ({ body, headers: { ...headers, 'content-type': type } }));

/** The second record with more members, as text. */
const withMember =
  (more: string): Lie['page'] =>
  (dialect, page) => {
    const second = dialect.record('2', more);
    if (page === 1) return dialect.page([dialect.record('1'), second], 2);
    const rest = [dialect.record('3')];
    return dialect.page(dialect.name === 'oracle' ? [second, ...rest] : rest, undefined);
  };

export const LIES: readonly Lie[] = [
  {
    what: 'begins with a byte order mark',
    page: always(({ body, headers }) => ({ body: `\ufeff${body}`, headers })),
  },
  { what: 'calls its JSON a page', page: typed('text/html') },
  { what: 'calls its JSON anything', page: typed('application/octet-stream') },
  { what: 'writes NaN and Infinity', page: withMember(',"w":NaN,"v":[-Infinity,Infinity],"x":"NaN"') },
  {
    what: 'writes numbers that no double holds',
    page: withMember(',"w":1e999,"n":12345678901234567890,"m":-0.00000000000000000000001'),
  },
  {
    what: 'writes bytes that are no text',
    told: /invalid-utf8: passed on as it came/,
    page: (dialect, page, count) => ({
      ...withMember(',"w":"\u00ff"')(dialect, page, count),
      encoding: 'latin1',
    }),
  },
  {
    what: 'repeats a row on the next page',
    page: (dialect, page) => {
      if (page === 1) return goodPage(dialect, 1);
      return dialect.page([dialect.record('2'), dialect.record('3'), dialect.record('3')], undefined);
    },
  },
  {
    what: 'gives an empty page that is not the last',
    page: (dialect, page, count) => {
      if (page === 1) return goodPage(dialect, 1);
      if (page === 2 && count === 0) return dialect.page([], 3);
      return goodPage(dialect, 2);
    },
  },
  {
    what: 'leads back to a page already read',
    fault: 'cursor-repeated',
    says: /led back to a page already read|two offsets gave the same page/,
    page: (dialect, page) => (page === 1 ? goodPage(dialect, 1) : dialect.page([dialect.record('2')], 2)),
  },
  {
    what: 'always has another page',
    fault: 'too-many-pages',
    says: /more than 9 pages \(max_pages\)/,
    page: (dialect, page, count) => {
      const records = [dialect.record('1'), dialect.record('2')];
      // By offset there are always others between the same two.
      if (dialect.name === 'oracle' && page === 2 && count % 2 === 0) records.reverse();
      return dialect.page(records, page + 1);
    },
  },
  {
    what: 'says that the next page is on another host',
    fault: 'page-on-other-host',
    says: /the next page is said to be on http:\/\/169\.254\.169\.254/,
    not: ['oracle', 'dcsa'],
    page: (dialect) => dialect.page([dialect.record('1')], 'elsewhere'),
  },
  {
    what: 'says that there is an error, with status 200, beside what it could give',
    fault: 'wrong-shape',
    says: /an error came with status 200; the server says: time limit exceeded/,
    not: ['http', 'oracle', 'dcsa'],
    page: (dialect, page) => {
      const { body, headers } = goodPage(dialect, page);
      return {
        body: `${body.slice(0, -1)},"error":{"message":"time limit exceeded"}}`,
        headers,
      };
    },
  },
  {
    what: 'has a clock a year ahead',
    told: /"clock-skew".*"aheadMs":31\d{9}/,
    page: dated(START_MS + YEAR_MS),
  },
  {
    what: 'has a clock a year behind',
    told: /"clock-skew".*"aheadMs":-31\d{9}/,
    page: dated(START_MS - YEAR_MS),
  },
  {
    what: 'has a date that is none',
    page: always(({ body, headers }) => ({ body, headers: { ...headers, date: 'yesterday' } })),
  },
];
