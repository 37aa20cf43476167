import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { formatProblem, type Problem } from '../../rules/problem.ts';
import { parseRules, type RuleSet } from '../../rules/sla.ts';
import { coverageOf, runTestFile, type TestResult } from '../../rules/testing.ts';
import { drawCoverage, drawResult } from '../../rules/testing-draw.ts';
import { parseTestFile } from '../../rules/testing-parse.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';

/** `laytime rules test`: runs `*.test.yaml` scenarios in virtual time. */
export const rulesTest: Command = {
  name: 'rules test',
  summary: 'Run the scenarios of rule packs in virtual time',
  usage: '<file, folder or glob> …',
  options: {
    'no-coverage': { type: 'boolean', describe: 'leave out the table of rules and the states they reached' },
  },
  details: 'Exit code 0: everything was as expected. 1: it was not; each failure is drawn as a timeline.',
  run: test,
};

interface Ran {
  readonly result: TestResult;
  readonly ruleSet: RuleSet | undefined;
  /** Texts of the files read, for underlining. */
  readonly texts: ReadonlyMap<string, string>;
}

async function test(context: CommandContext): Promise<number> {
  const files = filesOf(context);
  const year = new Date(context.clock.now()).getUTCFullYear();
  const ran = files.map((file) => runFile(file, context.cwd, year));
  const results = ran.map(({ result }) => result);
  const coverage = coverageOf(
    results,
    ran.flatMap(({ ruleSet }) => ruleSet ?? []),
  );
  const ok = results.every(isOk);
  if (context.json) {
    context.stdout(`${JSON.stringify(reportOf(results, coverage, ok))}\n`);
    return ok ? 0 : 1;
  }
  for (const { result, texts } of ran) {
    for (const problem of result.problems)
      context.stdout(`${formatProblem(problem, texts.get(problem.file))}\n`);
    if (!hasErrors(result)) context.stdout(`${drawResult(result)}\n`);
  }
  if (context.args.values['no-coverage'] !== true) context.stdout(`\n${drawCoverage(coverage)}\n`);
  return ok ? 0 : 1;
}

const hasErrors = ({ problems }: TestResult): boolean =>
  problems.some(({ severity }) => severity === 'error');

const isOk = (result: TestResult): boolean =>
  !hasErrors(result) && result.scenarios.every(({ failures }) => failures.length === 0);

function filesOf({ args, cwd }: CommandContext): readonly string[] {
  const patterns = args.positionals.length === 0 ? ['rules'] : args.positionals;
  const files = new Set<string>();
  for (const pattern of patterns) {
    const path = resolve(cwd, pattern);
    const found = isFolder(path)
      ? globSync('**/*.test.{yaml,yml}', { cwd: path }).map((file) => join(path, file))
      : globSync(pattern, { cwd }).map((file) => resolve(cwd, file));
    if (found.length === 0)
      throw new UsageError(`${pattern}: no such test (a test is called <pack>.test.yaml)`);
    for (const file of found) files.add(relative(cwd, file));
  }
  return [...files].sort();
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function runFile(file: string, cwd: string, year: number): Ran {
  const texts = new Map<string, string>();
  const read = (name: string): string | undefined => {
    try {
      const text = readFileSync(resolve(cwd, name), 'utf8');
      texts.set(name, text);
      return text;
    } catch {
      return undefined;
    }
  };
  const failed = (problems: readonly Problem[]): Ran => ({
    result: { file, zone: 'UTC', scenarios: [], problems },
    ruleSet: undefined,
    texts,
  });
  const { testFile, problems } = parseTestFile(read(file) ?? '', file);
  if (testFile === undefined) return failed(problems);
  const sources: { file: string; text: string }[] = [];
  for (const name of testFile.rules) {
    const path = join(dirname(file), name);
    const text = read(path);
    if (text === undefined) return failed([...problems, noSuchFile(file, path)]);
    sources.push({ file: path, text });
  }
  const parsed = parseRules(sources, year);
  const all = [...problems, ...parsed.problems];
  if (all.some(({ severity }) => severity === 'error')) return failed(all);
  return {
    result: { ...runTestFile(testFile, parsed.ruleSet), problems: all },
    ruleSet: parsed.ruleSet,
    texts,
  };
}

const noSuchFile = (file: string, path: string): Problem => ({
  severity: 'error',
  code: 'no-such-file',
  message: `${path} cannot be read`,
  fix: 'name the rule files under rules:, relative to this file',
  file,
  line: 1,
  column: 1,
  length: 1,
});

const reportOf = (
  results: readonly TestResult[],
  coverage: ReturnType<typeof coverageOf>,
  ok: boolean,
): object => ({
  ok,
  files: results.map(({ file, zone, scenarios, problems }) => ({
    file,
    zone,
    problems,
    scenarios: scenarios.map(({ name, place, checks, failures, happenings }) => ({
      name,
      line: place.line,
      checks,
      failures: failures.map(({ at, expected, got, place: where }) => ({
        line: where.line,
        at: new Date(at).toISOString(),
        expected,
        got,
      })),
      ...(failures.length > 0 && {
        timeline: happenings.map(({ at, kind, text }) => ({ at: new Date(at).toISOString(), kind, text })),
      }),
    })),
  })),
  coverage: Object.fromEntries([...coverage].map(([rule, states]) => [rule, [...states].sort()])),
});
