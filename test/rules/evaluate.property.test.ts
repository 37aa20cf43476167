import fc from 'fast-check';
import t from 'tap';
import { type AlertMemory, decideAlert } from '../../rules/alert.ts';
import { evaluate } from '../../rules/evaluate.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import { parseRules } from '../../rules/sla.ts';
import { instant } from '../../rules/time.ts';
import { foldTrace, type Trace, type TraceEntry } from '../../rules/trace.ts';
import { absorb } from '../../rules/trace-absorb.ts';
import type { Verdict } from '../../rules/verdict.ts';
import { heardUntil } from '../support/hand-trace.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-06-01T08:00:00Z');
const { ruleSet } = parseRules(
  [
    {
      file: 'r.yaml',
      text: `calendars:
  office: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" } }
rules:
  release: { from: [discharged at destination, arrived at destination], to: customs.released, within: 10bh, warn: 4bh before, calendar: office, pause_while: customs.hold }
  filing: { event: customs.filed, ahead_of: planned arrived at destination, at_least: 12h, warn: 6h before }
  held: { state: customs.hold, longer_than: 20h, warn: 4h before }
  quiet: { from: arrived, until: customs.released, quiet_for: 30h, warn: 10h before }
  order: { event: customs.accepted, not_before: customs.filed }
  agree: { values: [goods.hs of customs.filed, goods.hs of customs.accepted], within: 5h, warn: 2h before }
  once: { event: customs.filed, same: goods.hs }
  refusals: { event: customs.rejected, at_most: 1, until: customs.accepted }
  limit: { event: customs.released, by: [arrival.limit, planned arrived at destination], tolerance: 4h, warn: 2h before }
  promise: { event: customs.released, by: first planned arrived at destination, tolerance: 4h, warn: 2h before }
  ahead: { event: customs.filed, ahead_of: first planned arrived, at_least: 12h }
  statement: { from: customs.released, to: customs.accepted, due: 2nd working day of this week, calendar: office, warn: 1bd before }
  answer: { submitted: customs.filed, answered_by: [customs.accepted, customs.rejected], within: 2h }
`,
    },
  ],
  2026,
);

const MILESTONES: readonly MilestoneCode[] = [
  'arrived',
  'discharged',
  'customs.filed',
  'customs.accepted',
  'customs.rejected',
  'customs.hold.placed',
  'customs.hold.removed',
  'customs.released',
];

const event: fc.Arbitrary<ShipmentEvent> = fc
  .record({
    milestone: fc.constantFrom(...MILESTONES),
    record: fc.nat(1),
    order: fc.nat(3),
    at: fc.nat(100),
    delay: fc.nat(30),
    planned: fc.boolean(),
    subject: fc.constantFrom(undefined, 'A', 'B'),
    hs: fc.constantFrom(undefined, '8471', '8528'),
    limit: fc.constantFrom(undefined, '2026-06-03', '2026-06-02 12:00', 'soon'),
    retracted: fc.nat(9).map((n) => n === 0),
  })
  .map(({ milestone, record, order, at, delay, planned, subject, retracted, hs, limit }) => {
    const key = `s/${milestone}/${record}`;
    const moved = milestone === 'arrived' || milestone === 'discharged';
    return {
      id: `${key}@${order}`,
      key,
      revision: { order, tag: `${order}-${at}-${subject}-${planned}-${retracted}-${hs}-${limit}` },
      source: 's',
      partner: 'p',
      tenant: 't',
      milestone,
      occurrence: {
        ...(moved && { role: 'destination' as const }),
        ...(subject !== undefined && { subject }),
      },
      classifier: planned && moved ? ('planned' as const) : ('actual' as const),
      occurredAt: instant(START + at * HOUR),
      observedAt: START + (at + delay) * HOUR,
      refs: [],
      attributes: { ...(hs && { 'goods.hs': hs }), ...(limit && { 'arrival.limit': limit }) },
      retracted,
      raw: { stream: 'R', sequence: order },
    };
  });

const fold = (events: readonly ShipmentEvent[]): Trace => {
  const entries = new Map<string, TraceEntry>();
  for (const each of events) absorb(entries, each);
  return foldTrace('s1', 't', [], entries.values(), () => 0);
};
const judgeAll = (trace: Trace, now: number, watermark = now): readonly Verdict[] =>
  ruleSet.rules.flatMap((rule) => {
    const calendar = rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar);
    return evaluate(trace, rule, calendar, heardUntil(watermark), now);
  });
const events = fc.array(event, { maxLength: 12 });

t.test('property: any arrival order and any duplication give the same verdicts', async () => {
  fc.assert(
    fc.property(events, fc.infiniteStream(fc.nat(1000)), fc.nat(200), (list, keys, hours) => {
      const shuffled = [...list, ...list]
        .map((one) => ({ one, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const now = START + hours * HOUR;
      const a = JSON.stringify(judgeAll(fold(list), now));
      const b = JSON.stringify(judgeAll(fold(shuffled), now));
      if (a !== b) throw new Error(`${a}\n${b}`);
    }),
    { numRuns: 300 },
  );
});

t.test('property: between now and nextAt nothing changes by itself', async () => {
  const essence = (verdicts: readonly Verdict[]) =>
    JSON.stringify(
      verdicts.map(({ clockId, state, reason, dueAt, confidence }) => [
        clockId,
        state,
        reason,
        dueAt,
        confidence,
      ]),
    );
  fc.assert(
    fc.property(events, fc.nat(200), fc.double({ min: 0, max: 1, noNaN: true }), (list, hours, part) => {
      const trace = fold(list);
      const now = START + hours * HOUR;
      const watermark = START;
      const verdicts = judgeAll(trace, now, watermark);
      const next = Math.min(...verdicts.map(({ nextAt }) => nextAt ?? now + 1000 * HOUR));
      if (next <= now) throw new Error('nextAt is not in the future');
      const later = Math.floor(now + (next - now - 1) * part);
      const before = essence(verdicts);
      const after = essence(judgeAll(trace, later, watermark));
      if (before !== after) throw new Error(`at ${later - now} of ${next - now}:\n${before}\n${after}`);
    }),
    { numRuns: 500 },
  );
});

t.test('property: each clock has one verdict, with an id of its own; dates belong to its state', async () => {
  fc.assert(
    fc.property(events, fc.nat(200), (list, hours) => {
      const verdicts = judgeAll(fold(list), START + hours * HOUR);
      if (new Set(verdicts.map(({ clockId }) => clockId)).size !== verdicts.length)
        throw new Error('two of one id');
      for (const { state, reason, rule, dueAt, endAt, confidence, lateMs, awaitingChannels } of verdicts) {
        const open =
          state === 'running' || state === 'at-risk' || state === 'breached' || state === 'unknown';
        const undated = reason === 'date-unreadable' || reason === 'not-comparable' || rule === 'refusals';
        if (open && !undated && dueAt === undefined) throw new Error(`${state} without a deadline`);
        if ((state === 'met' || state === 'met-late') !== (endAt !== undefined))
          throw new Error(`${state}: end`);
        if ((state === 'breached' || state === 'unknown') !== (confidence !== undefined))
          throw new Error(`${state}: confidence`);
        if (state === 'met' && lateMs !== undefined) throw new Error('met is not late');
        if (confidence === 'proved' && awaitingChannels.length > 0)
          throw new Error('proved and still waiting');
      }
    }),
    { numRuns: 300 },
  );
});

t.test('property: an alert that is open at the end rests on a clock that is at risk or broken', async () => {
  fc.assert(
    fc.property(events, (list) => {
      const sorted = [...list].sort((a, b) => a.observedAt - b.observedAt);
      const memory = new Map<string, AlertMemory>();
      let previous = new Map<string, readonly Verdict[]>();
      let last: readonly Verdict[] = [];
      for (let index = 0; index < sorted.length; index += 1) {
        const now = sorted[index]!.observedAt;
        const trace = fold(sorted.slice(0, index + 1));
        const next = new Map<string, readonly Verdict[]>();
        for (const rule of ruleSet.rules) {
          const calendar = rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar);
          const history = { previous: previous.get(rule.name) ?? [] };
          next.set(rule.name, evaluate(trace, rule, calendar, heardUntil(now), now, history));
        }
        previous = next;
        last = [...next.values()].flat();
        for (const verdict of last) {
          const { change } = decideAlert(memory.get(verdict.clockId), verdict, now);
          if (change !== undefined) memory.set(verdict.clockId, change.after);
        }
      }
      for (const [clockId, { status }] of memory) {
        if (status !== 'firing' && status !== 'at-risk') continue;
        const { state, dueAt } = last.find((verdict) => verdict.clockId === clockId) ?? {};
        // Unknown for want of a date that can be read changes nothing.
        const undated = state === 'unknown' && dueAt === undefined;
        const fits =
          undated ||
          state === 'breached' ||
          state === 'at-risk' ||
          (status === 'at-risk' && state === 'paused');
        if (!fits) throw new Error(`${status} while ${state}`);
      }
    }),
    { numRuns: 300 },
  );
});
