import { type CliRun, cli } from './cli.ts';
import { eventually } from './engines.ts';

/** `laytime run` in this process. */
export interface RunningAgent {
  /** Where it serves HTTP. */
  readonly url: string;
  /** What it has logged so far, a line each. */
  readonly lines: readonly string[];
  /** As SIGHUP would. */
  hangup(): void;
  /** Asks it to stop; resolves when it has. */
  stop(): Promise<CliRun>;
}

/** Starts the agent of a configuration in `cwd`; resolves when it serves HTTP. It stops with the test at the latest. */
export async function startAgent(
  t: { teardown(f: () => Promise<void>): void },
  cwd: string,
): Promise<RunningAgent> {
  const abort = new AbortController();
  let url = '';
  let hangup = (): void => undefined;
  const lines: string[] = [];
  const ended = cli(['run', '--json'], {
    cwd,
    signal: abort.signal,
    stdout: (text) => {
      url ||= (JSON.parse(text) as { url?: string }).url ?? '';
    },
    stderr: (text) => void lines.push(text),
    onHangup: (listener) => {
      hangup = listener;
    },
  });
  const stop = (): Promise<CliRun> => {
    abort.abort();
    return ended;
  };
  t.teardown(async () => {
    await stop();
  });
  const failed = ended.then(({ err }) => {
    throw new Error(`the agent ended: ${err}`);
  });
  await Promise.race([eventually('it serves', () => url !== '', 60_000), failed]);
  failed.catch(() => undefined);
  return { url, lines, hangup: () => hangup(), stop };
}
