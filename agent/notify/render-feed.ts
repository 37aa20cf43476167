import { ruleText } from '../../rules/rule-text.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { AlertText, FeedAlertInput } from '../track/outcome.ts';
import type { RenderSettings } from './render.ts';
import { LEAD } from './render-reason.ts';
import { formatDuration, formatMoment } from './words.ts';

/** A channel by a `feed` rule, in business terms: who is silent or slow, by how much, what was promised. */
export function renderFeedAlert(
  input: FeedAlertInput,
  { readerZone, baseUrl }: RenderSettings,
): { labels: Record<string, string>; text: AlertText } {
  const { change, rule, feed, verdict } = input;
  const moment = (at: EpochMs): string => formatMoment(at, readerZone);
  const lines = [
    `Partner: ${feed.partner}`,
    `Source: ${feed.source}`,
    `${feed.isHeard ? 'Last heard' : 'Never heard; expected since'}: ${moment(feed.quietSince)}`,
    verdict.dueAt === undefined ? '' : `Expected to be heard by: ${moment(verdict.dueAt)}`,
    ...lagLines(input),
    `Rule: ${ruleText(rule)}`,
    rule.owner === undefined ? '' : `Who should act: ${rule.owner}`,
    rule.basis === undefined ? '' : `Basis: ${rule.basis}`,
  ];
  return {
    labels: {
      rule: rule.name,
      kind: rule.kind,
      severity: rule.severity,
      source: feed.source,
      partner: feed.partner,
      ...(rule.owner !== undefined && { owner: rule.owner }),
    },
    text: {
      headline: `${LEAD[change.kind]}: ${rule.title}, ${feed.partner} (${feed.source})${howSo(input)}`,
      lines: lines.filter((line) => line !== ''),
      link: baseUrl === '' ? '' : `${baseUrl}/channels`,
    },
  };
}

function howSo({ change, verdict, feed, rule }: FeedAlertInput): string {
  switch (verdict.reason) {
    case 'feed-silent':
      return `, silent for ${formatDuration(change.at - feed.quietSince)}`;
    case 'feed-slow': {
      const late = feed.lag.shareLater(rule.feed.lag?.ms ?? 0) ?? 0;
      return `, ${Math.round(late * 100)} of 100 reports come too late`;
    }
    case 'warn-reached':
      return verdict.dueAt === undefined
        ? ''
        : `, quiet; due in ${formatDuration(verdict.dueAt - change.at)}`;
    default:
      return ', heard in time again';
  }
}

function lagLines({ feed, rule, verdict }: FeedAlertInput): string[] {
  const { lag } = rule.feed;
  const measured = lag && feed.lag.measured(lag.share);
  if (lag === undefined || measured === undefined) return [];
  const share = `${Math.round(lag.share * 1000) / 10} of 100`;
  const lines = [
    `Reporting lag: ${share} of ${measured.of} reports this week and last were known within ${formatDuration(measured.ms)}`,
  ];
  const { slowest } = feed.lag;
  if (verdict.reason === 'feed-slow' && slowest !== undefined)
    lines.push(`The slowest took ${formatDuration(slowest.ms)}: event ${slowest.eventId}`);
  return lines;
}
