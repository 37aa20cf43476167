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
  const dir = await withTempDir(t);
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  t.equal(await formatOfFile(await write('a.csv', '{"a":1}'), 'auto'), 'csv');
  t.equal(await formatOfFile(await write('a.edi', 'ISA*00*'), 'auto'), 'x12');
  t.equal(await formatOfFile(await write('b.edi', "UNA:+.? 'UNB+"), 'auto'), 'edifact');
  t.equal(await formatOfFile(await write('c.dat', '{"a":1}\n{"a":2}\n'), 'auto'), 'json-lines');
  t.equal(await formatOfFile(await write('d.dat', 'a;b\n'), 'auto'), undefined);
  t.equal(await formatOfFile(await write('d.dat', 'a;b\n'), 'fixed-width'), 'fixed-width');
  t.equal(await formatOfFile(await write('e.edi', ''), 'auto'), undefined);
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
