import t from 'tap';
import type { LogRecord } from '../../../agent/log/log.ts';
import { snapshotOf } from '../../../agent/track/build.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import type { JudgeBatch } from '../../../agent/track/outcome.ts';
import { rebuild } from '../../../agent/track/rebuild.ts';
import { Told } from '../../../agent/track/told.ts';
import { hashId } from '../../../rules/hash.ts';
import { bytesIn, hubJudge, hubSettings, saidBy, storedFacts, takeAll, toldAt } from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

const RULES = `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: 24h, warn: 4h before, wait_for_feeds: 6h, notify: desk }
  transit: { title: Transit, from: departed at origin, to: arrived at destination, within: 4d, wait_for_feeds: 1h, notify: desk }
  hold: { title: Hold, kind: dwell, state: customs.hold, longer_than: 12h, notify: desk }
  promise: { title: Promise, event: delivered, by: first planned delivered, notify: desk }
`;
const DAY = 86_400_000;
const at = (text: string): number => Date.parse(`2026-${text}:00Z`);
const channel = { provenBy: 'polls', expectEveryMs: DAY } as const;

const proof = (provedUntil: number, observedAt: number, sequence: number): LogRecord =>
  bytesIn(JSON.stringify({ provedUntil }), observedAt, sequence, 'proof');

const act = (action: string, subject: string, observedAt: number, sequence: number, more = {}): LogRecord =>
  bytesIn(
    JSON.stringify({ id: `op-${sequence}`, action, subject, by: 'mia', ...more }),
    observedAt,
    sequence,
    'operator',
  );

/** What a judge would find that starts without a snapshot after these batches. */
function rebuiltFrom(batches: readonly JudgeBatch[]): Promise<Judge> {
  const told = new Told();
  for (const alert of batches.flatMap((batch) => batch.alerts)) told.take(alert);
  const { positions, logTime } = batches.at(-1)!;
  const settings = hubSettings({
    rules: RULES,
    channel,
    told: (alertId) => told.lastUpTo(alertId, positions, logTime),
  });
  return rebuild(settings, storedFacts(batches));
}

const arrived = {
  id: 'a1',
  type: 'arrived',
  at: '2026-06-01T10:00:00Z',
  refs: { delivery: '80000001', container: 'APZU4812090' },
  more: { role: 'destination' },
};

t.test('what a complete poll had proved is proved after a rebuild', async (t) => {
  const before = hubJudge({ rules: RULES, channel });
  const first = takeAll(before, [
    saidBy(arrived, at('06-01T10:05'), 1),
    proof(at('06-02T11:00'), at('06-02T11:05'), 2),
  ]);
  t.equal(toldAt(first.alerts).at(-1), '06-02T11:05 fired release');
  const judge = await rebuiltFrom([first]);
  t.same(judge.parts.channels.list(), before.parts.channels.list());
  const [state] = judge.drain().shipments;
  t.match(
    state?.clocks.find(({ rule }) => rule === 'release'),
    { state: 'breached', confidence: 'proved' },
  );
});

t.test('what operators did holds after a rebuild: waivers, merges, splits, silences', async (t) => {
  const before = hubJudge({ rules: RULES, channel });
  const other = { ...arrived, id: 'a2', refs: { delivery: '80000002' } };
  const first = takeAll(before, [saidBy(arrived, at('06-01T10:05'), 1), saidBy(other, at('06-01T10:06'), 2)]);
  const [one, two] = first.shipments;
  const clock = one!.clocks.find(({ rule }) => rule === 'release')!;
  const second = takeAll(before, [
    act('waive', `${clock.shipmentId}/${clock.clockId}`, at('06-01T11:00'), 3),
    act('split', `${clock.shipmentId}/container:APZU4812090`, at('06-01T11:01'), 4),
    act('merge', `${two!.trace.shipmentId}/${clock.shipmentId}`, at('06-01T11:02'), 5),
    act('silence', 'rule=hold', at('06-01T11:03'), 6, { until: at('06-09T00:00') }),
    act('silence', 'rule=transit', at('06-01T11:04'), 7, { until: at('06-01T11:05') }),
    act('acknowledge', 'some-alert', at('06-01T11:06'), 8),
  ]);
  const judge = await rebuiltFrom([first, second]);
  t.same(
    judge.parts.standing.list(at('06-01T12:00')).map(({ id }) => id),
    ['op-6', 'op-8'],
  );
  t.same(endOf(judge), endOf(before));
  t.ok(JSON.stringify(endOf(judge)).includes('"waived"'));
});

t.test('the first plan is kept through a rebuild and a snapshot, and so is who is held to it', async (t) => {
  const planned = (promised: string, said: string, sequence: number): LogRecord =>
    saidBy(
      {
        ...{ id: 'p1', type: 'delivered', at: `2026-${promised}:00Z`, recordedAt: `2026-${said}:00Z` },
        ...{ refs: { delivery: '80000001' }, more: { classifier: 'planned', carrier: 'X' } },
      },
      at(said),
      sequence,
    );
  const plans = [
    planned('06-10T12:00', '06-01T09:00', 1),
    planned('06-12T12:00', '06-03T09:00', 2),
    planned('06-14T12:00', '06-05T09:00', 3),
  ];
  const rest = [proof(at('06-11T00:00'), at('06-11T00:05'), 4)];
  const whole = hubJudge({ rules: RULES, channel });
  const toldBy = (judge: Judge, records: readonly LogRecord[]): string[] =>
    toldAt(takeAll(judge, records).alerts).filter((line) => line.endsWith(' promise'));
  const expected = toldBy(whole, [...plans, ...rest]);
  t.same(expected, ['06-10T14:00 fired-unconfirmed promise', '06-11T00:05 confirmed promise']);
  const before = hubJudge({ rules: RULES, channel });
  const batch = takeAll(before, plans);
  const loaded = hubJudge({ rules: RULES, channel, snapshot: snapshotOf(before, { identityHash: '' }) });
  for (const judge of [await rebuiltFrom([batch]), loaded]) {
    t.same(toldBy(judge, rest), expected);
    t.same(endOf(judge), endOf(whole));
  }
});

/** Messages, repeats, corrections, some unreadable, polls that were complete, and an operator who acts. */
function hardDays(): LogRecord[] {
  const messages = traffic({
    seed: 11,
    messages: 400,
    duplicates: 0.2,
    outOfOrder: 0.2,
    revisions: 0.05,
    startAt: at('06-01T00:00'),
    everyMs: 40 * 60_000,
  });
  const shipment = (n: number): string => hashId('shipment', 'default', `delivery:8000000${n}`);
  const records: LogRecord[] = [];
  for (const [index, { body, observedAt }] of messages.entries()) {
    const broken = index % 37 === 5 ? body.replace('"occurredAt":"2026', '"occurredAt":"not ') : body;
    const add = (make: (sequence: number) => LogRecord): void => {
      records.push(make(records.length + 1));
    };
    add((n) => bytesIn(broken, observedAt, n));
    if (index % 9 === 0) add((n) => proof(observedAt - 60_000, observedAt, n));
    if (index === 100) add((n) => act('merge', `${shipment(1)}/${shipment(2)}`, observedAt, n));
    if (index === 150) add((n) => act('split', `${shipment(3)}/container:LAYU0000030`, observedAt, n));
    if (index === 200)
      add((n) => act('dismiss-dead-letter', hashId('dead-letter', 'HUB', '7'), observedAt, n));
  }
  records.push(bytesIn('{}', at('12-01T00:00'), records.length + 1, 'tick'));
  return records;
}

/** Everything a reader of the store could tell apart. */
function endOf(judge: Judge): unknown {
  judge.dirtyAll();
  return judge
    .drain()
    .shipments.map(({ trace, clocks }) => ({
      trace,
      clocks: clocks
        .map(({ clockId, rule, state, reason, startAt, dueAt, endAt }) => ({
          ...{ clockId, rule, state, reason, startAt, dueAt, endAt },
        }))
        .sort((a, b) => (a.clockId < b.clockId ? -1 : 1)),
    }))
    .sort((a, b) => (a.trace.shipmentId < b.trace.shipmentId ? -1 : 1));
}

t.test('rebuilt at any moment, a judge goes on as if it had never stopped', async (t) => {
  const records = hardDays();
  const whole = hubJudge({ rules: RULES, channel });
  const expected = takeAll(whole, records).alerts.map((alert) => JSON.stringify(alert));
  t.ok(expected.length > 40, `${expected.length} alert changes`);
  const end = endOf(whole);
  for (let cut = 20; cut < records.length; cut += 23) {
    const before = hubJudge({ rules: RULES, channel });
    const batches: JudgeBatch[] = [];
    for (let from = 0; from < cut; from += 10)
      batches.push(takeAll(before, records.slice(from, Math.min(cut, from + 10))));
    const after = await rebuiltFrom(batches);
    t.same(after.parts.channels.dump(), before.parts.channels.dump(), `channels at ${cut}`);
    const rest = takeAll(after, records.slice(cut)).alerts;
    const told = [...batches.flatMap((batch) => batch.alerts), ...rest];
    t.same(told.map((alert) => JSON.stringify(alert)).sort(), expected.toSorted(), `alerts after ${cut}`);
    t.same(endOf(after), end, `end after ${cut}`);
    t.same(after.parts.assessor.counts, whole.parts.assessor.counts);
  }
});

t.test('what people are told does not hang on how often the process started', async (t) => {
  const run = (restarts: boolean): string[] => {
    const judge = hubJudge({ rules: RULES, channel });
    const alerts = [...takeAll(judge, [proof(at('06-01T09:00'), at('06-01T09:01'), 1)]).alerts];
    alerts.push(...takeAll(judge, [saidBy(arrived, at('06-01T10:05'), 2)]).alerts);
    for (const day of ['06-01T20:00', '06-02T08:59', '06-02T18:00', '06-09T00:00']) {
      if (restarts) judge.restarted();
      alerts.push(...takeAll(judge, [bytesIn('{}', at(day), judge.totals.records + 1, 'tick')]).alerts);
    }
    return alerts.map((alert) => JSON.stringify(alert));
  };
  const undisturbed = run(false);
  t.ok(undisturbed.some((alert) => alert.includes('fired-unconfirmed')));
  t.same(run(true), undisturbed);
});
