import { readFile } from 'node:fs/promises';
import t from 'tap';
import { collectorTools, createCollector, SOURCE_KINDS } from '../../collectors/catalog.ts';
import {
  dcsaSettings,
  filesSettings,
  httpSettings,
  natsSettings,
  odataSettings,
  oracleSettings,
  sftpSettings,
  webhookSettings,
} from '../support/source-settings.ts';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

t.test('every kind that can be configured can be run, is under contract, and is explained', async (t) => {
  const settings = {
    nats: natsSettings(),
    odata: odataSettings('https://s4.example.com/srv'),
    http: httpSettings('https://api.example.com/events'),
    files: filesSettings('/var/spool/laytime'),
    sftp: sftpSettings(22, 'SHA256:x'),
    webhook: webhookSettings(8090),
    oracle: oracleSettings('https://acme.fa.example/fscmRestApi/resources/11.13.18.05'),
    dcsa: dcsaSettings('https://api.example.com/v3'),
  };
  const tools = collectorTools(() => Promise.reject(new Error('not connected here')));
  const readme = await read('collectors/README.md');
  const contract = await read('test/contract/collector.test.ts');
  t.same(SOURCE_KINDS.map(({ key }) => key).sort(), Object.keys(settings).sort());
  for (const { key } of SOURCE_KINDS) {
    t.equal((await createCollector(settings[key], tools)).source, settings[key].name, key);
    t.ok(readme.includes(`| \`${key}\` |`), `README.md has a row for ${key}`);
    t.match(contract, new RegExp(`Object\\.entries\\(\\{[^}]*\\b${key}\\b`), `${key} is under contract`);
  }
});

t.test('every fault has its name in the README', async (t) => {
  const source = await read('collectors/http-client-fault.ts');
  const union = source.slice(source.indexOf('export type FaultName'), source.indexOf("| 'unexpected'") + 20);
  const names = [...union.matchAll(/\| '([a-z-]+)'/g)].map(([, name]) => name!);
  const readme = await read('collectors/README.md');
  t.ok(names.length > 30);
  for (const name of names) t.ok(readme.includes(`\`${name}\``), name);
});
