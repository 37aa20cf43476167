import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { countedWindows, dueAt, parseBudget } from '../../rules/budget.ts';
import type { Calendar, Window } from '../../rules/calendar.ts';
import { countedOf, type DateRule, dateAfter, parseDateRule } from '../../rules/date-rule.ts';
import { drawCounted } from '../../rules/explain.ts';
import { formatProblem } from '../../rules/problem.ts';
import { type Budget, parseRules } from '../../rules/sla.ts';
import { parseTime, zonedText } from '../../rules/testing-time.ts';
import { loadProject } from '../config-load.ts';
import {
  CONFIG_OPTION,
  type Command,
  type CommandContext,
  configFile,
  textOption,
  UsageError,
} from './command.ts';

/** `laytime rules due`: when a budget is used up, and every window that was counted. */
export const rulesDue: Command = {
  name: 'rules due',
  summary: 'Work out when a budget is used up on a calendar',
  usage: '--from <time> --within <budget>',
  options: {
    ...CONFIG_OPTION,
    from: {
      type: 'string',
      describe: 'start: 2026-03-27 15:00 (in the zone of the calendar) or with an offset',
    },
    within: {
      type: 'string',
      describe: 'budget: 24bh, 3bd, 10cd, 36h, or a day: 15th working day of next month',
    },
    file: { type: 'string', multiple: true, describe: 'rule file with the calendar; may be repeated' },
    calendar: {
      type: 'string',
      describe: 'name of a calendar; may be left out when the files have only one',
    },
    zone: {
      type: 'string',
      describe: 'zone of times without an offset when there is no calendar (default: UTC)',
    },
    paused: {
      type: 'string',
      multiple: true,
      describe: 'a pause: 2026-06-01 11:00/2026-06-03 15:00; may be repeated',
    },
  },
  details:
    'laytime rules due --file rules/packs/calendars.yaml --calendar nl-customs --from "2026-03-27 15:00" --within 24bh',
  run: due,
};

async function due(context: CommandContext): Promise<number> {
  const within = allowanceOf(required(context, 'within'));
  const calendar = calendarOf(context);
  const zone = calendar?.zone ?? textOption(context, 'zone') ?? 'UTC';
  const from = timeOf(required(context, 'from'), zone, '--from').to;
  const pauses = texts(context, 'paused').map((text) => pauseOf(text, zone));
  const at = 'period' in within ? dateAfter(from, within, calendar) : dueAt(from, within, calendar, pauses);
  const windows = countedWindows(from, at, countedBy(within), calendar, pauses).map((window) => ({
    ...window,
    ms: window.to - window.from,
  }));
  if (context.json) {
    const iso = (ms: number): string => new Date(ms).toISOString();
    const list = (of: readonly Window[]): object[] =>
      of.map((w) => ({ from: iso(w.from), to: iso(w.to), ms: w.to - w.from }));
    const report = {
      from: iso(from),
      within: within.text,
      calendar: calendar?.name ?? null,
      zone,
      due: iso(at),
      dueLocal: zonedText(at, zone),
      countedMs: windows.reduce((sum, { ms }) => sum + ms, 0),
      windows: list(windows),
      pauses: list(pauses),
    };
    context.stdout(`${JSON.stringify(report)}\n`);
    return 0;
  }
  const lines = [
    `  start    ${zonedText(from, zone)}`,
    ...drawCounted(windows, pauses, zone, calendar?.name),
    `  due      ${zonedText(at, zone)}`,
  ];
  context.stdout(`${lines.join('\n')}\n`);
  return 0;
}

function allowanceOf(text: string): Budget | DateRule {
  const day = parseDateRule(text);
  if (!('error' in day)) return day;
  const budget = parseBudget(text);
  if ('error' in budget) throw new UsageError(`--within: ${budget.error}, or 15th working day of next month`);
  return budget;
}

/** What is counted on the way to a day of the calendar: working days, or all time. */
const countedBy = (within: Budget | DateRule): Budget => ('period' in within ? countedOf(within) : within);

function required(context: CommandContext, name: string): string {
  const text = textOption(context, name);
  if (text === undefined) throw new UsageError(`--${name} is needed`);
  return text;
}

function texts(context: CommandContext, name: string): readonly string[] {
  const value = context.args.values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

function timeOf(text: string, zone: string, what: string): Window {
  const span = parseTime(text, zone);
  if (span === undefined)
    throw new UsageError(`${what}: "${text}" is no time; write 2026-06-01 09:00 or 2026-06-01T09:00+02:00`);
  return span;
}

function pauseOf(text: string, zone: string): Window {
  const [from, to, more] = text.split('/');
  if (from === undefined || to === undefined || more !== undefined) {
    throw new UsageError(
      `--paused: write two times with a stroke between: 2026-06-01 11:00/2026-06-03 15:00, not "${text}"`,
    );
  }
  const window = { from: timeOf(from, zone, '--paused').from, to: timeOf(to, zone, '--paused').from };
  if (window.to < window.from) throw new UsageError(`--paused: "${text}" ends before it begins`);
  return window;
}

function calendarOf(context: CommandContext): Calendar | undefined {
  const name = textOption(context, 'calendar');
  const files = texts(context, 'file');
  if (name !== undefined && /\.ya?ml$/.test(name))
    return pick(calendarsOf(context, [...files, name]), undefined);
  if (files.length > 0) return pick(calendarsOf(context, files), name);
  return name === undefined ? undefined : pick(configuredCalendars(context), name);
}

function pick(calendars: ReadonlyMap<string, Calendar>, name: string | undefined): Calendar {
  const names = [...calendars.keys()];
  const calendar = calendars.get(name ?? (names.length === 1 ? names[0]! : ''));
  if (calendar !== undefined) return calendar;
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new UsageError(name === undefined ? `which calendar? ${known}` : `no calendar "${name}"; ${known}`);
}

const yearOf = ({ clock }: CommandContext): number => new Date(clock.now()).getUTCFullYear();

function configuredCalendars(context: CommandContext): ReadonlyMap<string, Calendar> {
  const { env, cwd } = context;
  const project = loadProject(configFile(context), {
    env,
    cwd,
    year: yearOf(context),
    missingSecrets: 'warning',
  });
  const { calendars } = project.rules.ruleSet;
  if (calendars.size > 0) return calendars;
  throw new UsageError(`${configFile(context)} has no calendars; name a rule file with --file`);
}

function calendarsOf(context: CommandContext, files: readonly string[]): ReadonlyMap<string, Calendar> {
  const read = files.map((file) => ({ file, text: textOf(resolve(context.cwd, file), file) }));
  const { ruleSet, problems } = parseRules(read, yearOf(context));
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return ruleSet.calendars;
  for (const problem of errors) {
    context.stderr(`${formatProblem(problem, read.find(({ file }) => file === problem.file)?.text)}\n`);
  }
  throw new UsageError(`${files.join(', ')}: ${errors.length} problems`, 1);
}

function textOf(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read`, 1);
  }
}
