// slow: starts an agent with its engines
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { acquireLease } from '../../../agent/log/lease.ts';
import { cli } from '../../support/cli.ts';
import { eventually, withNats, withTempDir } from '../../support/engines.ts';
import { startAgent } from '../../support/running.ts';

const config = (listen: string) => `nats: embedded
clickhouse: embedded
listen: ${listen}
sources:
  drop: { files: ., pattern: "*.json", poll: 1s, settle: 0s, map: builtin:cloudevents, partner: broker }
rules: ["builtin:*"]
notify:
  customs-desk: { log: true }
`;

t.test('a configuration with errors does not start', async (t) => {
  const cwd = t.testdir({ 'laytime.yaml': 'nats: embedded\nclickhose: embedded\n' });
  const { code, err, out } = await cli(['run'], { cwd });
  t.equal(code, 1);
  t.equal(out, '');
  t.match(err, /laytime\.yaml:2:1: error: .*\n.*clickhose/);
  t.match(err, /laytime: \d errors?; the agent does not start/);
  t.match(await cli(['run', 'now'], { cwd }), { code: 2 });
});

t.test('the agent starts, takes a message to an answer and stops when asked', async (t) => {
  const cwd = await withTempDir(t);
  await writeFile(join(cwd, 'laytime.yaml'), config('127.0.0.1:0'));
  const { url, lines, stop } = await startAgent(t, cwd);
  const refs = { delivery: '80012345', container: 'MSCU6639870' };
  const event = { specversion: '1.0', id: 'a', source: '/x', type: 'arrived', time: '2026-11-20T12:00:00Z' };
  const data = { refs, role: 'destination', location: { unlocode: 'NLRTM' } };
  await writeFile(join(cwd, '.a.tmp'), JSON.stringify({ ...event, data }));
  await rename(join(cwd, '.a.tmp'), join(cwd, 'a.json'));
  const trace = await eventually('is stored', async () => {
    const run = await cli(['trace', 'MSCU6639870', '--url', url]);
    return run.code === 0 && run.out;
  });
  t.match(trace, /Delivery 80012345[\s\S]*Arrived, destination +● +2026-11-20 13:00 \+01:00/);
  t.match(await (await fetch(`${url}/readyz`)).json(), { ready: true });
  t.match(await (await fetch(`${url}/metrics`)).text(), /laytime_events_judged_total|laytime_/);
  t.match(await stop(), { code: 0 });
  const logged = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { event: string });
  t.match(
    logged
      .map((line) => line.event)
      .filter((name) => ['starting', 'serving', 'stopping', 'stopped'].includes(name)),
    ['starting', 'serving', 'stopping', 'stopped'],
  );
  await t.rejects(fetch(`${url}/healthz`));
});

t.test('an address that is taken ends it with one line', async (t) => {
  const cwd = await withTempDir(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void taken.close());
  const { port } = taken.address() as { port: number };
  await writeFile(join(cwd, 'laytime.yaml'), config(`127.0.0.1:${port}`));
  const { code, err } = await cli(['run'], { cwd });
  t.equal(code, 1);
  t.match(err, /\nlaytime: cannot listen on 127\.0\.0\.1:\d+: the address is in use\n$/);
});

t.test('a standby serves its health while it waits, and stops when asked', async (t) => {
  const cwd = await withTempDir(t);
  const nats = await withNats(t);
  const other = await connect({ servers: nats.url });
  t.teardown(() => other.close());
  const lease = await acquireLease(other, { name: 'default', holder: 'somebody else' });
  t.teardown(() => lease.release());
  const away = 'clickhouse: { url: "http://127.0.0.1:9" }';
  await writeFile(join(cwd, 'laytime.yaml'), `nats: { url: "${nats.url}" }\n${away}\nlisten: 127.0.0.1:0\n`);
  const { url, stop } = await startAgent(t, cwd);
  t.equal((await fetch(`${url}/healthz`)).status, 200);
  const ready = await fetch(`${url}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.json(), { ready: false, reasons: ['not-judging', 'store-away'] });
  t.match(await stop(), { code: 0 });
});
