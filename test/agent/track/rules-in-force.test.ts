import t from 'tap';
import { identityHashOf, snapshotOf } from '../../../agent/track/build.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import type { AlertRecord } from '../../../agent/track/outcome.ts';
import { judgeOn, useRules } from '../../../agent/track/reassess.ts';
import { readSnapshot, writeSnapshot } from '../../../agent/track/snapshot.ts';
import { bytesIn, hubJudge, hubSettings, rulesOf, saidBy, takeAll } from '../../support/judge.ts';
import { traffic } from '../../support/traffic.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1);
const rules = (within: string, more = ''): string => `
rules:
  release: { title: Release, from: arrived at destination, to: customs.released, within: ${within}, wait_for_feeds: 9d, notify: desk${more} }
  filed: { title: Filed, from: arrived at destination, to: customs.filed, within: 90h, notify: desk }
`;

/** Arrived at 00:00 of 1 June, and then what is said of it. */
class Hub {
  readonly judge: Judge;
  #sequence = 0;
  constructor(text: string) {
    this.judge = hubJudge({ rules: text });
  }
  said(type: string, hour: number, delivery = '80000001'): AlertRecord[] {
    const at = START + hour * HOUR;
    this.#sequence += 1;
    const record = saidBy(
      {
        ...{ id: `${delivery}-${type}`, type, at: new Date(at).toISOString(), refs: { delivery } },
        ...(type === 'arrived' && { more: { role: 'destination' } }),
      },
      at,
      this.#sequence,
    );
    return [...takeAll(this.judge, [record]).alerts];
  }
  /** Somebody else is spoken of: the hub is heard, and time has passed. */
  until(hour: number): AlertRecord[] {
    return this.said('goods.issued', hour, `9000${hour}`);
  }
  use(text: string): AlertRecord[] {
    useRules(this.judge, rulesOf(text));
    while (judgeOn(this.judge));
    return [...this.judge.drain().alerts];
  }
}

/** `fired release: told`, or why not. */
const told = (alerts: readonly AlertRecord[]): string[] =>
  alerts
    .filter(({ aboutChannel }) => !aboutChannel)
    .map(({ change, rule, quiet, notify }) => `${change.kind} ${rule}: ${quiet ?? notify.join()}`);

t.test(
  'a breach that is older than its rule is recorded, and nobody hears of it or of its end',
  async (t) => {
    const hub = new Hub(rules('60h'));
    hub.said('arrived', 0);
    hub.until(50);
    t.strictSame(told(hub.use(rules('24h'))), ['fired release: older-than-rule']);
    t.strictSame(told(hub.said('customs.released', 55)), ['resolved release: never-told']);
    hub.said('arrived', 60, '80000002');
    t.strictSame(told(hub.until(90)), ['fired release: desk'], 'what falls due from then on is told');
  },
);

t.test('what was told goes on being told under the new rule, and nothing is told twice', async (t) => {
  const hub = new Hub(rules('24h'));
  hub.said('arrived', 0);
  t.strictSame(told(hub.until(30)), ['fired release: desk']);
  t.strictSame(told(hub.use(rules('24h'))), [], 'the same rules');
  t.strictSame(told(hub.use(rules('20h'))), [], 'it is late under these, too');
  t.strictSame(told(hub.use(rules('20h', ', severity: critical'))), []);
  const [withdrawn] = hub.use(rules('40h'));
  t.match(withdrawn, { change: { kind: 'withdrawn', number: 2 }, notify: ['desk'] });
  t.strictSame(told(hub.until(41)), ['reopened release: desk']);
  t.strictSame(told(hub.said('customs.released', 44)), ['resolved release: desk']);
});

t.test(
  'a rule that leaves takes its alert back, once; verdicts carry the version they were made under',
  async (t) => {
    const hub = new Hub(rules('24h'));
    hub.said('arrived', 0);
    hub.until(30);
    const without = rules('24h').replace(/ {2}release:.*\n/, '');
    const [gone] = hub.use(without);
    t.match(gone, { change: { kind: 'withdrawn', reason: 'rule-removed' }, rule: 'release' });
    t.strictSame(told(hub.use(without)), []);

    useRules(hub.judge, rulesOf(rules('30h')));
    while (judgeOn(hub.judge));
    const [state] = hub.judge.drain().shipments;
    const versions = new Map(rulesOf(rules('30h')).rules.map(({ name, version }) => [name, version]));
    for (const { rule, ruleVersion } of state?.clocks ?? []) t.equal(ruleVersion, versions.get(rule), rule);
  },
);

t.test('a rule that goes live does not page what happened in its shadow', async (t) => {
  const hub = new Hub(rules('24h', ', mode: shadow'));
  hub.said('arrived', 0);
  t.strictSame(told(hub.until(30)), ['fired release: shadow']);
  t.strictSame(told(hub.use(rules('24h'))), []);
  t.strictSame(told(hub.said('customs.released', 31)), ['resolved release: never-told']);
  hub.said('arrived', 32, '80000002');
  t.strictSame(told(hub.until(60)), ['fired release: desk']);
});

t.test('only shipments that a changed rule concerns are judged and stored again', async (t) => {
  const hub = new Hub(rules('60h'));
  for (let n = 0; n < 20; n += 1) hub.said(n % 4 === 0 ? 'arrived' : 'loaded', n, `8000000${n}`);
  useRules(hub.judge, rulesOf(rules('70h')));
  while (judgeOn(hub.judge, 3));
  t.equal(hub.judge.drain().shipments.length, 5);
});

t.test(
  'other rules at a restart, or in a running judge: the same verdicts, and slices may be cut anywhere',
  async (t) => {
    const records = traffic({ seed: 5, messages: 400, duplicates: 0.1, startAt: START, everyMs: HOUR }).map(
      ({ body, observedAt }, i) => bytesIn(body, observedAt, i + 1),
    );
    const [before, after] = [rules('60h'), rules('30h')];
    const running = hubJudge({ rules: before });
    takeAll(running, records.slice(0, 200));
    useRules(running, rulesOf(after));
    judgeOn(running, 7);
    const directory = t.testdir();
    // Killed in the middle of judging again.
    await writeSnapshot(
      directory,
      snapshotOf(running, { identityHash: identityHashOf(hubSettings({ rules: after })) }),
    );
    const snapshot = await readSnapshot(directory, () => true);
    const restarted = hubJudge({ rules: after, ...(snapshot && { snapshot }) });
    const cold = hubJudge({ rules: before });
    takeAll(cold, records.slice(0, 200));
    const coldDirectory = t.testdir();
    await writeSnapshot(coldDirectory, snapshotOf(cold, { identityHash: '' }));
    const coldSnapshot = await readSnapshot(coldDirectory, () => true);
    const changedAtStart = hubJudge({ rules: after, ...(coldSnapshot && { snapshot: coldSnapshot }) });

    const ends = [running, restarted, changedAtStart].map((judge) => {
      const alerts: string[] = [];
      while (judgeOn(judge, 11));
      alerts.push(...told(judge.drain().alerts));
      alerts.push(...told(takeAll(judge, records.slice(200)).alerts));
      judge.dirtyAll();
      const states = judge
        .drain()
        .shipments.map(({ trace, clocks }) => [
          trace.shipmentId,
          clocks.map(({ clockId, state, reason, dueAt, ruleVersion }) => [
            clockId,
            state,
            reason,
            dueAt,
            ruleVersion,
          ]),
        ]);
      return { alerts, states: new Map(states as [string, unknown][]), counts: judge.parts.assessor.counts };
    });
    t.strictSame(ends[1]?.states, ends[0]?.states);
    t.strictSame(ends[2]?.states, ends[0]?.states);
    t.strictSame(ends[1]?.counts, ends[0]?.counts);
    t.strictSame(ends[2]?.alerts.slice().sort(), ends[0]?.alerts.slice().sort());
  },
);
