import { parseBudget } from './budget.ts';
import { type DateRule, parseDateRule } from './date-rule.ts';
import type { Budget } from './sla.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { Place, YamlNode } from './yaml-tree.ts';
import { anyCase, oneOrMore, type ValueType } from './yaml-type.ts';
import { readText, readTextNodes } from './yaml-values.ts';

/** No time at all: of rules that are kept or broken at once. */
export const NO_TIME: Budget = { unit: 'elapsed', ms: 0, text: '0h' };

const AMOUNT = '\\d+(\\.\\d+)?';
const COUNTED = `${AMOUNT}\\s*(${anyCase('bh')}|${anyCase('bd')}|${anyCase('cd')})`;
const ELAPSED = `(${AMOUNT}\\s*[wdhmsWDHMS]\\s*)+`;
const ISO = '[pP](\\d+([.,]\\d+)?[wdWD])*([tT](\\d+([.,]\\d+)?[hmsHMS])*)?';
const BUDGET_PATTERN = `(${COUNTED}|${ELAPSED}|${ISO})`;

/** A length of time (budget.ts). */
export const BUDGET: ValueType<Budget> = {
  name: 'length of time',
  words:
    'business hours `24bh`, business days `3bd`, calendar days `10cd`, or elapsed time `30m`, `36h`, `7d`, `PT36H`',
  schema: { type: 'string', pattern: `^\\s*${BUDGET_PATTERN}\\s*$` },
  read: (node, report, key) => {
    const text = readText(node, report, key, '24h, 24bh, 3bd or 10cd');
    return text === undefined ? undefined : budgetOf(text, node, node.place, report, key);
  },
};

/** `8bh before`, or a list of such; the word "before" may be left out. */
export const WARNINGS: ValueType<readonly Budget[]> = {
  name: 'warnings',
  words: 'a length of time before the deadline, or a list of them: `8bh before`; the word may be left out',
  schema: oneOrMore({ type: 'string', pattern: `^\\s*${BUDGET_PATTERN}(\\s+before)?\\s*$` }),
  read: readWarnings,
};

/** A day of the calendar (date-rule.ts). */
export const DATE_RULE: ValueType<DateRule> = {
  name: 'day',
  words: '`<n>th [working] day of this|next week|month|quarter|year`; `first` and `last` too',
  schema: { type: 'string', pattern: `^\\s*${dayPattern()}\\s*$` },
  read: (node, report, key, example) => {
    const text = readText(node, report, key, example);
    if (text === undefined) return undefined;
    const rule = parseDateRule(text);
    if (!('error' in rule)) return rule;
    const [message, advice] = rule.error.split('; ');
    report.error(placeWithin(node, 0, text.length), 'bad-date-rule', `${key}: ${message}`, advice);
    return undefined;
  },
};

function dayPattern(): string {
  const any = (...words: readonly string[]): string => `(${words.map(anyCase).join('|')})`;
  const which = `(\\d{1,3}${any('st', 'nd', 'rd', 'th')}?|${any('first', 'second', 'third', 'last')})`;
  const day = `(${any('working', 'business', 'calendar')}\\s+)?${anyCase('day')}`;
  const the = `(${anyCase('the')}\\s+)?`;
  const period = `${any('this', 'same', 'next', 'following')}\\s+${any('week', 'month', 'quarter', 'year')}`;
  return `${the}${which}\\s+${day}\\s+${anyCase('of')}\\s+${the}${period}`;
}

function budgetOf(
  text: string,
  node: YamlNode,
  place: Place,
  report: YamlReport,
  what: string,
): Budget | undefined {
  const budget = parseBudget(text);
  if (!('error' in budget)) return budget;
  const bare = node.kind === 'scalar' && typeof node.value === 'number';
  // The message of a budget carries its own advice behind a semicolon.
  const [message, advice] = budget.error.split('; ');
  const fix = bare ? `write the unit: ${text}h, ${text}bh or ${text}bd` : advice;
  report.error(place, 'bad-budget', `${what}: ${message}`, fix);
  return undefined;
}

function readWarnings(node: YamlNode, report: YamlReport, key: string, example: string): Budget[] {
  const out: Budget[] = [];
  for (const { text, node: item } of readTextNodes(node, report, key, example)) {
    const [, amount, word] = /^(.*?)(?:\s+(before|after))?$/s.exec(text.trim())!;
    if (word === 'after') {
      const place = placeWithin(item, text.lastIndexOf(word), word.length);
      const message = `${key}: a warning comes before the deadline`;
      report.error(place, 'warn-after-breach', message, `write ${amount} before`);
      continue;
    }
    const budget = budgetOf(amount!, item, placeWithin(item, 0, amount!.length), report, key);
    if (budget !== undefined) out.push(budget);
  }
  return out;
}
