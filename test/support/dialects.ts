import type { ServerResponse } from 'node:http';
import type { Collector } from '../../collectors/collector.ts';
import { dcsaCollector } from '../../collectors/dcsa/dcsa.ts';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { odataCollector } from '../../collectors/odata/odata.ts';
import { oracleCollector } from '../../collectors/oracle/oracle.ts';
import type { PollSettings } from '../../collectors/settings.ts';
import type { CollectorWorld } from './collector-world.ts';
import { dcsaSettings, httpSettings, odataSettings, oracleSettings } from './source-settings.ts';

/** One page as a server answers it. */
export interface Page {
  readonly body: string;
  /** UTF-8 unless told. */
  readonly encoding?: BufferEncoding;
  readonly headers: Readonly<Record<string, string>>;
}

/** How one kind of HTTP source speaks: what a server must answer, and which collector asks it. */
export interface Dialect {
  readonly name: string;
  collector(url: string, other: Partial<PollSettings>): Collector;
  /** Which page is asked for, from 1. */
  pageOf(url: URL): number;
  /** A page with these records (texts of JSON objects), and where the next one is: a number, another host, or no more. */
  page(records: readonly string[], next: number | 'elsewhere' | undefined): Page;
  /** A record with this id, as text. */
  record(id: string, more?: string): string;
}

const ELSEWHERE = 'http://169.254.169.254';
const linkTo = (next: number | 'elsewhere', parameter: string): string =>
  `${next === 'elsewhere' ? ELSEWHERE : ''}/list?${parameter}=${next === 'elsewhere' ? 2 : next}`;
const plain = (body: string, headers: Readonly<Record<string, string>> = {}): Page => ({ body, headers });
const asked = (url: URL, parameter: string): number => Number(url.searchParams.get(parameter) ?? 1);
const withMember = (name: string, id: string, more: string): string => `{"${name}":"${id}"${more}}`;

const http: Dialect = {
  name: 'http',
  collector: (url, other) => {
    const paging = { kind: 'url', from: '/next' } as const;
    return httpCollector(httpSettings(`${url}/list`, { paging, ...other }), new HostGates());
  },
  pageOf: (url) => asked(url, 'page'),
  page: (records, next) => {
    const link = next === undefined ? '' : `,"next":"${linkTo(next, 'page')}"`;
    return plain(`{"items":[${records.join(',')}]${link}}`);
  },
  record: (id, more = '') => withMember('id', id, more),
};

const odata = (version: 'v2' | 'v4'): Dialect => ({
  name: `odata ${version}`,
  collector: (url, other) =>
    odataCollector(
      odataSettings(url, { version, entity: 'Orders', keys: ['id'], ...other }),
      new HostGates(),
    ),
  pageOf: (url) => asked(url, '$skiptoken'),
  page: (records, next) => {
    const link = next === undefined ? '' : `"${linkTo(next, '$skiptoken')}"`;
    const list = `[${records.join(',')}]`;
    if (version === 'v2') return plain(`{"d":{"results":${list}${link && `,"__next":${link}`}}}`);
    return plain(`{"value":${list}${link && `,"@odata.nextLink":${link}`}}`);
  },
  record: (id, more = '') => withMember('id', id, more),
});

/** Two records a page; the second page begins with the last record of the first, as its offset asks. */
const oracle: Dialect = {
  name: 'oracle',
  collector: (url, other) =>
    oracleCollector(oracleSettings(url, { pageSize: 2, keys: ['id'], ...other }), new HostGates()),
  pageOf: (url) => (url.searchParams.get('offset') === '0' ? 1 : 2),
  page: (records, next) => plain(`{"items":[${records.join(',')}],"hasMore":${next !== undefined}}`),
  record: (id, more = '') => withMember('id', id, `,"LastUpdateDate":"2026-03-02T07:00:0${id}Z"${more}`),
};

const dcsa: Dialect = {
  name: 'dcsa',
  collector: (url, other) => dcsaCollector(dcsaSettings(url, other), new HostGates()),
  pageOf: (url) => asked(url, 'cursor'),
  page: (records, next) =>
    plain(
      `{"events":[${records.join(',')}]}`,
      typeof next === 'number' ? { 'next-page-cursor': String(next) } : {},
    ),
  record: (id, more = '') => withMember('eventID', id, more),
};

/** Every kind of source that is polled over HTTP. */
export const DIALECTS: readonly Dialect[] = [http, odata('v2'), odata('v4'), oracle, dcsa];

/** The pages of a server that behaves: 1 and 2, then 3. */
export function goodPage(dialect: Dialect, page: number): Page {
  const records = (...ids: readonly string[]): string[] => ids.map((id) => dialect.record(id));
  if (page === 1) return dialect.page(records('1', '2'), 2);
  return dialect.page(dialect.name === 'oracle' ? records('2', '3') : records('3'), undefined);
}

export function answerPage(response: ServerResponse, { body, headers, encoding = 'utf8' }: Page): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(body, encoding);
}

/** What is wrong with a run in which {@link goodPage} was read to its end: lost, twice, proved too early or too far. */
export function complaints({ journal, messages, proofs, nowMs }: CollectorWorld): string[] {
  const ids = messages.map(({ sourceId }) => sourceId).sort();
  const proof = journal.findIndex((entry) => entry.kind === 'proved');
  const last = journal.findLastIndex((entry) => entry.kind === 'delivered');
  return [
    ids.join() === '1,2,3' ? '' : `the records were ${ids.join()}`,
    proof > last ? '' : 'proved before everything was delivered',
    proofs.every(({ provedUntil }) => provedUntil <= nowMs) ? '' : 'the future was proved',
  ].filter((text) => text !== '');
}
