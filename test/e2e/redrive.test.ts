// slow: starts processes of its own
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../support/cli.ts';
import { eventually, withTempDir } from '../support/engines.ts';
import { startAgent } from '../support/running.ts';

// Two agents as people start them: on a machine that is busy with others more than the half minute that a file has.
t.setTimeout(120_000);

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
  const { url, stop } = await startAgent(t, cwd);
  try {
    await eventually('answers', async () => (await fetch(`${url}/readyz`)).ok, 60_000);
    await then((...argv) => cli([...argv, '--url', url], { cwd }));
  } finally {
    await stop();
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

const OTHER_MAP = `${mapWith('releasedOn').replace('arrived, milestone: arrived', 'arrived, milestone: discharged')}
  - { name: created, milestone: shipment.created, when: { status: ARR }, time: at }
`;

t.test(
  'history is mapped by another map: looked at, applied, and the same once more changes nothing',
  async (t) => {
    await writeFile(join(cwd, 'other.yaml'), OTHER_MAP);
    await writeFile(join(cwd, 'gone.yaml'), OTHER_MAP.replace('status: REL', 'status: NEVER'));
    await running('releasedOn', async (ask) => {
      const replay = (map: string, ...more: string[]) =>
        ask('replay', '--source', 'broker', '--from', '2020-01-01', '--map', map, ...more);
      t.match(await replay('broker.yaml'), { code: 0, out: /changed {2}0[\s\S]*0 shipments touched/ });
      const look = await replay('other.yaml');
      t.equal(look.code, 1);
      t.match(
        look.out,
        /added {4}1\n {2}LAYTIME_LOG#\d+ {2}actual shipment\.created 2026-06-02T08:00:00\.000Z {2}delivery:80000001/,
      );
      t.match(
        look.out,
        /changed {2}1\n {2}LAYTIME_LOG#\d+ {2}actual arrived at destination .* → actual discharged at destination/,
      );
      t.match(look.out, /gone {5}0\n/);
      t.match(look.out, /left alone: 1\n {2}LAYTIME_LOG#\d+ {2}missing-time/, 'what it cannot read');
      t.match(look.out, /1 shipment touched[\s\S]*nothing was changed[\s\S]*another map/);

      t.match(await replay('other.yaml', '--apply'), { code: 2, err: /say why/ });
      t.match(await replay('other.yaml', '--apply', '-m', 'it was the discharge'), {
        code: 0,
        out: /applied as new revisions/,
      });
      await eventually('it is read anew', async () =>
        /Discharged/.test((await ask('trace', '80000001')).out),
      );
      const trace = (await ask('trace', '80000001')).out;
      t.notMatch(trace, /Arrived/);
      t.match(trace, /released/i, 'the rest stands');
      t.match(await replay('other.yaml'), { code: 0 }, 'the same map once more');
      t.match(JSON.parse((await replay('other.yaml', '--json')).out), {
        differences: [],
        verdicts: [],
        configured: false,
      });

      const gone = JSON.parse((await replay('gone.yaml', '--json')).out);
      t.match(gone.differences, [{ kind: 'gone', before: { milestone: 'customs.released' }, after: null }]);
      await replay('gone.yaml', '--apply', '-m', 'test');
      await eventually(
        'it is taken back',
        async () => !/released/i.test((await ask('trace', '80000001')).out),
      );
      await replay('broker.yaml', '--apply', '-m', 'back');
      await eventually('all is as before', async () => /Arrived/.test((await ask('trace', '80000001')).out));
      t.match((await ask('trace', '80000001')).out, /released/i);
      t.match(await replay('broker.yaml'), { code: 0 });
    });
  },
);
