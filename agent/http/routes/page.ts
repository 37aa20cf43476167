import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { notFound } from '../parameters.ts';
import type { Route } from '../route.ts';

/** In the checkout, and in the package, whose pages stay where the sources were. */
const FOLDERS = ['../../../dashboards/ui', '../../../../dashboards/ui'].map((path) =>
  resolve(import.meta.dirname, path),
);

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

async function read(name: string): Promise<string> {
  for (const folder of FOLDERS) {
    const text = await readFile(resolve(folder, name), 'utf8').catch((): undefined => undefined);
    if (text !== undefined) return text;
  }
  throw notFound(`page ${name}`);
}

/** The page finds out from its address what to show; it holds no data, so anyone may have it. */
const page = (path: string, name: string, summary: string): Route => ({
  method: 'GET',
  path,
  name,
  summary,
  role: 'anyone',
  anyQuery: true,
  answer: { media: 'text/html' },
  asksStore: false,
  handle: async () => ({ text: await read('index.html'), type: TYPES.html! }),
});

const asset: Route = {
  method: 'GET',
  path: '/ui/{file}',
  name: 'readPageFile',
  summary: 'A script or style of the control tower page',
  role: 'anyone',
  answer: { media: 'text/javascript' },
  asksStore: false,
  async handle({ path }) {
    const file = path.file!;
    const type = /^[\w-]+\.(css|js|svg)$/.exec(file)?.[1];
    if (type === undefined) throw notFound(`page ${file}`);
    return { text: await read(file), type: TYPES[type]! };
  },
};

export const PAGES: readonly Route[] = [
  page('/', 'towerPage', 'The control tower, a page for people'),
  page('/shipments/{id}', 'shipmentPage', 'The same page, showing a shipment: where alert messages link to'),
  page(
    '/channels',
    'channelsPage',
    'The same page, showing channels: where messages about silent ones link to',
  ),
  asset,
];
