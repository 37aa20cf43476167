import t from 'tap';
import { evaluate } from '../../rules/evaluate.ts';
import type { Rule } from '../../rules/sla.ts';
import { parseRules } from '../../rules/sla.ts';
import type { Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import { actual, fact, heardUntil, hold, planned, statesOf, traceOf, utc } from '../support/hand-trace.ts';

const HOUR = 3_600_000;
const NO_CHANNELS = heardUntil();
const RULES = parseRules(
  [
    {
      file: 'test.yaml',
      text: `rules:
  port-stay: { from: arrived at transshipment, to: departed at transshipment, within: 7d }
  filing: { event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h, warn: 12h before, legal: true }
  filing-soft: { event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h }
  filing-promised: { event: export.filing.accepted, ahead_of: first planned loaded at origin, at_least: 24h }
  pickup: { from: first planned arrived at destination, to: gate.out, within: 2d }
  arrival: { event: arrived at destination, by: [first planned arrived at destination, delivery.promised] }
  fda: { state: customs.hold, agency: FDA, longer_than: 10d }
  answer: { submitted: export.filing.submitted, answered_by: [export.filing.accepted, export.filing.rejected], within: 2h }
  resubmit: { from: export.filing.rejected, to: export.filing.submitted, within: 4h }
`,
    },
  ],
  2026,
);
const rule = (name: string): Rule => RULES.ruleSet.rules.find((each) => each.name === name)!;
const judge = (name: string, trace: Trace, now: string, channels = NO_CHANNELS): readonly Verdict[] =>
  evaluate(trace, rule(name), undefined, channels, utc(now));

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

t.test('held to the first plan, whatever was planned since and whatever happened', async (t) => {
  const first = fact(utc('2026-06-10 12:00'), utc('2026-06-01 00:00'));
  const last = fact(utc('2026-06-20 12:00'), utc('2026-06-09 00:00'));
  const loading = { ...planned('loaded', { role: 'origin' }, last), firstPlanned: first };
  const arrival = { ...planned('arrived', { role: 'destination' }, last), firstPlanned: first };
  t.match(judge('filing-soft', traceOf([loading]), '2026-06-09 00:00'), [{ dueAt: utc('2026-06-19 12:00') }]);
  const held = { dueAt: utc('2026-06-09 12:00'), evidence: [first.eventId] };
  t.match(judge('filing-promised', traceOf([loading]), '2026-06-09 00:00'), [held]);
  const loaded = { ...loading, actual: fact(utc('2026-06-15 12:00')) };
  t.match(judge('filing-promised', traceOf([loaded]), '2026-06-09 00:00'), [held]);
  t.match(judge('pickup', traceOf([arrival]), '2026-06-11 00:00'), [{ dueAt: utc('2026-06-12 12:00') }]);
  t.match(judge('arrival', traceOf([arrival]), '2026-06-10 12:01', heardUntil(utc('2026-06-10 12:01'))), [
    { state: 'breached', confidence: 'proved', reason: 'deadline-passed-proved', evidence: [first.eventId] },
  ]);
  const arrived = { ...arrival, actual: fact(utc('2026-06-10 12:00')) };
  t.match(judge('arrival', traceOf([arrived]), '2026-06-11 00:00'), [{ state: 'met' }]);
  const once = traceOf([planned('arrived', { role: 'destination' }, last)]);
  t.match(judge('arrival', once, '2026-06-11 00:00'), [{ dueAt: utc('2026-06-20 12:00') }], 'the only plan');
  const expected = traceOf([{ milestone: 'arrived', occurrence: { role: 'destination' }, estimated: last }]);
  t.same(judge('arrival', expected, '2026-06-11 00:00'), [], 'an estimate promises nothing');
});

t.test('holds: one clock each, the condition sees its own agency', async (t) => {
  const holds = [
    hold('CBP', fact(utc('2026-06-01 00:00'))),
    hold('FDA', fact(utc('2026-06-20 00:00'))),
    hold('FDA', fact(utc('2026-06-02 00:00')), fact(utc('2026-06-04 00:00'))),
  ];
  t.same(judge('fda', traceOf([]), '2026-06-01 10:00'), [], 'most shipments are never held');
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
