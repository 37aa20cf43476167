import { API_OPTIONS, apiOf } from './api.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';

/** `laytime rules reload`: puts edited rule files in force in a running agent. */
export const rulesReload: Command = {
  name: 'rules reload',
  summary: 'Put edited rule files in force in a running agent',
  usage: '',
  options: API_OPTIONS,
  details:
    'The agent reads the files that it was started with; the signal SIGHUP does the same. When something is wrong with them nothing\n' +
    'changes, and each problem is told with its place. Breaches that are older than the change are recorded, and nobody is told.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  if (context.args.positionals.length > 0)
    throw new UsageError('rules reload takes no file: the agent reads those of its configuration');
  const answer = await apiOf(context).post<{ outcome: string; changed: string[] }>(
    '/api/v1/rules/reload',
    {},
  );
  if (context.json) context.stdout(`${JSON.stringify(answer)}\n`);
  else if (answer.outcome === 'unchanged') context.stdout('nothing has changed\n');
  else context.stdout(`in force now: ${answer.changed.join(', ')}\n`);
  return 0;
}
