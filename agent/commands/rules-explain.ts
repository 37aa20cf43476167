import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { closest, formatProblem } from '../../rules/problem.ts';
import { parseRules, type RuleSet } from '../../rules/sla.ts';
import { localText } from '../../rules/testing-time.ts';
import { loadProject } from '../config-load.ts';
import { explainFacts, type ShipmentFacts } from '../http/facts.ts';
import type { ShipmentDetail } from '../store/query-rows.ts';
import { API_OPTIONS, type Api, apiOf, shipmentIdOf } from './api.ts';
import { feedLines, type KnownChannel } from './channels.ts';
import { type Command, type CommandContext, configFile, textOption, UsageError } from './command.ts';

/** `laytime rules explain`: everything that a verdict rests on. */
export const rulesExplain: Command = {
  name: 'rules explain',
  summary: 'Explain a clock: start, counted time, pauses, due time, channels, evidence',
  usage: '<rule> <ref, or source/partner>',
  options: {
    ...API_OPTIONS,
    facts: { type: 'string', describe: 'explain from a file that "laytime facts" wrote; no agent is asked' },
    rules: {
      type: 'string',
      multiple: true,
      describe: 'with --facts: rule files (default: the rules of the configuration)',
    },
  },
  details:
    'laytime rules explain eu-import-release MSCU6639870\n' +
    'laytime rules explain broker-tells-in-time broker-nl/acme\n' +
    'laytime rules explain eu-import-release --facts facts.json --rules rules/eu-release.yaml',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [rule, ref, ...more] = context.args.positionals;
  const file = textOption(context, 'facts');
  if (rule === undefined || more.length > 0 || (ref === undefined) === (file === undefined))
    throw new UsageError('which rule of which shipment? laytime rules explain <rule> <ref>');
  const rows = file === undefined ? await ask(context, rule, ref!) : fromFacts(context, rule, file);
  if (context.json) context.stdout(`${JSON.stringify({ rows })}\n`);
  else context.stdout(`${rows.map(({ text }) => text).join('\n\n')}\n`);
  return 0;
}

async function ask(context: CommandContext, rule: string, ref: string): Promise<readonly { text: string }[]> {
  const api = apiOf(context);
  const feed = ref.includes('/') ? await askChannel(api, rule, ref) : undefined;
  if (feed !== undefined) return [feed];
  const path = `/api/v1/shipments/${encodeURIComponent(await shipmentIdOf(api, ref))}`;
  const { rows } = await api.get<{ rows: { text: string }[] }>(`${path}/explanations`, { rule });
  if (rows.length > 0) return rows;
  const { clocks } = await api.get<ShipmentDetail>(path);
  throw new UsageError(noClock(rule, ref, [...new Set(clocks.map((clock) => clock.rule))]), 1);
}

/** A `feed` rule is about a channel; undefined when it says nothing of this one, or is none. */
async function askChannel(api: Api, rule: string, id: string): Promise<{ text: string } | undefined> {
  const { rows } = await api.get<{ rows: KnownChannel[] }>('/api/v1/channels');
  const feed = rows.find(({ channel_id }) => channel_id === id)?.feeds.find((each) => each.rule === rule);
  if (feed === undefined) return undefined;
  const lines = feedLines(feed, (text) => localText(Date.parse(text), api.zone));
  return { ...feed, text: lines.join('\n') };
}

function fromFacts(context: CommandContext, rule: string, file: string): readonly { text: string }[] {
  const facts = readFactsFile(context, file);
  const ruleSet = rulesOf(context);
  const rows = explainFacts(facts, ruleSet, rule);
  if (rows.length > 0) return rows;
  const names = ruleSet.rules.map(({ name }) => name);
  throw new UsageError(names.includes(rule) ? `${rule} has no clock in ${file}` : noRule(rule, names), 1);
}

function readFactsFile({ cwd }: CommandContext, file: string): ShipmentFacts {
  let parsed: Partial<ShipmentFacts>;
  try {
    parsed = JSON.parse(readFileSync(resolve(cwd, file), 'utf8')) as Partial<ShipmentFacts>;
  } catch (error) {
    throw new UsageError(`--facts: ${file} cannot be read: ${(error as Error).message}`, 1);
  }
  if (parsed?.format !== 'laytime-facts-1')
    throw new UsageError(`--facts: ${file} is not what "laytime facts" writes`, 1);
  return parsed as ShipmentFacts;
}

function rulesOf(context: CommandContext): RuleSet {
  const { cwd, env, clock } = context;
  const year = new Date(clock.now()).getUTCFullYear();
  const asked = context.args.values.rules;
  if (!Array.isArray(asked)) {
    return loadProject(configFile(context), { env, cwd, year, missingSecrets: 'warning' }).rules.ruleSet;
  }
  const files = asked.map(String).map((file) => {
    try {
      return { file, text: readFileSync(resolve(cwd, file), 'utf8') };
    } catch {
      throw new UsageError(`--rules: ${file} cannot be read`, 1);
    }
  });
  const { ruleSet, problems } = parseRules(files, year);
  const errors = problems.filter(({ severity }) => severity === 'error');
  for (const problem of errors)
    context.stderr(`${formatProblem(problem, files.find(({ file }) => file === problem.file)?.text)}\n\n`);
  if (errors.length > 0) throw new UsageError(`${errors.length} problems in the rules`, 1);
  return ruleSet;
}

function noRule(rule: string, names: readonly string[]): string {
  const near = closest(rule, names);
  return `there is no rule ${rule} in these files${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function noClock(rule: string, ref: string, rules: readonly string[]): string {
  const near = closest(rule, rules);
  const hint =
    near !== undefined ? `; did you mean ${near}?` : rules.length === 0 ? '' : `; it has ${rules.join(', ')}`;
  return `${rule} has no clock for ${ref}${hint}`;
}
