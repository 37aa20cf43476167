import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BUILTIN_MAPS, builtinMapText } from '../../collectors/maps/builtin.ts';
import { compileMap } from '../../collectors/maps/compile.ts';
import type { CompiledMap, LoggedMessage, MapResult, SourceIdentity } from '../../collectors/maps/map.ts';
import { withheldWhy } from '../../collectors/privacy/privacy.ts';
import type { SourceConfig } from '../../collectors/settings.ts';
import { closest, formatProblem } from '../../rules/problem.ts';
import { parseRules, type Rule } from '../../rules/sla.ts';
import type { Config } from '../config.ts';
import { findRuleFiles, loadProject } from '../config-load.ts';
import {
  CONFIG_OPTION,
  type Command,
  type CommandContext,
  configFile,
  textOption,
  UsageError,
} from './command.ts';
import { coverageOf } from './sources-try-coverage.ts';
import { FieldWatch } from './sources-try-fields.ts';
import { readMessages } from './sources-try-read.ts';
import { reportJson, reportText, type TryResult } from './sources-try-report.ts';

/** `laytime sources try`: what a map makes of real messages, before anything is configured or written anywhere. */
export const sourcesTry: Command = {
  name: 'sources try',
  summary: 'Show what a source or map makes of real messages',
  usage: '<source or map> <file|folder|url|subject>',
  options: {
    ...CONFIG_OPTION,
    partner: { type: 'string', describe: 'who speaks, when the first argument is a map' },
    zone: { type: 'string', describe: "the partner's time zone, when the first argument is a map" },
    max: {
      type: 'string',
      describe: 'read at most so many messages (URL and subject: default 20, folder: 10000)',
    },
    details: { type: 'boolean', describe: 'tell of every message, however many there are (else up to 10)' },
    wait: { type: 'string', describe: 'wait so many seconds for a URL or subject (default 10)' },
  },
  details: [
    'The first argument is a source of the configuration, a ready map (builtin:dcsa-tnt-2.2), or a map file.',
    'Ends with what the messages cover: codes, places, identifiers and zones that are not known, fields never read, milestones that the',
    'source can prove, and the rules (of the configuration, else of the ready packs) whose end it can prove.',
    'Nothing is stored, acknowledged or moved. A subject is read from the stream that keeps it, else listened to.',
    'Exit code 0: every message was understood. 1: a message or record would become a dead letter, or nothing was read.',
  ].join('\n'),
  run,
};

/** What messages are read with: a configured source, or a map alone with what the options say. */
export interface Trial {
  readonly name: string;
  readonly map: CompiledMap;
  readonly identity: SourceIdentity;
  readonly source?: SourceConfig;
  readonly config?: Config;
  /** Of the configuration; absent when it has none. */
  readonly rules?: readonly Rule[];
}

/** With more messages only the sums are told. */
const MOST_DETAILED = 10;

async function run(context: CommandContext): Promise<number> {
  const [what, target, ...more] = context.args.positionals;
  if (what === undefined || target === undefined || more.length > 0) {
    throw new UsageError('usage: laytime sources try <source or map> <file|folder|url|subject>');
  }
  const trial = mapTrial(what, context) ?? sourceTrial(what, context);
  const messages = await readMessages(trial, target, context);
  const fields = new FieldWatch();
  const results: TryResult[] = messages.map((message) => ({
    message,
    result: mapOne(trial, message, fields),
  }));
  const details = context.args.values.details === true || results.length <= MOST_DETAILED;
  const report = { trial, target, results, unread: fields.unread(), details };
  const coverage = coverageOf(report, trial.rules ?? readyRules(context));
  const text = context.json ? JSON.stringify(reportJson(report, coverage)) : reportText(report, coverage);
  context.stdout(context.json ? `${text}\n` : text);
  const bad = results.some(
    ({ result }) =>
      result.kind === 'dead-letter' || (result.kind === 'events' && (result.rejected?.length ?? 0) > 0),
  );
  return bad || results.length === 0 ? 1 : 0;
}

/** A message that was withheld, for it may hold private fields and cannot be read, has come to no map. */
function mapOne({ map, identity }: Trial, message: LoggedMessage, fields: FieldWatch): MapResult {
  const withheld = withheldWhy(message.contentType);
  if (withheld === undefined) return map.map(message, identity, fields.watch);
  const reason = `${withheld}: it cannot be read, and the map names private fields`;
  return { kind: 'dead-letter', code: 'withheld', reason, refs: [] };
}

function readyRules({ cwd, clock }: CommandContext): readonly Rule[] {
  const files = findRuleFiles({ pattern: 'builtin:*' }, cwd, cwd);
  const texts = files.map(({ path, name }) => ({ file: name, text: readFileSync(path, 'utf8') }));
  return parseRules(texts, new Date(clock.now()).getUTCFullYear()).ruleSet.rules;
}

/** The first argument as a map; undefined when it does not look like one. */
function mapTrial(what: string, context: CommandContext): Trial | undefined {
  const isFile = /\.ya?ml$/.test(what) || what.includes('/');
  const bare = what.replace(/^builtin:/, '');
  const isBuiltin = what.startsWith('builtin:') || BUILTIN_MAPS.some((name) => name === what);
  if (!isFile && !isBuiltin) return undefined;
  const map = compileNamed(what, isFile, context);
  const zone = textOption(context, 'zone');
  const partner = textOption(context, 'partner') ?? 'partner';
  const name = isFile ? map.name : bare;
  const identity = { name, tenant: 'default', partner, fallbackZone: 'UTC' };
  return { name: what, map, identity: zone === undefined ? identity : { ...identity, zone } };
}

function compileNamed(what: string, isFile: boolean, context: CommandContext): CompiledMap {
  const path = resolve(context.cwd, what);
  if (isFile && !existsSync(path)) throw new UsageError(`there is no map file ${what}`, 1);
  const text = isFile ? readFileSync(path, 'utf8') : builtinMapText(what);
  if (text === undefined) {
    const near = closest(what.replace(/^builtin:/, ''), BUILTIN_MAPS);
    const hint = near === undefined ? `one of ${BUILTIN_MAPS.join(', ')}` : `did you mean builtin:${near}?`;
    throw new UsageError(`there is no ready map ${what}; ${hint}`, 1);
  }
  const { map, problems } = compileMap(text, what);
  for (const problem of problems) context.stderr(`${formatProblem(problem, text)}\n\n`);
  if (map === undefined) throw new UsageError(`${what} has errors; see above`, 1);
  return map;
}

function sourceTrial(what: string, context: CommandContext): Trial {
  const file = configFile(context);
  if (!existsSync(resolve(context.cwd, file))) {
    throw new UsageError(`"${what}" is no map, and there is no ${file} in which it could be a source`, 1);
  }
  const project = loadProject(file, {
    env: context.env,
    cwd: context.cwd,
    year: new Date(context.clock.now()).getUTCFullYear(),
    missingSecrets: 'warning',
  });
  const { config } = project;
  if (config === undefined) throw new UsageError(`${file} has errors; run laytime config check`, 1);
  const source = config.sources.find((s) => s.name === what);
  if (source === undefined) {
    const names = config.sources.map((s) => s.name);
    throw new UsageError(`there is no source "${what}" in ${file}; there are: ${names.join(', ')}`, 1);
  }
  const map = project.maps.get(source.map);
  if (map === undefined)
    throw new UsageError(`the map ${source.map} has errors; run laytime config check`, 1);
  const { name, tenant, partner, zone } = source;
  const identity = { name, tenant, partner, fallbackZone: config.timezone };
  const { rules } = project.rules.ruleSet;
  return {
    name,
    map,
    identity: zone === undefined ? identity : { ...identity, zone },
    source,
    config,
    ...(rules.length > 0 && { rules }),
  };
}
