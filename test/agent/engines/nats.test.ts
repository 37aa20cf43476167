import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { startNats } from '../../../agent/engines/nats.ts';
import { eventually, isAlive, withNats, withTempDir } from '../../support/engines.ts';

t.test('what was acknowledged is there after a crash, on the same address', async (t) => {
  const nats = await withNats(t);
  const first = await connect({ servers: nats.url });
  await (await jetstreamManager(first)).streams.add({ name: 'S', subjects: ['s.>'] });
  await jetstream(first).publish('s.a', 'kept');
  await first.close();
  const { pid, url } = nats;

  await nats.kill();
  await nats.ready();

  t.not(nats.pid, pid);
  t.equal(nats.url, url);
  const again = await connect({ servers: url });
  t.equal((await (await jetstreamManager(again)).streams.info('S')).state.messages, 1);
  await again.close();
});

t.test('a data directory that is served is refused by name, and keeps its port afterwards', async (t) => {
  const dataDir = await withTempDir(t);
  const nats = await startNats({ dataDir });
  await t.rejects(startNats({ dataDir }), { name: 'DataDirInUseError', message: dataDir });
  await nats.stop();
  t.equal(nats.pid, 0);
  const again = await startNats({ dataDir });
  t.equal(again.port, nats.port);
  await again.stop();
});

t.test('it tells why it does not start', async (t) => {
  const dataDir = await withTempDir(t);
  const nats = await withNats(t);
  await t.rejects(startNats({ dataDir, port: nats.port }), {
    name: 'EngineStartError',
    message: /ended while starting: .*address already in use/,
  });
});

t.test('it ends when its parent is killed', async (t) => {
  const dataDir = await withTempDir(t);
  const script = fileURLToPath(new URL('../../support/orphan.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, 'nats', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(line);
  t.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await eventually('the server is gone', () => !isAlive(pid));
  const next = await startNats({ dataDir });
  await next.stop();
});
