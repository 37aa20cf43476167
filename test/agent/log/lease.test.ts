import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import t from 'tap';
import { acquireLease } from '../../../agent/log/lease.ts';
import { eventually, withNats } from '../../support/engines.ts';
import { connected } from './support.ts';

const nats = await withNats(t);
const connection = await connected(t, nats.url);
let buckets = 0;
const bucket = (): string => {
  buckets += 1;
  return `leases-${buckets}`;
};

t.test('one holder at a time; a release hands over at once, with a greater epoch', async (t) => {
  const options = { name: 'tenant/acme', ttlMs: 1_500, bucket: bucket() };
  const first = await acquireLease(connection, { ...options, holder: 'a' });
  let second: Awaited<ReturnType<typeof acquireLease>> | undefined;
  const waiting = acquireLease(connection, { ...options, holder: 'b' }).then((lease) => {
    second = lease;
  });
  const kv = await new Kvm(jetstream(connection)).open(options.bucket);
  const key = 'tenant=2facme';
  const taken = (await kv.get(key))?.revision ?? 0;
  await eventually('it was renewed past its length', async () => {
    const entry = await kv.get(key);
    return entry !== null && entry.revision >= taken + 4;
  });
  t.equal(second, undefined, 'still held');
  await first.release();
  t.equal(await first.lost, 'released');
  await waiting;
  t.ok((second?.epoch ?? 0) > first.epoch);
  await second?.release();
});

t.test('a restart of the same holder takes its own lease over, and the old one knows', async (t) => {
  const options = { name: 'tenant', holder: 'same', ttlMs: 900, bucket: bucket() };
  const before = await acquireLease(connection, options);
  const after = await acquireLease(connection, options);
  t.ok(after.epoch > before.epoch);
  await after.release();
  t.equal(await before.lost, 'taken-by-another');
});

t.test('a holder that cannot renew gives up before others may take it', async (t) => {
  const options = { name: 'tenant', ttlMs: 1_200, bucket: bucket() };
  const own = await connected(t, nats.url);
  const lease = await acquireLease(own, { ...options, holder: 'a' });
  await own.close();
  const next = acquireLease(connection, { ...options, holder: 'b' });
  const first = await Promise.race([lease.lost, next.then(() => 'taken too early')]);
  t.equal(first, 'not-renewed-in-time');
  await (await next).release();
});

t.test('waiting for a lease ends when asked', async (t) => {
  const options = { name: 'tenant', ttlMs: 30_000, bucket: bucket() };
  const lease = await acquireLease(connection, { ...options, holder: 'a' });
  const abort = new AbortController();
  const waiting = acquireLease(connection, { ...options, holder: 'b', signal: abort.signal });
  abort.abort(new Error('enough'));
  await t.rejects(waiting, /enough/);
  await lease.release();
});
