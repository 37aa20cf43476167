import type { ClockBase, ClockInput } from './evaluate-clock.ts';
import { wasRefused } from './evaluate-ends.ts';
import { comesFirst, NO_STARTS, type Start, statedStarts } from './evaluate-starts.ts';
import type { AttributeValue } from './event.ts';
import { factsOf, saidLater } from './fact.ts';
import type { Rule } from './sla.ts';
import type { Fact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** One clock for each declaration that stands: one that was refused declares nothing. */
export function declarationStarts(trace: Trace, rule: Rule): readonly Start[] {
  const starts = statedStarts(trace, rule).filter(({ occurrence: { subject }, fact }) => {
    if (subject === undefined) return false;
    return !rule.from.some(({ milestone }) => wasRefused(trace, milestone, subject, fact.at.to));
  });
  return starts.length === 0 ? NO_STARTS : starts;
}

/** The later of two declarations whose goods agree in everything that the rule names is one too many. */
export function judgeDuplicate(base: ClockBase, { rule, trace, start }: ClockInput): Verdict {
  const twin = twinOf(trace, rule, start);
  const { at, eventId } = start.fact;
  if (twin === undefined) {
    return {
      ...base,
      state: 'met',
      reason: 'declared-once',
      startAt: at.from,
      endAt: at.from,
      evidence: [eventId],
      awaitingChannels: [],
    };
  }
  return {
    ...base,
    state: 'breached',
    reason: 'declared-twice',
    confidence: 'proved',
    startAt: twin.fact.at.from,
    dueAt: at.to,
    evidence: [eventId, twin.fact.eventId],
    awaitingChannels: [],
  };
}

/** The first declaration of the same goods before this one. */
export function twinOf(trace: Trace, rule: Rule, start: Start): Start | undefined {
  const mine = goodsOf(trace, rule, start);
  if (mine === undefined) return undefined;
  let twin: Start | undefined;
  for (const other of declarationStarts(trace, rule)) {
    if (other.text === start.text || !comesFirst(other.fact, start.fact)) continue;
    if (goodsOf(trace, rule, other) !== mine) continue;
    if (twin === undefined || comesFirst(other.fact, twin.fact)) twin = other;
  }
  return twin;
}

/** What is declared, in one text; undefined when not all of it is known: then nothing can be said. */
function goodsOf(trace: Trace, rule: Rule, start: Start): string | undefined {
  const values: string[] = [];
  for (const name of rule.same) {
    const value = statedOf(trace, name, start.occurrence.subject);
    if (value === undefined) return undefined;
    values.push(JSON.stringify(String(value).trim().toUpperCase()));
  }
  return values.join();
}

/** What was said last of an attribute of one subject. */
function statedOf(trace: Trace, name: string, subject: string | undefined): AttributeValue | undefined {
  let last: Fact | undefined;
  for (const { fact, subject: of } of factsOf(trace)) {
    if (of !== subject || fact.attributes[name] === undefined) continue;
    if (last === undefined || saidLater(fact, last)) last = fact;
  }
  return last?.attributes[name];
}
