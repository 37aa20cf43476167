import { type AlertChange, type AlertMemory, alertIdOf, decideAlert } from '../../rules/alert.ts';
import type { Channels } from '../../rules/channels.ts';
import type { Feed } from '../../rules/channels-source.ts';
import { type FeedRule, feedClockIdOf, judgeFeed, watches } from '../../rules/evaluate-feed.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Verdict } from '../../rules/verdict.ts';
import { channelRecord, quieted } from './alert-records.ts';
import type { AlertRecord, RenderAlert } from './outcome.ts';
import type { RulesInForce } from './rules-in-force.ts';

export interface FeedSettings {
  readonly tenant: string;
  readonly rules: RulesInForce;
  readonly channels: Pick<Channels, 'feeds' | 'partnersOf'>;
  readonly renderAlert: RenderAlert;
  readonly tellSince: EpochMs;
}

/** JSON. A clock of a channel, as it was judged last, and what was told of it. */
export interface FeedClock {
  readonly verdict: Verdict;
  readonly source: string;
  readonly alert?: AlertMemory;
}

/**
 * Watches channels for their own sake, by `feed` rules: one clock for each channel and rule. There are few of them and much is heard, so
 * a word moves nothing: a clock is judged when it would fall due, and looks then how long the channel has been quiet.
 *
 * ```text
 *   heard      ●────●──●─────●                       ●
 *   judged     ┆             ┆ due of the first: heard since, judged again later
 *                            ┆          ┆ silent     ┆ a word ends it at once
 * ```
 */
export class Feeds {
  readonly #settings: FeedSettings;
  readonly #clocks: Map<string, FeedClock>;
  /** Sources whose next record is looked at: it may end what is open, or their lag was reckoned again. */
  #restless = new Set<string>();
  /** How many partners of a source have clocks. */
  readonly #partners = new Map<string, number>();
  /** Hashing took longer than judging. */
  readonly #ids = new Map<string, string>();
  #nextAt = Number.POSITIVE_INFINITY;
  #stale: boolean;

  constructor(settings: FeedSettings, saved?: readonly FeedClock[]) {
    this.#settings = settings;
    this.#clocks = new Map((saved ?? []).map((clock) => [clock.verdict.clockId, clock]));
    this.#stale = saved === undefined || settings.rules.anyChanged;
    this.#look();
  }

  /** When a clock may change although nothing is heard; `Infinity` when none can. */
  nextAt(): EpochMs {
    return this.#nextAt;
  }

  clocks(): readonly FeedClock[] {
    return [...this.#clocks.values()];
  }

  /** Other rules are in force: every clock is judged with the next record. */
  rulesChanged(): void {
    this.#stale = true;
  }

  /** The lag of one of a source's channels was reckoned again. */
  reckoned(source: string): void {
    this.#restless.add(source);
  }

  /** The alerts stand as they were told. */
  stand(told: (alertId: string) => AlertMemory | undefined): void {
    for (const { rule, calendar } of this.#settings.rules.feeds) {
      for (const feed of this.#settings.channels.feeds()) {
        if (!watches(rule, feed)) continue;
        const alert = told(alertIdOf(feedClockIdOf(rule.name, feed.id)));
        const before = alert?.status === 'firing' ? 'feed-slow' : undefined;
        const verdict = judgeFeed(rule, calendar, feed, before, feed.quietSince);
        this.#clocks.set(verdict.clockId, { verdict, source: feed.source, ...(alert && { alert }) });
      }
    }
    this.#stale = false;
    this.#look();
  }

  /** A record of a source was read. */
  heard(source: string, now: EpochMs): readonly AlertRecord[] {
    const { rules, channels } = this.#settings;
    if (rules.feeds.length === 0 && this.#clocks.size === 0) return NOTHING;
    const partners = channels.partnersOf(source);
    const stale = this.#stale;
    if (!stale && !this.#restless.has(source) && this.#partners.get(source) === partners) return NOTHING;
    this.#partners.set(source, partners);
    const alerts = this.#judge(
      (clock) => stale || (clock.source === source && this.#restless.has(source)),
      now,
    );
    this.#stale = false;
    return alerts;
  }

  /** Log time passes: what falls due is judged. */
  advance(now: EpochMs): readonly AlertRecord[] {
    return this.#judge(({ verdict: { nextAt } }) => nextAt !== undefined && nextAt <= now, now);
  }

  /** Judges the clocks that `asks` names, those that are new, and those that nobody asks for any more. */
  #judge(asks: (clock: FeedClock) => boolean, now: EpochMs): readonly AlertRecord[] {
    const alerts: AlertRecord[] = [];
    const gone = new Map(this.#clocks);
    const feeds = this.#settings.channels.feeds();
    for (const { rule, calendar } of this.#settings.rules.feeds) {
      for (const feed of feeds) {
        if (!watches(rule, feed)) continue;
        const clockId = this.#idOf(rule.name, feed.id);
        const clock = this.#clocks.get(clockId);
        gone.delete(clockId);
        if (clock !== undefined && !asks(clock)) continue;
        const verdict = judgeFeed(rule, calendar, feed, clock?.verdict.reason, now);
        const { change } = decideAlert(clock?.alert, verdict, now);
        const alert = change && this.#record(change, clock?.alert, verdict, rule, feed);
        if (alert !== undefined) alerts.push(alert);
        const memory = alert?.change.after ?? clock?.alert;
        this.#clocks.set(clockId, { verdict, source: feed.source, ...(memory && { alert: memory }) });
      }
    }
    for (const clock of gone.values()) this.#end(clock, now, alerts);
    this.#look();
    return alerts;
  }

  /** Its rule is gone or names it no more, or another partner speaks for its source. */
  #end({ verdict, alert }: FeedClock, now: EpochMs, alerts: AlertRecord[]): void {
    this.#clocks.delete(verdict.clockId);
    const { tenant, rules } = this.#settings;
    const rule = rules.byName(verdict.rule);
    const ended: Verdict = {
      ...verdict,
      ...(rule === undefined
        ? { state: 'withdrawn', reason: 'rule-removed' }
        : { state: 'not-applicable', reason: 'condition-not-met' }),
    };
    const { change } = decideAlert(alert, ended, now);
    if (change === undefined) return;
    const words = {
      headline: `WITHDRAWN: ${rule?.title ?? verdict.rule}, no longer watched`,
      lines: [],
      link: '',
    };
    alerts.push(
      channelRecord(change, { rule: verdict.rule, severity: 'info' }, words, { tenant, notify: [] }),
    );
  }

  #record(
    change: AlertChange,
    before: AlertMemory | undefined,
    verdict: Verdict,
    rule: FeedRule,
    feed: Feed,
  ): AlertRecord {
    const { renderAlert, tenant } = this.#settings;
    const { labels, text } = renderAlert({ about: 'feed', change, verdict, rule, feed });
    const { quiet, change: told } = quieted(change, before, verdict, rule.notify, this.#settings);
    return {
      ...channelRecord(told, labels, text, { tenant, notify: quiet === undefined ? rule.notify : [] }),
      clockId: verdict.clockId,
      rule: rule.name,
      ruleVersion: rule.version,
      severity: rule.severity,
      evidence: verdict.evidence,
      ...(quiet !== undefined && { quiet }),
    };
  }

  #idOf(rule: string, channelId: string): string {
    const name = `${rule} ${channelId}`;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = feedClockIdOf(rule, channelId);
    this.#ids.set(name, id);
    return id;
  }

  #look(): void {
    this.#restless = new Set();
    this.#nextAt = Number.POSITIVE_INFINITY;
    for (const { verdict, source, alert } of this.#clocks.values()) {
      // Whoever is slow is looked at when its lag is reckoned; any word ends a silence.
      const open = alert?.status === 'firing' || alert?.status === 'at-risk' || verdict.state !== 'running';
      if (open && verdict.reason !== 'feed-slow') this.#restless.add(source);
      if (verdict.nextAt !== undefined && verdict.nextAt < this.#nextAt) this.#nextAt = verdict.nextAt;
    }
  }
}

const NOTHING: readonly AlertRecord[] = [];
