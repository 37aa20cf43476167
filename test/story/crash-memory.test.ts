// slow: kills at one edge after the other
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { startClickHouse } from '../../agent/engines/clickhouse.ts';
import { covers, readWholeFloor } from '../../agent/store/floor.ts';
import { withClickHouse, withTempDir } from '../support/engines.ts';
import { live } from '../support/flow.ts';
import { alertLogOf, faultsOfTelling, isAsUndisturbed, type Left, leftOf } from '../support/flow-facts.ts';
import { clientOf, makeWorld, type World } from '../support/flow-world.ts';

t.setTimeout(290_000);
const clickhouse = await withClickHouse(t);

/** The agent's disk is lost. A snapshot that was being written when the agent died may still come while it is. */
const forgetSnapshots = (world: World): Promise<void> =>
  rm(join(world.dataDir, 'snapshots'), { recursive: true, force: true, maxRetries: 5 });

/** The hub keeps nothing that is in ClickHouse; says where our own stream and the hub's now begin. */
async function purge(world: World): Promise<{ readonly ours: number; readonly hub: number }> {
  const client = clientOf(world);
  const floor = await readWholeFloor({ client, database: world.database }, world.config.tenant);
  await client.close();
  const manager = await jetstreamManager(world.connection);
  const stored = floor?.positions.HUB ?? 0;
  if (stored > 0) await manager.streams.purge('HUB', { seq: stored + 1 });
  const first = async (stream: string) => (await manager.streams.info(stream)).state.first_seq;
  return { ours: await first('LAYTIME_LOG'), hub: await first('HUB') };
}

async function undisturbedRun(t: Parameters<typeof makeWorld>[0], messages: number): Promise<Left> {
  const reference = await makeWorld(t, { messages, clickhouse });
  await live(reference);
  return leftOf(reference);
}

t.test('10,000 messages', async (t) => {
  const undisturbed = await undisturbedRun(t, 10_000);

  t.test('started again and again without a snapshot, after the log has forgotten', async (t) => {
    const world = await makeWorld(t, { messages: 10_000, clickhouse });
    let begins = { ours: 1, hub: 1 };
    for (let life = 0; life < 3; life += 1) {
      t.equal(await live(world, { kill: { edge: 'floor', nth: 4, when: 'after' } }), 'killed');
      await forgetSnapshots(world);
      begins = await purge(world);
    }
    t.ok(begins.ours > 100 && begins.hub > 1_000, `the log begins at ${JSON.stringify(begins)}`);
    t.equal(await live(world), 'done');
    await isAsUndisturbed(t, world, undisturbed);
  });

  t.test('ClickHouse stopped for longer than memory holds, then started again', async (t) => {
    const dataDir = await withTempDir(t);
    const first = await startClickHouse({ dataDir });
    t.teardown(() => first.kill({ forGood: true }));
    const { httpPort, tcpPort } = first;
    const settings = 'limits: { pending_rows: 5000 }';
    const world = await makeWorld(t, { messages: 10_000, clickhouse: first, settings });
    const outcome = await live(world, {
      outage: {
        afterCommits: 2,
        stop: () => first.stop(),
        async whileAway(judging) {
          await t.rejects(fetch(`${world.clickhouse.url}/ping`), 'nobody listens');
          t.strictSame(await faultsOfTelling(world), [], 'everybody was told while nothing could be stored');
          t.equal((await alertLogOf(world)).length, undisturbed.alerts.length);
          t.notOk(covers(judging.store.floor(), world.ends), 'most is not stored');
        },
        async start() {
          const again = await startClickHouse({ dataDir, httpPort, tcpPort });
          t.teardown(() => again.kill({ forGood: true }));
        },
      },
    });
    t.equal(outcome, 'done');
    await isAsUndisturbed(t, world, undisturbed);
  });
});

t.test('killed while it catches up with what it could not store', async (t) => {
  const messages = 2_000;
  const undisturbed = await undisturbedRun(t, messages);
  const settings = 'limits: { pending_rows: 1000 }';
  for (const nth of [3, 5]) {
    for (const keeps of ['with its snapshot', 'without a snapshot']) {
      await t.test(`${keeps}, after commit ${nth}`, async (t) => {
        const world = await makeWorld(t, { messages, clickhouse, settings });
        const outage = {
          afterCommits: 1,
          whileAway: async () => {
            t.strictSame(
              await faultsOfTelling(world),
              [],
              'everybody was told while nothing could be stored',
            );
            t.equal((await alertLogOf(world)).length, undisturbed.alerts.length);
          },
        };
        t.equal(await live(world, { outage, kill: { edge: 'commit', nth, when: 'after' } }), 'killed');
        if (keeps === 'without a snapshot') await forgetSnapshots(world);
        t.equal(await live(world), 'done');
        await isAsUndisturbed(t, world, undisturbed);
      });
    }
  }
});

t.test('from the first day on', async (t) => {
  const messages = 2_000;
  const undisturbed = await undisturbedRun(t, messages);
  for (const [what, manner] of [
    ['ClickHouse is away', {}],
    ['ClickHouse answers nothing', { hangs: true }],
  ] as const) {
    await t.test(`${what}: judged and told all the same, stored afterwards`, async (t) => {
      const world = await makeWorld(t, { messages, clickhouse, settings: 'limits: { pending_rows: 1000 }' });
      const outcome = await live(world, {
        outage: {
          ...manner,
          afterCommits: 0,
          whileAway: async (judging) => {
            t.strictSame(
              await faultsOfTelling(world),
              [],
              'everybody was told while nothing could be stored',
            );
            t.equal((await alertLogOf(world)).length, undisturbed.alerts.length);
            t.strictSame(judging.store.floor(), {}, 'nothing was stored');
          },
        },
      });
      t.equal(outcome, 'done');
      await isAsUndisturbed(t, world, undisturbed);
    });
  }
});
