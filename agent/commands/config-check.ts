import { formatProblem, type Problem } from '../../rules/problem.ts';
import { loadProject, type Project } from '../config-load.ts';
import { CONFIG_OPTION, type Command, type CommandContext, configFile, UsageError } from './command.ts';

/** `laytime config check`: every problem of the configuration, its maps and its rules. */
export const configCheck: Command = {
  name: 'config check',
  summary: 'Check the configuration, its maps and its rules',
  usage: '[file]',
  options: {
    ...CONFIG_OPTION,
    'without-secrets': { type: 'boolean', describe: 'only warn about secrets that are not on this machine' },
    strict: { type: 'boolean', describe: 'count warnings as errors' },
  },
  details: 'Exit code 0: no errors. 1: errors, each printed with its place and what to write instead.',
  run: check,
};

async function check(context: CommandContext): Promise<number> {
  const { positionals, values } = context.args;
  if (positionals.length > 1) throw new UsageError(`one file at a time: ${positionals.join(', ')}`);
  const file = positionals[0] ?? configFile(context);
  const project = loadProject(file, {
    env: context.env,
    cwd: context.cwd,
    year: new Date(context.clock.now()).getUTCFullYear(),
    ...(values['without-secrets'] === true ? { missingSecrets: 'warning' as const } : {}),
  });
  const { problems, texts } = project;
  const errors = problems.filter((p) => p.severity === 'error').length;
  const failed = errors > 0 || (values.strict === true && problems.length > 0);
  if (context.json) {
    const report = {
      file,
      ok: !failed,
      errors,
      warnings: problems.length - errors,
      ...counts(project),
      problems,
    };
    context.stdout(`${JSON.stringify(report)}\n`);
    return failed ? 1 : 0;
  }
  for (const problem of problems) context.stdout(`${formatProblem(problem, texts.get(problem.file))}\n\n`);
  context.stdout(`${summary(file, project, problems, errors)}\n`);
  return failed ? 1 : 0;
}

const counts = ({
  config,
  rules,
  maps,
}: Project): { sources: number; maps: number; rules: number; calendars: number; routes: number } => ({
  sources: config?.sources.length ?? 0,
  maps: maps.size,
  rules: rules.ruleSet.rules.length,
  calendars: rules.ruleSet.calendars.size,
  routes: config?.notify.length ?? 0,
});

function summary(file: string, project: Project, problems: readonly Problem[], errors: number): string {
  const found = [plural(errors, 'error'), plural(problems.length - errors, 'warning')]
    .filter((t) => t !== '')
    .join(', ');
  const said = errors === 0 ? `${file} is fine` : file;
  const c = counts(project);
  const parts = [
    plural(c.sources, 'source'),
    plural(c.maps, 'map'),
    plural(c.rules, 'rule'),
    plural(c.calendars, 'calendar'),
    plural(c.routes, 'notify route'),
  ].filter((t) => t !== '');
  const what = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `${said}${errors === 0 ? what : ''}${found === '' ? '' : `: ${found}`}`;
}

const plural = (n: number, word: string): string => (n === 0 ? '' : `${n} ${word}${n === 1 ? '' : 's'}`);
