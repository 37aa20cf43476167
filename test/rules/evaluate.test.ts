import t from 'tap';
import { compileRule, evaluate, reevaluateAt } from '../../rules/evaluate.ts';
import type { Rule } from '../../rules/sla.ts';
import { parseRules } from '../../rules/sla.ts';
import type { Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import {
  actual,
  dateOnly,
  fact,
  heardUntil,
  hold,
  planned,
  statesOf,
  traceOf,
  utc,
} from '../support/hand-trace.ts';

const HOUR = 3_600_000;
const NO_CHANNELS = heardUntil();
const destination = { role: 'destination' } as const;

const CALENDARS = `
calendars:
  office: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" } }
rules:
`;
const RULES = parseRules(
  [
    {
      file: 'test.yaml',
      text: `${CALENDARS}
  release: { when: mode == "sea", from: arrived at destination, to: customs.released, within: 24h, warn: 8h before, pause_while: customs.hold }
  release-bh: { from: arrived at destination, to: customs.released, within: 24bh, calendar: office, pause_while: customs.hold }
  fallback: { from: [discharged at destination, arrived at destination], to: gate.out, within: 4d }
`,
    },
  ],
  2026,
);
const rule = (name: string): Rule => {
  const found = RULES.ruleSet.rules.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name}: ${JSON.stringify(RULES.problems)}`);
  return found;
};
const judge = (name: string, trace: Trace, now: string, channels = NO_CHANNELS): readonly Verdict[] => {
  const of = rule(name);
  return evaluate(
    trace,
    of,
    of.calendar ? RULES.ruleSet.calendars.get(of.calendar) : undefined,
    channels,
    utc(now),
  );
};
const sea = { mode: 'sea' };
const arrival = (at = '2026-06-01 09:00') => actual('arrived', destination, fact(utc(at)));
const release = (at: string, observed?: string) =>
  actual('customs.released', {}, fact(utc(at), observed === undefined ? undefined : utc(observed)));
const DUE = utc('2026-06-02 09:00');

t.test('a clock through its life', async (t) => {
  const trace = traceOf([arrival()], [], sea);
  const limit = DUE + 2 * HOUR;
  const at = (now: string, channels = NO_CHANNELS) => judge('release', trace, now, channels)[0];
  t.match(at('2026-06-01 09:00'), {
    state: 'running',
    reason: 'within-budget',
    dueAt: DUE,
    nextAt: DUE - 8 * HOUR,
  });
  t.match(at('2026-06-02 00:59:59.999'), { state: 'running' });
  t.match(at('2026-06-02 01:00'), { state: 'at-risk', reason: 'warn-reached', nextAt: DUE });
  t.match(at('2026-06-02 08:59:59.999'), { state: 'at-risk' });
  t.match(at('2026-06-02 09:00'), {
    state: 'unknown',
    reason: 'deadline-passed-channel-blind',
    nextAt: limit,
  });
  t.match(at('2026-06-02 09:00', heardUntil(DUE)), {
    state: 'breached',
    reason: 'deadline-passed-proved',
    confidence: 'proved',
    awaitingChannels: [],
    nextAt: undefined,
  });
  t.match(at('2026-06-02 10:00', heardUntil(DUE, DUE - 1)), {
    state: 'unknown',
    reason: 'deadline-passed-awaiting-proof',
    confidence: 'unconfirmed',
    lateMs: HOUR,
    awaitingChannels: ['c2'],
  });
  t.match(at('2026-06-02 10:00', statesOf([{ watermark: DUE }, { status: 'blind' }])), {
    state: 'unknown',
    reason: 'deadline-passed-channel-blind',
    awaitingChannels: ['c2'],
  });
  t.match(at('2026-06-02 11:00', heardUntil(DUE - 1)), {
    state: 'breached',
    reason: 'wait-for-feeds-passed',
    confidence: 'unconfirmed',
    awaitingChannels: ['c1'],
    nextAt: undefined,
  });
});

t.test('how a clock ends', async (t) => {
  const ended = (at: string, observed?: string) =>
    judge('release', traceOf([arrival(), release(at, observed)], [], sea), '2026-07-01 00:00')[0];
  t.match(ended('2026-06-02 09:00'), { state: 'met', reason: 'done-in-time', endAt: DUE, lateMs: undefined });
  t.match(ended('2026-06-02 09:00:00.001'), { state: 'met-late', reason: 'done-late', lateMs: 1 });
  t.match(ended('2026-06-02 08:00', '2026-06-05 08:00'), {
    state: 'met',
    reason: 'done-in-time-reported-late',
  });
  t.match(ended('2026-05-30 08:00'), { state: 'met' }, 'released before arrival');
});

t.test('a date without a time is late only when every instant of it is', async (t) => {
  const dated = (date: string) =>
    judge(
      'release',
      traceOf([arrival(), actual('customs.released', {}, fact(dateOnly(date)))], [], sea),
      '2026-07-01',
    )[0];
  t.match(dated('2026-06-01'), { state: 'met', reason: 'done-in-time' });
  t.match(dated('2026-06-02'), { state: 'met', reason: 'done-within-precision' });
  t.match(dated('2026-06-03'), { state: 'met-late', endAt: utc('2026-06-03 23:59:59.999') });
  const start = actual('arrived', destination, fact(dateOnly('2026-06-01')));
  t.match(judge('release', traceOf([start], [], sea), '2026-06-02 20:00')[0], {
    state: 'at-risk',
    dueAt: utc('2026-06-02 23:59:59.999'),
  });
  t.match(judge('release', traceOf([start, release('2026-06-02 12:00')], [], sea), '2026-07-01')[0], {
    reason: 'done-within-precision',
  });
});

t.test('a hold stops the clock while it is open, and is given back afterwards', async (t) => {
  const open = [hold('CBP', fact(utc('2026-06-01 11:00')))];
  const paused = judge('release', traceOf([arrival()], open, sea), '2026-06-20 00:00')[0];
  t.match(paused, { state: 'paused', reason: 'hold-open', nextAt: undefined, dueAt: undefined });
  t.equal(paused?.evidence.length, 2, 'the start and the hold');
  // Worked example of the domain notes: clock stopped Mon 11:00 to Wed 15:00 local time.
  const removed = [hold('CBP', fact(utc('2026-06-01 09:00')), fact(utc('2026-06-03 13:00')))];
  t.match(judge('release-bh', traceOf([arrival('2026-06-01 07:00')], removed), '2026-06-04 00:00')[0], {
    state: 'running',
    dueAt: utc('2026-06-08 08:00'),
  });
  const late = [hold('CBP', fact(utc('2026-06-03 11:00')))];
  t.match(
    judge(
      'release',
      traceOf([arrival()], late, sea),
      '2026-06-20 00:00',
      heardUntil(utc('2026-06-20 00:00')),
    )[0],
    { state: 'breached', dueAt: DUE },
    'a hold placed after the deadline excuses nothing',
  );
});

t.test('no clock where the condition is not met, a waiting one where the start is missing', async (t) => {
  t.same(judge('release', traceOf([arrival()], [], { mode: 'air' }), '2026-06-01 10:00'), []);
  const [waiting] = judge('release', traceOf([], [], sea), '2026-06-01 10:00');
  t.match(waiting, { state: 'waiting', reason: 'start-not-seen', occurrence: {} });
  const [running] = judge('release', traceOf([arrival()], [], sea), '2026-06-01 10:00');
  t.equal(running?.clockId, waiting?.clockId, 'the id does not change when the clock starts');
  const elsewhere = actual('arrived', { role: 'transshipment' }, fact(1));
  const untied = actual('arrived', {}, fact(1));
  t.match(judge('release', traceOf([elsewhere, untied], [], sea), '2026-06-01 10:00'), [
    { state: 'waiting' },
  ]);
});

t.test('what is known of former clocks: withdrawn, not applicable, waived', async (t) => {
  const of = rule('release');
  const now = utc('2026-06-01 10:00');
  const previous = evaluate(traceOf([arrival()], [], sea), of, undefined, NO_CHANNELS, now);
  const id = previous[0]!.clockId;
  const again = (trace: Trace) => evaluate(trace, of, undefined, NO_CHANNELS, now, { previous });
  t.match(again(traceOf([], [], sea)), [{ clockId: id, state: 'withdrawn', reason: 'start-retracted' }]);
  t.match(again(traceOf([arrival()], [], {})), [
    { clockId: id, state: 'not-applicable', reason: 'condition-not-met' },
  ]);
  const waived = evaluate(traceOf([arrival()], [], sea), of, undefined, NO_CHANNELS, now, {
    waived: new Set([id]),
  });
  t.match(waived, [{ clockId: id, state: 'waived', reason: 'operator-waived' }]);
});

t.test('every declaration and every container must be through', async (t) => {
  const filed = (subject: string) => actual('customs.filed', { subject }, fact(utc('2026-06-01 10:00')));
  const done = (subject: string | undefined, at: string) =>
    actual('customs.released', subject === undefined ? {} : { subject }, fact(utc(at)));
  const state = (...milestones: Parameters<typeof traceOf>[0]) =>
    judge('release', traceOf([arrival(), ...milestones], [], sea), '2026-06-01 12:00')[0];
  t.match(state(filed('A'), filed('B'), done('A', '2026-06-01 11:00')), { state: 'running' });
  t.match(state(filed('A'), filed('B'), done('A', '2026-06-01 11:00'), done('B', '2026-06-01 11:30')), {
    state: 'met',
    endAt: utc('2026-06-01 11:30'),
  });
  t.match(
    state(filed('A'), filed('B'), done(undefined, '2026-06-01 11:00')),
    { state: 'met' },
    'said of all',
  );
  t.match(
    state(filed('LRN1'), done('MRN1', '2026-06-01 11:00')),
    { state: 'met' },
    'other names are not compared',
  );
  const refused = actual('customs.rejected', { subject: 'B' }, fact(utc('2026-06-01 10:30')));
  t.match(state(filed('A'), filed('B'), refused, done('A', '2026-06-01 11:00')), { state: 'met' });
  const expected = planned('customs.released', { subject: 'B' }, fact(utc('2026-06-02 10:30')));
  t.match(state(expected, done('A', '2026-06-01 11:00')), { state: 'running' });
});

t.test(
  'one clock for each container; more or less detail of one arrival makes no second clock',
  async (t) => {
    const discharged = (subject: string) =>
      actual('discharged', { ...destination, subject }, fact(utc('2026-06-01 10:00')));
    const out = actual('gate.out', { subject: 'C1' }, fact(utc('2026-06-02 10:00')));
    const clocks = judge('fallback', traceOf([discharged('C1'), discharged('C2'), out]), '2026-06-03 00:00');
    t.match(clocks, [
      { occurrence: { subject: 'C1' }, state: 'met' },
      { occurrence: { subject: 'C2' }, state: 'running' },
    ]);
    t.not(clocks[0]?.clockId, clocks[1]?.clockId);
    const detailed = actual('arrived', { ...destination, leg: 'V2' }, fact(utc('2026-06-01 09:30')));
    const both = judge('release', traceOf([detailed, arrival()], [], sea), '2026-06-01 12:00');
    t.equal(both.length, 1);
    t.equal(both[0]?.startAt, utc('2026-06-01 09:00'), 'the earlier one counts');
    t.match(
      judge('fallback', traceOf([arrival()]), '2026-06-01 12:00'),
      [{ state: 'running' }],
      'the second choice',
    );
  },
);

t.test('a date that no calendar reaches makes its clock unknown and stops nothing', async (t) => {
  const trace = traceOf([actual('arrived', destination, fact(8.6e15))]);
  t.match(judge('release-bh', trace, '2026-06-01 00:00'), [{ state: 'unknown', reason: 'outside-calendar' }]);
});

t.test('what a judge may skip', async (t) => {
  const compiled = compileRule(rule('release'), undefined);
  t.ok(compiled.touches.has('customs.hold.placed') && compiled.touches.has('customs.filed'));
  t.notOk(compiled.touches.has('duty.posted'));
  t.same(compiled.reads, ['mode']);
  const verdicts = compiled.evaluate(traceOf([arrival()], [], sea), NO_CHANNELS, utc('2026-06-01 10:00'));
  t.equal(reevaluateAt(verdicts), DUE - 8 * HOUR);
  t.equal(reevaluateAt([]), undefined);
});
