import t from 'tap';
import type { LogRecord } from '../../agent/log/log.ts';
import type { AlertRecord } from '../../agent/track/outcome.ts';
import { bytesIn, hubJudge, saidBy, takeAll } from '../support/judge.ts';

const RULES = `
rules:
  transit: { title: Transit, from: departed at origin, to: arrived at destination, within: 10h, wait_for_feeds: 4h, notify: desk }
  release: { title: Release, from: arrived at destination, to: customs.released, within: 6h, wait_for_feeds: 1d, notify: desk }
`;
const at = (time: string): number => Date.parse(`2026-06-02T${time}:00Z`);

/** The hub's messages of one day. */
class Day {
  readonly records: LogRecord[] = [];
  readonly #judge = hubJudge({
    rules: RULES,
    channel: { expectEveryMs: 3_600_000 },
  });

  /** Something happened at `time` and was reported at `reported`. */
  said(delivery: string, type: string, time: string, reported = time): AlertRecord[] {
    const role = type === 'departed' ? 'origin' : type === 'arrived' ? 'destination' : undefined;
    const sequence = this.records.length + 1;
    const record = saidBy(
      {
        id: `${delivery}-${type}`,
        type,
        at: `2026-06-02T${time}:00Z`,
        refs: { delivery },
        ...(role !== undefined && {
          more: { role, location: { unlocode: role === 'origin' ? 'GBFXT' : 'NLRTM' } },
        }),
      },
      at(reported),
      sequence,
    );
    this.records.push(record);
    return [...takeAll(this.#judge, [record]).alerts];
  }

  /** Nothing is heard until `time`. */
  until(time: string): AlertRecord[] {
    const tick = bytesIn('{}', at(time), this.records.length + 1, 'tick');
    this.records.push(tick);
    return [...takeAll(this.#judge, [tick]).alerts];
  }
}

/** `13:00 fired channel` for each change. */
const told = (alerts: readonly AlertRecord[]): string[] =>
  alerts.map(
    ({ change, rule }) => `${new Date(change.at).toISOString().slice(11, 16)} ${change.kind} ${rule}`,
  );

t.test(
  'a hub silent for six hours while clocks run out: one alert for the channel, and only the late one afterwards',
  async (t) => {
    const day = new Day();
    // Due at 14:00 and 15:00, while nobody is heard.
    for (const [delivery, arrived] of [
      ['80000001', '08:00'],
      ['80000002', '09:00'],
    ] as const) {
      day.said(delivery, 'shipment.created', arrived);
      t.same(told(day.said(delivery, 'arrived', arrived)), []);
      for (const beat of ['30', '45'])
        day.said('80000009', 'shipment.created', `${arrived.slice(0, 2)}:${beat}`);
    }
    day.said('80000009', 'shipment.created', '10:30');
    day.said('80000009', 'shipment.created', '11:15');
    day.said('80000009', 'shipment.created', '12:00');
    t.same(
      told(day.until('18:00')),
      ['13:00 fired channel'],
      'clocks ran out and nobody was told of a breach',
    );
    const first = day.said('80000009', 'shipment.created', '18:01');
    t.same(told(first), ['18:01 resolved channel'], 'its first word proves nothing of the gap');
    t.same(
      told(day.said('80000001', 'customs.released', '12:30', '18:03')),
      [],
      'in time, told late: no breach',
    );
    const settled = day.said('80000009', 'shipment.created', '18:15');
    t.same(told(settled), ['18:15 fired release'], 'one breach, of the one that is late');
    t.match(settled.at(-1)?.text.headline, /80000002, late by 3 h 15 min/);
    const end = day.said('80000002', 'customs.released', '18:40', '18:45');
    t.same(told(end), ['18:45 resolved release']);
    t.match(
      end[0]?.text.headline,
      /done late by 3 h 40 min/,
      'by when it happened, not by when it was heard',
    );
  },
);

t.test(
  'past the time that a rule waits for feeds, an unconfirmed breach says so and is settled later',
  async (t) => {
    const day = new Day();
    day.said('80000001', 'shipment.created', '00:30');
    day.said('80000001', 'departed', '01:00');
    const silence = day.until('16:00');
    t.same(told(silence), ['02:00 fired channel', '15:00 fired-unconfirmed transit']);
    t.match(silence.at(-1)?.text.headline, /unconfirmed/i);
    t.ok(
      silence.at(-1)?.text.lines.some((line) => line.startsWith('Why we are not sure: hub/hub is silent')),
    );
    const back = day.said('80000001', 'arrived', '10:30', '16:30');
    const settled = back.find(({ rule }) => rule === 'transit');
    t.equal(settled?.change.kind, 'withdrawn');
    t.match(settled?.text.headline, /done in time and reported late/);
  },
);
