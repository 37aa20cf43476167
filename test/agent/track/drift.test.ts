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

t.test('a field that changes its type is told of, with its name, and counted for its partner', async (t) => {
  const judge = hubJudge({ rules: RULES, map: MAP });
  const batchOf = (weight: unknown) => {
    const records = Array.from({ length: DRIFT_WINDOW }, () => {
      sequence += 1;
      const body = JSON.stringify({ id: `8${sequence}`, status: 'CRE', at: '2026-06-02T08:00:00Z', weight });
      return bytesIn(body, Date.UTC(2026, 5, 2, 8) + sequence * 1000, sequence);
    });
    return takeAll(judge, records);
  };
  for (let n = 0; n < 4; n += 1) t.same(batchOf(12).alerts, []);
  const { alerts, unmapped } = batchOf('12 kg');
  t.same(kinds(alerts), ['1 fired']);
  t.match(alerts[0]?.text.lines, [
    /^Of the last 50 messages 0/,
    'changed-type /weight (text): it was number',
  ]);
  t.match(unmapped, [
    { source: 'hub', partner: 'hub', item: { kind: 'changed-type', path: '/weight', value: 'text' } },
  ]);
  t.same(kinds(batchOf('13 kg').alerts), ['2 resolved'], 'it is known now');
});

t.test('what is said twice is counted for who said it', async (t) => {
  const judge = hubJudge({ rules: RULES, map: MAP });
  const body = JSON.stringify({ id: '1', status: 'CRE', at: '2026-06-02T08:00:00Z' });
  const records = [1, 2, 3].map((n) => bytesIn(body, Date.UTC(2026, 5, 3) + n, sequence + n));
  t.match(
    takeAll(judge, records).unmapped.filter(({ item }) => item.kind === 'duplicate'),
    [{ partner: 'hub' }, { partner: 'hub' }],
  );
});
