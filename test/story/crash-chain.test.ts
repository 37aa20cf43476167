// slow: kills at one edge after the other
import t from 'tap';
import { withClickHouse } from '../support/engines.ts';
import { EDGES, type Edge, live } from '../support/flow.ts';
import { isAsUndisturbed, leftOf } from '../support/flow-facts.ts';
import { makeWorld } from '../support/flow-world.ts';

t.setTimeout(290_000);
const clickhouse = await withClickHouse(t);

/** The first uses of each edge that are worth dying at: in the first batches of a life, and in its first commits. */
const FIRST: Readonly<Record<Edge, number>> = {
  read: 1,
  alert: 9,
  decide: 1,
  send: 5,
  record: 2,
  facts: 1,
  state: 1,
  commit: 1,
  snapshot: 1,
  floor: 1,
};

t.test(
  '20,000 messages, killed at one edge after another, deeper each time',
  { timeout: 280_000 },
  async (t) => {
    const reference = await makeWorld(t, { messages: 20_000, clickhouse });
    t.equal(await live(reference), 'done');
    const undisturbed = await leftOf(reference);
    t.ok(undisturbed.events.length > 15_000 && undisturbed.alerts.length > 3_000, 'there is much to lose');
    const world = await makeWorld(t, { messages: 20_000, clickhouse });
    const killedAt = new Map<string, number>();
    rounds: for (const deeper of [1, 2, 5]) {
      for (const edge of EDGES) {
        for (const when of ['before', 'after'] as const) {
          if ((await live(world, { kill: { edge, nth: FIRST[edge] * deeper, when } })) === 'done')
            break rounds;
          const name = `${when} ${edge}`;
          killedAt.set(name, (killedAt.get(name) ?? 0) + 1);
        }
      }
    }
    t.equal(killedAt.size, 2 * EDGES.length, 'it was killed before and after every edge');
    t.equal(await live(world), 'done');
    await isAsUndisturbed(t, world, undisturbed);
  },
);
