import { appendFile, mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { FilesCollector } from '../../collectors/files/files.ts';
import { type FileFormat, splitFile } from '../../collectors/files/records.ts';
import type { FilesSourceConfig } from '../../collectors/settings.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { withTempDir } from '../support/engines.ts';
import { filesSettings } from '../support/source-settings.ts';

const LIMITS = { delimiter: ',', encoding: 'utf-8', maxRecordBytes: 1000 } as const;

async function* inPieces(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += size) yield data.subarray(at, at + size);
}

async function split(
  text: string | Uint8Array,
  format: FileFormat,
  options: Partial<typeof LIMITS> | object = {},
  piece = 7,
) {
  const data = typeof text === 'string' ? Buffer.from(text) : text;
  const records = await Array.fromAsync(splitFile(inPieces(data, piece), format, { ...LIMITS, ...options }));
  return records.map((record) => ({ ...record, text: Buffer.from(record.data).toString() }));
}

const texts = async (...args: Parameters<typeof split>) => (await split(...args)).map(({ text }) => text);

t.test('a JSON array gives its elements as they stand there', async (t) => {
  t.same(await texts('\ufeff [ {"a":1.0, "b":"],[{\\""} ,2, [3,[4]],"x" ]\n', 'json'), [
    '{"a":1.0, "b":"],[{\\""}',
    '2',
    '[3,[4]]',
    '"x"',
  ]);
  t.same(await texts('[]', 'json'), []);
  t.same(await texts('  {"whole": [1,2]} ', 'json'), ['{"whole": [1,2]}'], 'no list: one record');
});

t.test('any JSON array, in pieces of any size, gives what JSON.parse gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json()), fc.integer({ min: 1, max: 9 }), async (elements, piece) => {
      const text = `[${elements.join(' ,\n')}]`;
      const got = await texts(text, 'json', { maxRecordBytes: 100_000 }, piece);
      t.same(
        got.map((part) => JSON.parse(part) as unknown),
        JSON.parse(text),
        { skip: false },
      );
    }),
    { numRuns: 50 },
  );
});

t.test('a bad element costs itself only; a file cut off keeps its last piece', async (t) => {
  t.same(await texts('[{"a":1},{"a":tru},{"a":3}]', 'json'), ['{"a":1}', '{"a":tru}', '{"a":3}']);
  const cut = await split('[{"a":1},{"a":', 'json');
  t.same(
    cut.map(({ text, bad }) => [text, bad]),
    [
      ['{"a":1}', undefined],
      ['{"a":', 'the file ends inside the list'],
    ],
  );
});

t.test('lines', async (t) => {
  const lines = await split('{"a":1}\r\n\n{bad\n{"a":3}', 'json-lines');
  t.same(
    lines.map(({ text, position }) => [position, text]),
    [
      [1, '{"a":1}'],
      [3, '{bad'],
      [4, '{"a":3}'],
    ],
  );
  const [big, after] = await split(`${'x'.repeat(5000)}\n{}`, 'json-lines');
  t.equal(big?.bytes, 5000, 'its true size is known');
  t.equal(big?.data.byteLength, 1001, 'and no more than the limit (and the one byte that tells) is kept');
  t.equal(after?.text, '{}');
});

t.test('CSV rows carry their header; quotes may hold separators and line ends', async (t) => {
  t.same(await texts('\ufeffid,note\r\n1,"a, ""b""\nc"\r\n\r\n2,x\r\n', 'csv'), [
    'id,note\n1,"a, ""b""\nc"',
    'id,note\n2,x',
  ]);
  const bad = await split('id,note\n1,"open\n2,x\n3,y,z\n4,"a"b\n5,ok', 'csv');
  t.same(
    bad.map(({ text, position, bad }) => [position, text.split('\n').slice(1).join('\n'), bad !== undefined]),
    [
      [2, '1,"open', true],
      [3, '2,x', false],
      [4, '3,y,z', true],
      [5, '4,"a"b', true],
      [6, '5,ok', false],
    ],
    'a quote that nobody closes costs its own line',
  );
});

t.test('CSV in another encoding or with an odd delimiter becomes what every reader reads', async (t) => {
  const latin = Buffer.from('id;ort\n1;K\u00f6ln', 'latin1');
  t.same(await texts(latin, 'csv', { delimiter: ';', encoding: 'latin1' }), ['id;ort\n1;Köln']);
  t.same(await texts('id|a\n1|x, "y"', 'csv', { delimiter: '|' }), ['id,a\n1,"x, ""y"""']);
});

async function folder(t: Parameters<typeof withTempDir>[0], other: Partial<FilesSourceConfig> = {}) {
  const directory = await withTempDir(t);
  const world = new CollectorWorld();
  const settings = filesSettings(directory, other);
  const put = async (name: string, text: string, at = START_MS - 60_000): Promise<void> => {
    await writeFile(join(directory, name), text);
    await utimes(join(directory, name), at / 1000, at / 1000);
  };
  return { directory, world, put, start: () => world.start(new FilesCollector(settings)) };
}

const looks = (world: CollectorWorld): number =>
  world.events.filter(({ kind }) => kind === 'poll-finished').length;

t.test('a file is read when it has stood still, not while it grows', async (t) => {
  const { directory, world, put, start } = await folder(t);
  await put('a.ndjson', '{"id":1}\n');
  const run = start();
  await world.until('a first look', () => looks(world) === 1 && world.sleeping);
  t.equal(world.messages.length, 0, 'one look is not enough');
  t.equal(world.sleeps.at(-1), 2000, 'and the next is soon');
  await appendFile(join(directory, 'a.ndjson'), '{"id":2}\n');
  world.tick();
  await world.until('a second look', () => looks(world) === 2 && world.sleeping);
  t.equal(world.messages.length, 0, 'it grew');
  await world.until('it is read', () => world.proofs.length > 0);
  await run.stop();
  t.same(world.texts(), ['{"id":1}', '{"id":2}']);
});

t.test('a marker says complete at once; names in the making, markers and links are no data', async (t) => {
  const { directory, world, put, start } = await folder(t);
  await put('a.json', '[1,2]');
  await put('a.json.done', '');
  await put('b.json.part', '[3]');
  await put('.c.json', '[4]');
  await symlink('/etc/hostname', join(directory, 'd.xml'));
  const run = start();
  await world.until('a look', () => looks(world) === 1);
  t.same(world.texts(), ['1', '2']);
  await world.until('more looks', () => looks(world) === 4);
  await run.stop();
  t.same(world.texts(), ['1', '2']);
});

t.test('kept files are read once; changed ones again; touched or rewritten the same ones not', async (t) => {
  const { world, put, start } = await folder(t);
  await put('a.csv', 'id\n1\n');
  const run = start();
  await world.until('read', () => world.proofs.length === 1);
  await put('a.csv', 'id\n1\n', START_MS - 50_000);
  await world.until('seen', () => world.proofs.length === 2);
  t.equal(world.messages.length, 1, 'the same content again');
  await put('a.csv', 'id\n2\n', START_MS - 40_000);
  await world.until('read again', () => world.messages.length === 2);
  await run.stop();
  const again = start();
  const before = looks(world);
  await world.until('looks after a restart', () => looks(world) >= before + 3);
  await again.stop();
  t.equal(world.messages.length, 2);
  const ids = world.messages.map(({ sourceId }) => sourceId);
  t.equal(new Set(ids).size, 2, 'line 2 of another file is another record');
});

t.test('finished files are moved or deleted, markers too, and no name is overwritten', async (t) => {
  const { directory, world, put, start } = await folder(t, { afterwards: 'move', pattern: '**/*.json' });
  await mkdir(join(directory, 'in'));
  await put('in/a.json', '[1]');
  await put('in/a.json.ok', '');
  const run = start();
  await world.until('moved', () => world.proofs.length === 1 && looks(world) >= 1);
  await put('in/a.json', '[2]', START_MS - 1000);
  await world.until('moved', () => world.proofs.length === 2 && looks(world) >= 3);
  await run.stop();
  t.same(await readdir(join(directory, 'in')), []);
  t.equal((await readdir(join(directory, 'done/in'))).length, 2);
  t.same(world.texts(), ['1', '2'], 'what was moved is not read again');
  const other = await folder(t, { afterwards: 'delete' });
  await other.put('a.xml', '<a/>');
  const second = other.start();
  await other.world.until('deleted', () => other.world.proofs.length === 1 && looks(other.world) >= 2);
  await second.stop();
  t.same(await readdir(other.directory), []);
  t.equal(other.world.messages[0]?.contentType, 'application/xml');
});

t.test('a crash in the middle of a big file goes on behind the last batch in the log', async (t) => {
  const { world, put, start } = await folder(t);
  const rows = Array.from({ length: 1200 }, (_, i) => `${i}`);
  await put('a.csv', `id\n${rows.join('\n')}\n`);
  const run = start();
  await world.until('the first batch', () => {
    // The log goes away after it has taken one batch.
    if (world.messages.length > 0 && world.failDeliveries === 0) world.failDeliveries = 1_000_000;
    return world.faults.includes('log-unavailable');
  });
  await run.stop();
  const before = world.messages.length;
  t.ok(before >= 500 && before < 1200, `${before} of 1200 were in the log`);
  world.failDeliveries = 0;
  const again = start();
  await world.until('all', () => world.proofs.length === 1);
  await again.stop();
  t.equal(world.messages.length, 1200, 'none lost, none twice');
  t.equal(new Set(world.messages.map(({ sourceId }) => sourceId)).size, 1200);
});

t.test('nothing is proved past a file that is not complete yet', async (t) => {
  const { world, put, start } = await folder(t);
  await put('a.json', '[1]', START_MS - 30_000);
  await put('b.json', '[2]', START_MS - 20_000);
  const run = start();
  await world.until('a first look', () => looks(world) === 1 && world.sleeping);
  await put('a.json', '[1, 3]', START_MS - 30_000);
  world.tick();
  await world.until('b is proved', () => world.proofs.length === 1);
  t.same(world.texts(), ['2']);
  t.equal(world.proofs[0]?.provedUntil, START_MS - 30_001, 'only up to the older file that still grows');
  await world.until('both', () => world.proofs.length === 2);
  await run.stop();
  t.same(world.texts(), ['2', '1', '3']);
});

t.test('a file too large, or of an unknown kind, leaves its head in the log', async (t) => {
  const { world, put, start } = await folder(t, { maxFileBytes: 100 });
  await put('a.csv', `id\n${'1\n'.repeat(100)}`);
  await put('b.bin', 'xyz');
  const run = start();
  await world.until('both', () => world.messages.length === 2);
  await world.until('looks', () => looks(world) >= 4);
  await run.stop();
  t.equal(world.messages.length, 2, 'once each');
  t.equal(world.events.filter(({ kind }) => kind === 'refused').length, 2);
});

t.test('a folder that is missing is a named fault, mended when it is there', async (t) => {
  const { directory, world, put, start } = await folder(t);
  await rm(directory, { recursive: true });
  const run = start();
  await world.until('a fault', () => world.faults.length > 0);
  t.same([...new Set(world.faults)], ['file-unreadable']);
  await mkdir(directory);
  await put('a.json', '[1]');
  await world.until('read', () => world.messages.length === 1);
  await run.stop();
});
