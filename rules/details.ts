import { happeningsOf } from './evaluate-count.ts';
import { twinOf } from './evaluate-duplicate.ts';
import { startsOf } from './evaluate-kinds.ts';
import { type Found, foundIn } from './evaluate-reconcile.ts';
import { clockIdOf } from './hash.ts';
import type { Rule } from './sla.ts';
import type { Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** What a verdict found beside dates, in words: the values that differ, the other declaration, how often it has happened. */
export function detailsOf(trace: Trace, rule: Rule, verdict: Verdict): readonly string[] {
  switch (rule.kind) {
    case 'reconcile':
      return foundIn(trace, rule).map(foundText);
    case 'duplicate': {
      const start = startOf(trace, rule, verdict);
      const twin = start && twinOf(trace, rule, start);
      if (start === undefined || twin === undefined) return [];
      const subjects = `${start.occurrence.subject} declares what ${twin.occurrence.subject} declares`;
      return [`${subjects}: the same ${rule.same.join(', ')}`];
    }
    case 'count': {
      const start = startOf(trace, rule, verdict);
      if (start === undefined) return [];
      const subject = start.occurrence.subject === undefined ? '' : ` to ${start.occurrence.subject}`;
      return [
        `happened ${happeningsOf(trace, rule, start).length} times${subject}; at most ${rule.count!.atMost} allowed`,
      ];
    }
    default:
      return [];
  }
}

const startOf = (
  trace: Trace,
  rule: Rule,
  { clockId }: Verdict,
): ReturnType<typeof startsOf>[number] | undefined =>
  startsOf(trace, rule).find(({ text }) => clockIdOf(rule.name, trace.shipmentId, text) === clockId);

function foundText({ ref, value, currencies, facts }: Found): string {
  const text = typeof value === 'number' ? String(Math.round(value * 1e4) / 1e4) : value.join(', ');
  const currency = currencies.length === 0 ? '' : ` ${currencies.join('/')}`;
  const sources = [...new Set(facts.map(({ source }) => source))].sort().join(', ');
  const parts = facts.length === 1 ? '' : `, ${facts.length} statements`;
  return `${ref.text} = ${text}${currency} (${sources}${parts})`;
}
