import { parseBudget } from './budget.ts';
import { type DateRule, parseDateRule } from './date-rule.ts';
import type { Budget } from './sla.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { Place, YamlNode } from './yaml-tree.ts';
import { readText } from './yaml-values.ts';

/** No time at all: of rules that are kept or broken at once. */
export const NO_TIME: Budget = { unit: 'elapsed', ms: 0, text: '0h' };

/** A length of time (budget.ts). */
export function readBudget(node: YamlNode, report: YamlReport, what: string): Budget | undefined {
  const text = readText(node, report, what, '24h, 24bh, 3bd or 10cd');
  return text === undefined ? undefined : budgetOf(text, node, node.place, report, what);
}

export function budgetOf(
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

/** A day of the calendar (date-rule.ts). */
export function readDateRule(node: YamlNode, report: YamlReport, what: string): DateRule | undefined {
  const text = readText(node, report, what, '15th working day of next month');
  if (text === undefined) return undefined;
  const rule = parseDateRule(text);
  if (!('error' in rule)) return rule;
  const [message, advice] = rule.error.split('; ');
  report.error(placeWithin(node, 0, text.length), 'bad-date-rule', `${what}: ${message}`, advice);
  return undefined;
}
