import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import t from 'tap';
import { freePort } from '../../agent/engines/ports.ts';
import type { WebhookSourceConfig } from '../../collectors/settings.ts';
import { WebhookListeners } from '../../collectors/webhook/listeners.ts';
import { TokenBucket } from '../../collectors/webhook/rate.ts';
import { Verifier, WEBHOOK_SCHEMES } from '../../collectors/webhook/signature.ts';
import { Undelivered } from '../../collectors/webhook/undelivered.ts';
import { WebhookCollector } from '../../collectors/webhook/webhook.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { signedDelivery } from '../support/signed-delivery.ts';
import { secret, WEBHOOK_SECRET, webhookSettings } from '../support/source-settings.ts';

interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

/** A running source, and a partner that signs and sends. */
async function running(
  t: Teardown,
  other: Partial<WebhookSourceConfig> = {},
  listeners = new WebhookListeners(),
) {
  const settings = webhookSettings(other.listen?.port ?? (await freePort()), other);
  const world = new CollectorWorld();
  const run = world.start(new WebhookCollector(settings, listeners));
  t.teardown(() => run.stop());
  const url = `http://127.0.0.1:${settings.listen.port}${settings.path}`;
  const up = async (): Promise<void> => {
    for (;;) {
      const answer = await fetch(url, { method: 'PUT' }).catch(() => undefined);
      if (answer?.status === 405) return;
      await new Promise((wake) => setTimeout(wake, 2));
    }
  };
  await up();
  const send = (body: string, id: string, at = world.nowMs, headers: Record<string, string> = {}) => {
    const { init } = signedDelivery(settings, body, { id, at, headers });
    return fetch(url, init);
  };
  return { settings, world, run, url, send };
}

t.test(
  'a signed delivery is answered when the log has it, with an id that does not depend on when',
  async (t) => {
    const { world, send } = await running(t, { id: '/eventID', changedAt: '/updated' });
    const body = '{"eventID":"e1","updated":"2026-03-02T07:00:00Z","big":12345678901234567890}';
    t.equal((await send(body, 'd1', world.nowMs, { traceparent: '00-1-1-01' })).status, 200);
    t.match(world.messages, [
      {
        source: 'carrier-push',
        sourceId: 'e1',
        deliveryId: 'd1',
        revision: { order: Date.UTC(2026, 2, 2, 7) },
        contentType: 'application/json',
        origin: '/hooks/carrier',
        traceparent: '00-1-1-01',
      },
    ]);
    t.equal(world.texts()[0], body, 'byte for byte');
    t.equal((await send(body, 'd1')).status, 200, 'sent again: taken as done');
    t.equal(world.messages.length, 1, 'and not written twice');
    t.equal((await send(body.replace('07:00', '09:00'), 'd2')).status, 200);
    t.equal(world.messages.length, 2, 'a later word on the same thing is news');
    t.equal((await send('not json at all', 'd3')).status, 200, 'what it means is for the map to say');
    t.equal(world.messages[2]?.sourceId, 'd3');
  },
);

t.test('what is not signed by the partner, or not now, never reaches the log', async (t) => {
  const { world, send, settings, url } = await running(t);
  const good = signedDelivery(settings, '{}', { id: 'd1', at: START_MS });
  const without = (name: string) => {
    const headers = { ...(good.init.headers as Record<string, string>) };
    delete headers[name];
    return fetch(url, { ...good.init, headers });
  };
  t.equal((await fetch(url, { ...good.init, body: '{"a":1}' })).status, 401, 'another body');
  t.equal((await without('webhook-signature')).status, 401, 'no signature');
  t.equal((await without('webhook-id')).status, 401, 'no id, which is part of what is signed');
  t.equal((await without('webhook-timestamp')).status, 401, 'no time');
  t.equal((await send('{}', 'd1', START_MS - 301_000)).status, 401, 'recorded more than five minutes ago');
  t.equal((await send('{}', 'd1', START_MS + 301_000)).status, 401, 'from the future');
  const other = { ...settings, secrets: [secret('whsec_b3RoZXI=')] };
  t.equal(
    (await fetch(url, signedDelivery(other, '{}', { id: 'd1', at: START_MS }).init)).status,
    401,
    'another key',
  );
  const signature = (good.init.headers as Record<string, string>)['webhook-signature']!;
  t.equal(
    (
      await fetch(url, {
        ...good.init,
        headers: { ...good.init.headers, 'webhook-signature': `v2,${signature.slice(3)}` },
      })
    ).status,
    401,
    'another version of signing',
  );
  t.equal((await fetch(url)).status, 405);
  t.equal((await fetch(`${url}/other`, good.init)).status, 404);
  t.equal(world.messages.length, 0);
  const told = world.events.filter((event) => event.kind === 'refused');
  t.equal(told.length, 1, 'knocking at random does not fill the log');
  t.match(told[0], { reason: /not-verified: .*answered 401/ });
  world.nowMs += 61_000;
  await without('webhook-signature');
  t.match(world.events.at(-1), { reason: /and 7 more since/ }, 'and none is forgotten');
  t.equal((await fetch(url, signedDelivery(settings, '{}', { id: 'd1', at: world.nowMs }).init)).status, 200);
});

t.test('secrets rotate: the old and the new one are both good', async (t) => {
  const { send, settings, url } = await running(t, {
    secrets: [secret('whsec_bmV3'), secret(WEBHOOK_SECRET)],
  });
  t.equal((await send('{"n":1}', 'a')).status, 200, 'signed with the last');
  const first = { ...settings, secrets: settings.secrets.slice(0, 1) };
  const { init } = signedDelivery(first, '{"n":2}', { id: 'b', at: START_MS });
  t.equal((await fetch(url, init)).status, 200, 'signed with the first');
  const both = { ...init, headers: { ...init.headers } as Record<string, string> };
  both.headers['webhook-signature'] = `v1,AAAA ${both.headers['webhook-signature']}`;
  t.equal((await fetch(url, both)).status, 200, 'several signatures, one of them good');
});

t.test('the schemes of GitHub and DCSA, and one of a partner of its own', async (t) => {
  const body = Buffer.from('[{"eventID":"e1"}]');
  const hex = (key: string | Buffer, ...parts: (string | Buffer)[]) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
  const github = new Verifier(WEBHOOK_SCHEMES.github, [secret("It's a Secret to Everybody")], 300_000);
  const hello = Buffer.from('Hello, World!');
  // The worked example of GitHub's documentation.
  const documented = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  t.match(github.verify({ 'x-hub-signature-256': documented, 'x-github-delivery': 'g1' }, hello, START_MS), {
    marks: { id: 'g1' },
  });
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  const dcsa = new Verifier(WEBHOOK_SCHEMES.dcsa, [secret(key.toString('base64'))], 300_000);
  const signature = hex(key, body);
  for (const text of [signature.toString('hex'), signature.toString('base64')]) {
    t.match(dcsa.verify({ 'notification-signature': `sha256=${text}` }, body, START_MS), { marks: {} });
  }
  t.match(dcsa.verify({ 'notification-signature': signature.toString('hex') }, body, START_MS), {
    refused: /fits none/,
  });
  const own = {
    ...WEBHOOK_SCHEMES.github,
    prefix: '',
    signed: '{timestamp}:{body}',
    timestampHeader: 'x-time',
  };
  const verifier = new Verifier({ ...own, header: 'x-mac' }, [secret('s')], 300_000);
  const at = '2026-03-02T08:00:00Z';
  const mac = hex('s', `${at}:`, body).toString('base64');
  t.match(verifier.verify({ 'x-mac': mac, 'x-time': at }, body, START_MS), { marks: { signedAt: START_MS } });
  t.match(verifier.verify({ 'x-mac': mac, 'x-time': '2026-03-02T08:00:01Z' }, body, START_MS), {
    refused: /fits/,
  });
});

t.test('DCSA hears 204, also when it asks whether somebody is there', async (t) => {
  const { world, url, settings } = await running(t, {
    scheme: WEBHOOK_SCHEMES.dcsa,
    secrets: [secret(WEBHOOK_SECRET)],
  });
  t.equal((await fetch(url, { method: 'HEAD' })).status, 204);
  const key = Buffer.from(settings.secrets[0]!.reveal().slice(6), 'base64');
  const post = (body: string) => {
    const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    return fetch(url, { method: 'POST', body, headers: { 'notification-signature': signature } });
  };
  t.equal((await post('[{"eventID":"e1"}]')).status, 204);
  t.equal(world.messages.length, 1);
  t.equal((await post('')).status, 400, 'an empty body without a signed time proves nothing');
  t.equal(world.proofs.length, 0);
});

t.test('too large, compressed or endless: refused before it is in memory', async (t) => {
  const { world, url, settings, send } = await running(t, { maxMessageBytes: 1000 });
  t.equal((await send('x'.repeat(1001), 'a')).status, 413);
  const { init } = signedDelivery(settings, '{}', { id: 'a', at: START_MS });
  const gzip = { ...init, headers: { ...init.headers, 'content-encoding': 'gzip' } };
  t.equal((await fetch(url, gzip)).status, 415);
  const headers = Object.entries(init.headers as Record<string, string>).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const socket = connect(settings.listen.port, '127.0.0.1');
  socket.write(
    `POST ${settings.path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n${headers.join('')}\r\n`,
  );
  for (let n = 0; n < 4; n += 1) socket.write(`190\r\n${'y'.repeat(400)}\r\n`);
  const said = await new Promise<string>((resolve) =>
    socket.once('data', (data) => resolve(data.toString())),
  );
  t.match(said, /^HTTP\/1\.1 413 /, 'chunks without end');
  socket.destroy();
  t.equal(world.messages.length, 0);
});

t.test('a flood is slowed down with 429 and a time to come again', async (t) => {
  const { world, send } = await running(t, { maxPerMinute: 2 });
  t.same([(await send('1', 'a')).status, (await send('2', 'b')).status], [200, 200]);
  const over = await send('3', 'c');
  t.equal(over.status, 429);
  t.equal(over.headers.get('retry-after'), '30');
  await send('', 'alive');
  t.equal(world.proofs.at(-1)?.provedUntil, START_MS - 1, 'what was turned away is not proved');
  world.nowMs += 30_000;
  t.equal((await send('3', 'c')).status, 200);
  t.equal(world.messages.length, 3);
  world.nowMs += 60_000;
  await send('', 'alive2');
  t.equal(world.proofs.at(-1)?.provedUntil, world.nowMs, 'once it is there, it is');
});

t.test('no success before the log has it: 503, and the repeat is the same message', async (t) => {
  const { world, send } = await running(t);
  const held = Promise.withResolvers<void>();
  world.hold = held.promise;
  const first = send('{"n":1}', 'a');
  await world.until('a delivery waits', () => world.waitingDeliveries === 1, 20_000);
  let answered: Response | undefined;
  void first.then((response) => {
    answered = response;
  });
  await world.until('an answer all the same', () => answered !== undefined);
  t.equal(answered?.status, 503);
  t.equal(answered?.headers.get('retry-after'), '5');
  const again = send('{"n":1}', 'a', world.nowMs);
  await world.until('the second asks', () => world.sleeping);
  t.equal(world.waitingDeliveries, 1, 'the log is not asked to write it twice');
  world.hold = undefined;
  held.resolve();
  t.ok([200, 503].includes((await again).status));
  t.equal((await send('{"n":1}', 'a', world.nowMs)).status, 200);
  t.equal(world.messages.length, 1);
  world.failDeliveries = 1;
  t.equal((await send('{"n":2}', 'b', world.nowMs)).status, 503, 'a log that refuses');
  t.equal((await send('{"n":2}', 'b', world.nowMs)).status, 200);
  t.equal(world.messages.length, 2);
});

t.test('a partner that fills its places does not take those of another on the same address', async (t) => {
  const port = await freePort();
  const listeners = new WebhookListeners();
  const listen = { host: '127.0.0.1', port };
  const one = await running(t, { listen }, listeners);
  const other = await running(t, { listen, name: 'other', path: '/hooks/other' }, listeners);
  const held = Promise.withResolvers<void>();
  one.world.hold = held.promise;
  const flood = Array.from({ length: 20 }, (_, n) => one.send(`{"n":${n}}`, `f${n}`));
  const counts = new Map<number, number>();
  for (const each of flood) void each.then(({ status }) => counts.set(status, (counts.get(status) ?? 0) + 1));
  await one.world.until(
    'four were sent back',
    () => counts.get(429) === 4 && one.world.waitingDeliveries === 16,
  );
  t.equal((await other.send('{}', 'x')).status, 200, 'while the first one still waits');
  held.resolve();
  await Promise.all(flood);
  await one.run.stop();
  t.equal((await other.send('{"n":2}', 'y')).status, 200, 'one source stops, the other is served');
  const taken = new CollectorWorld();
  const twice = taken.start(new WebhookCollector(other.settings, listeners));
  await taken.until('it is told', () => taken.faults.includes('listen-failed'));
  await twice.stop();
});

t.test('rates and refusals are remembered within bounds', async (t) => {
  const bucket = new TokenBucket(60);
  for (let n = 0; n < 60; n += 1) t.equal(bucket.take(0), 0);
  t.equal(bucket.take(0), 1000);
  t.equal(bucket.take(999), 1, 'one tick too early');
  t.equal(bucket.take(1000), 0);
  t.equal(bucket.take(500), 1000, 'a clock that goes back gives nothing');
  const undelivered = new Undelivered();
  for (let n = 0; n < 10_001; n += 1) undelivered.add(`k${n}`, n);
  undelivered.remove('k0');
  t.equal(undelivered.oldest(10_000), 1);
  t.equal(undelivered.oldest(86_400_000 + 9_999), 9_999, 'given up after a day');
  t.equal(undelivered.oldest(86_400_000 + 10_000), undefined, 'there was no room for more');
});
