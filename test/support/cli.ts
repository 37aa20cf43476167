import { systemClock } from '../../agent/clock.ts';
import { type CliProcess, runCli } from '../../agent/commands/cli.ts';
import { COMMANDS } from '../../agent/commands/commands.ts';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `laytime` in this process. */
export async function cli(argv: readonly string[], host: Partial<CliProcess> = {}): Promise<CliRun> {
  let out = '';
  let err = '';
  const code = await runCli(argv, COMMANDS, {
    env: () => undefined,
    clock: systemClock,
    cwd: '/',
    signal: new AbortController().signal,
    ...host,
    stdout: (text) => {
      out += text;
      host.stdout?.(text);
    },
    stderr: (text) => {
      err += text;
      host.stderr?.(text);
    },
  });
  return { code, out, err };
}
