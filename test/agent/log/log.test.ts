import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import t, { type Test } from 'tap';
import { toProof, toRawMessage } from '../../../agent/log/headers.ts';
import { openLog } from '../../../agent/log/jetstream-log.ts';
import type { LogFault, LogRecord } from '../../../agent/log/log.ts';
import { eventually, withNats } from '../../support/engines.ts';
import { connected, message, readAll, text } from './support.ts';

const nats = await withNats(t);
const connection = await connected(t, nats.url);
const manager = await jetstreamManager(connection);
let logs = 0;

/** A log of the test's own, on the shared server. */
const ownLog = async (t: Test, more: Parameters<typeof openLog>[1] = {}) => {
  logs += 1;
  const names = { stream: `LOG${logs}`, prefix: `log${logs}` };
  const log = await openLog(connection, { ...names, ...more });
  t.teardown(() => log.close());
  const faults: LogFault[] = [];
  log.onFault((fault) => faults.push(fault));
  return { log, faults, own: [{ stream: names.stream, subjects: [] }], ...names };
};

t.test('messages are read in the order of their arrival, whole, from a position', async (t) => {
  const { log, own, stream } = await ownLog(t);
  const rich = message(2, {
    partner: 'Spedition Müller & Söhne',
    sourceId: ' key\nwith everything % ',
    revision: { order: 7, tag: 'W/"1"' },
    correlationId: 'corr-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: Buffer.from([0, 255, 10]),
  });
  await log.deliver([message(1), rich]);
  await log.prove({ source: 'broker-nl', partner: 'acme', kind: 'poll-complete', provedUntil: 42 });
  await log.append({ kind: 'operator', id: 'op-1', body: { action: 'waive' } });

  const reader = await log.read(own, {});
  const records = await readAll(reader);
  t.strictSame(
    records.map((r) => [r.sequence, r.kind, r.source]),
    [
      [1, 'message', 'broker-nl'],
      [2, 'message', 'broker-nl'],
      [3, 'proof', 'broker-nl'],
      [4, 'operator', 'operator'],
    ],
  );
  t.strictSame(
    { ...toRawMessage(records[1]!), data: [...records[1]!.data] },
    { ...rich, data: [...rich.data] },
  );
  t.strictSame(toProof(records[2]!).provedUntil, 42);
  t.strictSame(JSON.parse(text(records[3]!)), { action: 'waive' });

  const later = await log.read(own, { [stream]: 2 });
  t.strictSame(
    (await readAll(later)).map((r) => r.sequence),
    [3, 4],
  );
});

t.test('a repeat is in the log once', async (t) => {
  const { log, own } = await ownLog(t);
  await log.deliver([message(1), message(2)]);
  await log.deliver([message(1, { fetchedAt: 9 }), message(3)]);
  await log.append({ kind: 'tick', id: 't1', body: {} });
  await log.append({ kind: 'tick', id: 't1', body: {} });
  t.equal((await readAll(await log.read(own, {}))).length, 4);
});

t.test('a reader at the end is told when something comes, and ends its wait when asked', async (t) => {
  const { log, own } = await ownLog(t);
  const reader = await log.read(own, {});
  const idle = await reader.next({ maxRecords: 10, maxWaitMs: 1, signal: new AbortController().signal });
  t.strictSame(idle, { records: [], caughtUp: true });
  const waiting = reader.next({ maxRecords: 10, maxWaitMs: 60_000, signal: new AbortController().signal });
  await log.deliver([message(1)]);
  t.equal((await waiting).records.length, 1);
  const abort = new AbortController();
  const stopped = reader.next({ maxRecords: 10, maxWaitMs: 60_000, signal: abort.signal });
  abort.abort();
  t.strictSame((await stopped).records, []);
});

t.test('time in a header counts only for a reader that was told so', async (t) => {
  const { log, own, stream, prefix } = await ownLog(t, { stampWith: () => 1_000 });
  await log.deliver([message(1)]);
  await log.append({ kind: 'tick', id: 't', observedAt: 2_000, body: {} });
  const honest = await readAll(await log.read(own, {}));
  t.ok(honest.every((r) => r.observedAt > 1_700_000_000_000));
  const story = await openLog(connection, { stream, prefix, injectedClock: true });
  t.teardown(() => story.close());
  const told = await readAll(await story.read(own, {}));
  t.strictSame(
    told.map((r) => r.observedAt),
    [1_000, 2_000],
  );
});

t.test('streams of others are read where they are, by subject, together with ours', async (t) => {
  const { log, own } = await ownLog(t);
  await manager.streams.add({ name: 'BROKER', subjects: ['broker.>'] });
  const js = jetstream(connection);
  const carried = headers();
  carried.set('Content-type', 'application/xml');
  await js.publish('broker.nl.1', 'one', { headers: carried });
  await js.publish('broker.be.1', 'not ours');
  await log.deliver([message(1)]);
  await js.publish('broker.nl.2', 'two');
  for (const subjects of [
    [{ filter: 'broker.nl.>', source: 'nl' }],
    [
      { filter: 'broker.nl.1', source: 'nl' },
      { filter: 'broker.nl.2', source: 'nl' },
    ],
  ]) {
    const reader = await log.read([...own, { stream: 'BROKER', subjects }], {});
    const records = await readAll(reader);
    t.strictSame(records.map(text).toSorted(), ['one', 'two', '{"n":1}']);
    const key = (r: LogRecord): string => `${r.observedAt} ${r.stream} ${r.sequence}`;
    t.strictSame(records.map(key), records.map(key).toSorted(), 'oldest first');
    const one = records.find((r) => text(r) === 'one');
    t.equal(one?.source, 'nl');
    t.equal(toRawMessage(one!).contentType, 'application/xml');
    await reader.close();
  }
  await t.rejects(log.read([{ stream: 'NOPE', subjects: [] }], {}), /stream not found/);
});

t.test('what the stream forgot before it was read is told as a gap', async (t) => {
  const { log, faults, own, stream } = await ownLog(t);
  await log.deliver([1, 2, 3, 4, 5].map((n) => message(n)));
  await log.setFloor({ [stream]: 4 });
  t.strictSame(
    (await readAll(await log.read(own, { [stream]: 4 }))).map((r) => r.sequence),
    [5],
  );
  t.strictSame(faults, []);
  t.strictSame(
    (await readAll(await log.read(own, { [stream]: 1 }))).map((r) => r.sequence),
    [5],
  );
  t.strictSame(faults, [{ kind: 'gap', stream, from: 2, to: 4 }]);
});

t.test('a stream that went backwards is told, and read from its first record', async (t) => {
  const { log, faults, own, stream } = await ownLog(t);
  await log.deliver([message(1)]);
  const records = await readAll(await log.read(own, { [stream]: 40 }));
  t.strictSame(faults, [{ kind: 'went-backwards', stream, expected: 40, found: 1 }]);
  t.strictSame(
    records.map((r) => r.sequence),
    [1],
  );
});

t.test('a stream that is made anew while it is read is noticed', async (t) => {
  const { log, faults, own, stream, prefix } = await ownLog(t, { heartbeatMs: 200 });
  await log.deliver([message(1), message(2)]);
  const reader = await log.read(own, {});
  await readAll(reader);
  await manager.streams.delete(stream);
  await manager.streams.add({ name: stream, subjects: [`${prefix}.>`] });
  await log.deliver([message(3), message(4), message(5)]);
  const records = await readAll(reader, 3);
  t.strictSame(records.map(text), ['{"n":3}', '{"n":4}', '{"n":5}']);
  t.match(faults[0], { kind: 'went-backwards', stream });
});

t.test('a stream of others that forgets near our floor is told once', async (t) => {
  const { log, faults } = await ownLog(t);
  await manager.streams.add({ name: 'SHORT', subjects: ['short'], max_msgs: 20 });
  const js = jetstream(connection);
  for (let n = 0; n < 30; n += 1) await js.publish('short', String(n));
  await log.setFloor({ SHORT: 11 });
  await log.setFloor({ SHORT: 11 });
  t.strictSame(faults, [{ kind: 'retention-near-floor', stream: 'SHORT', firstSequence: 11, floor: 11 }]);
  await log.setFloor({ SHORT: 25 });
  t.equal(faults.length, 1);
  t.equal((await manager.streams.info('SHORT')).state.messages, 20, 'never touched');
});

t.test('a full log makes appends wait, and goes on when the floor moves', async (t) => {
  const { log, faults, stream } = await ownLog(t, { maxBytes: 50_000 });
  const big = (n: number) => message(n, { data: Buffer.alloc(10_000, n) });
  const all = log.deliver([1, 2, 3, 4, 5, 6, 7].map(big));
  await eventually('it says that it waits', () => faults.length > 0);
  t.match(faults[0], { kind: 'append-waits', reason: /maximum bytes/ });
  const { state } = await manager.streams.info(stream);
  t.ok(state.messages < 7);
  await log.setFloor({ [stream]: state.last_seq });
  await all;
});

t.test('a consumer that somebody deletes is replaced', async (t) => {
  const { log, own, stream } = await ownLog(t, { heartbeatMs: 200 });
  const reader = await log.read(own, {});
  await log.deliver([message(1)]);
  await readAll(reader, 1);
  for await (const { name } of manager.consumers.list(stream)) await manager.consumers.delete(stream, name);
  await log.deliver([message(2)]);
  t.strictSame((await readAll(reader, 1)).map(text), ['{"n":2}']);
});

t.test('large messages are read within bounds of bytes', async (t) => {
  const { log, own } = await ownLog(t);
  const big = (n: number) => message(n, { data: Buffer.alloc(1_500_000, n) });
  await log.deliver(Array.from({ length: 24 }, (_, n) => big(n)));
  const records = await readAll(await log.read(own, {}));
  t.equal(records.length, 24);
  t.ok(records.every((r) => r.data.length === 1_500_000));
});

t.test('cursors are kept under any key', async (t) => {
  const { log, stream, prefix } = await ownLog(t);
  const key = 'sap-deliveries/A_OutbDeliveryHeader ü';
  t.equal(await log.cursors.get(key), undefined);
  await log.cursors.put(key, { since: '2026-01-01T00:00:00Z' });
  const again = await openLog(connection, { stream, prefix });
  t.teardown(() => again.close());
  t.strictSame(await again.cursors.get(key), { since: '2026-01-01T00:00:00Z' });
});
