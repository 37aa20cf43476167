import t from 'tap';
import { snapshotOf } from '../../../agent/track/build.ts';
import { DRIFT_WINDOW } from '../../../agent/track/drift.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import type { AlertRecord } from '../../../agent/track/outcome.ts';
import { bytesIn, hubJudge, takeAll } from '../../support/judge.ts';

const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 6h, notify: desk }
`;
const MAP = `
map: hub
format: json
id: id
refs: { delivery: id }
codes: { statuses: { CRE: shipment.created } }
events:
  - { name: status, milestone: { from: status, codes: statuses }, time: at }
`;

let sequence = 0;
/** A window of messages, so many of them with a code that is new. */
function window(judge: Judge, odd: number): readonly AlertRecord[] {
  const records = Array.from({ length: DRIFT_WINDOW }, (_, i) => {
    sequence += 1;
    const status = i < odd ? 'NEW' : 'CRE';
    const body = JSON.stringify({ id: `8${sequence}`, status, at: '2026-06-02T08:00:00Z' });
    return bytesIn(body, Date.UTC(2026, 5, 2, 8) + sequence * 1000, sequence);
  });
  return takeAll(judge, records).alerts.filter(({ rule }) => rule === 'messages-changed');
}
const kinds = (alerts: readonly AlertRecord[]) =>
  alerts.map(({ change }) => `${change.number} ${change.kind}`);

t.test(
  'one alert when messages change shape, and one when they are as before; through a restart, too',
  async (t) => {
    const judge = hubJudge({ rules: RULES, map: MAP });
    t.same(kinds(window(judge, 2)), []);
    t.same(kinds(window(judge, 9)), [], 'a fifth is a change, one less is not');
    const [alert, ...more] = window(judge, 10);
    t.same(more, []);
    t.match(alert, {
      change: { number: 1, kind: 'fired', reason: 'messages-changed' },
      labels: { source: 'hub', partner: 'hub' },
      notify: ['ops'],
      text: {
        headline: /CHANGED: messages of hub\/hub/,
        lines: [/Of the last 50 messages 10/, /unknown-code at \/status: "NEW"/],
      },
    });
    t.same(kinds(window(judge, 50)), [], 'told already');
    const snapshot = snapshotOf(judge, { identityHash: '' });
    const next = hubJudge({ rules: RULES, map: MAP, snapshot });
    t.same(kinds(window(next, 3)), [], 'not calm yet');
    t.same(kinds(window(next, 2)), ['2 resolved']);
    t.same(kinds(window(next, 30)), ['3 reopened']);
  },
);

t.test('a partner that was odd from the first day has not changed', async (t) => {
  const judge = hubJudge({ rules: RULES, map: MAP });
  t.same([...window(judge, 40), ...window(judge, 45)], []);
});
