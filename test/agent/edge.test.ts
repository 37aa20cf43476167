import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { eventually, withNats, withTempDir } from '../support/engines.ts';
import { startAgent } from '../support/running.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Packages that are loaded with a file, in whatever depth; what is imported by `import()` is not followed. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, name = ''] of text.matchAll(/^import (?!type\b)[^;'"=]* from '([^']+)';$/gm)) {
    if (name.startsWith('.')) {
      for (const found of packagesOf(resolve(dirname(file), name), seen)) packages.add(found);
    } else if (!name.startsWith('node:')) packages.add(name);
  }
  return packages;
}

t.test('an agent that only collects is loaded without what judges, stores and polls', async (t) => {
  const own = [
    '@nats-io/jetstream',
    '@nats-io/kv',
    '@nats-io/transport-node',
    'prom-client',
    're2js',
    'yaml',
  ];
  t.same([...packagesOf(join(ROOT, 'agent/commands/run.ts'))].sort(), own);
  t.same([...packagesOf(join(ROOT, 'agent/app-health.ts'))].sort(), ['@koa/router', 'koa', 'yaml']);
});

t.test('it needs the log alone: neither rules nor maps, and it serves its health', async (t) => {
  const cwd = await withTempDir(t);
  const nats = await withNats(t);
  const config = `role: collect
nats: { url: "${nats.url}" }
listen: 127.0.0.1:0
sources:
  drop: { files: ., pattern: "*.json", poll: 1s, settle: 0s, map: maps/at-the-judge.yaml }
rules: [rules/at-the-judge/*.yaml]
`;
  await writeFile(join(cwd, 'laytime.yaml'), config);
  const { url, stop } = await startAgent(t, cwd);
  t.match(await (await fetch(`${url}/readyz`)).json(), { ready: true });
  await writeFile(join(cwd, 'a.json'), await readFile(join(ROOT, 'package.json')));
  const connection = await connect({ servers: nats.url });
  t.teardown(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  await eventually('the file is in the log', async () => {
    const { messages } = (await streams.info('LAYTIME_LOG')).state;
    return messages > 0;
  });
  t.match(await (await fetch(`${url}/metrics`)).text(), /laytime_log_appended_total\{source="drop"\} 1/);
  t.equal((await fetch(`${url}/api/v1/shipments`)).status, 404);
  t.match(await stop(), { code: 0 });
  await t.rejects(fetch(`${url}/healthz`));
});
