import fc from 'fast-check';
import t from 'tap';
import { identityHashOf, snapshotOf } from '../../../agent/track/build.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import { rebuild } from '../../../agent/track/rebuild.ts';
import { readSnapshot, writeSnapshot } from '../../../agent/track/snapshot.ts';
import {
  bytesIn,
  hubJudge,
  hubSettings,
  type Said,
  saidBy,
  storedFacts,
  takeAll,
  toldAt,
} from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

const RULES = `
rules:
  release:
    title: Customs release within 24 hours of arrival
    from: arrived at destination
    to: customs.released
    within: 24h
    warn: 4h before
    wait_for_feeds: 6h
    notify: desk
  hold:
    title: No hold longer than two days
    kind: dwell
    state: customs.hold
    longer_than: 48h
    notify: desk
`;

const at = (text: string): number => Date.parse(`2026-${text}:00Z`);
const arrived: Said = {
  id: 'e1',
  type: 'arrived',
  at: '2026-06-01T10:00:00Z',
  refs: { delivery: '80000001', container: 'APZU4812090' },
  more: { role: 'destination' },
};
const released: Said = {
  id: 'e2',
  type: 'customs.released',
  at: '2026-06-02T12:00:00Z',
  refs: { container: 'APZU4812090' },
};
const other = (n: number, when: string): Said => ({
  id: `other-${n}`,
  type: 'goods.issued',
  at: `2026-${when}:00Z`,
  refs: { delivery: `8100000${n}` },
});

t.test('clocks that fall due between two messages fire between them, in catch-up too', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const { alerts } = takeAll(judge, [
    saidBy(arrived, at('06-01T10:05'), 1),
    saidBy(other(1, '06-02T11:00'), at('06-02T11:00'), 2),
    saidBy(released, at('06-02T13:00'), 3),
  ]);
  t.same(toldAt(alerts), [
    '06-02T06:00 at-risk release',
    '06-02T11:00 fired release',
    '06-02T13:00 resolved release',
  ]);
  t.match(alerts[2]?.text.headline, /RESOLVED: .*delivery 80000001, done late by 2 h/);
  t.match(alerts[1]?.text.lines.join('\n'), /Why we are sure: hub\/hub was heard until/);
});

t.test(
  'the first message of a channel may tell of a breach, and is its proof: one alert, not two',
  async (t) => {
    const judge = hubJudge({ rules: RULES.replace('wait_for_feeds: 6h', 'wait_for_feeds: 0h') });
    const { alerts } = takeAll(judge, [saidBy(arrived, at('06-09T10:05'), 1)]);
    t.same(toldAt(alerts), ['06-09T10:05 fired release']);
  },
);

t.test(
  'a feed that is silent makes no breach; at the limit it is unconfirmed, and withdrawn when it was in time',
  async (t) => {
    const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: 3_600_000 } });
    judge.take(saidBy(arrived, at('06-01T10:05'), 1));
    judge.advance(at('06-02T15:59'));
    t.same(toldAt(judge.drain().alerts), ['06-01T11:05 fired channel', '06-02T06:00 at-risk release']);
    judge.advance(at('06-02T17:00'));
    t.same(toldAt(judge.drain().alerts), ['06-02T16:00 fired-unconfirmed release']);
    const inTime = { ...released, at: '2026-06-02T09:00:00Z' };
    const back = takeAll(judge, [saidBy(inTime, at('06-02T18:00'), 2)]);
    t.same(toldAt(back.alerts), ['06-02T18:00 withdrawn release', '06-02T18:00 resolved channel']);
    t.match(back.alerts[0]?.text.headline, /WITHDRAWN: .*it was done in time and reported late/);
  },
);

t.test(
  'a feed that returns after a silence tells its backlog first: what was in time is no breach',
  async (t) => {
    const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: 3_600_000 } });
    const inTime = { ...released, at: '2026-06-02T09:00:00Z' };
    const { alerts } = takeAll(judge, [
      saidBy(arrived, at('06-01T10:05'), 1),
      saidBy(other(1, '06-02T11:30'), at('06-02T12:00'), 2),
      saidBy(inTime, at('06-02T12:02'), 3),
      saidBy(other(2, '06-02T12:20'), at('06-02T12:20'), 4),
    ]);
    t.same(
      toldAt(alerts).filter((line) => line.endsWith('release')),
      ['06-02T06:00 at-risk release', '06-02T12:02 resolved release'],
    );
  },
);

t.test('and what is still missing once the backlog is in, is a breach', async (t) => {
  const judge = hubJudge({ rules: RULES, channel: { expectEveryMs: 3_600_000 } });
  const { alerts } = takeAll(judge, [
    saidBy(arrived, at('06-01T10:05'), 1),
    saidBy(other(1, '06-02T11:30'), at('06-02T12:00'), 2),
    saidBy(other(2, '06-02T12:20'), at('06-02T12:20'), 3),
  ]);
  t.same(
    toldAt(alerts).filter((line) => line.endsWith('release')),
    ['06-02T06:00 at-risk release', '06-02T12:20 fired release'],
  );
});

t.test('a backlog read on the first day raises nothing while its end is still on the way', async (t) => {
  const judge = hubJudge({ rules: RULES, channel: { provenBy: 'polls' } });
  const inTime = { ...released, at: '2026-06-01T20:00:00Z' };
  const { alerts } = takeAll(judge, [
    saidBy(arrived, at('09-01T10:00'), 1),
    saidBy(other(1, '06-01T11:00'), at('09-01T10:01'), 2),
    saidBy(inTime, at('09-01T10:02'), 3),
  ]);
  t.same(toldAt(alerts), []);
});

t.test(
  'an event waits for the ref that ties it to a shipment, and then counts from when it happened',
  async (t) => {
    const judge = hubJudge({ rules: RULES });
    const first = takeAll(judge, [saidBy(released, at('06-02T12:30'), 1)]);
    t.equal(first.links.length, 0);
    const second = takeAll(judge, [saidBy(arrived, at('06-05T10:00'), 2)]);
    t.equal(second.links.filter((link) => link.linked).length, 2);
    const [clock] = second.shipments
      .flatMap((shipment) => shipment.clocks)
      .filter(({ rule }) => rule === 'release');
    t.match(clock, { state: 'met-late', lateMs: 2 * 3_600_000 });
  },
);

t.test('a message that cannot be read holds its channel back until it comes again, mended', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const broken =
    '{"specversion":"1.0","id":"e9","source":"/hub","type":"customs.released","time":"2026-06-01T12:00:00Z","data":{}}';
  const first = takeAll(judge, [
    saidBy(arrived, at('06-01T10:05'), 1),
    bytesIn(broken, at('06-01T12:00'), 2),
    saidBy(other(1, '06-02T11:00'), at('06-02T11:00'), 3),
  ]);
  t.match(first.deadLetters, [{ code: 'no-refs', sequence: 2 }]);
  t.same(toldAt(first.alerts), ['06-02T06:00 at-risk release'], 'it might have been the release');
  const mended = { ...released, id: 'e9', at: '2026-06-01T12:00:00Z', recordedAt: '2026-06-02T11:30:00Z' };
  const second = takeAll(judge, [saidBy(mended, at('06-02T11:30'), 4)]);
  t.same(toldAt(second.alerts), ['06-02T11:30 resolved release']);
  t.match(
    second.operator,
    [{ action: 'dismiss-dead-letter', subject: first.deadLetters[0]?.id, by: 'laytime', comment: /^mended/ }],
    'and nobody needs to look at the letter any more',
  );
});

t.test('what is taken back need not say what it was: its id is enough, early or late', async (t) => {
  const early = { ...released, at: '2026-06-01T14:00:00Z' };
  const back = { ...early, refs: {}, recordedAt: '2026-06-01T16:00:00Z', more: { retracted: true } };
  const said = saidBy(early, at('06-01T15:00'), 2);
  const taken = saidBy(back, at('06-01T16:00'), 3);
  for (const records of [
    [said, taken],
    [taken, said],
  ]) {
    const judge = hubJudge({ rules: RULES });
    const { deadLetters, alerts } = takeAll(judge, [
      saidBy(arrived, at('06-01T10:05'), 1),
      ...records,
      saidBy(other(1, '06-02T11:00'), at('06-02T11:00'), 4),
    ]);
    t.same(deadLetters, []);
    t.same(toldAt(alerts).at(-1), '06-02T11:00 fired release', 'nobody has released it');
  }
});

t.test('a broken message that came twice is settled by the one that mends it', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const broken =
    '{"specversion":"1.0","id":"e9","source":"/hub","type":"customs.released","time":"2026-06-01T12:00:00Z","data":{}}';
  takeAll(judge, [bytesIn(broken, at('06-01T12:00'), 1), bytesIn(broken, at('06-01T12:30'), 2)]);
  const mended = { ...released, id: 'e9', at: '2026-06-01T12:00:00Z', recordedAt: '2026-06-01T13:00:00Z' };
  const { operator } = takeAll(judge, [saidBy(mended, at('06-01T13:00'), 3)]);
  t.equal(operator.length, 2);
  t.equal(judge.parts.channels.list()[0]?.watermark, at('06-01T13:00'));
});

t.test('an operator waives a clock, dismisses a dead letter, merges two shipments', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const [state] = takeAll(judge, [saidBy(arrived, at('06-01T10:05'), 1)]).shipments;
  const clock = state!.clocks.find(({ rule }) => rule === 'release')!;
  const act = (action: string, subject: string) =>
    JSON.stringify({ id: `op-${action}`, action, subject, by: 'mia' });
  const waived = takeAll(judge, [
    bytesIn(act('waive', `${clock.shipmentId}/${clock.clockId}`), at('06-01T11:00'), 2, 'operator'),
  ]);
  t.match(waived.operator, [{ action: 'waive', by: 'mia' }]);
  t.match(
    waived.shipments[0]?.clocks.find(({ rule }) => rule === 'release'),
    { state: 'waived' },
  );

  const batch = takeAll(judge, [
    bytesIn('not json', at('06-01T12:00'), 3),
    saidBy(other(1, '06-01T12:10'), at('06-01T12:10'), 4),
  ]);
  const watermark = () => judge.parts.channels.list()[0]!.watermark;
  t.ok(watermark() <= at('06-01T12:00'));
  takeAll(judge, [
    bytesIn(act('dismiss-dead-letter', batch.deadLetters[0]!.id), at('06-01T12:20'), 5, 'operator'),
  ]);
  t.equal(watermark(), at('06-01T12:10'));

  const into = batch.shipments[0]!.trace.shipmentId;
  const merged = takeAll(judge, [
    bytesIn(act('merge', `${clock.shipmentId}/${into}`), at('06-01T12:30'), 6, 'operator'),
  ]);
  const trace = merged.shipments.find((each) => each.trace.shipmentId === into)?.trace;
  t.same(trace?.milestones.map(({ milestone }) => milestone).toSorted(), ['arrived', 'goods.issued']);
});

t.test('a control record that is none costs only itself', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const batch = takeAll(judge, [
    bytesIn('{', at('06-01T10:00'), 1, 'proof'),
    saidBy(arrived, at('06-01T10:05'), 2),
  ]);
  t.match(batch.deadLetters, [{ code: 'wrong-shape', sequence: 1 }]);
  t.equal(batch.events.length, 1);
});

/** Everything a reader of the store could tell apart, reporting times aside. */
function endOf(judge: Judge): unknown {
  judge.advance(at('12-01T00:00'));
  judge.dirtyAll();
  const { shipments } = judge.drain();
  return shipments
    .map(({ trace, clocks }) => ({
      id: trace.shipmentId,
      refs: trace.refs,
      milestones: trace.milestones.map(({ milestone, occurrence, planned, actual }) => ({
        milestone,
        occurrence,
        planned: planned?.at.from,
        actual: actual?.at.from,
        id: actual?.eventId,
      })),
      clocks: clocks
        .map(({ clockId, rule, state, startAt, dueAt, endAt }) => ({
          clockId,
          rule,
          state,
          startAt,
          dueAt,
          endAt,
        }))
        .sort((a, b) => (a.clockId < b.clockId ? -1 : 1)),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const messages = traffic({
  seed: 7,
  messages: 80,
  duplicates: 0,
  revisions: 0.2,
  startAt: at('06-01T00:00'),
  everyMs: 600_000,
});

t.test('any order, any repetition: the same shipments, traces and final verdicts', async (t) => {
  const run = (bodies: readonly string[]): unknown => {
    const judge = hubJudge({ rules: RULES });
    for (const [index, body] of bodies.entries())
      judge.take(bytesIn(body, at('07-01T00:00') + index * 1000, index + 1));
    return endOf(judge);
  };
  const bodies = messages.map(({ body }) => body);
  const expected = run(bodies);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(bodies, { minLength: bodies.length }),
      fc.array(fc.nat(bodies.length - 1), { maxLength: 20 }),
      (shuffled, repeats) => {
        const all = [...shuffled];
        for (const index of repeats) all.splice((index * 7) % all.length, 0, bodies[index]!);
        t.same(run(all), expected);
        return true;
      },
    ),
    { numRuns: 25 },
  );
});

t.test('a judge that goes on from a snapshot ends as if it had never stopped', async (t) => {
  const records = messages.map(({ body, observedAt }, index) => bytesIn(body, observedAt, index + 1));
  const whole = hubJudge({ rules: RULES });
  const told = toldAt(takeAll(whole, records).alerts);
  const settings = hubSettings({ rules: RULES });
  for (const cut of [1, 17, 40, 79]) {
    const before = hubJudge({ rules: RULES });
    const first = takeAll(before, records.slice(0, cut)).alerts;
    const directory = t.testdir();
    await writeSnapshot(directory, snapshotOf(before, { identityHash: identityHashOf(settings) }));
    const snapshot = await readSnapshot(directory, (head) => head.identityHash === identityHashOf(settings));
    t.same(snapshot?.head.positions, { HUB: cut });
    const after = hubJudge({ rules: RULES, ...(snapshot && { snapshot }) });
    const second = takeAll(after, records.slice(cut)).alerts;
    t.same([...toldAt(first), ...toldAt(second)], told);
    t.same(endOf(after), endOf(hubJudgeAfter(records)));
    t.same(after.parts.assessor.counts, whole.parts.assessor.counts);
  }
});

function hubJudgeAfter(records: Parameters<typeof takeAll>[1]): Judge {
  const judge = hubJudge({ rules: RULES });
  takeAll(judge, records);
  return judge;
}

t.test('a judge rebuilt from stored events tells nothing that was told before', async (t) => {
  const records = messages.map(({ body, observedAt }, index) => bytesIn(body, observedAt, index + 1));
  const first = hubJudge({ rules: RULES });
  const batch = takeAll(first, records);
  const last = new Map(batch.alerts.map(({ change }) => [change.alertId, change.after]));
  const told = (alertId: string) => last.get(alertId);
  const again = await rebuild(hubSettings({ rules: RULES, told }), storedFacts([batch]));
  t.same(again.parts.positions, { HUB: records.length });
  t.same(toldAt(again.drain().alerts), []);
  t.same(endOf(again), endOf(first));
});

t.test('a snapshot that is cut off is left aside for the one before', async (t) => {
  const judge = hubJudge({ rules: RULES });
  const directory = t.testdir();
  const hashes = { identityHash: 'i' };
  judge.take(saidBy(arrived, at('06-01T10:05'), 1));
  judge.drain();
  await writeSnapshot(directory, snapshotOf(judge, hashes));
  judge.take(saidBy(released, at('06-02T10:05'), 2));
  judge.drain();
  const { readFile, writeFile } = await import('node:fs/promises');
  const path = await writeSnapshot(directory, snapshotOf(judge, hashes));
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, text.length - 10));
  t.same((await readSnapshot(directory, () => true))?.head.positions, { HUB: 1 });
  t.equal(await readSnapshot(directory, () => false), undefined);
});
