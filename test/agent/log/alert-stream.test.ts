import { jetstreamManager } from '@nats-io/jetstream';
import t, { type Test } from 'tap';
import { openGuardedStream } from '../../../agent/log/alert-stream.ts';
import type { AlertLogEntry, GuardedStream } from '../../../agent/log/log.ts';
import { eventually, withNats } from '../../support/engines.ts';
import { connected } from './support.ts';

interface Change {
  readonly n: number;
}
const nats = await withNats(t);
let streams = 0;
const open = async (t: Test, stream: string) => {
  const guarded = await openGuardedStream<Change>(await connected(t, nats.url), { stream, prefix: stream });
  t.teardown(() => guarded.close());
  return guarded;
};
const fresh = (): string => {
  streams += 1;
  return `ALERTS${streams}`;
};
async function all(stream: GuardedStream<Change>, from = 1): Promise<AlertLogEntry<Change>[]> {
  const out: AlertLogEntry<Change>[] = [];
  for await (const entry of stream.read(from)) out.push(entry);
  return out;
}

t.test('the second of two writers is refused, subject by subject', async (t) => {
  const name = fresh();
  const [one, two] = [await open(t, name), await open(t, name)];
  const first = await one.append('alert-1', { n: 1 }, 0);
  t.equal(first, 1);
  t.equal(await two.append('alert-2', { n: 1 }, 0), 2, 'another alert is another subject');
  t.equal(await one.append('alert-1', { n: 2 }, first), 3);
  await t.rejects(two.append('alert-1', { n: 22 }, first), {
    name: 'StaleWriterError',
    subject: 'alert-1',
    expected: first,
  });
  await t.rejects(two.append('alert-1', { n: 1 }, 99), { name: 'StaleWriterError' });
  t.strictSame(await all(two), [
    { subject: 'alert-1', sequence: 1, value: { n: 1 } },
    { subject: 'alert-2', sequence: 2, value: { n: 1 } },
    { subject: 'alert-1', sequence: 3, value: { n: 2 } },
  ]);
  t.strictSame(
    (await all(one, 3)).map(({ sequence }) => sequence),
    [3],
  );
  t.strictSame(await all(one, 4), []);
});

t.test('an append whose answer was lost is recognised when it is made again', async (t) => {
  const name = fresh();
  const [one, two] = [await open(t, name), await open(t, name)];
  const sequence = await one.append('an alert: é', { n: 1 }, 0);
  t.equal(await two.append('an alert: é', { n: 1 }, 0), sequence);
  t.equal((await all(one)).length, 1);
  t.equal((await all(one))[0]?.subject, 'an alert: é');
});

t.test('so is one that the server itself has forgotten', async (t) => {
  const name = fresh();
  const connection = await connected(t, nats.url);
  const options = { stream: name, prefix: name, dedupeWindowMs: 100 };
  const stream = await openGuardedStream<Change>(connection, options);
  t.teardown(() => stream.close());
  const sequence = await stream.append('a', { n: 1 }, 0);
  const manager = await jetstreamManager(connection);
  let n = 0;
  await eventually('the window has passed on the server', async () => {
    n += 1;
    await stream.append(`other-${n}`, { n }, 0);
    const { state } = await manager.streams.info(name);
    return Date.parse(String(state.last_ts)) - Date.parse(String(state.first_ts)) > 400;
  });
  t.equal(await stream.append('a', { n: 1 }, 0), sequence);
  await t.rejects(stream.append('a', { n: 2 }, 0), { name: 'StaleWriterError' });
});

t.test('many alerts are in flight together, through a crash of the server', async (t) => {
  const stream = await open(t, fresh());
  const appends = Array.from({ length: 20_000 }, (_, n) => stream.append(`a${n}`, { n }, 0));
  await Promise.race(appends);
  await nats.kill();
  await nats.ready();
  const sequences = await Promise.all(appends);
  t.equal(new Set(sequences).size, 20_000);
  const entries = await all(stream);
  t.strictSame(
    new Map(entries.map(({ sequence, value }) => [sequence, value.n])),
    new Map(sequences.map((sequence, n) => [sequence, n] as const).toSorted((a, b) => a[0] - b[0])),
  );
});
