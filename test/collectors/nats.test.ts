import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, headers, nkeys } from '@nats-io/transport-node';
import fc from 'fast-check';
import t from 'tap';
import { captureStream, ensureCapture, planNats, readInPlace } from '../../collectors/nats/capture.ts';
import { connectOptions } from '../../collectors/nats/connection.ts';
import { fromNats } from '../../collectors/nats/message.ts';
import { NatsCollector } from '../../collectors/nats/nats.ts';
import { covers, overlap } from '../../collectors/nats/subjects.ts';
import type { NatsAuth } from '../../collectors/settings.ts';
import { certificate, certificatePath } from '../support/certificates.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { eventually, withNats, withTempDir } from '../support/engines.ts';
import { natsSettings, secret } from '../support/source-settings.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const never = () => Promise.reject(new Error('no agent connection'));

t.test('subjects that cover, and that overlap', async (t) => {
  t.ok(covers('broker.>', 'broker.nl.>'));
  t.ok(covers('broker.*.status', 'broker.nl.status'));
  t.notOk(covers('broker.*', 'broker.>'));
  t.notOk(covers('broker.nl.>', 'broker.>'));
  t.notOk(covers('broker.>', 'broker'));
  t.ok(overlap('broker.*.status', 'broker.nl.>'));
  t.notOk(overlap('broker.nl', 'broker.nl.status'));
  const subject = fc
    .array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 })
    .chain((tokens) => fc.boolean().map((rest) => [...tokens, ...(rest ? ['>'] : [])].join('.')));
  fc.assert(fc.property(subject, subject, (a, b) => !covers(a, b) || overlap(a, b)));
  fc.assert(fc.property(subject, subject, (a, b) => overlap(a, b) === overlap(b, a)));
});

t.test('headers keep their meaning', async (t) => {
  const settings = { name: 'broker-nl', correlationHeader: 'X-Shipment' };
  const plain = fromNats(
    {
      subject: 'broker.nl.status',
      data: bytes('<a/>'),
      headers: [
        ['Content-Type', 'application/XML; charset=utf-8'],
        ['x-shipment', 'S1'],
        ['traceparent', '00-1-2-01'],
        ['Nats-Msg-Id', 'm7'],
      ],
    },
    settings,
    5,
  );
  t.match(plain, {
    source: 'broker-nl',
    contentType: 'application/xml',
    correlationId: 'S1',
    traceparent: '00-1-2-01',
    sourceId: 'm7',
    origin: 'broker.nl.status',
    fetchedAt: 5,
  });
  const event = fromNats(
    {
      subject: 's',
      data: bytes('{"n":1}'),
      headers: [
        ['ce-specversion', '1.0'],
        ['ce-id', '7'],
        ['ce-source', '/broker'],
        ['ce-type', 'released'],
        ['ce-correlationid', 'C'],
      ],
    },
    settings,
    5,
  );
  t.equal(event.contentType, 'application/cloudevents+json');
  t.match(JSON.parse(Buffer.from(event.data).toString()), { id: '7', type: 'released', data: { n: 1 } });
  t.match(event, { sourceId: '/broker#7', correlationId: 'C' });
  const bare = (text: string) =>
    fromNats({ subject: 's', data: bytes(text), headers: [] }, settings, 1).contentType;
  t.same(
    [bare(' {}'), bare('<a/>'), bare('UNB+')],
    ['application/json', 'application/xml', 'application/octet-stream'],
  );
});

t.test('plain subjects are captured; streams of others are read where they are', async (t) => {
  const server = await withNats(t);
  const connection = await connect({ servers: server.url });
  t.teardown(() => connection.close());
  const manager = await jetstreamManager(connection);

  const first = await planNats(connection, natsSettings({ subjects: ['a.>'] }));
  t.same(first, {
    kind: 'in-place',
    binding: { stream: 'LAYTIME_CAPTURE_broker-nl', subjects: ['a.>'] },
    captured: true,
  });
  t.same(await planNats(connection, natsSettings({ subjects: ['a.>'] })), first, 'again: the same');
  connection.publish('a.b', 'kept');
  await eventually(
    'stored',
    async () => (await manager.streams.info(captureStream('broker-nl'))).state.messages === 1,
  );
  await ensureCapture(connection, 'broker-nl', ['a.>', 'b.>']);
  const info = await manager.streams.info(captureStream('broker-nl'));
  t.same(info.config.subjects, ['a.>', 'b.>'], 'a new subject is added');
  t.equal(info.state.messages, 1, 'and nothing that was kept is lost');

  await manager.streams.add({ name: 'BROKER', subjects: ['broker.>'] });
  t.match(await ensureCapture(connection, 'x', ['broker.nl.>']), {
    kind: 'in-place',
    binding: { stream: 'BROKER', subjects: ['broker.nl.>'] },
    captured: false,
  });
  t.match(await ensureCapture(connection, 'x', ['broker.nl.>', 'other']), {
    kind: 'best-effort',
    reason: 'subjects-overlap',
  });
  await manager.streams.add({ name: 'QUEUE', subjects: ['work.>'], retention: RetentionPolicy.Workqueue });
  t.match(await ensureCapture(connection, 'x', ['work.nl']), {
    kind: 'best-effort',
    reason: 'subjects-overlap',
  });
  t.match(await planNats(connection, natsSettings({ capture: 'best-effort' })), { reason: 'configured' });
  t.same(readInPlace(natsSettings({ stream: 'BROKER' })), { stream: 'BROKER', subjects: ['broker.nl.>'] });
  t.equal(readInPlace(natsSettings()), undefined);
});

t.test('a heartbeat vouches only for what was said before it', async (t) => {
  const server = await withNats(t);
  const connection = await connect({ servers: server.url });
  t.teardown(() => connection.close());
  const world = new CollectorWorld();
  const settings = natsSettings({ stream: 'BROKER', heartbeatSubject: 'alive' });
  const run = world.start(new NatsCollector(settings, async () => connection));
  await eventually('heard', () => {
    connection.publish('alive');
    return world.proofs.length > 0;
  });
  await run.stop();
  t.match(world.proofs[0], { kind: 'heartbeat', source: 'broker-nl' });
  t.ok(world.proofs[0]!.provedUntil < world.nowMs);
  t.equal(connection.isClosed(), false, 'a borrowed connection stays open');
});

t.test('a subscription survives a server that dies and comes back', async (t) => {
  const server = await withNats(t);
  const publisher = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  t.teardown(() => publisher.close());
  const world = new CollectorWorld();
  const settings = natsSettings({ capture: 'best-effort', connection: { servers: [server.url] } });
  const run = world.start(new NatsCollector(settings, never));
  const say = async (text: string) => {
    const h = headers();
    h.set('traceparent', 'tp');
    publisher.publish('broker.nl.status', text, { headers: h });
    await new Promise((wake) => setTimeout(wake, 20));
  };
  await eventually('heard', async () => {
    await say('{"n":1}');
    return world.messages.length > 0;
  });
  await server.kill();
  await server.ready();
  await eventually('heard again', async () => {
    await say('{"n":2}');
    return world.texts().includes('{"n":2}');
  });
  await run.stop();
  t.equal(world.messages[0]?.traceparent, 'tp');
  t.ok(
    world.events.some(
      (event) => event.kind === 'refused' && event.reason.startsWith('best-effort (configured)'),
    ),
    'and it is labelled best effort',
  );
});

t.test('a capture that somebody removes is made again', async (t) => {
  const server = await withNats(t);
  const connection = await connect({ servers: server.url });
  t.teardown(() => connection.close());
  const manager = await jetstreamManager(connection);
  const world = new CollectorWorld();
  const run = world.start(new NatsCollector(natsSettings(), async () => connection));
  const exists = () =>
    manager.streams.info(captureStream('broker-nl')).then(
      () => true,
      () => false,
    );
  await eventually('it is there', exists);
  await eventually('it is watched', () => world.sleeping);
  await manager.streams.delete(captureStream('broker-nl'));
  world.tick();
  t.ok(await eventually('it is there again', exists));
  await run.stop();
});

/** A nats-server of this test's own with a configuration of its own; ended by its process id. */
async function serverWith(t: Parameters<typeof withTempDir>[0], config: (dir: string) => string) {
  const dir = await withTempDir(t);
  await writeFile(join(dir, 'nats.conf'), `listen: "127.0.0.1:-1"\nports_file_dir: "${dir}"\n${config(dir)}`);
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/bin:/opt/homebrew/bin`;
  const child = spawn('nats-server', ['-c', join(dir, 'nats.conf')], { env: { PATH: path } });
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const port = await eventually('the server listens', () => {
    const listening = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    return log.includes('Server is ready') ? listening : undefined;
  });
  return { url: `127.0.0.1:${port}`, dir };
}

t.test('every way to log in; and JetStream that is not there, or not allowed', async (t) => {
  const user = nkeys.createUser();
  const seed = Buffer.from(user.getSeed()).toString();
  const { url } = await serverWith(
    t,
    (dir) => `
jetstream { store_dir: "${dir}/js" }
accounts {
  JS { jetstream: enabled, users: [
    { user: "full", password: "pw" },
    { user: "poor", password: "pw", permissions: { publish: ["_INBOX.>", "$JS.API.INFO"], subscribe: [">"] } }
    { nkey: "${user.getPublicKey()}" } ] }
  PLAIN { users: [ { user: "plain", password: "pw" } ] }
  SYS { users: [ { user: "sys", password: "pw" } ] }
}
system_account: SYS`,
  );
  const open = async (auth: NatsAuth) => {
    const connection = await connect({ ...connectOptions({ servers: [url], auth }), reconnect: false });
    t.teardown(() => connection.close());
    return connection;
  };
  const login = (name: string): NatsAuth => ({ kind: 'user', user: name, password: secret('pw') });
  t.match(await ensureCapture(await open(login('full')), 'one', ['a.>']), { captured: true });
  t.match(await ensureCapture(await open({ kind: 'nkey', seed: secret(`${seed}\n`) }), 'two', ['b.>']), {
    captured: true,
  });
  t.match(await ensureCapture(await open(login('plain')), 'three', ['c.>']), {
    reason: 'jetstream-not-enabled',
  });
  t.match(await ensureCapture(await open(login('poor')), 'four', ['d.>']), { reason: 'not-permitted' });
  await t.rejects(open({ kind: 'user', user: 'full', password: secret('wrong') }));

  const tokenServer = await serverWith(t, () => 'authorization { token: "s3cret" }');
  const connection = await connect(
    connectOptions({ servers: [tokenServer.url], auth: { kind: 'token', token: secret('s3cret') } }),
  );
  t.equal(connection.isClosed(), false);
  await connection.close();
});

t.test('a wrong password is a named fault, asked for again slowly, and mended by itself', async (t) => {
  const { url } = await serverWith(t, () => 'authorization { user: u, password: right }');
  const world = new CollectorWorld();
  let password = 'wrong';
  const connection = {
    servers: [url],
    auth: { kind: 'user', user: 'u', password: { reveal: () => password } } as const,
  };
  const run = world.start(new NatsCollector(natsSettings({ capture: 'best-effort', connection }), never));
  await world.until('a fault', () => world.faults.length > 0);
  t.same([...new Set(world.faults)], ['unauthorized']);
  password = 'right';
  await world.until('it listens', () => world.events.some(({ kind }) => kind === 'refused'));
  await run.stop();
});

t.test('TLS with a CA of one’s own and a client certificate', async (t) => {
  const [cert, key, ca] = (['server.pem', 'server.key', 'ca.pem'] as const).map(certificatePath);
  const server = await serverWith(
    t,
    () => `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: true }`,
  );
  const tls = {
    ca: await certificate('ca.pem'),
    cert: await certificate('client.pem'),
    key: secret(await certificate('client.key')),
  };
  const connection = await connect(connectOptions({ servers: [server.url], tls }));
  t.equal(connection.isClosed(), false);
  await connection.close();
  await t.rejects(
    connect({ ...connectOptions({ servers: [server.url], tls: { ca: tls.ca } }), reconnect: false }),
  );
});
