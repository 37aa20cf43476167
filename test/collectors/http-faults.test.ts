import t from 'tap';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { MISBEHAVIOUR } from '../support/misbehaviour.ts';
import { httpSettings } from '../support/source-settings.ts';

const PAGES = [
  { items: [{ id: '1' }, { id: '2' }], next: '/list?page=2' },
  { items: [{ id: '3' }], next: '' },
];

for (const { what, fault, handler, slow } of MISBEHAVIOUR) {
  for (const page of slow ? [2] : [1, 2]) {
    t.test(`a server that ${what}, on page ${page}: ${fault}, and nothing is lost`, async (t) => {
      const world = new CollectorWorld();
      const server = await withHttpServer(t, async (request, response, url) => {
        const n = url.searchParams.get('page') === '2' ? 2 : 1;
        if (n === page && world.faults.length < (slow ? 1 : 4)) return handler(request, response, url);
        return json(response, PAGES[n - 1]);
      });
      const settings = httpSettings(`${server.url}/list`, {
        timeoutMs: slow ? 150 : 10_000,
        paging: { kind: 'url', from: '/next' },
      });
      const run = world.start(httpCollector(settings, new HostGates()));
      await world.until('a complete poll', () => world.proofs.length > 0);
      await run.stop();
      t.ok(world.faults.includes(fault), `${fault} is among ${[...new Set(world.faults)].join(', ')}`);
      // On a busy machine a good answer, too, can come later than a short time-out.
      const others = [...new Set(world.faults)].filter((name) => name !== 'circuit-open' && name !== fault);
      if (!slow) t.same(others, [], 'and nothing else');
      t.same(world.messages.map(({ sourceId }) => sourceId).sort(), ['1', '2', '3'], 'each record once');
      const proof = world.journal.findIndex((entry) => entry.kind === 'proved');
      const last = world.journal.findLastIndex((entry) => entry.kind === 'delivered');
      t.ok(proof > last, 'proved only after everything was delivered');
    });
  }
}

t.test('Retry-After is obeyed in both its forms, by the clock of the server', async (t) => {
  for (const { what, handler } of MISBEHAVIOUR.filter((m) => m.fault === 'rate-limited')) {
    const server = await withHttpServer(t, handler);
    const world = new CollectorWorld();
    const run = world.start(httpCollector(httpSettings(server.url), new HostGates()));
    await world.until('a wait', () => world.sleeps.length > 0);
    await run.stop();
    const waitMs = world.sleeps[0] ?? 0;
    t.ok(waitMs >= 120_000 && waitMs <= 132_001, `${what}: waits ${waitMs} ms, at least what was asked`);
    t.equal(server.requests.length, 1, 'and does not ask again before');
  }
});

t.test('after repeated failures the circuit opens, then one request tries', async (t) => {
  const server = await withHttpServer(t, (request) => {
    request.socket.destroy();
  });
  const world = new CollectorWorld();
  const run = world.start(httpCollector(httpSettings(server.url), new HostGates()));
  await world.until('the circuit is open', () => world.events.some(({ kind }) => kind === 'circuit-opened'));
  const asked = server.requests.length;
  t.equal(asked, 5);
  await world.until(
    'it opened again',
    () => world.events.filter((e) => e.kind === 'circuit-opened').length === 2,
  );
  t.equal(server.requests.length, asked + 1, 'one request only in between');
  server.handler = (_, response) => json(response, { items: [] });
  await world.until('it closed', () => world.events.some(({ kind }) => kind === 'circuit-closed'));
  await run.stop();
});

t.test('two sources of one host take turns', async (t) => {
  let inside = 0;
  let most = 0;
  const server = await withHttpServer(t, (_, response) => {
    inside += 1;
    most = Math.max(most, inside);
    setTimeout(() => {
      inside -= 1;
      json(response, { items: [] });
    }, 5);
  });
  const world = new CollectorWorld();
  const gates = new HostGates();
  const runs = ['a', 'b', 'c'].map((name) =>
    world.start(httpCollector(httpSettings(`${server.url}/${name}`, { name }), gates)),
  );
  await world.until('several polls each', () => world.proofs.length >= 9);
  t.equal(most, 1);
  for (const run of runs) await run.stop();
});
