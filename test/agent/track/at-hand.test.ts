import t from 'tap';
import { identityHashOf, snapshotOf } from '../../../agent/track/build.ts';
import type { JudgeBatch } from '../../../agent/track/outcome.ts';
import { bytesIn, hubJudge, hubSettings } from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

/** One rule of each kind, with all that can make a verdict depend on something else than its own milestones. */
const RULES = `
calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
  release: { title: Release, when: 'mode == "sea"', from: arrived at destination, to: customs.released, within: 12bh, warn: 8bh before, calendar: nl, pause_while: customs.hold, wait_for_feeds: 2h, notify: desk }
  answered: { title: Answer, kind: ack, submitted: customs.filed, answered_by: [customs.accepted, customs.rejected], within: 2h, notify: desk }
  duty: { title: Duty, from: duty.assessed, to: duty.posted, within: 1bd, calendar: nl, notify: desk }
  hold: { title: Hold, kind: dwell, state: customs.hold, longer_than: 1bd, calendar: nl, notify: desk }
  filing: { title: Filing, kind: before, event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h, notify: desk }
  delivery: { title: Delivery, from: loaded at origin, to: delivered, within: 7d, notify: desk }
`;
const settings = hubSettings({ rules: RULES });
const hashes = { identityHash: identityHashOf(settings) };

/** In an order that does not depend on which shipment was at hand. */
const told = ({ alerts, shipments }: JudgeBatch) => ({
  alerts: alerts.map(({ change, text }) => ({ change, text })),
  shipments: [...shipments].sort((a, b) => (a.trace.shipmentId < b.trace.shipmentId ? -1 : 1)),
});

t.test(
  'what is kept at hand never shows: a judge that forgets it after every batch says the same',
  async (t) => {
    for (const seed of [1, 2, 3]) {
      const messages = traffic({
        seed,
        messages: 600,
        duplicates: 0.2,
        outOfOrder: 0.4,
        revisions: 0.2,
        startAt: Date.UTC(2026, 5, 1),
        everyMs: 600_000,
      });
      const records = messages.map(({ body, observedAt }, i) => bytesIn(body, observedAt, i + 1));
      const keeping = hubJudge({ rules: RULES });
      let forgetting = hubJudge({ rules: RULES });
      let alerts = 0;
      for (let from = 0; from < records.length; from += 40) {
        for (const record of records.slice(from, from + 40)) {
          keeping.take(record);
          forgetting.take(record);
        }
        const [kept, forgot] = [told(keeping.drain()), told(forgetting.drain())];
        t.same(kept, forgot, `seed ${seed}, messages from ${from}`);
        alerts += kept.alerts.length;
        forgetting = hubJudge({ rules: RULES, snapshot: snapshotOf(forgetting, hashes) });
      }
      t.ok(alerts > 50, 'there was something to tell');
      t.same(keeping.parts.assessor.counts, forgetting.parts.assessor.counts);
    }
  },
);
