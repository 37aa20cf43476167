import t from 'tap';
import { evaluate } from '../../rules/evaluate.ts';
import { drawExplanation, explain } from '../../rules/explain.ts';
import { ruleText } from '../../rules/rule-text.ts';
import { parseRules } from '../../rules/sla.ts';
import { actual, dateOnly, fact, hold, planned, statesOf, traceOf, utc } from '../support/hand-trace.ts';

const { ruleSet } = parseRules(
  [
    {
      file: 'r.yaml',
      text: `calendars:
  nl-customs: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" } }
rules:
  release:
    title: Customs release within 24 business hours
    from: arrived at destination
    to: customs.released
    within: 24bh
    calendar: nl-customs
    pause_while: customs.hold
    basis: the contract
  promise: { event: delivered, by: first planned delivered }
  filing: { event: export.filing.accepted, ahead_of: planned loaded at origin, at_least: 24h }
  fda: { state: customs.hold, agency: FDA, longer_than: 3bd, calendar: nl-customs }
  answer: { submitted: customs.filed, answered_by: [customs.accepted, customs.rejected], within: 2h }
`,
    },
  ],
  2026,
);
const rule = (name: string) => ruleSet.rules.find((each) => each.name === name)!;
const calendar = ruleSet.calendars.get('nl-customs');

t.test('a breach explains itself down to the raw bytes', async (t) => {
  const arrived = fact(utc('2026-06-01 07:00'));
  const holds = [hold('CBP', fact(utc('2026-06-01 09:00')), fact(utc('2026-06-03 13:00')))];
  const trace = traceOf([actual('arrived', { role: 'destination' }, arrived)], holds);
  const due = utc('2026-06-08 08:00');
  const channels = statesOf([{ watermark: due }, { watermark: due - 1, status: 'blind', bestEffort: true }]);
  const [verdict] = evaluate(trace, rule('release'), calendar, channels, utc('2026-06-08 09:30'));
  const explanation = explain(trace, rule('release'), verdict!, calendar, channels);
  t.equal(explanation.start?.raw.sequence, arrived.raw.sequence);
  t.equal(
    explanation.windows.reduce((sum, { ms }) => sum + ms, 0),
    24 * 3_600_000,
    'the counted windows add up to the budget',
  );
  t.same(
    explanation.evidence.map(({ eventId }) => eventId),
    verdict?.evidence,
  );
  const text = drawExplanation(explanation);
  for (const line of [
    'customs.released within 24bh of arrived at destination on calendar nl-customs',
    'basis: the contract',
    'counted  2026-06-01 09:00 – 2026-06-01 11:00  2h       (2h)',
    'paused   2026-06-01 11:00 – 2026-06-03 15:00',
    'due      2026-06-08 10:00 +02:00',
    'unconfirmed: the deadline has passed; a channel that could tell is not heard, or there is none',
    'late by  1h 30m so far',
    'c1: heard up to 2026-06-08 10:00 +02:00, past the deadline',
    'c2: heard up to 2026-06-08 09:59:59.999 +02:00, blind, best effort',
    'Arrived at destination; acme via test, known 2026-06-01 09:00 +02:00, raw RAW#1',
    'Customs hold placed by CBP',
  ]) {
    t.ok(text.includes(line), line);
  }
});

t.test('what is not known is said so', async (t) => {
  const trace = traceOf([]);
  const [waiting] = evaluate(trace, rule('release'), calendar, statesOf([]), utc('2026-06-08 10:30'));
  const text = drawExplanation(explain(trace, rule('release'), waiting!, calendar, statesOf([])));
  t.ok(text.includes('waiting: what starts the clock has not been seen (start-not-seen)'));
  t.ok(text.includes('none is configured'));
  const dated = traceOf([
    actual('arrived', { role: 'destination' }, fact(dateOnly('2026-06-01'))),
    actual('customs.released', {}, fact(utc('2026-06-09 10:00'))),
  ]);
  const [late] = evaluate(dated, rule('release'), calendar, statesOf([]), utc('2026-06-10 00:00'));
  const told = drawExplanation(explain(dated, rule('release'), late!, calendar, statesOf([{}])));
  t.ok(told.includes('2026-06-01 (date only, UTC)'));
  t.ok(told.includes('done     2026-06-09 12:00 +02:00, 4d 22h late'), told);
  t.ok(told.includes('c1: never heard'));
});

t.test('a forward clock counts back from the plan, a pause that is open stays open', async (t) => {
  const plan = planned('loaded', { role: 'origin' }, fact(utc('2026-06-10 12:00'), utc('2026-06-01 00:00')));
  const trace = traceOf([plan]);
  const [verdict] = evaluate(trace, rule('filing'), undefined, statesOf([]), utc('2026-06-05 00:00'));
  const explanation = explain(trace, rule('filing'), verdict!, undefined, statesOf([]));
  t.match(explanation.windows, [{ from: utc('2026-06-09 12:00'), to: utc('2026-06-10 12:00') }]);
  t.equal(explanation.start?.what, 'planned: Loaded at origin');
  const held = traceOf(
    [actual('arrived', { role: 'destination' }, fact(utc('2026-06-01 07:00')))],
    [hold('', fact(utc('2026-06-01 08:00')))],
  );
  const [paused] = evaluate(held, rule('release'), calendar, statesOf([]), utc('2026-06-05 00:00'));
  t.ok(
    drawExplanation(explain(held, rule('release'), paused!, calendar, statesOf([]))).includes(
      'paused   2026-06-01 10:00 – still open',
    ),
  );
});

t.test('a clock that is held to the first plan says which that was, and what is planned now', async (t) => {
  const first = fact(utc('2026-06-10 12:00'), utc('2026-06-01 00:00'));
  const last = fact(utc('2026-06-20 12:00'), utc('2026-06-09 00:00'));
  const trace = traceOf([{ ...planned('delivered', {}, last), firstPlanned: first }]);
  const [verdict] = evaluate(trace, rule('promise'), undefined, statesOf([]), utc('2026-06-12 00:00'));
  const explanation = explain(trace, rule('promise'), verdict!, undefined, statesOf([]));
  t.match(explanation.start, { what: 'first planned: Delivered', eventId: first.eventId });
  t.match(explanation.evidence, [{ eventId: first.eventId }]);
  const told = drawExplanation(explanation);
  t.ok(told.includes('delivered by first planned delivered\n'), told);
  t.match(told, /start {4}2026-06-10 12:00 .*first planned: Delivered/);
  t.match(told, /plan now 2026-06-20 12:00 .* planned: Delivered/);
});

t.test('a rule as one sentence', async (t) => {
  t.equal(ruleText(rule('filing')), 'export.filing.accepted at least 24h ahead of planned loaded at origin');
  t.equal(ruleText(rule('fda')), 'a hold no longer than 3bd on calendar nl-customs');
  t.equal(
    ruleText(rule('answer')),
    'customs.filed answered by customs.accepted or customs.rejected within 2h',
  );
});
