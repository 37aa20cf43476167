import t, { type Test } from 'tap';
import { formatDuration } from '../../agent/notify/words.ts';
import type { AlertRecord } from '../../agent/track/outcome.ts';
import { bytesIn, hubJudge, saidBy, takeAll } from '../support/judge.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIDNIGHT = Date.parse('2026-06-02T00:00:00Z');
const SHIPMENTS = 500;
/** Every tenth is truly late. */
const LATE = 50;

const rules = (waitForFeeds: string): string =>
  `rules: { release: { title: Release, from: arrived at destination, to: customs.released, within: 6h, wait_for_feeds: ${waitForFeeds}, notify: desk } }`;

/**
 * A carrier that is silent from 12:00 to 18:00, while the clocks of 500 shipments run out: they arrived from 06:10 to 11:50 and have six
 * hours. Most were released in time, which is told when the carrier speaks again.
 */
class Silence {
  readonly #judge;
  #sequence = 0;

  constructor(waitForFeeds: string) {
    this.#judge = hubJudge({ rules: rules(waitForFeeds), channel: { expectEveryMs: HOUR } });
  }

  /** Every message has the same fields: the story is about silence, and not about messages that change. */
  said(type: string, shipment: number, at: number, told: number): AlertRecord[] {
    const delivery = String(80_000_000 + shipment);
    const record = saidBy(
      {
        ...{ id: `${delivery}-${type}`, type, at: new Date(at).toISOString(), refs: { delivery } },
        more: { role: 'destination' },
      },
      told,
      this.#next(),
    );
    return [...takeAll(this.#judge, [record]).alerts];
  }

  until(at: number): AlertRecord[] {
    return [...takeAll(this.#judge, [bytesIn('{}', at, this.#next(), 'tick')]).alerts];
  }

  /** Everybody arrives, the last word is at 12:00. */
  arrivals(): AlertRecord[] {
    const alerts = [];
    for (let n = 0; n < SHIPMENTS; n += 1)
      alerts.push(...this.said('arrived', n, arrivedAt(n), arrivedAt(n)));
    return [
      ...alerts,
      ...this.said('shipment.created', SHIPMENTS, MIDNIGHT + 12 * HOUR, MIDNIGHT + 12 * HOUR),
    ];
  }

  /** From 18:01 on the carrier tells what it could not tell; then it is heard as before. */
  returns(): AlertRecord[] {
    const back = MIDNIGHT + 18 * HOUR + MINUTE;
    const alerts = [];
    for (let n = 0; n < SHIPMENTS; n += 1) {
      const told = back + n * 1000;
      if (!isLate(n)) alerts.push(...this.said('customs.released', n, arrivedAt(n) + 5 * HOUR, told));
    }
    return [...alerts, ...this.said('shipment.created', SHIPMENTS, back + 30 * MINUTE, back + 30 * MINUTE)];
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}

const arrivedAt = (n: number): number => MIDNIGHT + 6 * HOUR + 10 * MINUTE + n * 40_000;
const isLate = (n: number): boolean => n % (SHIPMENTS / LATE) === 3;
const kinds = (alerts: readonly AlertRecord[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { rule, change } of alerts)
    counts[`${rule} ${change.kind}`] = (counts[`${rule} ${change.kind}`] ?? 0) + 1;
  return counts;
};

t.test('500 clocks run out while a carrier is silent: one alert, and later the truly late', async (t) => {
  const silence = new Silence('1d');
  t.strictSame(kinds(silence.arrivals()), {}, 'nothing is wrong yet');
  t.strictSame(kinds(silence.until(MIDNIGHT + 18 * HOUR)), { 'channel fired': 1 }, 'no breach, one channel');
  const settled = silence.returns();
  t.strictSame(kinds(settled), { 'channel resolved': 1, 'release fired': LATE });
  headlinesTell(t, settled);
  const ended = [];
  for (let n = 0; n < SHIPMENTS; n += 1) {
    if (isLate(n))
      ended.push(...silence.said('customs.released', n, arrivedAt(n) + 14 * HOUR, MIDNIGHT + 30 * HOUR + n));
  }
  t.strictSame(kinds(ended.filter(({ rule }) => rule === 'release')), { 'release resolved': LATE });
  t.ok(
    ended
      .filter(({ rule }) => rule === 'release')
      .every(({ text }) => text.headline.includes('done late by 8 h')),
    'by when it happened, not by when it was told',
  );
});

/** Each breach names its shipment and how late it is at that moment. */
function headlinesTell(t: Test, settled: readonly AlertRecord[]): void {
  for (const { rule, change, text } of settled) {
    if (rule !== 'release') continue;
    const delivery = Number(/delivery (\d+)/.exec(text.headline)?.[1]) - 80_000_000;
    if (!isLate(delivery)) t.fail(`${text.headline}: it was in time`);
    const words = `late by ${formatDuration(change.at - arrivedAt(delivery) - 6 * HOUR)}`;
    if (!text.headline.includes(words)) t.fail(`${text.headline}: expected ${words}`);
  }
}

t.test(
  'past what the rule waits for feeds, 500 unconfirmed breaches say so and are settled later',
  async (t) => {
    const silence = new Silence('2h');
    silence.arrivals();
    const waited = silence.until(MIDNIGHT + 20 * HOUR);
    t.strictSame(kinds(waited), { 'channel fired': 1, 'release fired-unconfirmed': SHIPMENTS });
    t.ok(
      waited
        .filter(({ rule }) => rule === 'release')
        .every(({ text }) => text.headline.startsWith('PROBABLY BREACHED (unconfirmed)')),
    );
    const back = MIDNIGHT + 20 * HOUR + MINUTE;
    const told = [];
    for (let n = 0; n < SHIPMENTS; n += 1) {
      if (!isLate(n))
        told.push(...silence.said('customs.released', n, arrivedAt(n) + 5 * HOUR, back + n * 1000));
    }
    told.push(...silence.said('shipment.created', SHIPMENTS, back + 30 * MINUTE, back + 30 * MINUTE));
    t.strictSame(kinds(told), {
      'channel resolved': 1,
      'release withdrawn': SHIPMENTS - LATE,
      'release confirmed': LATE,
    });
  },
);
