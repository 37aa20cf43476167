import t from 'tap';
import { LogHeader } from '../../agent/log/headers.ts';
import type { LogRecord } from '../../agent/log/log.ts';
import { type Redrive, redriveHeader } from '../../agent/log/redrive.ts';
import { snapshotOf } from '../../agent/track/build.ts';
import type { Judge } from '../../agent/track/judge.ts';
import type { DeadLetter } from '../../agent/track/outcome.ts';
import { bytesIn, hubJudge, takeAll, toldAt } from '../support/judge.ts';

const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 6h, wait_for_feeds: 1d, notify: desk }
`;
/** The broker says in `releasedOn` when it was released; a map that looks at \`releasedAt\` cannot read it. */
const mapWith = (time: string): string => `
map: broker
format: json
id: id
revision: snapshot
refs: { delivery: delivery }
events:
  - { name: arrived, milestone: arrived, when: { status: ARR }, time: at, occurrence: { role: { value: destination } } }
  - { name: released, milestone: customs.released, when: { status: REL }, time: ${time}, time_required: true }
`;
const BAD = mapWith('releasedAt');
const GOOD = mapWith('releasedOn');

const at = (time: string): number => Date.parse(`2026-06-02T${time}:00Z`);
let sequence = 0;
const said = (body: Record<string, string>, time: string): LogRecord => {
  sequence += 1;
  return bytesIn(JSON.stringify(body), at(time), sequence);
};
const arrived = (delivery: string, time: string) =>
  said({ id: `${delivery}-a`, status: 'ARR', delivery, at: `2026-06-02T${time}:00Z` }, time);
const released = (delivery: string, time: string, told: string) =>
  said({ id: `${delivery}-r`, status: 'REL', delivery, releasedOn: `2026-06-02T${time}:00Z` }, told);

/** What the operator's wish to read a letter again is in the log. */
function redriven(letter: DeadLetter, time: string, over: Partial<Redrive> = {}): LogRecord {
  sequence += 1;
  const { id, source, stream, subject, observedAt, headers, data } = letter;
  const original = { source, stream, sequence: letter.sequence, subject, observedAt, headers, data };
  const redrive: Redrive = { letters: [id], closed: [], by: 'mia', comment: 'map mended', original, ...over };
  const text = redriveHeader(redrive);
  const record = bytesIn(Buffer.from(data).toString(), at(time), sequence, 'redrive');
  return { ...record, header: (name) => (name === LogHeader.redrive ? text : undefined) };
}

/** The same judge, started again with another map. */
function restarted(judge: Judge, map: string): Judge {
  const hashes = { identityHash: '' };
  const next = hubJudge({ rules: RULES, map, snapshot: snapshotOf(judge, hashes) });
  next.restarted();
  return next;
}

const watermark = (judge: Judge): number | undefined => judge.parts.channels.list()[0]?.watermark;

/** One day with a map that cannot read releases: the first was in time, the second two hours late. */
function badDay(): { judge: Judge; letters: readonly DeadLetter[]; told: string[] } {
  sequence = 0;
  const judge = hubJudge({ rules: RULES, map: BAD });
  const day = takeAll(judge, [
    arrived('80000001', '08:00'),
    arrived('80000002', '09:00'),
    released('80000001', '12:30', '12:35'),
    arrived('80000003', '13:00'),
    released('80000002', '17:00', '17:05'),
    arrived('80000004', '18:00'),
  ]);
  return { judge, letters: day.deadLetters, told: toldAt(day.alerts) };
}

t.test(
  'bad map, dead letters, mended map, redrive: the shipment is whole and clocks settle by when things happened',
  async (t) => {
    const { judge, letters, told } = badDay();
    t.match(letters, [{ code: 'missing-time' }, { code: 'missing-time' }]);
    t.same(told, [], 'either letter might be the release that a clock waits for');
    t.ok(watermark(judge)! <= at('12:35'), 'the channel proves nothing past the first letter');

    const mended = restarted(judge, GOOD);
    const batch = takeAll(mended, [
      ...letters.map((letter) => redriven(letter, '18:30')),
      arrived('80000005', '18:40'),
    ]);
    t.same(
      toldAt(batch.alerts),
      ['06-02T18:30 fired release', '06-02T18:30 resolved release'],
      'of the one that was late, and of no other',
    );
    t.match(batch.alerts[1]?.text.headline, /done late by 2 h/);
    const states = new Map(
      batch.shipments.map(({ trace, clocks }) => [
        trace.refs[0]?.value,
        clocks.find(({ rule }) => rule === 'release'),
      ]),
    );
    t.match(
      states.get('80000001'),
      { state: 'met', endAt: at('12:30') },
      'in time, whenever we understood it',
    );
    t.match(states.get('80000002'), { state: 'met-late', lateMs: 2 * 3_600_000 });
    t.equal(watermark(mended), at('18:40'), 'nothing holds the channel back any more');
    t.match(
      batch.operator,
      letters.map(({ id }) => ({
        action: 'redrive-dead-letter',
        subject: id,
        by: 'mia',
        comment: 'map mended',
      })),
      'who settled the letters, and why, is kept',
    );
    t.match(batch.events.slice(0, 2), [
      { raw: { sequence: 7 }, observedAt: at('18:30'), revision: { order: at('12:35') } },
      { raw: { sequence: 8 }, observedAt: at('18:30'), revision: { order: at('17:05') } },
    ]);
  },
);

t.test('a second redrive, a restart and a second reading of the log change nothing', async (t) => {
  const { judge, letters } = badDay();
  const mended = restarted(judge, GOOD);
  const records = letters.map((letter) => redriven(letter, '18:30'));
  const before = snapshotOf(mended, { identityHash: '' });
  const first = takeAll(mended, records);
  const again = takeAll(
    mended,
    letters.map((letter) => redriven(letter, '19:00')),
  );
  t.same([again.alerts, again.links], [[], []], 'known already');
  const replayed = takeAll(hubJudge({ rules: RULES, map: GOOD, snapshot: before }), records);
  t.same(
    [replayed.alerts, replayed.events, replayed.operator, replayed.shipments],
    [first.alerts, first.events, first.operator, first.shipments],
    'the log alone decides',
  );
});

t.test('an older message that is read again does not win over a newer one of the same record', async (t) => {
  sequence = 0;
  const judge = hubJudge({
    rules: RULES,
    map: mapWith('[releasedOn, releasedAt]').replace('snapshot\n', 'snapshot\nsnapshot: true\n'),
  });
  const old = said({ id: 'x', status: 'REL', delivery: '80000001', releasedOn: 'soon' }, '10:00');
  const { deadLetters } = takeAll(judge, [
    old,
    said({ id: 'y', status: 'ARR', delivery: '80000001', at: '2026-06-02T08:00:00Z' }, '10:05'),
  ]);
  const [letter] = deadLetters;
  // Without an id of its own in the letter's place the newer message would have mended it.
  takeAll(judge, [
    said({ id: 'x', status: 'REL', delivery: '80000001', releasedAt: '2026-06-02T11:00:00Z' }, '11:30'),
  ]);
  const lenient = restarted(judge, mapWith('{ from: [releasedAt, at], format: any }'));
  const text = JSON.stringify({
    id: 'x',
    status: 'REL',
    delivery: '80000001',
    releasedAt: '2026-06-02T09:30:00Z',
  });
  const batch = takeAll(lenient, [redriven({ ...letter!, data: Buffer.from(text) }, '12:00')]);
  t.match(batch.events, [{ revision: { order: at('10:00') } }]);
  lenient.dirtyAll();
  const [state] = lenient.dirtyStates();
  const actual = state?.trace.milestones.find(({ milestone }) => milestone === 'customs.released')?.actual;
  t.equal(actual?.at.from, at('11:00'));
});

t.test(
  'what still cannot be read stays a letter, what was dismissed stays dismissed, and a forged record is one',
  async (t) => {
    const { judge, letters } = badDay();
    const still = restarted(judge, BAD);
    const held = watermark(still);
    t.match(takeAll(still, [redriven(letters[0]!, '18:30')]), { events: [], operator: [], deadLetters: [] });
    t.equal(watermark(still), held);

    const list = JSON.stringify([
      { id: 'p', status: 'REL', delivery: '80000001', releasedOn: '2026-06-02T12:30:00Z' },
      { id: 'q', status: 'REL', delivery: '80000002' },
      { id: 'r', status: 'REL', delivery: '80000003' },
    ]);
    const many = GOOD.replace('id: id', 'records: .\nid: id');
    const judgeOfLists = hubJudge({ rules: RULES, map: many.replace('releasedOn', 'releasedAt') });
    const whole = takeAll(judgeOfLists, [bytesIn(list, at('12:35'), 1)]).deadLetters;
    t.match(whole, [{ path: '/0', reason: /and 2 more records/ }]);
    const better = restarted(judgeOfLists, many);
    const partly = takeAll(better, [redriven(whole[0]!, '13:00')]);
    t.match(partly.deadLetters, [{ path: '/1', sequence: 1 }, { path: '/2' }], 'letters of their own');
    t.match(partly.operator, [{ subject: whole[0]!.id }]);
    const [first, second] = partly.deadLetters;
    const dismissed = takeAll(better, [
      redriven(whole[0]!, '13:05', { letters: [first!.id], closed: [whole[0]!.id, second!.id] }),
    ]);
    t.match(dismissed, { deadLetters: [], operator: [] });

    const forged = takeAll(better, [bytesIn('{}', at('13:10'), 99, 'redrive')]);
    t.match(forged.deadLetters, [{ code: 'wrong-shape', reason: /kind redrive/ }]);
  },
);
