import { formatProblem } from '../../rules/problem.ts';
import { type App, startApp } from '../app.ts';
import { endOf, serveAgent } from '../app-http.ts';
import type { Judging } from '../app-judging.ts';
import { type Reloaded, ruleReload } from '../app-reload.ts';
import type { Config } from '../config.ts';
import { type Edge, edgeOf } from '../config-edge.ts';
import { type ConfigFile, loadConfigFile } from '../config-file.ts';
import type { Project } from '../config-load.ts';
import type { ApiServer, HttpServer } from '../http/server.ts';
import { formatLogLine, type LogLevel } from '../log-line.ts';
import { Telemetry } from '../telemetry.ts';
import { CONFIG_OPTION, type Command, type CommandContext, configFile, UsageError } from './command.ts';

/** `laytime run`: the agent itself. */
export const runCommand: Command = {
  name: 'run',
  summary: 'Run the agent: collect, judge, notify, store, and serve the API and the control tower',
  usage: '',
  options: CONFIG_OPTION,
  details:
    'Log lines go to standard error, as JSON unless that is a terminal. SIGTERM and SIGINT stop it in order: what was read is\n' +
    'judged, committed and remembered. Exit code 0: stopped. 1: it cannot run or go on, with one line that says why.\n' +
    'With --json standard output gets one object when it serves: {"url": …}.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  if (context.args.positionals.length > 0)
    throw new UsageError(`run takes no ${context.args.positionals[0]}; see --config`);
  const year = new Date(context.clock.now()).getUTCFullYear();
  const options = { env: context.env, cwd: context.cwd, year };
  const file = loadConfigFile(configFile(context), options);
  // An agent at the edge needs no rules, nor maps beyond their private fields, nor the memory of what reads them.
  const edge = file.config?.role === 'collect' ? await edgeOf(file, context.cwd) : undefined;
  const loader = edge === undefined ? await import('../config-load.ts') : undefined;
  const project = loader?.projectOf(file, options);
  const { config } = edge ?? project ?? file;
  const problems = project?.problems ?? [...file.problems, ...(edge?.problems ?? [])];
  tellProblems(context, { problems, texts: project?.texts ?? file.texts });
  if (config === undefined || problems.some(({ severity }) => severity === 'error')) return 1;
  const telemetry = new Telemetry(logWriter(context, config.telemetry.logLevel));
  telemetry.line('info', 'starting', {
    role: config.role,
    sources: config.sources.length,
    ...(project && { rules: project.rules.ruleSet.rules.length }),
  });
  const { privateFields } = edge ?? {};
  const again = loader && (() => loader.loadProject(file.file, options));
  await serve(context, {
    ...{ project, config, telemetry, year },
    ...(again && { again }),
    ...(privateFields && { privateFields }),
  });
  telemetry.line('info', 'stopped');
  return 0;
}

interface Plan {
  /** Absent in the role `collect`. */
  readonly project: Project | undefined;
  readonly privateFields?: Edge['privateFields'];
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly year: number;
  /** Reads the project again. */
  readonly again?: () => Project;
}

/** Until somebody asks it to stop, or it cannot go on: then it rejects. Health is served while a standby waits for its turn. */
async function serve(context: CommandContext, plan: Plan): Promise<void> {
  const { project, config, telemetry, privateFields } = plan;
  const { clock, signal } = context;
  let http: HttpServer | undefined;
  let api: ApiServer | undefined;
  let judging: Judging | undefined;
  let ended: () => unknown = () => undefined;
  let app: App | undefined;
  try {
    app = await startApp({
      ...{ project, config, clock, telemetry, signal },
      ...(privateFields && { privateFields }),
      async onOpen(opened) {
        const reload = reloadOf(plan, () => ({ judging, api }));
        const agent = { ...opened, judging: () => judging, ended: () => ended(), reload };
        if (project !== undefined) http = api = await serveAgent(agent, { ...plan, project });
        else http = await (await import('../app-health.ts')).serveHealth(plan, clock.elapsed);
        context.onHangup?.(() => tryReload(reload, telemetry));
        announce(context, telemetry, http, config);
      },
    });
    judging = app.judging;
    ended = endOf(app.done);
    await Promise.race([app.done, aborted(signal)]);
  } catch (error) {
    // A start that was given up because somebody asked to stop is no failure.
    if (!signal.aborted) throw error;
  } finally {
    telemetry.line('info', 'stopping');
    await http?.stop();
    await app?.stop();
  }
}

/** Puts edited rule files in force; throws when this agent does not judge. */
function reloadOf(
  { project, again, config, telemetry }: Plan,
  parts: () => { readonly judging: Judging | undefined; readonly api: ApiServer | undefined },
): () => Reloaded {
  const reload =
    project &&
    again &&
    ruleReload({
      load: again,
      rules: project.rules.ruleSet,
      ...{ config, telemetry },
      judge: (rules) => parts().judging?.useRules(rules),
      serve: (files) => parts().api?.useRules(files),
    });
  return () => {
    if (reload === undefined || parts().judging === undefined)
      throw new Error('this agent does not judge now, so it has no rules to read again');
    return reload();
  };
}

function tryReload(reload: () => Reloaded, telemetry: Telemetry): void {
  try {
    reload();
  } catch (error) {
    telemetry.line('error', 'rules-refused', { problems: String(error) });
  }
}

function announce(
  { json, stdout }: CommandContext,
  telemetry: Telemetry,
  { url }: HttpServer,
  { publicUrl }: Config,
): void {
  telemetry.line('info', 'serving', { url, publicUrl });
  if (json) stdout(`${JSON.stringify({ url })}\n`);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** As `config check` prints them, warnings too. */
function tellProblems(
  { stderr, json, stdout }: CommandContext,
  { problems, texts }: Pick<ConfigFile, 'problems' | 'texts'>,
): void {
  for (const problem of problems) stderr(`${formatProblem(problem, texts.get(problem.file))}\n\n`);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return;
  stderr(
    `laytime: ${errors} error${errors === 1 ? '' : 's'}; the agent does not start with a configuration that it cannot keep\n`,
  );
  if (json) stdout(`${JSON.stringify({ errors, problems })}\n`);
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Writes log lines of a level and above: JSON for machines, words on a terminal. */
export function logWriter(
  { stderr, terminal, clock }: Pick<CommandContext, 'stderr' | 'terminal' | 'clock'>,
  least: LogLevel,
): ConstructorParameters<typeof Telemetry>[0] {
  return (line) => {
    if (LEVELS.indexOf(line.level) < LEVELS.indexOf(least)) return;
    stderr(`${formatLogLine(line, new Date(clock.now()), terminal?.log !== true)}\n`);
  };
}
