// slow: kills at one edge after the other
import t from 'tap';
import { withClickHouse } from '../support/engines.ts';
import { EDGES, type Edge, type Kill, live } from '../support/flow.ts';
import { faultsOfTelling, isAsUndisturbed, leftOf } from '../support/flow-facts.ts';
import { makeWorld } from '../support/flow-world.ts';

t.setTimeout(290_000);
// Everything runs on a real nats-server and the real ClickHouse engine, which all runs share in databases of their own.
const clickhouse = await withClickHouse(t);

/** Two lives with so many uses each still leave something to do, of what 800 messages bring about. */
const MIDDLE: Readonly<Record<Edge, number>> = {
  read: 2,
  alert: 40,
  decide: 2,
  send: 30,
  record: 5,
  facts: 3,
  state: 1,
  commit: 1,
  snapshot: 1,
  floor: 1,
};

/**
 * What one world goes through. A store that is slow commits everything at once, and the floor moves once: whoever dies before that leaves no
 * floor to a second life.
 */
const worldsOf = (edge: Edge): readonly (readonly Kill['when'][])[] =>
  edge === 'floor' ? [['before'], ['after']] : [['before', 'after']];

t.test(
  'killed before an edge and after it, an agent ends as if it had lived',
  { timeout: 280_000 },
  async (t) => {
    const reference = await makeWorld(t, { messages: 800, clickhouse });
    t.equal(await live(reference), 'done');
    const undisturbed = await leftOf(reference);
    t.ok(undisturbed.alerts.length > 100, 'there is something to lose');
    t.strictSame(await faultsOfTelling(reference), []);
    for (const edge of EDGES) {
      for (const kills of worldsOf(edge)) {
        await t.test(`${kills.join(' and ')} ${edge}`, async (t) => {
          const world = await makeWorld(t, { messages: 800, clickhouse });
          for (const when of kills)
            t.equal(await live(world, { kill: { edge, nth: MIDDLE[edge], when } }), 'killed', when);
          t.equal(await live(world), 'done');
          await isAsUndisturbed(t, world, undisturbed);
        });
      }
    }
  },
);
