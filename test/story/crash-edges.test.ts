import t from 'tap';
import { withClickHouse } from '../support/engines.ts';
import { EDGES, type Edge, live } from '../support/flow.ts';
import { alertLogOf, differences, faultsOfTelling, type Left, leftOf } from '../support/flow-facts.ts';
import { makeWorld, type World } from '../support/flow-world.ts';

t.setTimeout(110_000);
// Everything runs on a real nats-server and the real ClickHouse engine, which all runs share in databases of their own.
const clickhouse = await withClickHouse(t);

async function isAsUndisturbed(
  test: Pick<typeof t, 'strictSame'>,
  world: World,
  undisturbed: Left,
): Promise<void> {
  test.strictSame(
    differences(undisturbed, await leftOf(world)),
    [],
    'facts, states and alert changes are equal',
  );
  test.strictSame(await faultsOfTelling(world), [], 'every change was told under one key with one body');
}

/** Somewhere in the middle of what 800 messages bring about. */
const MIDDLE: Readonly<Record<Edge, number>> = {
  read: 2,
  alert: 80,
  decide: 30,
  send: 30,
  record: 30,
  facts: 4,
  state: 1,
  commit: 1,
  snapshot: 1,
  floor: 1,
};

t.test('killed once at any edge, an agent ends as if it had lived', { timeout: 80_000 }, async (t) => {
  const reference = await makeWorld(t, { messages: 800, clickhouse });
  t.equal(await live(reference), 'done');
  const undisturbed = await leftOf(reference);
  t.ok(undisturbed.alerts.length > 100, 'there is something to lose');
  t.strictSame(await faultsOfTelling(reference), []);
  for (const edge of EDGES) {
    for (const when of ['before', 'after'] as const) {
      await t.test(`${when} ${edge}`, async (t) => {
        const world = await makeWorld(t, { messages: 800, clickhouse });
        t.equal(await live(world, { edge, nth: MIDDLE[edge], when }), 'killed');
        t.equal(await live(world), 'done');
        await isAsUndisturbed(t, world, undisturbed);
      });
    }
  }
});

/** Early in a life, so that twenty lives do not suffice for 20,000 messages. */
const EARLY: Readonly<Record<Edge, number>> = {
  read: 2,
  alert: 40,
  decide: 20,
  send: 20,
  record: 20,
  facts: 1,
  state: 1,
  commit: 1,
  snapshot: 1,
  floor: 1,
};

t.test('20,000 messages, killed at one edge after another', { timeout: 80_000 }, async (t) => {
  const reference = await makeWorld(t, { messages: 20_000, clickhouse });
  t.equal(await live(reference), 'done');
  const undisturbed = await leftOf(reference);
  t.ok(undisturbed.events.length > 15_000 && undisturbed.alerts.length > 3_000, 'there is much to lose');
  const world = await makeWorld(t, { messages: 20_000, clickhouse });
  let killed = 0;
  for (const edge of EDGES) {
    for (const when of ['before', 'after'] as const) {
      if ((await live(world, { edge, nth: EARLY[edge], when })) === 'killed') killed += 1;
    }
  }
  t.ok(killed >= 12, `it was killed ${killed} times`);
  t.equal(await live(world), 'done');
  await isAsUndisturbed(t, world, undisturbed);
});

t.test(
  'ClickHouse away for longer than memory holds: judged and told all the same, stored afterwards',
  async (t) => {
    const settings = 'limits: { pending_rows: 1000 }';
    const reference = await makeWorld(t, { messages: 2000, clickhouse });
    t.equal(await live(reference), 'done');
    const undisturbed = await leftOf(reference);
    const world = await makeWorld(t, { messages: 2000, clickhouse, settings });
    const outcome = await live(world, undefined, async (judging) => {
      t.strictSame(await faultsOfTelling(world), [], 'everybody was told while nothing could be stored');
      t.ok((await alertLogOf(world)).length === undisturbed.alerts.length);
      t.strictSame(judging.store.floor(), {}, 'nothing was stored');
    });
    t.equal(outcome, 'done');
    await isAsUndisturbed(t, world, undisturbed);
  },
);
