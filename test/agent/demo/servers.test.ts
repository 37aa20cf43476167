import t from 'tap';
import { startOcean } from '../../../agent/demo/ocean-server.ts';
import { Chance } from '../../../agent/demo/random.ts';
import { RecordBook } from '../../../agent/demo/record-book.ts';
import type { RecordState } from '../../../agent/demo/said.ts';
import { startSap } from '../../../agent/demo/sap-server.ts';
import { DAY, HOUR } from '../../../agent/demo/shipment.ts';
import { VirtualClock } from '../../../agent/demo/virtual-clock.ts';

const START = Date.UTC(2026, 10, 2, 9);
const state = (key: string, at: number, record: Record<string, unknown> = {}): RecordState => ({
  ...{ key, at, record: { Id: key, ...record } },
  says: [
    { source: 's', milestone: 'arrived', classifier: 'actual', at, ref: `delivery:${key}`, shipments: [0] },
  ],
});
/** A chance that always comes out like this. */
const always = (luck: number): Chance => Object.assign(new Chance(1), { next: () => luck });

t.test('SAP pages by itself, filters by dates, and asks for a password', async (t) => {
  const stamp = (at: number): string => `/Date(${at})/`;
  const day = Date.UTC(2026, 10, 2);
  const states = Array.from({ length: 200 }, (_, i) =>
    state(String(1000 + i), START - HOUR, { CreationDate: stamp(day - (i % 2) * DAY), LastChangeDate: null }),
  );
  const book = new RecordBook([...states, state('1000', START + HOUR, { LastChangeDate: stamp(day) })]);
  let now = START;
  const sap = await startSap({ port: 0, now: () => now, password: 'pw', entities: { A_Thing: book } });
  t.teardown(() => sap.close());
  const base = `http://127.0.0.1:${sap.port}`;
  const headers = { authorization: `Basic ${Buffer.from('LAYTIME:pw').toString('base64')}` };
  const get = async (path: string) => {
    const answer = await fetch(`${base}${path}`, { headers });
    const { d } = (await answer.json()) as {
      d: { results: { Id: string; LastChangeDate?: string }[]; __next?: string };
    };
    return { ...d, date: answer.headers.get('date') };
  };
  t.equal((await fetch(`${base}/odata/A_Thing`)).status, 401);
  t.equal((await fetch(`${base}/odata/A_Other`, { headers })).status, 404);

  const first = await get('/odata/A_Thing?$top=1000&$orderby=Id');
  t.equal(first.results.length, 150);
  t.equal(first.date, new Date(START).toUTCString(), "the world's time");
  const second = await get(first.__next!);
  t.equal(second.results.length, 50);
  t.equal(second.__next, undefined);
  t.equal(new Set([...first.results, ...second.results].map(({ Id }) => Id)).size, 200);
  t.equal(book.said().length, 200, 'what was given out counts as said');

  const filter = encodeURIComponent(
    "(LastChangeDate ge datetime'2026-11-02T00:00:00') or (CreationDate ge datetime'2026-11-02T00:00:00')",
  );
  t.equal((await get(`/odata/A_Thing?$filter=${filter}`)).results.length, 100);
  t.equal((await get('/odata/A_Thing?$top=10&$skip=195')).results.length, 5);
  now = START + 2 * HOUR;
  t.equal(
    (await get('/odata/A_Thing?$top=1')).results[0]?.LastChangeDate,
    stamp(day),
    'it has changed meanwhile',
  );
});

t.test(
  'a carrier pages through what was created since, and what comes meanwhile moves nothing',
  async (t) => {
    const book = new RecordBook(Array.from({ length: 25 }, (_, i) => state(`e${i}`, START + i * 1000)));
    let now = START + HOUR;
    const ocean = await startOcean({
      port: 0,
      now: () => now,
      book,
      silent: () => false,
      chance: always(0.5),
    });
    t.teardown(() => ocean.close());
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${ocean.port}${path}`);
      return { list: (await answer.json()) as { Id: string }[], next: answer.headers.get('next-page') };
    };
    const since = `eventCreatedDateTime:gte=${new Date(START + 3000).toISOString()}`;
    const first = await get(`/v2/events?limit=10&${since}`);
    now += HOUR;
    const second = await get(first.next!);
    const third = await get(second.next!);
    t.equal(third.next, null);
    t.strictSame(
      [first, second, third].flatMap(({ list }) => list.map(({ Id }) => Id)),
      Array.from({ length: 22 }, (_, i) => `e${i + 3}`),
    );
  },
);

t.test('a carrier fails now and then, is silent for a while, and comes back', async (t) => {
  let luck = 0.01;
  let now = START;
  const chance = Object.assign(new Chance(1), { next: () => luck });
  const silent = (at: number): boolean => at >= START + HOUR && at < START + 2 * HOUR;
  const book = new RecordBook([state('e1', START)]);
  const ocean = await startOcean({ port: 0, now: () => now, book, silent, chance });
  t.teardown(() => ocean.close());
  const ask = async (): Promise<Response> => fetch(`http://127.0.0.1:${ocean.port}/v2/events`);
  t.equal((await ask()).status, 500);
  luck = 0.02;
  const slow = await ask();
  t.equal(slow.status, 429);
  t.equal(slow.headers.get('retry-after'), '20');
  luck = 0.5;
  now = START + HOUR;
  t.equal((await ask()).status, 503);
  t.strictSame(book.said(), []);
  now = START + 2 * HOUR;
  t.equal((await ask()).status, 200);
  t.equal(book.said().length, 1);
});

t.test('a virtual clock wakes sleepers in time, and knows when all sleep again', async (t) => {
  const clock = new VirtualClock(START, new Chance(1));
  const { signal } = new AbortController();
  const woken: string[] = [];
  const sleeper = async (name: string, ms: number): Promise<void> => {
    for (;;) {
      await clock.sleep(ms, signal);
      woken.push(`${name} ${(clock.now() - START) / 1000}`);
    }
  };
  void sleeper('a', 2000);
  void sleeper('b', 3000);
  while (clock.nextWakeAt() <= START + 6000) {
    clock.moveTo(clock.nextWakeAt());
    await clock.allAsleep(2, signal);
  }
  t.strictSame(woken, ['a 2', 'b 3', 'a 4', 'b 6', 'a 6']);
  clock.moveTo(START);
  t.equal(clock.now(), START + 6000, 'it never goes back');
  const stop = new AbortController();
  const slept = clock.sleep(1e9, stop.signal);
  stop.abort();
  await slept;
});
