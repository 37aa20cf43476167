import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HostGates } from '../../collectors/http-client-gate.ts';
import type { SftpSourceConfig } from '../../collectors/settings.ts';
import { SftpCollector } from '../../collectors/sftp/sftp.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { newKeys, type TestSftpServer, withSftpServer } from '../support/sftp-server.ts';
import { secret, sftpSettings } from '../support/source-settings.ts';

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `{"id":"${n}"}\n`).join('');

function start(server: TestSftpServer, other: Partial<SftpSourceConfig> = {}, world = new CollectorWorld()) {
  const run = world.start(
    new SftpCollector(sftpSettings(server.port, server.hostKey, other), new HostGates()),
  );
  return { world, run };
}

t.test('a complete file is read once, like one of a drop folder', async (t) => {
  const server = await withSftpServer(t);
  await server.put('a.ndjson', lines(3));
  await writeFile(join(server.folder, 'b.csv.part'), 'id\n1\n');
  await writeFile(join(server.folder, '.hidden.json'), '{}');
  await symlink('/etc/hostname', join(server.folder, 'link.json'));
  const { world, run } = start(server);
  await world.until('read', () => world.messages.length >= 3 && world.proofs.length > 0);
  await world.until('looked at again', () => server.logins.length > 4);
  await run.stop();
  t.same(world.texts(), ['{"id":"0"}', '{"id":"1"}', '{"id":"2"}']);
  t.match(world.messages[0], {
    source: 'broker-sftp',
    sourceId: /^a\.ndjson@.{12}#1$/,
    origin: 'a.ndjson:1',
    contentType: 'application/json',
  });
  t.match([...world.cursors.keys()][0], /^sftp\/broker-sftp\//);
  t.same(world.faults, []);
  t.equal(
    world.events.filter(({ kind }) => kind === 'called').length,
    server.logins.length,
    'each look is counted',
  );
});

t.test('a file that still grows is left alone, a marker says at once that it is complete', async (t) => {
  const server = await withSftpServer(t);
  const path = join(server.folder, 'slow.ndjson');
  await writeFile(path, lines(1));
  const { world, run } = start(server, { settleMs: 60_000, pollMs: 20_000 });
  await world.until('looks', () => server.logins.length >= 3);
  await writeFile(path, lines(2));
  await utimes(path, START_MS / 1000, START_MS / 1000);
  const before = server.logins.length;
  await world.until('more looks', () => server.logins.length >= before + 2);
  t.equal(world.messages.length, 0, 'it has changed: the time begins anew');
  await writeFile(`${path}.done`, '');
  await world.until('read', () => world.messages.length > 0);
  await run.stop();
  t.equal(world.messages.length, 2);
});

t.test('afterwards it is moved, with its marker gone, and a name that is taken is no obstacle', async (t) => {
  const server = await withSftpServer(t);
  await mkdir(join(server.folder, 'in/archive/2026'), { recursive: true });
  await writeFile(join(server.folder, 'in/archive/2026/a.ndjson'), 'older');
  await writeFile(join(server.folder, 'in/a.ndjson'), lines(1));
  await writeFile(join(server.folder, 'in/a.ndjson.done'), '');
  const { world, run } = start(server, { directory: '/in', afterwards: 'move', moveTo: 'archive/2026' });
  await world.until('proved', () => world.proofs.length > 0);
  await world.until('another look', () => server.logins.length > 2);
  await run.stop();
  t.same(await readdir(join(server.folder, 'in')), ['archive']);
  t.match((await readdir(join(server.folder, 'in/archive/2026'))).sort(), ['a.ndjson', /^a\.ndjson\..{22}$/]);
  t.equal(world.messages.length, 1, 'what was moved is not read again');
});

t.test('folders below are read when the pattern says so, and deleted files are deleted', async (t) => {
  const server = await withSftpServer(t);
  await mkdir(join(server.folder, 'nl/sub'), { recursive: true });
  await writeFile(join(server.folder, 'nl/sub/a.ndjson'), lines(1));
  await writeFile(join(server.folder, 'top.ndjson'), lines(1));
  const { world, run } = start(server, { pattern: '**/*.ndjson', afterwards: 'delete', settleMs: 0 });
  await world.until('both', () => world.messages.length === 2 && world.proofs.length === 2);
  await world.until('another look', () => server.logins.length > 3);
  await run.stop();
  t.same(world.messages.map(({ origin }) => origin).sort(), ['nl/sub/a.ndjson:1', 'top.ndjson:1']);
  t.same(await readdir(join(server.folder, 'nl/sub')), []);
});

t.test('the host must show the key that is pinned, and says which it shows', async (t) => {
  const server = await withSftpServer(t);
  await server.put('a.ndjson', lines(1));
  const other = `SHA256:${'A'.repeat(43)}`;
  const { world, run } = start(server, { hostKeys: [other] });
  await world.until('a fault', () => world.faults.length > 0);
  await run.stop();
  t.same([...new Set(world.faults)], ['host-key-mismatch']);
  const failed = world.events.find((event) => event.kind === 'poll-failed');
  t.ok(failed?.kind === 'poll-failed' && failed.error.includes(server.hostKey), 'to compare it by hand');
  t.ok(failed?.kind === 'poll-failed' && failed.retryInMs >= 300_000, 'it does not mend by itself');
  t.same(server.logins, [], 'and no password was sent to it');
  const again = start(server, { hostKeys: [other, server.hostKey] });
  await again.world.until('read', () => again.world.messages.length > 0);
  await again.run.stop();
});

t.test('log in with a key, with a passphrase on it too', async (t) => {
  const pair = newKeys('open sesame');
  const server = await withSftpServer(t, pair.public);
  await server.put('a.ndjson', lines(1));
  const login = { kind: 'key', key: secret(pair.private), passphrase: secret('open sesame') } as const;
  const { world, run } = start(server, { login });
  await world.until('read', () => world.messages.length > 0);
  await run.stop();
  t.same([...new Set(server.logins)], ['publickey']);
});

t.test('every fault has its name, and nothing is lost or read twice', async (t) => {
  const server = await withSftpServer(t);
  await server.put('a.ndjson', lines(9000));
  const world = new CollectorWorld();
  const wrong = start(server, { login: { kind: 'password', password: secret('wrong') } }, world);
  await world.until('refused', () => world.faults.includes('unauthorized'));
  await wrong.run.stop();
  const gone = start(server, { directory: '/nowhere' }, world);
  await world.until('not there', () => world.faults.includes('not-found'));
  await gone.run.stop();
  server.behaviour.denied = '/';
  const denied = start(server, {}, world);
  await world.until('denied', () => world.faults.includes('forbidden'));
  server.behaviour.denied = '';
  await denied.run.stop();
  server.behaviour.silent = true;
  const silent = start(server, { timeoutMs: 1_000 }, world);
  await world.until('silent', () => world.faults.includes('body-timeout'));
  server.behaviour.silent = false;
  await silent.run.stop();
  t.equal(world.messages.length, 0);
  server.behaviour.cutAfterReads = 7;
  const cut = start(server, {}, world);
  await world.until('cut', () => world.faults.includes('connection-lost'));
  await world.until('read', () => world.proofs.length > 0);
  await cut.run.stop();
  const ids = world.texts().map((text) => (JSON.parse(text) as { id: string }).id);
  t.equal(ids.length, 9000);
  t.equal(new Set(ids).size, 9000, 'each once, the connection lost in the middle or not');
});

t.test('nobody is there: refused, and the host is left alone after a while', async (t) => {
  const server = await withSftpServer(t);
  const world = new CollectorWorld();
  const settings = sftpSettings(1, server.hostKey);
  const run = world.start(new SftpCollector(settings, new HostGates()));
  await world.until('the circuit is open', () => world.events.some(({ kind }) => kind === 'circuit-opened'));
  await run.stop();
  t.equal(world.faults[0], 'connection-refused');
});
