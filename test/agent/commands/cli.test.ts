import t from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { runCli } from '../../../agent/commands/cli.ts';
import { type Command, textOption, UsageError } from '../../../agent/commands/command.ts';
import { COMMANDS, type CommandEntry } from '../../../agent/commands/commands.ts';

const echo: Command = {
  name: 'thing echo',
  summary: 'Say it again',
  usage: '<word>',
  options: {
    loud: { type: 'boolean', describe: 'in capitals' },
    times: { type: 'string', short: 'n', describe: 'how often' },
  },
  details: 'Exit code 3 always.',
  run: async (context) => {
    const { positionals, values } = context.args;
    if (positionals.includes('boom'))
      throw new Error('first line\nsecond line', { cause: new Error('the reason') });
    if (positionals.length === 0) throw new UsageError('which word?');
    context.stdout(JSON.stringify([positionals, values.loud, textOption(context, 'times'), context.json]));
    return 3;
  },
};
const commands: CommandEntry[] = [
  { name: 'thing echo', load: async () => echo },
  { name: 'trace', load: async () => ({ ...echo, name: 'trace', summary: 'Draw it' }) },
];

async function cli(argv: string[]) {
  let out = '';
  let err = '';
  const code = await runCli(argv, commands, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: () => undefined,
    clock: systemClock,
    cwd: '/',
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

t.test('a verb gets its arguments and gives the exit code', async (t) => {
  t.strictSame(await cli(['thing', 'echo', 'a', '--loud', 'thing', '-n', '2', '--json']), {
    code: 3,
    out: '[["a","thing"],true,"2",true]',
    err: '',
  });
  t.match(await cli(['trace', 'x']), { code: 3 });
});

t.test('help', async (t) => {
  const overview = await cli(['help']);
  t.equal(overview.code, 0);
  t.match(overview.out, /thing echo {2}Say it again\n {2}trace {7}Draw it/);
  t.match(await cli(['--help']), { code: 0, out: overview.out });
  t.match(await cli([]), { code: 2, out: overview.out });
  const own = await cli(['thing', 'echo', '--help']);
  t.match(own, { code: 0, out: /usage: laytime thing echo <word>/ });
  t.match(own.out, /-n, --times <times> {2}how often/);
  t.match(own.out, /--json/);
  t.match(own.out, /Exit code 3 always/);
  t.strictSame(await cli(['help', 'thing', 'echo']), own);
});

t.test('mistakes are one line that says what was meant', async (t) => {
  const cases: [string[], RegExp][] = [
    [['trcae', 'x'], /no verb "trcae"; did you mean "laytime trace"\?/],
    [['thing', 'ehco'], /no verb "thing ehco"; did you mean "laytime thing echo"\?/],
    [['thing'], /thing what\? There is "laytime thing echo"/],
    [['echo'], /did you mean "laytime thing echo"/],
    [['zzzzzz'], /see laytime help/],
    [['thing', 'echo', 'a', '--lod'], /Unknown option '--lod'; did you mean --loud\?/],
    [['thing', 'echo'], /which word\?/],
  ];
  for (const [argv, message] of cases) {
    const { code, err, out } = await cli(argv);
    t.equal(code, 2, argv.join(' '));
    t.match(err, message);
    t.equal(err.trim().split('\n').length, 1);
    t.equal(out, '');
  }
});

t.test('a failure is one line with its reason, the stack only when asked for', async (t) => {
  t.strictSame(await cli(['trace', 'boom']), { code: 1, out: '', err: 'laytime: first line: the reason\n' });
  t.match((await cli(['trace', 'boom', '--debug'])).err, /second line[\s\S]*at .*cli\.test/);
  t.match(await cli(['trace', 'boom', '--json']), { out: '{"error":"first line: the reason"}\n' });
});

t.test('every verb in the list is what it says', async (t) => {
  for (const { name, load } of COMMANDS) {
    const command = await load();
    t.equal(command.name, name);
    t.ok(command.summary.length > 0 && !command.summary.endsWith('.'));
    for (const common of ['json', 'debug', 'help'])
      t.notOk(common in command.options, `${name} leaves --${common} to all`);
  }
});
