import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeOn, useRules } from '../../agent/track/reassess.ts';
import type { ChannelView } from '../../rules/channel.ts';
import { Channels } from '../../rules/channels.ts';
import { evaluate } from '../../rules/evaluate.ts';
import { isFeedRule, judgeFeed } from '../../rules/evaluate-feed.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import { instant } from '../../rules/time.ts';
import { eventIdOf } from '../../rules/trace.ts';
import type { Verdict, VerdictReason } from '../../rules/verdict.ts';
import { REASON_TEXTS } from '../../rules/verdict-text.ts';
import { heardUntil, statesOf } from '../support/hand-trace.ts';
import { hubJudge, rulesOf, saidBy, takeAll } from '../support/judge.ts';
import { event, hour, traceOf } from '../support/trace-events.ts';

/** A history that ends with one clock for its reason. Hours are those of the trace's tests. */
interface History {
  readonly rule: string;
  readonly told: readonly ShipmentEvent[];
  /** When it is judged, in hours. */
  readonly now: number;
  /** Everything heard up to now unless it says otherwise. */
  readonly channels?: ChannelView;
  /** What was told when it was judged before: clocks of then may be over now. */
  readonly before?: readonly ShipmentEvent[];
  readonly waived?: true;
}

let number = 0;
const said = (
  milestone: MilestoneCode,
  at: number,
  over: Partial<ShipmentEvent> & { readonly observed?: number } = {},
): ShipmentEvent => {
  number += 1;
  return event(`${milestone}-${number}`, { milestone, at, observed: at, ...over });
};
const at = (role: 'origin' | 'destination') => ({ occurrence: { role } });
const planned = (milestone: MilestoneCode, when: number, observed = 0): ShipmentEvent =>
  said(milestone, when, { classifier: 'planned', observed });
const of = (attributes: ShipmentEvent['attributes']) => ({ attributes });
const about = (subject: string) => ({ occurrence: { subject } });

const AFTER = 'from: arrived\n    to: customs.released\n    within: 4h\n    warn: 1h';
const QUIET = 'from: goods.issued\n    until: delivered\n    quiet_for: 6h\n    pause_while: under-way';
const DUTY = 'values: [duty.amount of duty.assessed, duty.posted.amount of duty.posted]';
const duty = (assessed: number | string, posted: number) => [
  said('duty.assessed', 1, of({ 'duty.amount': assessed })),
  said('duty.posted', 2, of({ 'duty.posted.amount': posted })),
];
const TWICE = 'event: customs.accepted\n    same: [goods.hs]';
const declared = (mrn: string, hs: string) =>
  said('customs.accepted', mrn === 'A' ? 1 : 2, { ...about(mrn), ...of({ 'goods.hs': hs }) });
const rejected = (n: number) => said('customs.rejected', n, about('A'));
const COUNT = 'event: customs.rejected\n    at_most: 1';
const ORDER = 'event: gate.out\n    not_before: customs.released';
const BY = 'event: delivered\n    by: delivery.promised';
const arrived = said('arrived', 0);
const conditional = `when: mode == "sea"\n    ${AFTER}`;
const bySea = said('arrived', 0, of({ mode: 'sea' }));
const taken = said('arrived', 0);
const DAY_RULE = 'from: arrived\n    to: customs.released\n    within: 12h';
const day = (from: number): Partial<ShipmentEvent> => ({
  occurredAt: { from: hour(from), to: hour(from + 24) - 1, zone: 'UTC', zoneFrom: 'place' },
});

const HISTORIES: Readonly<
  Record<Exclude<VerdictReason, 'rule-removed' | 'feed-heard' | 'feed-silent' | 'feed-slow'>, History>
> = {
  'start-not-seen': { rule: AFTER, told: [said('departed', 0)], now: 1 },
  'condition-not-met': {
    rule: conditional,
    before: [bySea],
    told: [bySea, said('departed', 1, of({ mode: 'air' }))],
    now: 2,
  },
  'within-budget': { rule: AFTER, told: [arrived], now: 1 },
  'hold-open': {
    rule: `${AFTER}\n    pause_while: customs.hold`,
    told: [arrived, said('customs.hold.placed', 1)],
    now: 9,
  },
  'warn-reached': { rule: AFTER, told: [arrived], now: 3 },
  'done-in-time': { rule: AFTER, told: [arrived, said('customs.released', 4)], now: 9 },
  'done-in-time-reported-late': {
    rule: AFTER,
    told: [arrived, said('customs.released', 4, { observed: 8 })],
    now: 9,
  },
  'done-within-precision': { rule: DAY_RULE, told: [arrived, said('customs.released', 0, day(0))], now: 30 },
  'done-late': { rule: AFTER, told: [arrived, said('customs.released', 5)], now: 9 },
  'deadline-passed-proved': { rule: AFTER, told: [arrived], now: 5 },
  'deadline-passed-awaiting-proof': { rule: AFTER, told: [arrived], now: 5, channels: heardUntil(hour(3)) },
  'deadline-passed-channel-blind': {
    rule: AFTER,
    told: [arrived],
    now: 5,
    channels: statesOf([{ watermark: hour(3), status: 'blind' }]),
  },
  'wait-for-feeds-passed': { rule: AFTER, told: [arrived], now: 6, channels: heardUntil(hour(3)) },
  'replanned-impossible': {
    rule: 'event: export.filing.accepted\n    at_least: 24h\n    ahead_of: planned loaded',
    told: [planned('loaded', 20, 2)],
    now: 3,
  },
  'start-retracted': {
    rule: AFTER,
    before: [taken],
    told: [{ ...taken, retracted: true, revision: { order: hour(1), tag: 'gone' } }],
    now: 2,
  },
  'operator-waived': { rule: AFTER, told: [arrived], now: 5, waived: true },
  'outside-calendar': {
    rule: `${AFTER.replace('4h', '4bh')}\n    calendar: office`,
    told: [said('arrived', 0, { occurredAt: instant(Date.UTC(2999, 0, 1)) })],
    now: 1,
  },
  'date-unreadable': {
    rule: BY,
    told: [said('shipment.created', 0, of({ 'delivery.promised': 'soon' }))],
    now: 1,
  },
  'heard-of': { rule: QUIET, told: [said('goods.issued', 0)], now: 1 },
  'heard-after-silence': {
    rule: QUIET,
    told: [said('goods.issued', 0), said('customs.accepted', 9)],
    now: 10,
  },
  'no-longer-active': { rule: QUIET, told: [said('goods.issued', 0), said('delivered', 2)], now: 3 },
  'under-way': { rule: QUIET, told: [said('goods.issued', 0), said('departed', 1, at('origin'))], now: 20 },
  'in-order': { rule: ORDER, told: [said('customs.released', 1), said('gate.out', 2)], now: 3 },
  'out-of-order': { rule: ORDER, told: [said('gate.out', 1), said('customs.released', 2)], now: 3 },
  'values-agree': { rule: DUTY, told: duty(100, 100), now: 3 },
  'values-differ': { rule: DUTY, told: duty(100, 90), now: 3 },
  'not-comparable': { rule: DUTY, told: duty('a hundred', 100), now: 3 },
  'declared-once': { rule: TWICE, told: [declared('A', '8471'), declared('B', '8472')], now: 3 },
  'declared-twice': { rule: TWICE, told: [declared('A', '8471'), declared('B', '8471')], now: 3 },
  'within-count': { rule: COUNT, told: [rejected(1)], now: 3 },
  'count-reached': { rule: COUNT, told: [rejected(1), rejected(2)], now: 3 },
};

const rulesFrom = (rule: string) =>
  rulesOf(
    `calendars: { office: { zone: UTC, open: { Mon-Fri: "08:00-17:00" } } }\nrules:\n  r:\n    ${rule}\n`,
  );

function verdictsOf({ rule: text, told, now, channels, before, waived }: History): readonly Verdict[] {
  const { rules, calendars } = rulesFrom(text);
  const [rule] = rules;
  const judge = (events: readonly ShipmentEvent[], history = {}) =>
    evaluate(
      traceOf(events),
      rule!,
      calendars.get(rule!.calendar ?? ''),
      channels ?? heardUntil(hour(now)),
      hour(now),
      history,
    );
  if (before !== undefined) return judge(told, { previous: judge(before) });
  if (waived) return judge(told, { waived: new Set(judge(told).map(({ clockId }) => clockId)) });
  return judge(told);
}

/** States that a reason may come with, from the table of the manual. */
const README = readFileSync(join(import.meta.dirname, '../../rules/README.md'), 'utf8');
const STATES = new Map(
  [...README.matchAll(/^\| `([a-z-]+)` \| ([a-z-][^|]*) \| [^|]+\|$/gm)].map(([, reason, states]) => [
    reason!,
    states!,
  ]),
);
/** Reasons that nothing in the trace can show: nothing was seen, the rule went. */
const WITHOUT_EVIDENCE: readonly VerdictReason[] = [
  'start-not-seen',
  'rule-removed',
  'feed-heard',
  'feed-silent',
];

function check(t: Test, reason: VerdictReason, verdicts: readonly Verdict[]): void {
  const verdict = verdicts.find((each) => each.reason === reason);
  t.ok(verdict, `${reason}, and not ${verdicts.map((each) => each.reason).join(', ')}`);
  if (verdict === undefined) return;
  const states = STATES.get(reason) ?? '';
  t.ok(
    states === 'any' || states.split(/[,;]? /).includes(verdict.state),
    `${reason}: ${verdict.state} is one of ${states}`,
  );
  if (!WITHOUT_EVIDENCE.includes(reason)) t.ok(verdict.evidence.length > 0, `${reason} names its events`);
}

t.test(
  'every reason of a clock has a history that reaches it, in a state of the table, and names its events',
  async (t) => {
    for (const [reason, history] of Object.entries(HISTORIES))
      check(t, reason as VerdictReason, verdictsOf(history));
  },
);

t.test('every reason of a feed, too', async (t) => {
  const [rule] = rulesFrom('silent_for: 2h\n    lag: 95% within 1h').rules;
  if (rule === undefined || !isFeedRule(rule)) throw new Error('no feed rule');
  const channels = new Channels([
    {
      name: 'hub',
      partners: ['hub'],
      proves: ['arrived'],
      reportingLagMs: 0,
      bestEffort: false,
      provenBy: 'messages',
    },
  ]);
  const judged = (now: number) => [judgeFeed(rule, undefined, channels.feeds()[0]!, undefined, hour(now))];
  channels.heard('hub', 'hub', hour(0));
  channels.reported('hub', 'hub', { eventId: 'first', happened: hour(0) }, hour(0));
  check(t, 'feed-heard', judged(1));
  check(t, 'feed-silent', judged(2));
  channels.heard('hub', 'hub', hour(9));
  for (let i = 0; i < 20; i += 1)
    channels.reported('hub', 'hub', { eventId: `e${i}`, happened: hour(1) }, hour(9));
  check(t, 'feed-slow', judged(9));
});

t.test('a rule that is removed takes its clocks with it', async (t) => {
  const judge = hubJudge({ rules: `rules:\n  r:\n    ${AFTER}\n` });
  takeAll(judge, [
    saidBy({ id: 'a', type: 'arrived', at: '2026-06-01T08:00:00Z', refs: { delivery: '1' } }, hour(800), 1),
  ]);
  useRules(judge, rulesOf('rules: {}'));
  while (judgeOn(judge));
  check(t, 'rule-removed', judge.drain().shipments[0]!.clocks);
});

t.test('none is forgotten', async (t) => {
  const shown = [...Object.keys(HISTORIES), 'feed-heard', 'feed-silent', 'feed-slow', 'rule-removed'];
  t.same(Object.keys(REASON_TEXTS).sort(), shown.sort());
});

t.test('what took a clock back is what it names', async (t) => {
  const gone = eventIdOf(taken.key, { order: hour(1), tag: 'gone' });
  t.match(verdictsOf(HISTORIES['start-retracted']), [{ evidence: [gone] }]);
  const [, air] = HISTORIES['condition-not-met'].told;
  t.match(verdictsOf(HISTORIES['condition-not-met']), [{ evidence: [air!.id] }]);
});
