import t from 'tap';
import { snapshotOf } from '../../../agent/track/build.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import type { AlertRecord, JudgeBatch } from '../../../agent/track/outcome.ts';
import { judgeOn, useRules } from '../../../agent/track/reassess.ts';
import { rebuild } from '../../../agent/track/rebuild.ts';
import {
  bytesIn,
  hubJudge,
  hubSettings,
  rulesOf,
  saidBy,
  storedFacts,
  takeAll,
  toldAt,
} from '../../support/judge.ts';

const RULES = `
calendars: { desk: { zone: UTC, open: { Mon-Fri: "08:00-17:00" }, closed: [2026-12-25] } }
rules:
  hub-speaks:
    title: The hub speaks every two hours
    source: hub
    silent_for: 2h
    warn: 30m
    lag: 90% within 1h
    notify: desk
    owner: Hub desk
`;
const DAY = '2026-06-02';
const at = (clock: string) => Date.parse(`${DAY}T${clock}:00Z`);
let sequence = 0;
const next = (): number => {
  sequence += 1;
  return sequence;
};
/** The hub tells at `clock` of something that happened so many minutes before. */
const said = (clock: string, minutes = 0) => {
  next();
  const happened = new Date(at(clock) - minutes * 60_000).toISOString();
  const event = { id: `e${sequence}`, type: 'arrived', at: happened, refs: { delivery: `8${sequence}` } };
  return saidBy(event, at(clock), sequence);
};
const told = ({ alerts }: Pick<JudgeBatch, 'alerts'>): string[] =>
  toldAt(alerts).map((line) => line.slice(6));
const drained = (judge: Judge, until: string): readonly AlertRecord[] => {
  judge.advance(at(until));
  return judge.drain().alerts;
};

t.test('silent, warned of before, heard again: one alert for the channel, in its own words', async (t) => {
  const judge = hubJudge({ rules: RULES });
  t.same(told(takeAll(judge, [said('08:00'), said('09:00')])), []);
  t.same(told({ alerts: drained(judge, '10:30') }), [], 'not a millisecond early');
  const alerts = drained(judge, '13:00');
  t.same(told({ alerts }), ['10:30 at-risk hub-speaks', '11:00 fired hub-speaks']);
  t.match(alerts.at(-1), {
    change: { reason: 'feed-silent' },
    aboutChannel: true,
    notify: ['desk'],
    evidence: [/^\S+$/],
    labels: { kind: 'feed', source: 'hub', partner: 'hub', owner: 'Hub desk' },
    text: {
      headline: 'BREACHED: The hub speaks every two hours, hub (hub), silent for 2 h',
      lines: [/Partner: hub/, /Source: hub/, /Last heard: Tue 2 Jun 2026, 11:00/, /Expected to be heard by/],
    },
  });
  const [back, ...more] = takeAll(judge, [said('14:00')]).alerts;
  t.same(more, []);
  t.match(back, {
    change: { kind: 'resolved', reason: 'feed-heard', number: 3 },
    text: { headline: /heard in time again/ },
  });
  t.same(told({ alerts: drained(judge, '17:00') }), ['15:30 at-risk hub-speaks', '16:00 fired hub-speaks']);
});

t.test(
  'a channel that tells too late, measured from when it is first heard; mended, it is believed again',
  async (t) => {
    const judge = hubJudge({ rules: RULES });
    takeAll(judge, [said('08:00', 900), said('08:01', 1200)]);
    const late = Array.from({ length: 19 }, (_, i) => said('11:00', i < 3 ? 100 : 5));
    const batch = takeAll(judge, [said('09:30', 2), ...late]);
    t.same(
      told(batch),
      ['11:00 fired hub-speaks'],
      'three of twenty, and what happened before the first word is no lag',
    );
    const [slow] = batch.alerts as [AlertRecord];
    t.match(slow, {
      change: { kind: 'fired', reason: 'feed-slow' },
      text: { headline: /15 of 100 reports come too late/ },
    });
    t.ok(
      slow.text.lines.some((line) => /The slowest took 1 h 40 min: event /.test(line)),
      slow.text.lines.join('\n'),
    );
    const mended = takeAll(
      judge,
      Array.from({ length: 30 }, () => said('11:30', 1)),
    );
    t.match(
      mended.alerts.map(({ change }) => change.kind),
      ['resolved'],
    );
  },
);

t.test('a restart and a rebuild from stored facts tell the same as if nothing had happened', async (t) => {
  const records = [said('08:00'), said('09:00'), said('12:00'), said('12:30'), said('16:00')];
  const whole = takeAll(hubJudge({ rules: RULES }), records).alerts;
  t.same(told({ alerts: whole }), [
    '10:30 at-risk hub-speaks',
    '11:00 fired hub-speaks',
    '12:00 resolved hub-speaks',
    '14:00 at-risk hub-speaks',
    '14:30 fired hub-speaks',
    '16:00 resolved hub-speaks',
  ]);
  for (let cut = 1; cut < records.length; cut += 1) {
    const first = hubJudge({ rules: RULES });
    const before = takeAll(first, records.slice(0, cut));
    const snapshot = JSON.parse(JSON.stringify(snapshotOf(first, { identityHash: '' }).head));
    const again = hubJudge({
      rules: RULES,
      snapshot: { ...snapshotOf(first, { identityHash: '' }), head: snapshot },
    });
    again.restarted();
    const after = takeAll(again, records.slice(cut));
    const bare = (alerts: readonly AlertRecord[]) => alerts.map(({ change, text }) => ({ change, text }));
    t.same(bare([...before.alerts, ...after.alerts]), bare(whole), `snapshot after ${cut}`);
    const history = (id: string) =>
      before.alerts.findLast(({ change }) => change.alertId === id)?.change.after;
    const settings = hubSettings({ rules: RULES, told: history });
    const rebuilt = takeAll(await rebuild(settings, storedFacts([before])), records.slice(cut));
    t.same(bare([...before.alerts, ...rebuilt.alerts]), bare(whole), `rebuilt after ${cut}`);
  }
});

t.test('rules that change, come and go take their alerts with them; shadow rules tell nobody', async (t) => {
  const judge = hubJudge({ rules: RULES });
  takeAll(judge, [said('08:00')]);
  t.same(told({ alerts: drained(judge, '11:00') }), ['09:30 at-risk hub-speaks', '10:00 fired hub-speaks']);
  const use = (text: string, clock: string) => {
    useRules(judge, rulesOf(text));
    while (judgeOn(judge));
    return takeAll(judge, [bytesIn('', at(clock), next(), 'tick')]).alerts;
  };
  const longer = use(RULES.replace('2h', '5h'), '11:01');
  t.match(
    longer.map(({ change }) => `${change.kind} ${change.reason}`),
    ['resolved feed-heard'],
  );
  t.same(told({ alerts: use(RULES.replace('2h', '1h').replace('30m', '5m'), '11:02') }), [
    '11:02 reopened hub-speaks',
  ]);
  const gone = use('rules: {}', '11:03');
  t.match(gone, [{ change: { kind: 'withdrawn', reason: 'rule-removed' }, notify: [] }]);
  const shadow = use(`${RULES}    mode: shadow\n`, '11:04');
  t.match(shadow, [{ change: { kind: 'fired', number: 1 }, quiet: 'shadow', notify: [] }]);
});

t.test('one that never spoke is silent from the first record on, on the calendar of its rule', async (t) => {
  const rules = RULES.replace('source: hub', 'partner: nobody').replace(
    'silent_for: 2h',
    'silent_for: 2bh\n    calendar: desk',
  );
  const judge = hubJudge({ rules, channel: { partners: ['nobody'] } });
  takeAll(judge, [bytesIn('?', at('16:00'), next())]);
  judge.advance(at('16:00') + 17 * 3_600_000 + 1);
  const { alerts } = judge.drain();
  t.match(
    alerts.map(({ change }) => [change.kind, new Date(change.at).toISOString()]),
    [
      ['at-risk', '2026-06-03T08:30:00.000Z'],
      ['fired', '2026-06-03T09:00:00.000Z'],
    ],
  );
  t.ok(alerts.at(-1)!.text.lines.some((line) => line.startsWith('Never heard; expected since')));
  const morning = '2026-06-03T10:00:00Z';
  const first = { id: 'm', type: 'arrived', at: morning, refs: { delivery: '7' } };
  const [end] = takeAll(judge, [saidBy(first, Date.parse(morning), next())]).alerts;
  t.match(
    end,
    { change: { kind: 'withdrawn', reason: 'condition-not-met' } },
    'the hub speaks under another name',
  );
});

t.test(
  'a missing milestone is proved missing when its channel was heard past the deadline and the lag it was seen to have',
  async (t) => {
    const rules = 'rules: { gate: { title: Gate, from: arrived, to: gate.out, within: 1h, notify: desk } }';
    const judge = hubJudge({
      rules,
      channel: { reportingLagMs: 0, observedLag: { share: 0.95, atMostMs: 86_400_000 } },
    });
    takeAll(judge, [said('06:00'), ...Array.from({ length: 20 }, () => said('08:30', 60))]);
    const release = saidBy(
      { id: 'a', type: 'arrived', at: `${DAY}T09:00:00Z`, refs: { delivery: '1' } },
      at('09:00'),
      next(),
    );
    takeAll(judge, [release]);
    const ours = (clock: string) => {
      const batch = takeAll(judge, [said(clock)]);
      return batch.shipments.flatMap(({ trace, clocks }) =>
        trace.refs.some(({ value }) => value === '1')
          ? clocks.map(({ state, reason }) => `${state} ${reason}`)
          : [],
      );
    };
    t.same(
      ours('10:30'),
      ['unknown deadline-passed-awaiting-proof'],
      'heard past the deadline, and an hour may be missing',
    );
    t.same(ours('11:20'), ['breached deadline-passed-proved']);
  },
);
