import t from 'tap';
import { toRestatement } from '../../../agent/log/restate.ts';
import { differencesOf, Statements } from '../../../agent/replay/differences.ts';
import type { MapResult } from '../../../collectors/maps/map.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';
import { instant } from '../../../rules/time.ts';
import { eventIdOf } from '../../../rules/trace.ts';
import { bytesIn, hubJudge, takeAll } from '../../support/judge.ts';

const AT = Date.UTC(2026, 5, 2, 8);

/** A statement `key` in revision `order`, said by message number `order`. */
function event(key: string, order: number, over: Partial<ShipmentEvent> = {}): ShipmentEvent {
  const revision = over.revision ?? { order, tag: 't' };
  return {
    id: eventIdOf(key, revision),
    key,
    revision,
    source: 'hub',
    partner: 'hub',
    tenant: 'default',
    milestone: 'arrived',
    occurrence: { role: 'destination' },
    classifier: 'actual',
    occurredAt: instant(AT),
    observedAt: AT + order,
    refs: [{ type: 'delivery', value: '80000001' }],
    attributes: { mode: 'sea', customer: 'Acme' },
    retracted: false,
    raw: { stream: 'HUB', sequence: order },
    ...over,
  };
}
const mapped = (...events: ShipmentEvent[]): MapResult => ({ kind: 'events', events, unmapped: [] });
const at = (sequence: number) => ({ stream: 'HUB', sequence });

t.test('the same content, however it is ordered, is no difference', async (t) => {
  const again = event('k', 1, { observedAt: 5, attributes: { customer: 'Acme', mode: 'sea' } });
  const found = differencesOf(at(1), mapped(again), new Statements([event('k', 1)]));
  t.same(found, { differences: [], unchanged: 1, superseded: 0, unreadable: undefined });
});

t.test('what stands is stated again, above itself and below the next revision', async (t) => {
  const stored = [event('k', 1), event('k', 2)];
  const discharged = { milestone: 'discharged' } as const;
  const old = differencesOf(at(1), mapped(event('k', 1, discharged)), new Statements(stored));
  t.match(old, { differences: [], superseded: 1 });
  const { differences } = differencesOf(at(2), mapped(event('k', 2, discharged)), new Statements(stored));
  t.match(differences, [
    { kind: 'changed', statement: { revision: { order: 2, tag: 't~001' }, milestone: 'discharged' } },
  ]);
  const { statement } = differences[0]!;
  const twice = new Statements([...stored, statement]);
  t.match(differencesOf(at(2), mapped(event('k', 2, discharged)), twice), { differences: [], unchanged: 1 });
  t.match(differencesOf(at(2), mapped(event('k', 2)), twice).differences, [
    { statement: { revision: { tag: 't~002' } } },
  ]);
});

t.test('the first plan is stated again though another one stands, and those between are not', async (t) => {
  const plan = (order: number, over: Partial<ShipmentEvent> = {}) =>
    event('k', order, { classifier: 'planned', occurredAt: instant(AT + order), ...over });
  const stored = [plan(1), plan(2), plan(3)];
  const later = (order: number) => mapped(plan(order, { occurredAt: instant(AT + 3_600_000) }));
  const { differences } = differencesOf(at(1), later(1), new Statements(stored));
  t.match(differences, [{ kind: 'changed', statement: { revision: { order: 1, tag: 't~001' } } }]);
  t.match(differencesOf(at(2), later(2), new Statements(stored)), { differences: [], superseded: 1 });
  const after = new Statements([...stored, differences[0]!.statement]);
  t.match(differencesOf(at(1), later(1), after), { differences: [], unchanged: 1 });
  t.match(differencesOf(at(1), mapped(plan(1)), after).differences, [
    { statement: { revision: { tag: 't~002' } } },
  ]);
  const happened = mapped(plan(1, { classifier: 'actual' }));
  t.match(differencesOf(at(1), happened, new Statements(stored)), { differences: [], superseded: 1 });
});

t.test('what is not said any more is taken back, once; what cannot be read says nothing', async (t) => {
  const stored = [event('k', 1), event('l', 1)];
  const ignored: MapResult = { kind: 'ignored', reason: 'no news', unmapped: [] };
  const { differences } = differencesOf(at(1), ignored, new Statements(stored));
  t.match(differences, [
    { kind: 'gone', statement: { key: 'k', retracted: true, attributes: {} } },
    { kind: 'gone', statement: { key: 'l' } },
  ]);
  const after = new Statements([...stored, ...differences.map(({ statement }) => statement)]);
  t.same(differencesOf(at(1), ignored, after).differences, []);
  const dead: MapResult = { kind: 'dead-letter', code: 'bad-time', reason: 'why', refs: [] };
  t.match(differencesOf(at(1), dead, new Statements(stored)), {
    differences: [],
    unreadable: 'bad-time: why',
  });
  const partly: MapResult = {
    ...(mapped(event('k', 1)) as Extract<MapResult, { kind: 'events' }>),
    rejected: [{ code: 'no-refs', reason: 'why', path: '/1', refs: [] }],
  };
  t.match(differencesOf(at(1), partly, new Statements(stored)), {
    differences: [],
    unchanged: 1,
    unreadable: 'no-refs at /1: why',
  });
});

const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 6h, wait_for_feeds: 1d, notify: desk }
`;

t.test(
  'a restatement is judged when it is made, again and again the same, and a forged one is a letter',
  async (t) => {
    const statement = event('k', 2, { revision: { order: 2, tag: 't~001' }, milestone: 'discharged' });
    const body = JSON.stringify({
      id: 'r1',
      source: 'hub',
      by: 'mia',
      comment: 'why',
      events: [statement, event('n', 3)],
    });
    const record = bytesIn(body, AT + 3_600_000, 7, 'restate');
    t.match(toRestatement(record).events, [{ observedAt: AT + 3_600_000 }, { observedAt: AT + 3_600_000 }]);
    const told = [event('k', 1), event('k', 2)].map((one) => ({
      id: 'r0',
      source: 'hub',
      by: '',
      comment: '',
      events: [one],
    }));
    const before = told.map((one, i) => bytesIn(JSON.stringify(one), AT + i, i + 1, 'restate'));
    const judge = hubJudge({ rules: RULES });
    takeAll(judge, before);
    const { operator, shipments, events } = takeAll(judge, [record]);
    t.match(operator, [{ action: 'replay', id: 'r1', subject: 'hub', by: 'mia', comment: 'why' }]);
    t.match(
      events,
      [{ raw: { sequence: 2 } }, { raw: { sequence: 3 } }],
      'the bytes behind them are where they were',
    );
    t.match(
      shipments[0]?.trace.milestones.map(({ milestone }) => milestone),
      ['arrived', 'discharged'],
      'n says arrived, k does not any more',
    );
    const again = takeAll(judge, [bytesIn(body, AT + 7_200_000, 8, 'restate')]);
    t.same([again.links, again.alerts], [[], []]);
    t.equal(judge.parts.channels.list()[0]?.status, 'never-heard', 'no sign of life');
    t.match(takeAll(judge, [bytesIn('{"id":"x","events":[{}]}', AT + 8_000_000, 9, 'restate')]).deadLetters, [
      { code: 'wrong-shape', reason: /kind restate/ },
    ]);
  },
);
