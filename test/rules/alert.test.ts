import fc from 'fast-check';
import t from 'tap';
import {
  type AlertMemory,
  alertIdOf,
  channelAlertIdOf,
  decideAlert,
  decideChannelAlert,
} from '../../rules/alert.ts';
import type { ChannelTransition } from '../../rules/channel.ts';
import type { ClockState, Confidence, Verdict, VerdictReason } from '../../rules/verdict.ts';

const verdict = (state: ClockState, reason: VerdictReason, confidence?: Confidence): Verdict => ({
  clockId: 'c1',
  rule: 'r',
  ruleVersion: 'v',
  shipmentId: 's',
  occurrence: {},
  state,
  reason,
  ...(confidence && { confidence }),
  evidence: [],
  awaitingChannels: [],
});
const memory = (status: AlertMemory['status'], confirmed = false): AlertMemory => ({
  status,
  confirmed,
  change: 4,
});

const VERDICTS = {
  atRisk: verdict('at-risk', 'warn-reached'),
  unconfirmed: verdict('breached', 'wait-for-feeds-passed', 'unconfirmed'),
  proved: verdict('breached', 'deadline-passed-proved', 'proved'),
  late: verdict('met-late', 'done-late'),
  met: verdict('met', 'done-in-time-reported-late'),
  running: verdict('running', 'within-budget'),
  waiting: verdict('waiting', 'start-not-seen'),
  paused: verdict('paused', 'hold-open'),
  unknown: verdict('unknown', 'deadline-passed-channel-blind', 'unconfirmed'),
  gone: verdict('withdrawn', 'start-retracted'),
  waived: verdict('waived', 'operator-waived'),
  inapplicable: verdict('not-applicable', 'condition-not-met'),
} as const;

const NOTHING = '-';
const TOLD = '=';

/** Rows: what was told last. Values: the change and the status after it, `-` nothing to tell, `=` already told. */
const TABLE: readonly (readonly [string, AlertMemory | undefined, Record<keyof typeof VERDICTS, string>])[] =
  [
    [
      'nothing told',
      undefined,
      {
        atRisk: 'at-risk > at-risk',
        unconfirmed: 'fired-unconfirmed > firing',
        proved: 'fired > firing, confirmed',
        late: NOTHING,
        met: NOTHING,
        running: NOTHING,
        waiting: NOTHING,
        paused: NOTHING,
        unknown: NOTHING,
        gone: NOTHING,
        waived: NOTHING,
        inapplicable: NOTHING,
      },
    ],
    [
      'at risk',
      memory('at-risk'),
      {
        atRisk: TOLD,
        unconfirmed: 'fired-unconfirmed > firing',
        proved: 'fired > firing, confirmed',
        late: 'resolved > resolved, confirmed',
        met: 'resolved > resolved',
        running: 'withdrawn > withdrawn',
        waiting: 'withdrawn > withdrawn',
        paused: NOTHING,
        unknown: TOLD,
        gone: 'withdrawn > withdrawn',
        waived: 'withdrawn > withdrawn',
        inapplicable: 'withdrawn > withdrawn',
      },
    ],
    [
      'at risk, had fired',
      memory('at-risk', true),
      {
        atRisk: TOLD,
        unconfirmed: 'reopened > firing',
        proved: 'reopened > firing, confirmed',
        late: 'resolved > resolved, confirmed',
        met: 'withdrawn > withdrawn',
        running: 'withdrawn > withdrawn',
        waiting: 'withdrawn > withdrawn',
        paused: NOTHING,
        unknown: TOLD,
        gone: 'withdrawn > withdrawn',
        waived: 'withdrawn > withdrawn',
        inapplicable: 'withdrawn > withdrawn',
      },
    ],
    [
      'firing, unconfirmed',
      memory('firing'),
      {
        atRisk: 'at-risk > at-risk, confirmed',
        unconfirmed: TOLD,
        proved: 'confirmed > firing, confirmed',
        late: 'resolved > resolved, confirmed',
        met: 'withdrawn > withdrawn',
        running: 'withdrawn > withdrawn',
        waiting: 'withdrawn > withdrawn',
        paused: 'withdrawn > withdrawn',
        unknown: TOLD,
        gone: 'withdrawn > withdrawn',
        waived: 'withdrawn > withdrawn',
        inapplicable: 'withdrawn > withdrawn',
      },
    ],
    [
      'firing, confirmed',
      memory('firing', true),
      {
        atRisk: 'at-risk > at-risk, confirmed',
        unconfirmed: TOLD,
        proved: TOLD,
        late: 'resolved > resolved, confirmed',
        met: 'withdrawn > withdrawn',
        running: 'withdrawn > withdrawn',
        waiting: 'withdrawn > withdrawn',
        paused: 'withdrawn > withdrawn',
        unknown: TOLD,
        gone: 'withdrawn > withdrawn',
        waived: 'withdrawn > withdrawn',
        inapplicable: 'withdrawn > withdrawn',
      },
    ],
    [
      'resolved in time',
      memory('resolved'),
      {
        atRisk: 'at-risk > at-risk',
        unconfirmed: 'reopened > firing',
        proved: 'reopened > firing, confirmed',
        late: NOTHING,
        met: TOLD,
        running: NOTHING,
        waiting: NOTHING,
        paused: NOTHING,
        unknown: TOLD,
        gone: NOTHING,
        waived: NOTHING,
        inapplicable: NOTHING,
      },
    ],
    [
      'resolved, was late',
      memory('resolved', true),
      {
        atRisk: 'at-risk > at-risk, confirmed',
        unconfirmed: 'reopened > firing',
        proved: 'reopened > firing, confirmed',
        late: TOLD,
        met: 'withdrawn > withdrawn',
        running: NOTHING,
        waiting: NOTHING,
        paused: NOTHING,
        unknown: TOLD,
        gone: 'withdrawn > withdrawn',
        waived: 'withdrawn > withdrawn',
        inapplicable: 'withdrawn > withdrawn',
      },
    ],
    [
      'withdrawn',
      memory('withdrawn'),
      {
        atRisk: 'at-risk > at-risk',
        unconfirmed: 'reopened > firing',
        proved: 'reopened > firing, confirmed',
        late: NOTHING,
        met: TOLD,
        running: NOTHING,
        waiting: NOTHING,
        paused: NOTHING,
        unknown: TOLD,
        gone: TOLD,
        waived: TOLD,
        inapplicable: TOLD,
      },
    ],
  ];

const told = (previous: AlertMemory | undefined, of: Verdict): string => {
  const decision = decideAlert(previous, of, 99);
  if (decision.change === undefined) return decision.because === 'already-told' ? TOLD : NOTHING;
  const { kind, after, number, at, alertId } = decision.change;
  t.equal(number, (previous?.change ?? 0) + 1);
  t.equal(after.change, number);
  t.equal(at, 99);
  t.equal(alertId, alertIdOf('c1'));
  return `${kind} > ${after.status}${after.confirmed ? ', confirmed' : ''}`;
};

for (const [name, previous, row] of TABLE) {
  t.test(`what is told after: ${name}`, async (t) => {
    for (const [column, expected] of Object.entries(row)) {
      t.equal(told(previous, VERDICTS[column as keyof typeof VERDICTS]), expected, column);
    }
  });
}

t.test('a change names the reason', async (t) => {
  t.equal(decideAlert(undefined, VERDICTS.proved, 1).change?.reason, 'deadline-passed-proved');
  t.equal(decideAlert(memory('firing'), VERDICTS.met, 1).change?.reason, 'done-in-time-reported-late');
  t.equal(decideAlert(memory('firing'), VERDICTS.waiting, 1).change?.reason, 'start-retracted');
});

t.test('property: the same verdict is never told twice', async () => {
  const verdicts = fc.array(fc.constantFrom(...Object.values(VERDICTS)), { maxLength: 30 });
  fc.assert(
    fc.property(verdicts, (list) => {
      let last: AlertMemory | undefined;
      for (const each of list) {
        last = decideAlert(last, each, 1).change?.after ?? last;
        if (decideAlert(last, each, 2).change !== undefined) throw new Error(`${each.state} told twice`);
      }
    }),
  );
});

t.test('one alert for a channel', async (t) => {
  const transition = (
    status: ChannelTransition['status'],
    reason: ChannelTransition['reason'],
  ): ChannelTransition => ({
    channelId: 'broker/acme',
    source: 'broker',
    partner: 'acme',
    status,
    from: 1,
    at: 2,
    watermark: 1,
    bestEffort: false,
    reason,
  });
  const blind = transition('blind', 'expected-not-heard');
  const heard = transition('hearing', 'heard-again');
  t.match(decideChannelAlert(undefined, blind, 2), {
    change: {
      kind: 'fired',
      number: 1,
      reason: 'expected-not-heard',
      alertId: channelAlertIdOf('broker/acme'),
    },
  });
  const firing: AlertMemory = { status: 'firing', confirmed: true, change: 1 };
  const resolved: AlertMemory = { status: 'resolved', confirmed: false, change: 2 };
  t.match(decideChannelAlert(firing, blind, 3), { because: 'already-told' });
  t.match(decideChannelAlert(firing, heard, 3), { change: { kind: 'resolved', after: resolved } });
  t.match(decideChannelAlert(resolved, blind, 4), { change: { kind: 'reopened', number: 3 } });
  t.match(decideChannelAlert(undefined, heard, 4), { because: 'nothing-to-tell' });
  t.match(decideChannelAlert(undefined, transition('blind', 'restarted'), 4), { because: 'nothing-to-tell' });
  t.match(decideChannelAlert(undefined, transition('never-heard', 'never-heard'), 4), {
    change: { kind: 'fired' },
  });
});
