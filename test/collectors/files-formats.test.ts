import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { formatOfFile } from '../../collectors/files/file-format.ts';
import { FilesCollector } from '../../collectors/files/files.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { withTempDir } from '../support/engines.ts';
import { filesSettings } from '../support/source-settings.ts';

const samples = join(import.meta.dirname, '../fixtures/samples');

t.test('a file is what is configured, else what its extension says, else what it begins like', async (t) => {
  async function* begins(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
  const is = (name: string, text: string, configured: 'auto' | 'fixed-width' = 'auto') =>
    formatOfFile(name, configured, () => begins(text));
  t.equal(await is('a.csv', '{"a":1}'), 'csv');
  t.equal(await is('a.edi', 'ISA*00*'), 'x12');
  t.equal(await is('b.edi', "UNA:+.? 'UNB+"), 'edifact');
  t.equal(await is('c.dat', '{"a":1}\n{"a":2}\n'), 'json-lines');
  t.equal(await is('d.dat', 'a;b\n'), undefined);
  t.equal(await is('d.dat', 'a;b\n', 'fixed-width'), 'fixed-width');
  t.equal(await is('e.edi', ''), undefined);
});

t.test('an interchange is one message, a fixed-width file one for each line', async (t) => {
  const dir = await withTempDir(t);
  await copyFile(join(samples, 'x12/315-test_315.edi'), join(dir, 'a.edi'));
  await writeFile(join(dir, 'b.txt'), '00001 RELEASED\r\n00002 HELD\r\n');
  const world = new CollectorWorld();
  for (const [name, format] of [
    ['a.edi', 'auto'],
    ['b.txt', 'fixed-width'],
  ] as const) {
    await writeFile(join(dir, `${name}.done`), '');
    const run = world.start(new FilesCollector(filesSettings(dir, { pattern: name, format })));
    await world.until(`${name} is read`, () => world.messages.some(({ origin }) => origin.startsWith(name)));
    await run.stop();
  }
  t.same(
    world.messages.map(({ contentType, origin, data }) => [contentType, origin, data.byteLength]),
    [
      ['application/edi-x12', 'a.edi:1', 433],
      ['text/plain', 'b.txt:1', 14],
      ['text/plain', 'b.txt:2', 10],
    ],
  );
});
