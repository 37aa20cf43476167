import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { closest } from '../../rules/problem.ts';
import { type Command, type CommandArgs, type CommandContext, UsageError } from './command.ts';
import type { CommandEntry } from './commands.ts';

/** What the process gives to whichever verb is called. */
export type CliProcess = Omit<CommandContext, 'args' | 'json'>;

const COMMON: ParseArgsOptionsConfig = {
  json: { type: 'boolean' },
  debug: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** Finds the verb, reads its options, runs it; resolves with the exit code and never rejects. */
export async function runCli(
  argv: readonly string[],
  commands: readonly CommandEntry[],
  host: CliProcess,
): Promise<number> {
  try {
    return await dispatch(argv, commands, host);
  } catch (e) {
    const error = e instanceof Error ? e : new Error(String(e));
    const text = argv.includes('--debug') ? (error.stack ?? error.message) : oneLine(error);
    if (argv.includes('--json') && !(error instanceof UsageError && error.exitCode === 2)) {
      host.stdout(`${JSON.stringify({ error: oneLine(error) })}\n`);
    }
    host.stderr(`laytime: ${text}\n`);
    return error instanceof UsageError ? error.exitCode : 1;
  }
}

/** A library's error may run over many lines and hide its reason in `cause`. */
function oneLine(error: Error): string {
  const first = error.message.split('\n', 1)[0]!;
  const cause = error.cause instanceof Error && error.cause.message !== '' ? `: ${oneLine(error.cause)}` : '';
  return (first === '' ? error.name : first) + cause;
}

async function dispatch(
  argv: readonly string[],
  commands: readonly CommandEntry[],
  host: CliProcess,
): Promise<number> {
  const words = argv.filter((a) => !a.startsWith('-'));
  const [first, second] = words;
  if (first === undefined || first === 'help') {
    const topic = first === 'help' ? commands.find((c) => matches(c, words[1], words[2])) : undefined;
    host.stdout(topic === undefined ? await overview(commands) : helpOf(await topic.load()));
    return first === undefined && !argv.some((a) => a === '--help' || a === '-h') ? 2 : 0;
  }
  const entry = commands.find((c) => matches(c, first, second));
  if (entry === undefined) throw unknownVerb(first, second, commands);
  const command = await entry.load();
  const args = readArgs(command, afterName(argv, command.name.split(' ')));
  if (args.values.help === true) {
    host.stdout(helpOf(command));
    return 0;
  }
  return command.run({ ...host, args, json: args.values.json === true });
}

const matches = (entry: CommandEntry, first: string | undefined, second: string | undefined): boolean =>
  entry.name === first || entry.name === `${first} ${second}`;

/** What is left of the arguments when the words of the name are taken out; options may stand before them. */
function afterName(argv: readonly string[], name: readonly string[]): string[] {
  const rest = [...argv];
  for (const word of name) rest.splice(rest.indexOf(word), 1);
  return rest;
}

function readArgs(command: Command, argv: readonly string[]): CommandArgs {
  const own = Object.entries(command.options).map(([name, { describe: _, ...option }]) => [name, option]);
  const options: ParseArgsOptionsConfig = { ...Object.fromEntries(own), ...COMMON };
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { positionals, values: values as CommandArgs['values'] };
  } catch (e) {
    const message = (e as Error).message;
    const wrong = /'--([^' ]+)/.exec(message)?.[1];
    const near = wrong === undefined ? undefined : closest(wrong, Object.keys(options));
    const hint = near === undefined || near === wrong ? '' : `; did you mean --${near}?`;
    throw new UsageError(`${message.split('. ', 1)[0]}${hint} (laytime ${command.name} --help)`);
  }
}

function unknownVerb(
  first: string,
  second: string | undefined,
  commands: readonly CommandEntry[],
): UsageError {
  const group = commands.filter((c) => c.name.startsWith(`${first} `)).map((c) => c.name);
  if (group.length > 0 && second === undefined) {
    return new UsageError(`${first} what? There is ${group.map((g) => `"laytime ${g}"`).join(', ')}`);
  }
  const said = second === undefined || group.length === 0 ? first : `${first} ${second}`;
  const names = commands.map((c) => c.name);
  // `check` alone, or `config chek`, or `confg check`
  const near =
    names.find((n) => n.split(' ').includes(first)) ??
    closest(second === undefined ? first : `${first} ${second}`, names) ??
    closest(
      first,
      names.map((n) => n.split(' ')[0]!),
    );
  const hint = near === undefined ? '; see laytime help' : `; did you mean "laytime ${near}"?`;
  return new UsageError(`there is no verb "${said}"${hint}`);
}

async function overview(commands: readonly CommandEntry[]): Promise<string> {
  const all = await Promise.all(commands.map((c) => c.load()));
  const width = Math.max(...all.map((c) => c.name.length));
  const lines = all.map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`);
  return `laytime: a trace for every shipment, a clock for every milestone

usage: laytime <verb> [options]

${lines.join('\n')}

Every verb takes --json, --debug (errors with their stack) and --help.
`;
}

function helpOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    return [`${short}--${name}${option.type === 'string' ? ` <${name}>` : ''}`, option.describe] as const;
  });
  const all = [
    ...options,
    ['    --json', 'print one JSON value'] as const,
    ['    --debug', 'print errors with their stack'] as const,
  ];
  const width = Math.max(...all.map(([left]) => left.length));
  const usage = `usage: laytime ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`;
  const lines = all.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  const details = command.details === undefined ? '' : `\n${command.details.trim()}\n`;
  return `${command.summary}\n\n${usage}\n\n${lines.join('\n')}\n${details}`;
}
