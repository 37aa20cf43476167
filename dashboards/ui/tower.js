import { get, setToken } from './api.js';
import { h } from './dom.js';
import { readShipment, shipmentView } from './shipment.js';
import { searchView, tableOf, VIEWS } from './views.js';
import { reader, time, words } from './words.js';

const REFRESH_MS = 10_000;
const main = document.getElementById('main');
const tiles = document.getElementById('tiles');
const status = document.getElementById('status');
const signIn = document.getElementById('sign-in');
const search = document.getElementById('ref');

/** What the address asks for. */
function route() {
  const query = new URLSearchParams(location.search);
  const id = /^\/shipments\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (id !== undefined) return { kind: 'shipment', id: decodeURIComponent(id), asOf: query.get('asOf') ?? undefined };
  if (query.get('ref')) return { kind: 'search', ref: query.get('ref'), view: searchView(query.get('ref')) };
  const name = location.pathname === '/channels' ? 'channels' : (query.get('view') ?? 'alerts');
  return { kind: 'view', name: name in VIEWS ? name : 'alerts', view: VIEWS[name] ?? VIEWS.alerts };
}

let shown = '';
let running = new AbortController();
let pages = 1;

/** Reads what the address asks for and shows it; what has not changed since is left alone, with focus and open details. */
async function refresh(fresh) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  if (fresh) {
    shown = '';
    pages = 1;
  }
  try {
    const current = route();
    const [counts, answer] = await Promise.all([get('/tower', {}, signal), read(current, signal)]);
    reader.now = Date.parse(counts.now);
    reader.zone = counts.timezone;
    reader.role = counts.caller.role;
    drawTiles(counts, current);
    if (current.kind === 'search' && answer.rows.length === 1 && fresh) return go(`/shipments/${encodeURIComponent(answer.rows[0].shipment_id)}`, true);
    const now = JSON.stringify([location.href, answer]);
    if (now !== shown) {
      shown = now;
      draw(current, answer);
      if (fresh) main.focus({ preventScroll: true });
    }
    status.className = 'status';
    status.textContent = `${counts.shipments.toLocaleString('en')} shipments · ${time(counts.now)} ${reader.zone}${counts.caller.name === 'local' ? '' : ` · ${counts.caller.name}`}`;
  } catch (error) {
    if (signal.aborted) return;
    fail(error, fresh);
  }
}

async function read(current, signal) {
  if (current.kind === 'shipment') return readShipment(current.id, current.asOf, signal);
  const all = { rows: [], cursor: undefined };
  for (let page = 0; page < pages; page += 1) {
    const { rows, cursor } = await current.view.ask(page === 0 ? {} : { cursor: all.cursor }, signal);
    all.rows.push(...rows);
    all.cursor = cursor;
    if (cursor === undefined) break;
  }
  return all;
}

function draw(current, answer) {
  document.body.className = current.kind === 'shipment' ? 'on-shipment' : '';
  if (current.kind === 'shipment') {
    const { shipment } = answer;
    document.title = `${shipment.delivery || current.id} · Laytime`;
    const onAsOf = (asOf) => go(location.pathname + (asOf === undefined ? '' : `?${new URLSearchParams({ asOf })}`));
    main.replaceChildren(...shipmentView(answer, current.asOf, onAsOf).flat().filter((part) => part !== ''));
    return;
  }
  document.title = `${current.view.title} · Laytime`;
  const more = h('button', { type: 'button', class: 'more' }, 'Show more');
  more.addEventListener('click', () => {
    pages += 1;
    more.disabled = true;
    refresh(false);
  });
  main.replaceChildren(
    h('div', { class: 'head' }, h('h1', {}, current.view.title), h('p', { class: 'quiet' }, `${answer.rows.length}${answer.cursor ? '+' : ''}`)),
    h('section', { class: 'card' }, tableOf(current.view, answer.rows)),
    answer.cursor === undefined ? '' : more,
  );
}

function drawTiles(counts, current) {
  const made = Object.entries(VIEWS).map(([name, { tile, count, kind }]) => {
    const here = current.kind === 'view' && current.name === name;
    const href = name === 'alerts' ? '/' : name === 'channels' ? '/channels' : `/?view=${name}`;
    const loud = counts[count] > 0 ? kind : '';
    return h('a', { class: `tile ${loud}`, href, 'data-go': true, 'aria-current': here ? 'page' : undefined }, h('span', {}, tile), h('b', {}, counts[count].toLocaleString('en')));
  });
  const focused = document.activeElement?.getAttribute?.('href');
  tiles.replaceChildren(...made);
  if (focused) made.find((tile) => tile.getAttribute('href') === focused)?.focus({ preventScroll: true });
}

function fail(error, fresh) {
  if (error.status === 401) {
    document.getElementById('sign-in-error').textContent = signIn.open ? 'This token is not known here.' : '';
    if (!signIn.open) signIn.showModal();
    return;
  }
  status.className = 'status error';
  status.textContent = error.message;
  if (fresh || shown === '') {
    main.replaceChildren(h('p', { class: 'card empty' }, error.status === 404 ? 'There is no such shipment, or it was not known then.' : error.message));
  }
}

function go(href, replace = false) {
  history[replace ? 'replaceState' : 'pushState']({}, '', href);
  refresh(true);
  if (!replace) scrollTo(0, 0);
}

document.addEventListener('click', (event) => {
  const anchor = event.target.closest?.('a[data-go]');
  if (!anchor || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(anchor.getAttribute('href'));
});
document.getElementById('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const ref = search.value.trim();
  if (ref !== '') go(`/?${new URLSearchParams({ ref })}`);
});
document.getElementById('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  setToken(document.getElementById('token').value.trim());
  try {
    await start();
    signIn.close();
  } catch (error) {
    document.getElementById('sign-in-error').textContent = error.status === 401 ? 'This token is not known here.' : error.message;
  }
});
addEventListener('popstate', () => refresh(true));
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && refresh(false));
setInterval(() => document.visibilityState === 'visible' && !signIn.open && refresh(false), REFRESH_MS);

async function start() {
  Object.assign(words, await get('/vocabulary'));
  await refresh(true);
}
start().catch((error) => fail(error, true));
