import type { ClockBase, ClockInput } from './evaluate-clock.ts';
import { endOf } from './evaluate-ends.ts';
import { comesFirst, matchesRef, type Start } from './evaluate-starts.ts';
import type { Rule } from './sla.ts';
import type { Fact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** One clock for each subject to which it has happened, or one for the shipment. */
export function countedStarts(trace: Trace, rule: Rule): readonly Start[] {
  const starts = new Map<string, Start>();
  for (const milestone of trace.milestones) {
    const { actual, occurrence } = milestone;
    if (actual === undefined || !rule.from.some((ref) => matchesRef(milestone, ref))) continue;
    const subject = rule.count!.per === 'subject' ? occurrence.subject : undefined;
    const text = subject === undefined ? '' : `||${subject}`;
    const known = starts.get(text);
    if (known !== undefined && comesFirst(known.fact, actual)) continue;
    starts.set(text, { text, occurrence: subject === undefined ? {} : { subject }, fact: actual });
  }
  return [...starts.values()];
}

/**
 * ```text
 *   1st ── 2nd ── 3rd      at_most: 2
 *             │      └ breached
 *             └ warn_at: 2
 * ```
 */
export function judgeCount(base: ClockBase, { rule, trace, start, now }: ClockInput): Verdict {
  const { atMost, warnAt } = rule.count!;
  const all = happeningsOf(trace, rule, start);
  const facts = all.filter(({ at }) => at.to <= now);
  // What is dated ahead of its own message counts when its time has come.
  const ahead = Math.min(...all.flatMap(({ at }) => (at.to > now ? [at.to] : [])));
  const wake = Number.isFinite(ahead) ? { nextAt: ahead } : {};
  const [first = start.fact] = facts;
  const last = facts.at(-1) ?? first;
  const tooMany = facts[atMost];
  const end = rule.to.length === 0 ? undefined : endOf(trace, rule.to, start, last.at.from);
  const evidence = facts.map(({ eventId }) => eventId);
  const common = { ...base, startAt: first.at.from, awaitingChannels: [] };
  if (end !== undefined) {
    return {
      ...common,
      state: tooMany === undefined ? 'met' : 'met-late',
      reason: tooMany === undefined ? 'done-in-time' : 'done-late',
      ...(tooMany && { dueAt: tooMany.at.to, lateMs: Math.max(0, end.to - tooMany.at.to) }),
      endAt: end.from,
      evidence: [...evidence, ...end.facts.map(({ eventId }) => eventId)],
    };
  }
  if (tooMany !== undefined) {
    const reason = 'count-reached';
    return { ...common, state: 'breached', reason, confidence: 'proved', dueAt: tooMany.at.to, evidence };
  }
  return warnAt !== undefined && facts.length >= warnAt
    ? { ...common, ...wake, state: 'at-risk', reason: 'warn-reached', evidence }
    : { ...common, ...wake, state: 'running', reason: 'within-count', evidence };
}

/**
 * Each happening once, in time. Two sources may tell of the same ones: the source that tells of most is counted. Of one source, two events
 * at one moment are one happening.
 */
export function happeningsOf(trace: Trace, rule: Rule, start: Start): readonly Fact[] {
  const bySource = new Map<string, Map<number, Fact>>();
  for (const milestone of trace.milestones) {
    if (milestone.actual === undefined || !rule.from.some((ref) => matchesRef(milestone, ref))) continue;
    const { subject } = milestone.occurrence;
    if (rule.count!.per === 'subject' && subject !== start.occurrence.subject) continue;
    for (const fact of [milestone.actual, ...(milestone.others ?? [])]) {
      const times = bySource.get(fact.source) ?? new Map<number, Fact>();
      bySource.set(fact.source, times);
      const known = times.get(fact.at.from);
      if (known === undefined || fact.eventId < known.eventId) times.set(fact.at.from, fact);
    }
  }
  let most: readonly Fact[] = [];
  for (const source of [...bySource.keys()].sort()) {
    const times = bySource.get(source)!;
    if (times.size > most.length) most = [...times.values()];
  }
  return [...most].sort((a, b) => (comesFirst(a, b) ? -1 : 1));
}
