import { referencePage } from '../../rules/sla-reference.ts';
import { ruleFileSchema } from '../../rules/sla-schema.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';

/** `laytime rules schema`: the SLA language for editors, and as a page. */
export const rulesSchema: Command = {
  name: 'rules schema',
  summary: 'Print the JSON Schema of rule files, by which editors complete and check',
  usage: '',
  options: {
    reference: { type: 'boolean', describe: 'print the reference page of the language instead, in Markdown' },
  },
  details:
    'Keep it beside your rules (laytime rules schema > rules.schema.json), and let each file begin with\n' +
    '  # yaml-language-server: $schema=rules.schema.json',
  run,
};

async function run({ args, stdout }: CommandContext): Promise<number> {
  if (args.positionals.length > 0) throw new UsageError('rules schema takes no file');
  stdout(args.values.reference === true ? referencePage() : `${JSON.stringify(ruleFileSchema(), null, 2)}\n`);
  return 0;
}
