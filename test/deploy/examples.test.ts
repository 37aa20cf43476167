import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { systemClock } from '../../agent/clock.ts';
import { runCli } from '../../agent/commands/cli.ts';
import { COMMANDS } from '../../agent/commands/commands.ts';
import { withTempDir } from '../support/engines.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');
const read = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

async function check(cwd: string, ...argv: readonly string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const code = await runCli(argv, COMMANDS, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      out += text;
    },
    env: () => undefined,
    clock: systemClock,
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out };
}

t.test(
  'every example configuration is free of problems, but for secrets that are not on this machine',
  async (t) => {
    const files = globSync(['examples/*.yaml', 'examples/*/laytime.yaml'], { cwd: DEPLOY });
    t.ok(files.length >= 8, 'they are found');
    for (const file of files) {
      const { code, out } = await check(DEPLOY, 'config', 'check', '--without-secrets', '--json', file);
      const report = JSON.parse(out) as { problems: { code: string; message: string }[] };
      t.equal(code, 0, file);
      t.strictSame(
        report.problems.filter((problem) => problem.code !== 'missing-secret'),
        [],
        `${file}: every rule can start, and its breach can be proved`,
      );
    }
  },
);

t.test('the first steps in the README are the example, and its map reads its message', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const first = join(DEPLOY, 'examples/first-alert');
  for (const file of globSync(['*.yaml', '*/*.yaml', '*.json'], { cwd: first }))
    t.ok(readme.includes(read(`examples/first-alert/${file}`).trim()), file);
  const { code, out } = await check(first, 'sources', 'try', 'maps/wms.yaml', 'sample.json', '--json');
  t.equal(code, 0);
  t.match(out, '"arrived"');
});

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image?: string;
        readonly ports?: readonly string[];
        readonly volumes?: readonly string[];
        readonly secrets?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
      }
    >
  >;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(read('compose.yaml')) as Compose;
const { services } = compose;

/** `nats:2.12-alpine` → [2, 12]. */
function versionOf(service: string): number[] {
  const tag = services[service]?.image?.split(':')[1] ?? '';
  return (/\d+(\.\d+)*/.exec(tag)?.[0] ?? '').split('.').map(Number);
}

function isAtLeast(version: readonly number[], wanted: readonly number[]): boolean {
  const at = wanted.findIndex((part, index) => (version[index] ?? 0) !== part);
  return at < 0 || (version[at] ?? 0) > wanted[at]!;
}

t.test('compose.yaml asks for versions that keep what they acknowledge and know what we use', async (t) => {
  t.ok(isAtLeast(versionOf('nats'), [2, 10, 23]), 'NATS');
  t.ok(isAtLeast(versionOf('clickhouse'), [25, 8]), 'ClickHouse');
  t.ok(isAtLeast(versionOf('grafana'), [11, 6]), 'Grafana');
  t.match(services.grafana?.environment?.GF_PLUGINS_PREINSTALL_SYNC, /^grafana-clickhouse-datasource/);
  t.match(read('nats/nats.conf'), /^\s*sync_interval: always$/m, 'NATS writes before it acknowledges');
});

t.test(
  'what compose.yaml mounts exists, what it names is declared, and nothing listens beyond this machine',
  async (t) => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((v) => v.split(':')[0]!),
    );
    for (const path of mounted) {
      if (path.startsWith('.')) t.ok(globSync(path, { cwd: DEPLOY }).length === 1, path);
      else t.ok(path in compose.volumes, `volume ${path}`);
    }
    const used = new Set(Object.values(services).flatMap(({ secrets = [] }) => secrets));
    t.strictSame([...used].sort(), Object.keys(compose.secrets).sort());
    for (const port of Object.values(services).flatMap(({ ports = [] }) => ports))
      t.match(port, /^127\.0\.0\.1:/);
  },
);

t.test('addresses and users agree across compose, Grafana, Prometheus and the agent', async (t) => {
  const agent = parse(read('examples/compose.yaml')) as {
    readonly nats: { readonly url: string };
    readonly clickhouse: { readonly url: string; readonly user: string };
    readonly listen: string;
    readonly data_dir: string;
  };
  t.ok(new URL(agent.nats.url).hostname in services, 'NATS by the name of its service');
  const clickhouse = new URL(agent.clickhouse.url);
  const env = services.grafana?.environment ?? {};
  t.equal(clickhouse.hostname, env.LAYTIME_CLICKHOUSE_HOST);
  t.equal(clickhouse.port, env.LAYTIME_CLICKHOUSE_PORT);
  const users = read('clickhouse/users.xml');
  for (const user of [agent.clickhouse.user, env.LAYTIME_CLICKHOUSE_USER]) t.match(users, `<${user}>`);
  const prometheus = parse(read('prometheus/prometheus.yml')) as {
    readonly scrape_configs: readonly {
      readonly static_configs: readonly { readonly targets: string[] }[];
    }[];
  };
  const port = agent.listen.split(':').at(-1);
  t.strictSame(prometheus.scrape_configs[0]?.static_configs[0]?.targets, [`agent:${port}`]);
  t.match(read('Dockerfile'), `EXPOSE ${port}`);
  t.match(read('Dockerfile'), `VOLUME ${agent.data_dir}`);
  const provisioned = read('grafana/provisioning/datasources/laytime.yaml');
  const wanted = [...provisioned.matchAll(/\$(LAYTIME_\w+)/g)].map(([, name]) => name!);
  const given = [...Object.keys(env), 'LAYTIME_CLICKHOUSE_PASSWORD'];
  t.strictSame(
    wanted.filter((name) => !given.includes(name)),
    [],
    'Grafana gets every variable it reads',
  );
});

t.test('the image runs as nobody in particular, without an engine of its own', async (t) => {
  const last = read('Dockerfile')
    .split(/^FROM /m)
    .at(-1)!;
  t.match(last, /^USER node$/m);
  t.match(last, /^HEALTHCHECK /m);
  t.match(read('Dockerfile'), /--omit=dev --omit=optional/);
});

t.test('nats.conf is read by a real server', async (t) => {
  const directory = await withTempDir(t);
  const file = join(directory, 'nats.conf');
  // Servers before 2.10 refuse what they do not know.
  await writeFile(file, read('nats/nats.conf').replace(/^\s*sync_interval.*$/m, ''));
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/bin:/opt/homebrew/bin` };
  const { stderr } = await promisify(execFile)('nats-server', ['-t', '-c', file], { env });
  t.match(stderr, /is valid/);
});

t.test('the systemd unit gives the program no more than it needs', async (t) => {
  const unit = read('systemd/laytime.service');
  for (const line of [
    'DynamicUser=yes',
    'ProtectSystem=strict',
    'NoNewPrivileges=yes',
    'StateDirectory=laytime',
  ])
    t.match(unit, new RegExp(`^${line}$`, 'm'), line);
  t.notMatch(unit, /^MemoryDenyWriteExecute=yes/m, 'V8 compiles at run time');
});

t.test('the chart is complete: its values are used, and what is used has a value', async (t) => {
  const values = parse(read('helm/laytime/values.yaml')) as Record<string, unknown>;
  const templates = globSync('helm/laytime/templates/*.yaml', { cwd: DEPLOY }).map(read).join('\n');
  const used = [...templates.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path]) => path!.slice(1).split('.'));
  for (const path of used) {
    const value = path.reduce<unknown>(
      (of, key) => (of as Record<string, unknown> | undefined)?.[key],
      values,
    );
    t.not(value, undefined, `.Values.${path.join('.')}`);
  }
  const names = new Set(used.map(([first]) => first));
  for (const name of Object.keys(values)) t.ok(names.has(name), `${name} is used`);
  const config = await withTempDir(t);
  await writeFile(join(config, 'laytime.yaml'), values.config as string);
  const { out } = await check(config, 'config', 'check', '--without-secrets', '--json', 'laytime.yaml');
  const { problems } = JSON.parse(out) as { problems: { code: string; severity: string }[] };
  t.strictSame(
    problems.filter(({ severity }) => severity === 'error'),
    [],
    'its configuration is a sound one',
  );
  let replaced = 0;
  // Without a Helm to ask: take the directives out and see that YAML remains.
  for (const file of globSync('helm/laytime/templates/*.yaml', { cwd: DEPLOY })) {
    const plain = read(file)
      .replace(/^\s*\{\{-? *(range|with|end)[^}]*\}\}\s*$/gm, '')
      .replace(/\{\{-? *toYaml[^}]*\}\}/g, '{}')
      .replace(/\{\{[^}]*\}\}/g, () => `x${++replaced}`);
    t.strictSame(
      parseAllDocuments(plain).flatMap((document) => document.errors),
      [],
      file,
    );
  }
});
