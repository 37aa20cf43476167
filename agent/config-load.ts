import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { BUILTIN_MAPS, builtinMapText } from '../collectors/maps/builtin.ts';
import { compileMap } from '../collectors/maps/compile.ts';
import type { CompiledMap } from '../collectors/maps/map.ts';
import { viaOf } from '../collectors/via.ts';
import { type LintContext, lintRules } from '../rules/lint.ts';
import { closest, compareProblems, type Problem } from '../rules/problem.ts';
import { type ParsedRules, parseRules } from '../rules/sla.ts';
import type { Config, ConfigNames, RuleGlob } from './config.ts';
import { type ConfigFile, type ConfigFileOptions, loadConfigFile } from './config-file.ts';
import { withoutCaptures } from './config-privacy.ts';

/** The configuration with everything it names: all that the agent needs to know before it starts. */
export interface Project {
  /** Absent when the configuration has errors. */
  readonly config?: Config;
  readonly rules: ParsedRules;
  /** What `rules` was parsed from, so that another thread can parse it again. */
  readonly ruleFiles: readonly { readonly file: string; readonly text: string }[];
  /** By the `map:` setting of sources. */
  readonly maps: ReadonlyMap<string, CompiledMap>;
  /** What `maps` were compiled from, by the same setting. */
  readonly mapFiles: ReadonlyMap<string, { readonly file: string; readonly text: string }>;
  /** Of configuration, rules and maps, in reading order. */
  readonly problems: readonly Problem[];
  /** Text of each file that was read, by the name that problems use; secrets covered. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface LoadOptions extends ConfigFileOptions {
  /** The year in which rules are judged: calendars are compiled around it. */
  readonly year: number;
}

const BUILTIN = 'builtin:';
/** From the sources, and from a built package, whose YAML files stay where the sources were. */
const PACK_FOLDERS = ['../rules/packs', '../../rules/packs'].map((p) => resolve(import.meta.dirname, p));

/**
 * Reads the configuration, its maps and its rules, and checks them against each other. Throws a UsageError when the
 * configuration file itself cannot be read; everything else is a problem.
 */
export const loadProject = (file: string, options: LoadOptions): Project =>
  projectOf(loadConfigFile(file, options), options);

/** The configuration, once it was read, with the maps and rules that it names. */
export function projectOf({ file, names, ...read }: ConfigFile, options: LoadOptions): Project {
  let { config } = read;
  const texts = new Map(read.texts);
  const problems: Problem[] = [...read.problems];
  const where: Where = { ...options, file, directory: dirname(resolve(options.cwd, file)), texts, problems };
  const mapFiles = new Map<string, { readonly file: string; readonly text: string }>();
  const maps = loadMaps(names.maps, where, mapFiles);
  if (config !== undefined) {
    const kept = withoutCaptures(config, maps, names.maps, file);
    config = kept.config;
    problems.push(...kept.problems);
  }
  const ruleFiles = loadRuleFiles(names.rules, where);
  const rules = parseRules(ruleFiles, options.year);
  const lint = lintRules(rules, {
    routes: names.routes,
    years: { fromYear: options.year, toYear: options.year + 1 },
    ...sourcesOf(config, maps),
  });
  problems.push(...rules.problems, ...lint);
  const project = { rules, ruleFiles, maps, mapFiles, problems: sortByFile(problems, texts), texts };
  return config === undefined ? project : { config, ...project };
}

/** What loading the named files needs to know, and where it puts what it finds. */
interface Where extends LoadOptions {
  /** The configuration file as messages call it. */
  readonly file: string;
  readonly directory: string;
  readonly texts: Map<string, string>;
  readonly problems: Problem[];
}

/** The configuration first, then its maps, then its rules: the order in which they were read. */
function sortByFile(problems: readonly Problem[], texts: ReadonlyMap<string, string>): Problem[] {
  const order = [...texts.keys()];
  return [...problems].sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file) || compareProblems(a, b));
}

/** What each source can prove and set; nothing when a source or a map is broken, for then nobody can tell. */
function sourcesOf(
  config: Config | undefined,
  maps: ReadonlyMap<string, CompiledMap>,
): Pick<LintContext, 'proves' | 'vias' | 'lags' | 'attributes'> {
  if (config === undefined || config.sources.length === 0 || config.sources.some((s) => !maps.has(s.map)))
    return {};
  const read = config.sources.map((source) => ({ source, map: maps.get(source.map)! }));
  return {
    proves: new Map(read.map(({ source, map }) => [source.name, map.proves])),
    vias: new Map(read.map(({ source, map }) => [source.name, viaOf(source, map)])),
    lags: new Map(config.sources.map(({ name, reportingLagMs }) => [name, reportingLagMs])),
    attributes: read.flatMap(({ map }) => map.attributes),
  };
}

function loadMaps(
  names: ConfigNames['maps'],
  where: Where,
  files: Map<string, { readonly file: string; readonly text: string }>,
): Map<string, CompiledMap> {
  const { directory, cwd, texts, problems, file } = where;
  const out = new Map<string, CompiledMap>();
  const seen = new Set<string>();
  for (const { name, place } of names) {
    const builtin = name.startsWith(BUILTIN);
    const path = builtin ? name : displayPath(resolve(directory, name), cwd);
    const text = builtin ? builtinMapText(name) : readIfThere(resolve(directory, name));
    if (text === undefined) problems.push({ ...missingMap(name), file, ...place });
    if (text === undefined || seen.has(name)) continue;
    seen.add(name);
    texts.set(path, text);
    const compiled = compileMap(text, path);
    problems.push(...compiled.problems);
    files.set(name, { file: path, text });
    if (compiled.map !== undefined) out.set(name, compiled.map);
  }
  return out;
}

function missingMap(name: string): Pick<Problem, 'severity' | 'code' | 'message' | 'fix'> {
  const problem = { severity: 'error', code: 'missing-map' } as const;
  if (!name.startsWith(BUILTIN)) {
    return { ...problem, message: `there is no file ${name}`, fix: 'create it, or correct the path' };
  }
  const near = closest(name.slice(BUILTIN.length), BUILTIN_MAPS);
  const all = `one of ${BUILTIN_MAPS.map((m) => BUILTIN + m).join(', ')}`;
  const fix = near === undefined ? all : `did you mean ${BUILTIN}${near}?`;
  return { ...problem, message: `there is no ready map "${name}"`, fix };
}

function loadRuleFiles(globs: readonly RuleGlob[], where: Where): Project['ruleFiles'] {
  const files = new Map<string, string>();
  for (const glob of globs) {
    const found = findRuleFiles(glob, where.directory, where.cwd);
    if (found.length === 0) where.problems.push(noFiles(glob, where.file));
    for (const { path, name } of found) files.set(name, readFileSync(path, 'utf8'));
  }
  // The packs share one file of calendars.
  if (globs.some((g) => g.pattern.startsWith(BUILTIN))) {
    for (const { path, name } of findRuleFiles(
      { pattern: `${BUILTIN}calendars` },
      where.directory,
      where.cwd,
    )) {
      files.set(name, readFileSync(path, 'utf8'));
    }
  }
  for (const [name, text] of files) where.texts.set(name, text);
  return [...files].map(([file, text]) => ({ file, text }));
}

/** Files of a glob or a `builtin:` pack, tests (`*.test.yaml`) left out; `name` is what messages call them. */
export function findRuleFiles(
  glob: Pick<RuleGlob, 'pattern'>,
  directory: string,
  cwd: string,
): { readonly path: string; readonly name: string }[] {
  const builtin = glob.pattern.startsWith(BUILTIN);
  const base = builtin ? (PACK_FOLDERS.find((p) => existsSync(p)) ?? PACK_FOLDERS[0]!) : directory;
  const pattern = builtin ? `${glob.pattern.slice(BUILTIN.length)}.yaml` : glob.pattern;
  const found = isAbsolute(pattern) && existsSync(pattern) ? [pattern] : globSync(pattern, { cwd: base });
  return found
    .filter((f) => /\.ya?ml$/.test(f) && !/\.test\.ya?ml$/.test(f))
    .sort()
    .map((f) => (isAbsolute(f) ? f : join(base, f)))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, name: builtin ? `builtin:${relative(base, path)}` : displayPath(path, cwd) }));
}

function noFiles({ pattern, line, column, length }: RuleGlob, file: string): Problem {
  const builtin = pattern.startsWith(BUILTIN);
  const message = builtin ? `there is no rule pack "${pattern}"` : `no file matches ${pattern}`;
  const fix = builtin ? 'builtin:* takes all of them' : 'correct the path: it is relative to this file';
  return { severity: 'error', code: 'no-rule-files', message, fix, file, line, column, length };
}

/** Relative to where the person stands, unless that climbs out of it. */
function displayPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || short === '' ? path : short;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
