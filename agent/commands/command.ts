import type { ParseArgsOptionsConfig } from 'node:util';
import type { Clock } from '../clock.ts';

/** What a verb may use of the process; tests give their own. */
export interface CommandContext {
  readonly args: CommandArgs;
  /** Machine-readable output was asked for: one JSON value on stdout, nothing else there. */
  readonly json: boolean;
  /** Writes text as it is; end lines with `\n`. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: (name: string) => string | undefined;
  readonly clock: Clock;
  readonly cwd: string;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls back at every SIGHUP from then on; before, that signal ends the process as usual. */
  readonly onHangup?: (listener: () => void) => void;
  /** Absent when a person is not looking. */
  readonly terminal?: Terminal;
}

/** What a person looks at. */
export interface Terminal {
  /** Columns of standard output; absent when that is a file or a pipe. */
  readonly columns?: number;
  /** Standard error is a terminal: log lines are for a person. */
  readonly log: boolean;
}

const NARROW = 60;
const PIPE_WIDTH = 120;

/** How wide a picture may be. */
export const widthOf = ({ terminal }: CommandContext): number =>
  Math.max(NARROW, terminal?.columns ?? PIPE_WIDTH);

/** How wide a table may be: nothing is cut for whoever reads a pipe. */
export const tableWidthOf = ({ terminal }: CommandContext): number =>
  Math.max(NARROW, terminal?.columns ?? Infinity);

export interface CommandArgs {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
}

/** One verb of the command line. A new one is a file in this folder and a line in commands.ts. */
export interface Command {
  /** One word, or two for a verb of a group: `config check`. */
  readonly name: string;
  /** One line for `laytime help`. */
  readonly summary: string;
  /** What follows the name: `[file]`, `<rule> <ref>`. */
  readonly usage: string;
  /** Beside `--json`, `--debug`, `--help`, which every verb has. `describe` is printed by `--help`. */
  readonly options: Readonly<Record<string, ParseArgsOptionsConfig[string] & { readonly describe: string }>>;
  /** More for `--help`: examples, exit codes. */
  readonly details?: string;
  /** Resolves with the exit code: 0 fine, 1 the answer is "no" or something failed, 2 wrong use. */
  run(context: CommandContext): Promise<number>;
}

/** A mistake of the person at the keyboard or in a file: printed as one line, without a stack. */
export class UsageError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 2) {
    super(message);
    this.name = 'UsageError';
    this.exitCode = exitCode;
  }
}

/** The text of an option, undefined when it was not given. */
export function textOption(context: CommandContext, name: string): string | undefined {
  const value = context.args.values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The configuration file: `--config`, else `LAYTIME_CONFIG`, else `laytime.yaml`. */
export const configFile = (context: CommandContext): string =>
  textOption(context, 'config') ?? context.env('LAYTIME_CONFIG') ?? 'laytime.yaml';

/** The option that {@link configFile} reads, for the verbs that have it. */
export const CONFIG_OPTION = {
  config: { type: 'string', short: 'c', describe: 'configuration file (default: laytime.yaml)' },
} as const satisfies Command['options'];
