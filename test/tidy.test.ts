import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { COMMANDS } from '../agent/commands/commands.ts';
import { Telemetry } from '../agent/telemetry.ts';
import { SOURCE_KINDS } from '../collectors/catalog.ts';
import { BUILTIN_MAPS } from '../collectors/maps/builtin.ts';
import { functionLengths, withoutText } from './support/source-text.ts';

/** The repository keeps itself tidy: each rule here was agreed once (see the README of this folder) and holds from then on. */

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['rules', 'collectors', 'agent', 'dashboards', 'deploy', 'test'] as const;
const MOST_LINES = 300;
/** A test file tells one story from top to bottom; past this it tells two. */
const MOST_TEST_LINES = 500;
const MOST_FUNCTION_LINES = 70;

interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Text without comments and the insides of strings. */
  readonly code: string;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const sources: readonly SourceFile[] = globSync(`{${FOLDERS.join(',')}}/**/*.ts`, { cwd: ROOT }).map(
  (path) => {
    const text = read(path);
    return { path, folder: path.split('/')[0]!, text, code: withoutText(text) };
  },
);
const program = sources.filter(({ folder }) => folder !== 'test');
const inFolder = (...folders: readonly string[]): SourceFile[] =>
  sources.filter(({ folder }) => folders.includes(folder));

/** `file:line` of every match. */
function found(files: readonly SourceFile[], pattern: RegExp, where: 'code' | 'text' = 'code'): string[] {
  return files.flatMap((file) =>
    file[where]
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}`] : [])),
  );
}

const importsOf = ({ text }: SourceFile): string[] =>
  [
    ...text.matchAll(
      /(?:^|[\s;])(?:import|export)\b(?!\.)[^'";]*?['"]([^'"\n]+)['"]|\bimport\(['"]([^'"\n]+)['"]\)/g,
    ),
  ].map(([, first, second]) => first ?? second!);

t.test('imports go one way: rules, collectors, agent, test', async (t) => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    rules: ['rules'],
    collectors: ['rules', 'collectors'],
    agent: ['rules', 'collectors', 'agent'],
    dashboards: ['rules', 'collectors', 'agent', 'dashboards'],
    deploy: ['deploy'],
    test: FOLDERS,
  };
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => posix.join(dirname(file.path), name))
      .filter((target) => !allowed[file.folder]?.includes(target.split('/')[0]!))
      .map((target) => `${file.path} imports ${target}`),
  );
  t.strictSame(wrong, []);
});

t.test('rules are pure', async (t) => {
  const rules = inFolder('rules');
  const impure = rules.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('node:'))
      .map((name) => `${file.path} imports ${name}`),
  );
  t.strictSame(impure, []);
  t.strictSame(
    found(rules, /\b(process|console|setTimeout|setInterval|setImmediate|fetch|Buffer)\b\s*[.(]/),
    [],
  );
});

t.test('only agent/clock.ts reads the time and throws dice', async (t) => {
  const clock =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bTemporal\.Now\b|\bhrtime\b/;
  const other = program.filter(({ path, folder }) => path !== 'agent/clock.ts' && folder !== 'dashboards');
  t.strictSame(found(other, clock), []);
  // A request that hangs is cut off in real time, whatever time the caller lives in.
  const untimed = inFolder('rules', 'collectors').filter(({ path }) => path !== 'collectors/http-client.ts');
  t.strictSame(found(untimed, /\b(setTimeout|setInterval)\(/), [], 'no timers either');
});

t.test('only agent/main.ts reads the environment', async (t) => {
  // The engine is a program of its own, and its settings are its arguments.
  const programs = ['agent/main.ts', 'agent/engines/clickhouse-process.ts'];
  const others = program.filter(({ path }) => !programs.includes(path));
  t.strictSame(found(others, /\bprocess\.(env|argv)\b/), []);
});

t.test('only telemetry names metrics, and nobody prints', async (t) => {
  const others = inFolder('agent', 'collectors', 'rules').filter(({ path }) => path !== 'agent/telemetry.ts');
  t.strictSame(found(others, /\bconsole\.\w+\(/), []);
  t.strictSame(
    others.filter((file) => importsOf(file).includes('prom-client')).map(({ path }) => path),
    [],
  );
  const spans = others.filter((file) => !file.path.startsWith('agent/spans/'));
  t.strictSame(
    spans
      .filter((file) => importsOf(file).some((name) => name.startsWith('@opentelemetry/')))
      .map(({ path }) => path),
    [],
  );
});

t.test('words that hide something are not used', async (t) => {
  t.strictSame(found(sources, /(?::\s*|<|\bas\s+|\|\s*)any\b\s*(?:[,;)>=[|&]|$)/), [], 'any');
  t.strictSame(found(sources, /^\s*(export\s+)?(const\s+|declare\s+)?enum\b/), [], 'enum');
  t.strictSame(found(sources, /^\s*export\s+default\b/), [], 'default export');
  t.strictSame(found(sources, /^\s*(export\s+)?namespace\b/), [], 'namespace');
  t.strictSame(found(sources, /@ts-(ignore|nocheck|expect-error)/, 'text'), [], 'unchecked lines');
  t.strictSame(found(program, /^\s*export\s+(\*|\{[^}]*\})\s+from\b/), [], 're-export');
  const vague = sources.filter(({ path }) => /^(utils?|helpers?|misc|common|index)\b/.test(basename(path)));
  t.strictSame(
    vague.map(({ path }) => path),
    [],
    'a name says what is in it',
  );
});

t.test('nothing is left for later', async (t) => {
  const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
  t.strictSame(found(sources, later, 'text'), []);
  t.strictSame(
    found(inFolder('test'), /\b(t|test)\.(skip|only|todo)\b|[{,]\s*(skip|only|todo):\s*(?!\s|false|\d|\{)/),
    [],
  );
});

t.test('a test that starts ClickHouse, a browser or processes says that it is slow', async (t) => {
  const starts = /\b(withClickHouse|startClickHouse|withDatabase)\(|'playwright-[c]ore'/;
  const heavy = inFolder('test').filter(
    ({ path, text }) => path.endsWith('.test.ts') && (path.startsWith('test/e2e/') || starts.test(text)),
  );
  t.ok(heavy.length > 10);
  t.strictSame(
    heavy.filter(({ text }) => !text.startsWith('// slow: ')).map(({ path }) => path),
    [],
  );
});

t.test('files and functions are short enough to read at once', async (t) => {
  const lengths = sources.map(({ path, folder, text }) => ({
    path,
    lines: text.split('\n').length - 1,
    most: folder === 'test' ? MOST_TEST_LINES : MOST_LINES,
  }));
  t.strictSame(
    lengths.filter(({ lines, most }) => lines > most).map(({ path, lines }) => `${path}: ${lines} lines`),
    [],
  );
  // A dashboard is a list of panels, however long.
  const long = inFolder('rules', 'collectors', 'agent').flatMap(({ path, code }) =>
    functionLengths(code)
      .filter(({ lines }) => lines > MOST_FUNCTION_LINES)
      .map(({ line, lines }) => `${path}:${line}: ${lines} lines`),
  );
  t.strictSame(long, []);
});

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const textFiles = tracked.filter(
  (path) => existsSync(join(ROOT, path)) && !path.startsWith('test/fixtures/'),
);

t.test('tracked files name no machine and no registry', async (t) => {
  const machine = new RegExp(
    ['/wo' + 'rk/', '/ro' + 'ot/', '/ho' + 'me/\\w', 'registry\\.npm' + 'js'].join('|'),
  );
  const naming = textFiles.filter((path) => machine.test(read(path)));
  t.strictSame(naming, []);
  t.notMatch(read('package-lock.json'), /"resolved"/, 'the lock file works with any registry');
});

t.test('README links lead somewhere', async (t) => {
  const broken = textFiles
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .map(([, target]) => posix.join(dirname(path), target!))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} → ${target}`),
    );
  t.strictSame(broken, []);
  for (const folder of FOLDERS) t.ok(existsSync(join(ROOT, folder, 'README.md')), `${folder}/README.md`);
});

/** Inline code in the first column of the tables under a heading, up to the next one of its level or above. */
function tableUnder(file: string, heading: string): string[] {
  const text = read(file).replace(/^```[\s\S]*?^```/gm, '');
  const start = text.search(new RegExp(`^#+ ${heading}$`, 'm'));
  if (start < 0) return [];
  const level = /^#+/.exec(text.slice(start))![0].length;
  const rest = text.slice(start + level + heading.length + 1);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return [...(end < 0 ? rest : rest.slice(0, end)).matchAll(/^\| *((?:`[^`]+`(?:, )?)+)/gm)].flatMap(
    ([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

t.test('every metric has its line in the docs, every dashboard shows metrics that exist', async (t) => {
  const metrics = (await new Telemetry(() => undefined).registry.getMetricsAsJSON()).map(({ name }) => name);
  t.strictSame(sorted(tableUnder('agent/README.md', 'Metrics')), sorted(metrics));
  const shown = [
    ...globSync('dashboards/built/*.json', { cwd: ROOT }),
    'deploy/grafana/provisioning/alerting/laytime.yaml',
  ]
    .flatMap((path) => [...read(path).matchAll(/\blaytime_\w+(?=[{[)\s]|\\n)/g)].map(([name]) => name))
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  t.strictSame(
    sorted(shown).filter((name) => !metrics.includes(name)),
    [],
  );
});

t.test('every line of the log has its line in the docs', async (t) => {
  const told = inFolder('agent')
    .flatMap(({ text }) => [
      ...text.matchAll(/\bline\(\s*(?:[^;]*?,\s*)??'(?:debug|info|warn|error)',\s*'([a-z-]+)'/g),
    ])
    .map(([, name]) => name!);
  const documented = tableUnder('agent/README.md', 'Log lines');
  t.strictSame(
    sorted(told).filter((name) => !documented.includes(name)),
    [],
  );
});

t.test(
  'every verb, kind of source, ready map and rule pack has its line in the docs, and the other way round',
  async (t) => {
    t.strictSame(
      sorted(tableUnder('agent/README.md', 'Verbs').map((name) => name.replace(/ [[<-].*/, ''))),
      sorted(COMMANDS.map(({ name }) => name)),
      'verbs',
    );
    const kinds = SOURCE_KINDS.map(({ key }) => `${key}:`);
    t.strictSame(
      kinds.filter((kind) => !tableUnder('agent/README.md', 'Configuration').includes(kind)),
      [],
      'kinds of source',
    );
    t.strictSame(
      sorted(tableUnder('collectors/maps/README.md', 'Ready maps')),
      sorted(BUILTIN_MAPS),
      'ready maps',
    );
    const packs = globSync('rules/packs/*.yaml', { cwd: ROOT })
      .filter((path) => !path.endsWith('.test.yaml'))
      .map((path) => basename(path, '.yaml'));
    t.strictSame(sorted(tableUnder('rules/README.md', 'The packs here')), sorted(packs), 'packs');
    for (const pack of packs.filter((name) => name !== 'calendars'))
      t.ok(existsSync(join(ROOT, `rules/packs/${pack}.test.yaml`)), `${pack} has scenarios`);
    for (const channel of ['email', 'webhook', 'slack', 'teams', 'nats', 'log'])
      t.match(read('agent/README.md'), `\`${channel}`, `notify channel ${channel}`);
  },
);

t.test('data files parse', async (t) => {
  for (const path of textFiles.filter(
    (name) => /\.ya?ml$/.test(name) && !name.includes('helm/laytime/templates'),
  ))
    t.doesNotThrow(() => parse(read(path)), path);
});
