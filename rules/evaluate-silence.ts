import { dueAt } from './budget.ts';
import {
  type ClockBase,
  type ClockInput,
  type Deadline,
  judgeOpen,
  judgePaused,
  warnAt,
} from './evaluate-clock.ts';
import { type End, endOf } from './evaluate-ends.ts';
import { type Pauses, pausesOf, pausesUntil } from './evaluate-pauses.ts';
import { NO_STARTS, type Start, statedStarts } from './evaluate-starts.ts';
import { factsOf } from './fact.ts';
import type { Rule } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Fact, Trace } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** A shipment is active since the first of what starts it, whatever it happened to: it has one clock. */
export function activeStarts(trace: Trace, rule: Rule): readonly Start[] {
  let first: Start | undefined;
  for (const start of statedStarts(trace, rule)) {
    if (first === undefined || start.fact.at.from < first.fact.at.from) first = start;
  }
  return first === undefined ? NO_STARTS : [{ text: '', occurrence: {}, fact: first.fact }];
}

/** A sign of life of a shipment. */
interface News {
  readonly at: EpochMs;
  readonly fact: Fact;
}

/**
 * What happened counts from when it happened, so that a late report does not hide a silence and a blind channel does not make one. A plan
 * or an estimate speaks of the future and counts from when it was said, and so does what is dated ahead of its own message.
 */
const spokenAt = (fact: Fact, actual: boolean): EpochMs =>
  actual ? Math.min(fact.at.to, fact.observedAt) : fact.observedAt;

/**
 * ```text
 *   active ── news ── news ────────── quiet_for ── due: nothing more is heard
 *                         └ every further sign of life starts it anew
 * ```
 */
export function judgeSilence(base: ClockBase, input: ClockInput): Verdict {
  const { rule, trace, start, now } = input;
  const over = endOf(trace, rule.to, start, start.fact.at.from);
  if (over !== undefined) return inactive(base, start, over);
  const [last, before] = lastNews(trace, start);
  const pauses = pausesOf(trace, rule.pauseWhile, start);
  const at: ClockInput = { ...input, start: { ...start, fact: last.fact } };
  const { openSince } = pauses;
  const deadline = deadlineFrom(last.at, input, pauses, openSince ?? now);
  if (openSince !== undefined && deadline.due > openSince && openSince <= now)
    return judgePaused(base, at, pauses);
  const verdict = judgeOpen(base, at, deadline, pauses);
  if (verdict.state !== 'running') return verdict;
  const wasQuiet = before !== undefined && deadlineFrom(before, input, pauses, last.at).due < last.at;
  return { ...verdict, reason: wasQuiet ? 'heard-after-silence' : 'heard-of' };
}

function deadlineFrom(at: EpochMs, { rule, calendar }: ClockInput, pauses: Pauses, until: EpochMs): Deadline {
  const due = dueAt(at, rule.within, calendar, pausesUntil(pauses, until));
  return { start: at, due, dueEarliest: due, warn: warnAt(rule, calendar, due, due) };
}

/** The last sign of life since the shipment is active, and when the one before it was. */
function lastNews(trace: Trace, start: Start): readonly [News, EpochMs | undefined] {
  const since = spokenAt(start.fact, true);
  let last: News = { at: since, fact: start.fact };
  let before: EpochMs | undefined;
  for (const { fact, of } of factsOf(trace)) {
    const at = spokenAt(fact, fact !== of.planned && fact !== of.estimated);
    if (at < since || fact === start.fact) continue;
    if (at > last.at || (at === last.at && fact.eventId < last.fact.eventId)) {
      if (at > last.at) before = last.at;
      last = { at, fact };
    } else if (at < last.at && (before === undefined || at > before)) before = at;
  }
  return [last, before];
}

function inactive(base: ClockBase, start: Start, end: End): Verdict {
  return {
    ...base,
    state: 'met',
    reason: 'no-longer-active',
    startAt: start.fact.at.from,
    endAt: end.from,
    evidence: [start.fact.eventId, ...end.facts.map(({ eventId }) => eventId)],
    awaitingChannels: [],
  };
}
