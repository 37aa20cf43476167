import t, { type Test } from 'tap';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { answerPage, complaints, DIALECTS, type Dialect, goodPage } from '../support/dialects.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { MISBEHAVIOUR, type Misbehaviour } from '../support/misbehaviour.ts';
import { httpSettings } from '../support/source-settings.ts';

/** Asks a server that misbehaves when it is asked for `page`, until a poll is complete. */
async function meet(t: Test, dialect: Dialect, misbehaviour: Misbehaviour, page: number): Promise<void> {
  const { what, fault, says, handler, slow } = misbehaviour;
  // To a client with a cursor these two mean that the cursor is no longer good.
  const name = dialect.name === 'dcsa' && page > 1 && /^answers 40[04]/.test(what) ? 'cursor-spent' : fault;
  const world = new CollectorWorld();
  const server = await withHttpServer(t, async (request, response, url) => {
    const n = dialect.pageOf(url);
    // What is slow can look like something else on a busy machine: until it was seen.
    const enough = slow ? world.faults.includes(name) : world.faults.length >= 4;
    return n === page && !enough
      ? handler(request, response, url)
      : answerPage(response, goodPage(dialect, n));
  });
  const run = world.start(dialect.collector(server.url, { timeoutMs: slow ? 100 : 10_000 }));
  await world.until('a complete poll', () => world.proofs.length > 0);
  await run.stop();
  t.ok(world.faults.includes(name), `${name} is among ${[...new Set(world.faults)].join(', ')}`);
  const [message] = world.said('poll-failed', name);
  t.match(message, says, 'its message says what is wrong');
  t.match(message, server.url, 'and where');
  const others = [...new Set(world.faults)].filter((other) => other !== 'circuit-open' && other !== name);
  if (!slow) t.same(others, [], 'and nothing else');
  t.same(complaints(world), []);
}

for (const misbehaviour of MISBEHAVIOUR) {
  const { what, fault, slow } = misbehaviour;
  t.test(`a server that ${what} on a later page: ${fault}, and nothing is lost`, async (t) => {
    if (slow) await Promise.all(DIALECTS.map((dialect) => meet(t, dialect, misbehaviour, 2)));
    else for (const dialect of DIALECTS) await meet(t, dialect, misbehaviour, 2);
  });
  // One dialect shows that the first page is no exception.
  t.test(`a server that ${what} on the first page: ${fault}, and nothing is lost`, (t) =>
    meet(t, DIALECTS[0]!, misbehaviour, 1),
  );
}

t.test('Retry-After is obeyed in both its forms, by the clock of the server', async (t) => {
  for (const { what, handler } of MISBEHAVIOUR.filter((m) => /429 with (seconds|a date)/.test(m.what))) {
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
