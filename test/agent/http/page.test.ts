// slow: starts a browser
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import t from 'tap';
import { withClickHouse } from '../../support/engines.ts';
import { withDatabase } from '../store/seed.ts';
import { LATE_ALERT, seedWorld, serve, token } from './world.ts';

const FLAGS =
  '--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const executablePath = BROWSERS.find((path) => existsSync(path)) ?? BROWSERS[0]!;

const engine = await withClickHouse(t);
const { database, ...rest } = await withDatabase(t, engine.url);
await seedWorld({ database, ...rest });
const server = await serve(t, { url: engine.url, database });
const browser: Browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
t.teardown(() => browser.close());

/** A page, and everything it complained of or fetched from elsewhere. */
async function open(
  path: string,
  width = 1280,
  base = server.url,
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => !request.url().startsWith(base) && faults.push(request.url()));
  await page.goto(base + path);
  return { page, faults };
}

t.test('the tower counts, lists, and leads from an alert to its shipment', async (t) => {
  const { page, faults } = await open('/');
  await page.getByRole('heading', { name: 'Open alerts' }).waitFor();
  const tiles = await page.locator('.tile').allInnerTexts();
  const counted = tiles.map((text) => text.split('\n').sort().join(' '));
  for (const tile of [
    '1 Open alerts',
    '2 Awaiting customs release',
    '1 Rejected declarations',
    '1 Breached',
    '1 Channels not heard',
  ])
    t.ok(counted.includes(tile), tile);
  await page.getByRole('link', { name: /Customs release within 8 business hours/ }).click();
  await page.getByRole('heading', { name: 'Delivery 00800late' }).waitFor();
  t.match(page.url(), /\/shipments\/late$/);
  const text = await page.locator('main').textContent();
  t.match(text, /Acme <Retail> & Söhne/, 'what partners write is text');
  t.match(text, /Rotterdam/);
  t.match(text, /held 2 h/);
  t.match(text, /every channel that could tell of it was heard past it/);
  await page.getByText('How this was worked out').click();
  await page.getByText(/counted {2}2026-11-02/).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Open alerts' }).waitFor();
  t.same(faults, []);
});

t.test('search finds a shipment by any ref; a deep link shows it as it was known', async (t) => {
  const { page, faults } = await open('/?view=release');
  await page.getByRole('searchbox').fill('MSCU6639871');
  await page.getByRole('searchbox').press('Enter');
  await page.getByRole('heading', { name: 'Delivery 00800fine' }).waitFor();
  await page.goto(`${server.url}/shipments/late?asOf=2026-11-02T12:30:00Z`);
  await page.getByText(/As it was known/).waitFor();
  t.match(await page.locator('main').textContent(), /1 open hold/);
  t.same(faults, []);
});

t.test('every view shows, and nothing is wider than a phone', async (t) => {
  const { page, faults } = await open('/', 390);
  for (const path of [
    '/',
    '/?view=release',
    '/?view=rejected',
    '/?view=breached',
    '/channels',
    '/?view=letters',
    '/shipments/late',
  ]) {
    await page.goto(server.url + path);
    await page.locator('main .card').first().waitFor();
    const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    t.ok((over as number) <= 0, `${path} fits`);
  }
  t.same(faults, []);
});

t.test('taking charge of an alert asks the server', async (t) => {
  const { page } = await open('/');
  await page.getByRole('button', { name: 'Take charge' }).click();
  await page.getByText('you', { exact: true }).waitFor();
  t.same(server.main.appended, [{ action: 'acknowledge', subject: LATE_ALERT, by: 'local', comment: '' }]);
});

t.test('with tokens it asks for one, and a viewer cannot act', async (t) => {
  const guarded = await serve(
    t,
    { url: engine.url, database },
    { tokens: [token('wall', 'viewer', 'let-me-see')] },
  );
  const { page } = await open('/', 1280, guarded.url);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This token is not known here.').waitFor();
  await page.getByLabel('Token').fill('let-me-see');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Open alerts' }).waitFor();
  t.equal(await page.getByRole('button', { name: 'Take charge' }).count(), 0);
});
