// slow: starts processes of its own
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { eventually, withClickHouse } from '../support/engines.ts';
import { EDGES, type Edge, live } from '../support/flow.ts';
import { isAsUndisturbed, leftOf } from '../support/flow-facts.ts';
import { hardTraffic } from '../support/flow-traffic.ts';
import { makeWorld, publishAll, timePasses, type World } from '../support/flow-world.ts';
import { seeded } from '../support/random.ts';

t.setTimeout(300_000);
const ENTRY = fileURLToPath(new URL('../support/agent-process.ts', import.meta.url));
const MESSAGES = 20_000;

interface Running {
  readonly child: ChildProcess;
  readonly said: string[];
}

function start(world: World): Running {
  const child = spawn(process.execPath, [ENTRY, world.configFile, JSON.stringify(world.ends)], {
    cwd: dirname(world.configFile),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout?.on('data', (text: Buffer) => said.push(...text.toString().trim().split('\n')));
  return { child, said };
}

async function killed({ child }: Running): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

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

const clickhouse = await withClickHouse(t);
t.test('20,000 messages', { timeout: 295_000 }, async (t) => {
  const reference = await makeWorld(t, { messages: MESSAGES, clickhouse });
  t.equal(await live(reference), 'done');
  /** Every life below must end like this one. */
  const undisturbed = await leftOf(reference);
  t.ok(undisturbed.events.length > 15_000 && undisturbed.alerts.length > 3_000, 'there is much to lose');

  await t.test('killed at one edge after another, deeper each time', { timeout: 200_000 }, async (t) => {
    const world = await makeWorld(t, { messages: MESSAGES, clickhouse });
    const killedAt = new Set<string>();
    rounds: for (const deeper of [1, 2, 5]) {
      for (const edge of EDGES) {
        for (const when of ['before', 'after'] as const) {
          if ((await live(world, { kill: { edge, nth: FIRST[edge] * deeper, when } })) === 'done')
            break rounds;
          killedAt.add(`${when} ${edge}`);
        }
      }
    }
    t.equal(killedAt.size, 2 * EDGES.length, 'it was killed before and after every edge');
    t.equal(await live(world), 'done');
    await isAsUndisturbed(t, world, undisturbed);
  });

  await t.test('killed ten times under load, and its servers with it', { timeout: 200_000 }, async (t) => {
    const world = await makeWorld(t, { messages: MESSAGES, clickhouse, publish: false });
    const messages = hardTraffic(MESSAGES);
    const random = seeded(7);
    const share = Math.ceil(messages.length / 11);
    for (let life = 0; life < 10; life += 1) {
      await publishAll(world.connection, messages.slice(life * share, (life + 1) * share));
      const running = start(world);
      await eventually(
        'it has started',
        () => running.said.includes('started') || running.child.exitCode !== null,
      );
      await pause(random() * 600);
      if (life === 3 || life === 6) await world.clickhouse.kill();
      if (life === 5 || life === 8) await world.nats.kill();
      await pause(random() * 300);
      await killed(running);
      if (life === 4) await rm(join(world.dataDir, 'snapshots'), { recursive: true, force: true });
      await Promise.all([world.nats.ready(), world.clickhouse.ready()]);
      await eventually('the publisher is connected again', () =>
        world.connection.rtt().then(
          () => true,
          () => false,
        ),
      );
    }
    await publishAll(world.connection, messages.slice(10 * share));
    await timePasses(world.connection, messages);
    const last = start(world);
    await eventually('everything is told', () => last.said.includes('done'), 60_000);
    await once(last.child, 'exit');
    await isAsUndisturbed(t, world, undisturbed);
  });
});
