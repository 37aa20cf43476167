import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { formatProblem } from '../../rules/problem.ts';
import { type ParsedRules, parseRules, type RuleFile } from '../../rules/sla.ts';
import { parseTime } from '../../rules/testing-time.ts';
import type { EpochMs } from '../../rules/time.ts';
import { judgeSettingsOf } from '../app-judge.ts';
import { type Backtest, backtest, type History } from '../backtest/backtest.ts';
import type { Config } from '../config.ts';
import { loadProject, type Project } from '../config-load.ts';
import type { StoreReader } from '../store/query.ts';
import {
  countFacts,
  type Period,
  readFirstTold,
  readLives,
  readNames,
  readWaited,
} from '../store/stored-history.ts';
import { readChannelIntervals } from '../store/tower.ts';
import {
  CONFIG_OPTION,
  type Command,
  type CommandContext,
  configFile,
  textOption,
  UsageError,
  widthOf,
} from './command.ts';
import { drawBacktest } from './rules-backtest-report.ts';
import { openStore } from './store-access.ts';

/** `laytime rules backtest`: judges stored facts under other rules, beside the rules in force. */
export const rulesBacktest: Command = {
  name: 'rules backtest',
  summary: 'Judge stored history under other rules, and show what would have been different',
  usage: '--rules <file> --from <time> [--to <time>]',
  options: {
    ...CONFIG_OPTION,
    rules: {
      type: 'string',
      multiple: true,
      describe: 'rule file to try; what it defines or overrides goes before the rules in force',
    },
    from: { type: 'string', describe: 'a time or a date; without an offset in the configured timezone' },
    to: { type: 'string', describe: 'the same (default: now)' },
  },
  details:
    'laytime rules backtest --rules new.yaml --from 2026-09-01 --to 2026-10-01\n' +
    'Reads ClickHouse and nothing else; nothing is changed and nobody is told. It may run beside an agent.',
  run,
};

/** A part of a long history waits while the part before it is judged. */
const PATIENCE_SECONDS = 3600;
const BAR = 24;
/** The bar moves this often at most. */
const DRAW_EVERY = 5_000;

async function run(context: CommandContext): Promise<number> {
  const { env, cwd, clock } = context;
  const year = new Date(clock.now()).getUTCFullYear();
  const project = loadProject(configFile(context), { env, cwd, year });
  const { config } = project;
  if (config === undefined || project.problems.some(({ severity }) => severity === 'error'))
    throw new UsageError(`${configFile(context)} has errors; see: laytime config check`, 1);
  const period = periodOf(context, config);
  const { tried, names } = readTried(context, project, year);
  const store = await openStore(config, { timeoutMs: PATIENCE_SECONDS * 1000 });
  try {
    const reader = { client: store.client, database: store.database, maxSeconds: PATIENCE_SECONDS };
    const began = clock.elapsed();
    const history = await historyOf(reader, period, config);
    const result = await backtest({
      judge: judgeSettingsOf(project, config, {
        bestEffort: new Set(),
        told: () => undefined,
        tellSince: Number.NEGATIVE_INFINITY,
      }),
      tried: tried.ruleSet,
      names,
      history,
      onProgress: progressBar(context, history.total),
    });
    report(context, config, { ...result, ...period, seconds: (clock.elapsed() - began) / 1000 });
    return 0;
  } finally {
    await store.close();
  }
}

function periodOf(context: CommandContext, { timezone }: Config): Period {
  const at = (name: string): { from: EpochMs; to: EpochMs } | undefined => {
    const text = textOption(context, name);
    if (text === undefined) return undefined;
    const span = parseTime(text, timezone);
    if (span === undefined)
      throw new UsageError(
        `--${name}: "${text}" is no time; write 2026-06-01, 2026-06-01 09:00 or 2026-06-01T09:00+02:00`,
      );
    return span;
  };
  const from = at('from')?.from;
  if (from === undefined) throw new UsageError('from when on? --from 2026-09-01');
  const to = Math.min(at('to')?.to ?? context.clock.now(), context.clock.now());
  if (to < from) throw new UsageError('--from is after --to, or in the future');
  return { from, to };
}

/** The rules in force with the tried files on top, and the names of the rules that those define or change. */
function readTried(
  context: CommandContext,
  project: Project,
  year: number,
): { tried: ParsedRules; names: ReadonlySet<string> } {
  const asked = context.args.values.rules;
  const paths = Array.isArray(asked) ? asked.map(String) : [];
  if (paths.length === 0) throw new UsageError('which rules? --rules new.yaml');
  const files = paths.map((path): RuleFile => ({ file: path, text: textOf(context, path), replaces: true }));
  const here = new Set(paths);
  // The same file may be in force already, as it was before the edit.
  const inForce = project.ruleFiles.filter(
    ({ file }) => !here.has(relative(context.cwd, resolve(context.cwd, file))),
  );
  const tried = parseRules([...inForce, ...files], year);
  const errors = tried.problems.filter(({ severity, file }) => severity === 'error' && here.has(file));
  for (const problem of errors)
    context.stderr(`${formatProblem(problem, files.find(({ file }) => file === problem.file)?.text)}\n\n`);
  if (errors.length > 0)
    throw new UsageError(`${paths.join(', ')}: ${errors.length} problems; nothing was judged`, 1);
  const names = tried.sources
    .filter(
      ({ rule, overridden }) =>
        here.has(rule.place.file) || Object.values(overridden).some(({ file }) => here.has(file)),
    )
    .map(({ rule }) => rule.name);
  if (names.length === 0)
    throw new UsageError(`${paths.join(', ')}: no rule is defined or overridden there`, 1);
  return { tried, names: new Set(names) };
}

function textOf({ cwd }: CommandContext, file: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read`, 1);
  }
}

async function historyOf(reader: StoreReader, period: Period, { shipmentIs }: Config): Promise<History> {
  const [total, intervals, waited] = await Promise.all([
    countFacts(reader, period),
    readChannelIntervals(reader, period.to),
    readWaited(reader, period),
  ]);
  return {
    ...period,
    total,
    lives: readLives(reader, period, total),
    hearings: intervals.map(({ until, ...rest }) => (until === null ? rest : { ...rest, until })),
    waited,
    firstTold: () => readFirstTold(reader, period.to),
    namesOf: (shipmentIds) => readNames(reader, shipmentIds, shipmentIs),
  };
}

/** On a terminal only: what is judged, on one line of standard error. */
function progressBar({ stderr, terminal, json }: CommandContext, total: number): (events: number) => void {
  if (terminal?.log !== true || json || total === 0) return () => undefined;
  let drawn = 0;
  return (events) => {
    const last = events >= total;
    if (!last && events - drawn < DRAW_EVERY) return;
    drawn = events;
    const part = Math.min(1, events / total);
    const full = Math.round(part * BAR);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
    stderr(
      `\r${bar} ${String(Math.floor(part * 100)).padStart(3)} %  ${events} of ${total} events${last ? '\n' : ''}`,
    );
  };
}

function report(
  context: CommandContext,
  { timezone }: Config,
  result: Backtest & Period & { readonly seconds: number },
): void {
  const { json, stdout } = context;
  if (!json) {
    stdout(`${drawBacktest(result, timezone, widthOf(context))}\n`);
    return;
  }
  const iso = (at: EpochMs): string => new Date(at).toISOString();
  const { from, to, seconds, ...rest } = result;
  stdout(
    `${JSON.stringify({ from: iso(from), to: iso(to), ...rest, seconds: Math.round(seconds * 10) / 10 })}\n`,
  );
}
