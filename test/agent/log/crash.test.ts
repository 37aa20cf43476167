// slow: kills at one edge after the other
import { jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { openLog } from '../../../agent/log/jetstream-log.ts';
import type { LogRecord } from '../../../agent/log/log.ts';
import { eventually, withNats } from '../../support/engines.ts';
import { connected, message, text } from './support.ts';

const KILLS = 4;
const BATCH = 500;

t.test(
  'the server is killed under load: nothing acknowledged is lost, each record is read once, in order',
  async (t) => {
    const nats = await withNats(t);
    const writer = await openLog(await connected(t, nats.url));
    t.teardown(() => writer.close());
    const readerLog = await openLog(await connected(t, nats.url), { heartbeatMs: 500 });
    t.teardown(() => readerLog.close());
    const faults: string[] = [];
    readerLog.onFault(({ kind }) => faults.push(kind));
    const reader = await readerLog.read([{ stream: 'LAYTIME_LOG', subjects: [] }], {});

    let writing = true;
    let acknowledged = 0;
    const write = async (): Promise<void> => {
      for (let from = 0; writing; from += BATCH) {
        await writer.deliver(Array.from({ length: BATCH }, (_, n) => message(from + n)));
        acknowledged = from + BATCH;
      }
    };
    const seen: LogRecord[] = [];
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        seen.push(...(await reader.next({ maxRecords: 1_000, maxWaitMs: 500, signal: stop.signal })).records);
      }
    };
    const work = [write(), read()] as const;

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = acknowledged;
      await eventually('some batches are in', () => acknowledged > before + 4 * BATCH);
      await nats.kill();
      await nats.ready();
    }
    const before = acknowledged;
    await eventually('it goes on after the last crash', () => acknowledged > before + BATCH);
    writing = false;
    await work[0];
    await eventually('everything is read', () => seen.length >= acknowledged);
    stop.abort();
    await work[1];

    t.equal(seen.length, acknowledged, 'each once');
    t.equal(new Set(seen.map(text)).size, acknowledged, 'no two the same');
    t.ok(
      seen.every((record, i) => record.sequence === i + 1),
      'in sequence, none left out',
    );
    t.strictSame(faults, []);
  },
);

t.test('a server that hangs is not taken for a quiet one, and is read on when it wakes', async (t) => {
  const nats = await withNats(t);
  const log = await openLog(await connected(t, nats.url), { heartbeatMs: 200 });
  t.teardown(() => log.close());
  const reader = await log.read([{ stream: 'LAYTIME_LOG', subjects: [] }], {});
  const { signal } = new AbortController();
  const next = () => reader.next({ maxRecords: 10, maxWaitMs: 50, signal });
  t.ok((await next()).caughtUp);
  // The consumer that takes the place of a lost one is watched as the first one was.
  const { consumers } = await jetstreamManager(await connected(t, nats.url));
  const names = async (): Promise<readonly string[]> =>
    (await consumers.list('LAYTIME_LOG').next()).map(({ name }) => name);
  const [lost] = await names();
  await consumers.delete('LAYTIME_LOG', lost ?? '');
  await eventually('another consumer reads', async () => {
    await next();
    const [name] = await names();
    return name !== undefined && name !== lost;
  });
  await eventually('it is at the end', async () => (await next()).caughtUp);

  process.kill(nats.pid, 'SIGSTOP');
  const delivered = log.deliver([message(1)]);
  await eventually('nobody may say that nothing is missing', async () => !(await next()).caughtUp);
  process.kill(nats.pid, 'SIGCONT');

  await delivered;
  const found = await eventually('the record is read', async () => {
    const { records, caughtUp } = await next();
    return records.length > 0 && { records, caughtUp };
  });
  t.strictSame(found.records.map(text), ['{"n":1}']);
  await eventually('it is at the end again', async () => (await next()).caughtUp);
});
