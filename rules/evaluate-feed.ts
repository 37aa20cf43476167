import { dueAt } from './budget.ts';
import type { Calendar } from './calendar.ts';
import type { Feed } from './channels-source.ts';
import { warnAt } from './evaluate-clock.ts';
import { clockIdOf } from './hash.ts';
import type { FeedTerms, Rule } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Verdict } from './verdict.ts';

/** A `feed` rule. */
export type FeedRule = Rule & { readonly feed: FeedTerms };

export const isFeedRule = (rule: Rule): rule is FeedRule => rule.feed !== undefined;

/** A partner that was too slow must be better than the limit by this much before it counts as mended: who hovers at it is no news. */
const MENDED = 0.8;

/** Whether a rule watches a channel. */
export function watches({ feed: { sources, partners, vias } }: FeedRule, feed: Feed): boolean {
  const named = (names: readonly string[], name: string): boolean =>
    names.length === 0 || names.includes(name);
  const via = vias.length === 0 || (feed.via !== undefined && vias.includes(feed.via));
  return named(sources, feed.source) && named(partners, feed.partner) && via;
}

const SILENT = { state: 'breached', reason: 'feed-silent', confidence: 'proved' } as const;
const SLOW = { state: 'breached', reason: 'feed-slow', confidence: 'proved' } as const;

/** One clock for each channel and rule. */
export const feedClockIdOf = (rule: string, channelId: string): string => clockIdOf(rule, '', channelId);

/**
 * Judges one channel by one `feed` rule at one moment of log time: whether it speaks, and whether it tells in time. Silence goes first: who does
 * not speak tells nothing late. `previous`: the reason of the last verdict.
 *
 * ```text
 *   last word ───── warn ───── silent_for ────────── a word
 *     feed-heard    at-risk     feed-silent            feed-heard, or feed-slow while too many reports take too long
 * ```
 */
export function judgeFeed(
  rule: FeedRule,
  calendar: Calendar | undefined,
  feed: Feed,
  previous: Verdict['reason'] | undefined,
  now: EpochMs,
): Verdict {
  const { silentFor } = rule.feed;
  const base = {
    clockId: feedClockIdOf(rule.name, feed.id),
    rule: rule.name,
    ruleVersion: rule.version,
    shipmentId: '',
    occurrence: { subject: feed.id },
    startAt: feed.quietSince,
    evidence: feed.lag.last === undefined ? [] : [feed.lag.last],
    awaitingChannels: [],
  } as const;
  const slow: Verdict | undefined = isSlow(rule, feed, previous)
    ? { ...base, ...SLOW, evidence: feed.lag.slowest === undefined ? [] : [feed.lag.slowest.eventId] }
    : undefined;
  if (silentFor === undefined) return slow ?? { ...base, state: 'running', reason: 'feed-heard' };
  let due: EpochMs;
  let warn: EpochMs | undefined;
  try {
    due = dueAt(feed.quietSince, silentFor, calendar);
    warn = warnAt(rule, calendar, due, due);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return slow ?? { ...base, state: 'unknown', reason: 'outside-calendar', confidence: 'unconfirmed' };
  }
  const dates = { dueAt: due, ...(warn !== undefined && { warnAt: warn }) };
  if (now >= due) {
    return { ...base, ...dates, ...SILENT, lateMs: now - due };
  }
  if (slow !== undefined) return { ...slow, nextAt: due };
  if (warn !== undefined && now >= warn)
    return { ...base, ...dates, state: 'at-risk', reason: 'warn-reached', nextAt: due };
  return { ...base, ...dates, state: 'running', reason: 'feed-heard', nextAt: warn ?? due };
}

/** Whether more of its reports than the rule allows took longer than it allows. */
function isSlow({ feed: { lag } }: FeedRule, feed: Feed, before: Verdict['reason'] | undefined): boolean {
  const later = lag && feed.lag.shareLater(lag.ms);
  if (lag === undefined || later === undefined) return false;
  const allowed = (1 - lag.share) * (before === 'feed-slow' ? MENDED : 1);
  // What is equal on paper must not differ by a rounding.
  return later > allowed + 1e-9;
}
