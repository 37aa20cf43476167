#!/usr/bin/env node
import { systemClock } from './clock.ts';
import { runCli } from './commands/cli.ts';
import { COMMANDS } from './commands/commands.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // The first asks to stop; a second one, from somebody who has waited enough, ends the process.
  process.once(name, () => {
    stop.abort();
    process.once(name, () => process.exit(130));
  });
}
// `laytime … | head` closes our output: that is an end, not a fault.
process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code === 'EPIPE') process.exit(0);
  throw e;
});

process.exitCode = await runCli(process.argv.slice(2), COMMANDS, {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: (name) => process.env[name],
  clock: systemClock,
  cwd: process.cwd(),
  signal: stop.signal,
  onHangup: (listener) => void process.on('SIGHUP', listener),
  terminal: {
    ...(process.stdout.isTTY && { columns: process.stdout.columns }),
    log: process.stderr.isTTY === true,
  },
});
