import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../support/cli.ts';
import { eventually, withTempDir } from '../support/engines.ts';

const CONFIG = `nats: embedded
clickhouse: embedded
listen: 127.0.0.1:0
sources:
  broker: { files: ., pattern: "*.json", poll: 1s, settle: 0s, map: broker.yaml, zone: UTC }
`;
const mapWith = (time: string): string => `map: broker
format: json
id: id
refs: { delivery: delivery }
events:
  - { name: arrived, milestone: arrived, when: { status: ARR }, time: at, occurrence: { role: { value: destination } } }
  - { name: released, milestone: customs.released, when: { status: REL }, time: ${time}, time_required: true }
`;

const cwd = await withTempDir(t);
await writeFile(join(cwd, 'laytime.yaml'), CONFIG);

/** Runs the agent with a map until `then` is done with it. */
async function running(
  time: string,
  then: (ask: (...argv: string[]) => ReturnType<typeof cli>) => Promise<void>,
) {
  await writeFile(join(cwd, 'broker.yaml'), mapWith(time));
  const stop = new AbortController();
  let url = '';
  const ended = cli(['run', '--json'], {
    cwd,
    signal: stop.signal,
    stdout: (text) => {
      url ||= (JSON.parse(text) as { url?: string }).url ?? '';
    },
  });
  try {
    await eventually('serves', () => url !== '', 60_000);
    await eventually('answers', async () => (await fetch(`${url}/readyz`)).ok, 60_000);
    await then((...argv) => cli([...argv, '--url', url], { cwd }));
  } finally {
    stop.abort();
    await ended;
  }
}

async function drop(name: string, body: Record<string, string>): Promise<void> {
  await writeFile(join(cwd, `.${name}.tmp`), JSON.stringify(body));
  await rename(join(cwd, `.${name}.tmp`), join(cwd, `${name}.json`));
}

t.test('an operator mends a map, looks, redrives, and the shipment is whole', async (t) => {
  await running('releasedAt', async (ask) => {
    await drop('a', { id: 'a', status: 'ARR', delivery: '80000001', at: '2026-06-02T08:00:00Z' });
    await drop('b', { id: 'b', status: 'REL', delivery: '80000001', releasedOn: '2026-06-02T12:30:00Z' });
    await drop('c', { id: 'c', status: 'REL', delivery: '80000001' });
    await eventually(
      'both are letters',
      async () => (await ask('dead-letters')).out.match(/missing-time/g)?.length === 2,
    );
    const look = await ask('dead-letters', 'redrive', '--all', '--dry-run');
    t.match(look, { code: 1, out: /0 of 2 dead letters can be read, 0 events; 2 can still not be read/ });
  });
  await running('releasedOn', async (ask) => {
    t.match(await ask('dead-letters', 'redrive', '-m', 'why'), { code: 2, err: /say which/ });
    const look = await ask(
      'dead-letters',
      'redrive',
      '--source',
      'broker',
      '--code',
      'missing-time',
      '--dry-run',
    );
    t.match(
      look.out,
      /can be read\n {4}actual customs\.released 2026-06-02T12:30:00\.000Z {2}delivery:80000001/,
    );
    t.match(
      look.out,
      /1 of 2 dead letters can be read, 1 events; 1 can still not be read; nothing was changed/,
    );
    t.match((await ask('trace', '80000001')).out, /Arrived/);
    t.notMatch((await ask('trace', '80000001')).out, /released/i);

    t.match(await ask('dead-letters', 'redrive', '--all', '-m', 'releasedOn it is'), {
      code: 1,
      out: /1 of 2 .*redriven/,
    });
    await eventually('the shipment is whole', async () =>
      /released/i.test((await ask('trace', '80000001')).out),
    );
    const { out } = await ask('dead-letters', '--status', 'redriven', '--json');
    const [letter] = (JSON.parse(out) as { rows: Record<string, string>[] }).rows;
    t.match(letter, {
      status: 'redriven',
      dismissed_by: 'local',
      comment: 'releasedOn it is',
      code: 'missing-time',
    });
    t.match((await ask('dead-letters', 'show', letter!.id!)).out, /redriven by local: releasedOn it is/);
    t.match((await ask('dead-letters', '--json')).out, /"rows":\[\{/, 'the other is open');
    const [event] = (
      JSON.parse((await ask('trace', '80000001', '--json')).out) as {
        milestones: { milestone: string; event_id: string }[];
      }
    ).milestones.filter(({ milestone }) => milestone === 'customs.released');
    t.ok(event, 'from the bytes that came first');
    t.match(await ask('dead-letters', 'redrive', letter!.id!, '-m', 'once more'), {
      code: 0,
      out: /1 of 1 .*redriven/,
    });
  });
});
