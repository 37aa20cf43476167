import type { DateRef, MilestoneRef, Rule } from './sla.ts';
import { milestoneRefText } from './sla-milestone.ts';

/** The rule as one sentence. */
export function ruleText(rule: Rule): string {
  const refs = (list: readonly MilestoneRef[]): string => list.map(milestoneRefText).join(' or ');
  const calendar = rule.calendar === undefined ? '' : ` on calendar ${rule.calendar}`;
  const within = rule.within.text;
  switch (rule.kind) {
    case 'before':
      return `${refs(rule.to)} at least ${within} ahead of ${refs(rule.from)}${calendar}`;
    case 'by': {
      const later = 'ms' in rule.within && rule.within.ms === 0 ? '' : `, ${within} later at most`;
      return `${refs(rule.to)} by ${rule.dates.map(dateText).join(', else by ')}${later}${calendar}`;
    }
    case 'calendar-date':
      return `${refs(rule.to)} by the ${rule.on!.text} after ${refs(rule.from)}${calendar}`;
    case 'dwell':
      return `a hold no longer than ${within}${calendar}`;
    case 'ack':
      return `${refs(rule.from)} answered by ${refs(rule.to)} within ${within}${calendar}`;
    case 'after':
      return `${refs(rule.to)} within ${within} of ${refs(rule.from)}${calendar}`;
  }
}

const dateText = (date: DateRef): string =>
  'attribute' in date ? `the date ${date.attribute}` : milestoneRefText(date);
