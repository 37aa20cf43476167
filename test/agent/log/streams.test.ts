import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import t from 'tap';
import type { LogFault } from '../../../agent/log/log.ts';
import { differences, ensureStream, versionFault } from '../../../agent/log/streams.ts';
import { withNats } from '../../support/engines.ts';
import { connected } from './support.ts';

t.test('a server version that can lose a stream is told, with the way out', async (t) => {
  for (const version of ['2.10.20', '2.10.22'])
    t.match(versionFault(version), { kind: 'server-version', advice: /2\.10\.23/ });
  t.match(versionFault('2.8.4'), { advice: /2\.9/ });
  for (const version of ['2.9.10', '2.10.19', '2.10.23', '2.11.0-RC.2', '3.0.0'])
    t.equal(versionFault(version), undefined);
});

t.test('a setting that came back otherwise, or not at all, is named', async (t) => {
  const got = { name: 'S', max_bytes: 10, subjects: ['a'] } as unknown as StreamConfig;
  t.strictSame(differences(got, { name: 'S', max_bytes: 20, subjects: ['a'], allow_msg_ttl: true }), [
    'max_bytes',
    'allow_msg_ttl',
  ]);
});

t.test('a stream that exists is brought in line, and keeps what it has', async (t) => {
  const nats = await withNats(t);
  const manager = await jetstreamManager(await connected(t, nats.url));
  const faults: LogFault[] = [];
  const wanted = { name: 'OURS', subjects: ['ours.>'], description: 'ours', dedupeWindowMs: 60_000 };
  await ensureStream(manager, wanted, (fault) => faults.push(fault));
  const info = await ensureStream(manager, { ...wanted, dedupeWindowMs: 90_000 }, (fault) =>
    faults.push(fault),
  );
  t.equal(info.config.duplicate_window, 90_000_000_000);
  t.strictSame(faults, []);
  await manager.streams.add({ name: 'THEIRS', subjects: ['theirs.>'] });
  const greedy = { ...wanted, dedupeWindowMs: 90_000, subjects: ['ours.>', 'theirs.>'] };
  await ensureStream(manager, greedy, (fault) => faults.push(fault));
  t.strictSame(faults, [{ kind: 'setting-ignored', stream: 'OURS', setting: 'subjects' }]);
});
