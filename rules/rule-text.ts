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
    case 'silence': {
      const paused = rule.pauseWhile.some(({ state }) => state === 'under-way')
        ? ', time under way aside'
        : '';
      return `something is heard at least every ${within} from ${refs(rule.from)} until ${refs(rule.to)}${paused}${calendar}`;
    }
    case 'sequence':
      return `${refs(rule.from)} never before ${refs(rule.to)}`;
    case 'reconcile':
      return reconcileText(rule);
    case 'duplicate':
      return `no two of ${refs(rule.from)} for goods of the same ${rule.same.join(', ')}`;
    case 'count': {
      const { atMost, per } = rule.count!;
      const each = per === 'subject' ? 'of one declaration or container' : 'of one shipment';
      return `${refs(rule.from)} at most ${atMost} times ${each}`;
    }
    case 'feed':
      return feedText(rule);
    case 'dwell':
      return `a hold no longer than ${within}${calendar}`;
    case 'ack':
      return `${refs(rule.from)} answered by ${refs(rule.to)} within ${within}${calendar}`;
    case 'after':
      return `${refs(rule.to)} within ${within} of ${refs(rule.from)}${calendar}`;
  }
}

function reconcileText({ reconcile, within, calendar }: Rule): string {
  const { values, tolerance, firstDigits } = reconcile!;
  const names = values.map(({ text }) => text).join(' = ');
  const digits = firstDigits === undefined ? '' : `, first ${firstDigits} digits`;
  const allowed = tolerance.text === '' ? '' : `, within ${tolerance.text}`;
  const grace =
    'ms' in within && within.ms === 0 ? '' : `, at the latest ${within.text} after both are known`;
  return `${names}${digits}${allowed}${grace}${grace === '' || calendar === undefined ? '' : ` on calendar ${calendar}`}`;
}

function feedText({ feed, calendar }: Rule): string {
  const { sources, partners, vias, silentFor, lag } = feed!;
  const named = (what: string, names: readonly string[]): string =>
    names.length === 0 ? '' : ` ${what} ${names.join(' or ')}`;
  const days = calendar === undefined ? '' : ` on calendar ${calendar}`;
  const expected = [
    silentFor === undefined ? '' : `heard at least every ${silentFor.text}${days}`,
    lag === undefined ? '' : `${lag.text} of what happened known to us`,
  ];
  const which = named('of', sources) + named('for', partners) + named('by', vias);
  return `every channel${which}: ${expected.filter((part) => part !== '').join('; ')}`;
}

const dateText = (date: DateRef): string =>
  'attribute' in date ? `the date ${date.attribute}` : milestoneRefText(date);
