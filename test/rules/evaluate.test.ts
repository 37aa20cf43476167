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
  port-stay: { from: arrived at transshipment, to: departed at transshipment, within: 7d }
  filing: { event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h, warn: 12h before, legal: true }
  filing-soft: { event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h }
  fda: { state: customs.hold, agency: FDA, longer_than: 10d }
  answer: { submitted: export.filing.submitted, answered_by: [export.filing.accepted, export.filing.rejected], within: 2h }
  resubmit: { from: export.filing.rejected, to: export.filing.submitted, within: 4h }
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
  t.same(judge('fda', traceOf([]), '2026-06-01 10:00'), [], 'most shipments are never held');
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

t.test('a transshipment ends where it began, whatever the voyages are called', async (t) => {
  const at = (unlocode: string) => ({ unlocode });
  const stop = (milestone: 'arrived' | 'departed', leg: string, place: string, when: string) =>
    actual(milestone, { role: 'transshipment', leg }, fact(utc(when), undefined, at(place)));
  const trace = traceOf([
    stop('arrived', 'V1', 'SGSIN', '2026-06-01 00:00'),
    stop('arrived', 'V2', 'LKCMB', '2026-06-12 00:00'),
    stop('departed', 'V2', 'SGSIN', '2026-06-05 00:00'),
  ]);
  t.match(judge('port-stay', trace, '2026-06-13 00:00'), [
    { occurrence: { leg: 'V1' }, state: 'met' },
    { occurrence: { leg: 'V2' }, state: 'running' },
  ]);
});

t.test('a forward clock moves with the plan', async (t) => {
  const origin = { role: 'origin' } as const;
  const plan = (at: string, observed: string) => planned('loaded', origin, fact(utc(at), utc(observed)));
  const filedAt = (at: string) => actual('export.filing.accepted', {}, fact(utc(at)));
  const trace = traceOf([plan('2026-06-10 12:00', '2026-06-01 00:00')]);
  t.match(judge('filing', traceOf([]), '2026-06-05 00:00'), [{ state: 'waiting' }]);
  t.match(judge('filing', trace, '2026-06-05 00:00'), [{ state: 'running', dueAt: utc('2026-06-09 12:00') }]);
  t.match(judge('filing', trace, '2026-06-09 00:00'), [{ state: 'at-risk' }]);
  t.match(judge('filing', trace, '2026-06-09 12:00'), [
    { state: 'breached', confidence: 'unconfirmed', reason: 'deadline-passed-channel-blind' },
  ]);
  t.match(
    judge('filing-soft', trace, '2026-06-09 12:00'),
    [{ state: 'unknown' }],
    'not legal: may be withheld',
  );
  const moved = plan('2026-06-06 12:00', '2026-06-05 18:00');
  t.match(judge('filing', traceOf([moved]), '2026-06-05 18:00', heardUntil(utc('2026-06-05 17:00'))), [
    {
      state: 'breached',
      confidence: 'proved',
      reason: 'replanned-impossible',
      dueAt: utc('2026-06-05 12:00'),
    },
  ]);
  t.match(judge('filing-soft', traceOf([moved]), '2026-06-05 18:00', statesOf([{ status: 'blind' }])), [
    { state: 'unknown', nextAt: utc('2026-06-05 20:00') },
  ]);
  t.match(judge('filing', traceOf([moved, filedAt('2026-06-05 19:00')]), '2026-06-06 00:00'), [
    { state: 'met-late', lateMs: 7 * HOUR },
  ]);
  t.match(judge('filing', traceOf([moved, filedAt('2026-06-04 19:00')]), '2026-06-06 00:00'), [
    { state: 'met' },
  ]);
  const sailed = [{ ...plan('2026-06-10 12:00', '2026-06-01 00:00'), actual: fact(utc('2026-06-12 12:00')) }];
  t.match(
    judge('filing', traceOf([...sailed, filedAt('2026-06-11 11:00')]), '2026-06-13 00:00'),
    [{ state: 'met' }],
    'what happened fixes the deadline',
  );
});

t.test('holds: one clock each, the condition sees its own agency', async (t) => {
  const holds = [
    hold('CBP', fact(utc('2026-06-01 00:00'))),
    hold('FDA', fact(utc('2026-06-20 00:00'))),
    hold('FDA', fact(utc('2026-06-02 00:00')), fact(utc('2026-06-04 00:00'))),
  ];
  const clocks = judge('fda', traceOf([], holds), '2026-06-21 00:00');
  t.match(clocks, [
    { state: 'met', startAt: utc('2026-06-02 00:00') },
    { state: 'running', dueAt: utc('2026-06-30 00:00') },
  ]);
  t.not(clocks[0]?.clockId, clocks[1]?.clockId, 'the same agency twice is two clocks');
});

t.test('every submission needs an answer of its own, after it', async (t) => {
  const submitted = (subject: string, at: string) =>
    actual('export.filing.submitted', { subject }, fact(utc(at)));
  const rejected = actual('export.filing.rejected', { subject: 'L1' }, fact(utc('2026-06-01 09:30')));
  const trace = traceOf([submitted('L1', '2026-06-01 09:00'), submitted('L2', '2026-06-01 09:00'), rejected]);
  t.match(judge('answer', trace, '2026-06-01 10:00'), [
    { occurrence: { subject: 'L1' }, state: 'met' },
    { occurrence: { subject: 'L2' }, state: 'running' },
  ]);
  const resubmitted = traceOf([submitted('L1', '2026-06-01 12:00'), rejected]);
  t.match(
    judge('answer', resubmitted, '2026-06-01 12:30'),
    [{ state: 'running' }],
    'the old answer is no answer',
  );
  t.match(judge('resubmit', resubmitted, '2026-06-01 13:00'), [{ state: 'met' }]);
  const before = traceOf([submitted('L1', '2026-06-01 09:00'), rejected]);
  t.match(
    judge('resubmit', before, '2026-06-01 13:00'),
    [{ state: 'running' }],
    'nor the old submission a new one',
  );
});

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
