import t from 'tap';
import { demoCalendars } from '../../../agent/demo/demo.ts';
import { AlertLedger } from '../../../agent/demo/ledger.ts';
import { Hearsay, naiveAlarms } from '../../../agent/demo/naive.ts';
import { trueAnswers } from '../../../agent/demo/questions.ts';
import type { Said } from '../../../agent/demo/said.ts';
import { type DemoShipment, HOUR, type Journey, LANES } from '../../../agent/demo/shipment.ts';
import { isBreached, isLate, type TrueClock, trueClocks } from '../../../agent/demo/truth.ts';
import type { World } from '../../../agent/demo/world.ts';
import type { AlertChangeKind } from '../../../rules/alert.ts';
import { alertRecord } from '../../support/alerts.ts';

const { ruleSet } = demoCalendars(2026).rules;
/** A time in November 2026, when London keeps UTC. The 2nd is a Monday. */
const at = (day: number, hour: number, minute = 0): number => Date.UTC(2026, 10, day, hour, minute);
const NOW = at(20, 12);

const JOURNEY: Journey = {
  lane: LANES.shanghai,
  booking: 'MD1',
  container: 'LTQU1234560',
  awb: '99812345675',
  vessel: 'MV Larch Horizon',
  voyage: '001W',
  loadingPlans: [{ knownAt: at(1, 0), loadingAt: at(1, 12) }],
  departedAt: at(1, 20),
  arrivedAt: at(2, 9),
  dischargedAt: at(2, 15),
  gateOutAt: at(5, 9),
  emptyReturnedAt: at(8, 9),
  toldPromptly: false,
};
const SHIPMENT: DemoShipment = {
  index: 0,
  delivery: '80100000',
  tmsId: 'SHP-1',
  order: '1',
  purchaseOrder: '2',
  customerRef: 'PO-1',
  customer: 'Ashgrove Home',
  incoterm: 'DAP',
  houseBill: 'LTH1',
  journey: JOURNEY,
  createdAt: at(1, 0),
  goodsIssues: [{ at: at(1, 2) }],
  declarations: [{ lrn: 'LT1', mrn: '26GBABCDE1234FGHJ5', filedAt: at(2, 8), acceptedAt: at(2, 8, 30) }],
  dutyAssessedAt: at(2, 8, 32),
  dutyPence: { assessed: 120_000, posted: 120_000 },
  releasedAt: at(3, 12),
  promisedAt: at(5, 20),
  deliveredAt: at(5, 18),
  dutyPostedAt: at(4, 15),
  landedCostPostedAt: at(9, 12),
};

function clockOf(rule: string, change: Partial<DemoShipment> = {}): TrueClock {
  const found = trueClocks([{ ...SHIPMENT, ...change }], ruleSet, 'demo', at(1, 0)).find(
    (clock) => clock.rule.name === rule,
  );
  if (found === undefined) throw new Error(`no clock of ${rule}`);
  return found;
}

t.test('business hours, and a hold that stops them', async (t) => {
  // Ten hours a day from 08:00: nine on Monday, ten on Tuesday, five on Wednesday.
  const clock = clockOf('uk-import-release');
  t.equal(clock.dueAt, at(4, 13));
  t.notOk(isLate(clock));
  t.ok(isBreached(clockOf('uk-import-release', { releasedAt: at(4, 14) }), NOW));
  const hold = {
    agency: 'HMRC',
    reason: 'physical check',
    placedAt: at(3, 8),
    removedAt: at(5, 18),
  } as const;
  const held = clockOf('uk-import-release', { releasedAt: at(5, 18), hold });
  t.equal(held.dueAt, at(9, 13), 'three days longer');
  t.notOk(isLate(held));
  t.ok(isLate(clockOf('uk-customs-hold', { hold: { ...hold, removedAt: at(6, 19) } })));
});

t.test('of a posting only the date counts', async (t) => {
  t.equal(clockOf('duty-posted').dueAt, at(4, 17));
  t.notOk(isLate(clockOf('duty-posted', { dutyPostedAt: at(4, 16, 59) })));
  t.ok(isLate(clockOf('duty-posted', { dutyPostedAt: at(5, 8) })));
  const { dutyPostedAt: _, ...forgotten } = SHIPMENT;
  const never = trueClocks([forgotten], ruleSet, 'demo', at(1, 0)).find(
    ({ rule }) => rule.name === 'duty-posted',
  )!;
  t.ok(isBreached(never, NOW));
  t.notOk(isBreached(never, at(4, 16)));
});

t.test('a promised date moves no clock but its own, and bears some hours', async (t) => {
  t.equal(clockOf('delivered-as-promised').dueAt, at(6, 8));
  t.notOk(isLate(clockOf('delivered-as-promised')));
  t.ok(isLate(clockOf('delivered-as-promised', { promisedAt: at(5, 5) })));
});

t.test('what left the terminal before its release did so for ever', async (t) => {
  t.notOk(isLate(clockOf('gate-out-after-release')));
  const early = clockOf('gate-out-after-release', { releasedAt: at(5, 10) });
  t.ok(isBreached(early, NOW));
  const released = said('customs.released', at(5, 10));
  const told = {
    ...WORLD,
    messages: [...WORLD.messages, { at: at(5, 11), subject: '', body: '', says: [released] }],
  };
  const left = said('gate.out', early.startAt);
  const world = { ...told, files: [{ at: at(5, 10), name: '', text: '', says: [left] }] };
  t.equal(
    new AlertLedger().missedAlerts([early], new Hearsay(world), NOW).length,
    1,
    'the release puts nothing right',
  );
});

t.test('one refusal may be, the second is one too many', async (t) => {
  const refused = (hours: readonly number[]): TrueClock =>
    clockOf('declared-in-two-tries', {
      declarations: [
        ...hours.map((hour) => ({ lrn: `LT${hour}`, filedAt: at(2, hour - 1), rejectedAt: at(2, hour) })),
        { lrn: 'LT1', filedAt: at(2, 20), acceptedAt: at(2, 21) },
      ],
    });
  t.notOk(isLate(refused([9])));
  t.match(refused([9, 15]), { startAt: at(2, 9), dueAt: at(2, 15), endAt: at(2, 21) });
  t.ok(isBreached(refused([9, 15]), NOW));
});

t.test('duty that is posted is the duty that was assessed, from when both are known', async (t) => {
  t.notOk(isLate(clockOf('duty-as-assessed')));
  const slipped = clockOf('duty-as-assessed', { dutyPence: { assessed: 120_000, posted: 12_000 } });
  t.equal(slipped.dueAt, at(5, 17), 'the business day after the posting');
  t.ok(isBreached(slipped, NOW));
  const [seenLater] = trueClocks([SHIPMENT], ruleSet, 'demo', at(6, 9)).filter(
    ({ rule }) => rule.name === 'duty-as-assessed',
  );
  t.equal(seenLater?.dueAt, at(9, 17), 'what was posted before the watch began is known since it began');
});

t.test('the payment run of the week after is on its third working day', async (t) => {
  t.equal(clockOf('duty-in-payment-run').dueAt, at(11, 17));
  t.ok(isLate(clockOf('duty-in-payment-run', { dutyPostedAt: at(12, 8) })));
});

t.test('the last plan decides, and the answer to each declaration counts', async (t) => {
  const journey = {
    ...JOURNEY,
    lane: LANES.newYork,
    loadingPlans: [
      { knownAt: at(1, 0), loadingAt: at(5, 12) },
      { knownAt: at(3, 0), loadingAt: at(6, 12) },
    ],
  };
  const accepted = (acceptedAt: number): Partial<DemoShipment> => ({
    journey,
    declarations: [{ lrn: 'LT1', filedAt: at(4, 8), acceptedAt }],
    exportClearedAt: at(5, 18),
  });
  t.notOk(isLate(clockOf('uk-export-accepted', accepted(at(5, 11)))));
  t.ok(isLate(clockOf('uk-export-accepted', accepted(at(5, 13)))));
  const declarations = [
    { lrn: 'LT1', filedAt: at(2, 8), rejectedAt: at(2, 11) },
    { lrn: 'LT1A', filedAt: at(2, 15), acceptedAt: at(2, 16) },
  ];
  const answers = trueClocks([{ ...SHIPMENT, declarations }], ruleSet, 'demo', at(1, 0)).filter(
    ({ rule }) => rule.name === 'uk-declaration-answered',
  );
  t.strictSame(answers.map(isLate), [true, false]);
});

const said = (milestone: Said['milestone'], when: number, more: Partial<Said> = {}): Said => ({
  ...{ source: 'ocean-a', milestone, classifier: 'actual', at: when, ref: 'container:LTQU1234560' },
  ...{ shipments: [0], role: 'destination' },
  ...more,
});

/** The box was collected a minute before its time was over; we hear of it two hours later. */
const collected = { ...SHIPMENT, journey: { ...JOURNEY, gateOutAt: at(6, 14, 59) } };
const WORLD: World = {
  times: { startAt: at(1, 0), endAt: NOW, silence: { from: at(18, 0), to: at(19, 0) } },
  shipments: [collected],
  messages: [
    { at: at(2, 16), subject: '', body: '', says: [said('discharged', at(2, 15))] },
    { at: at(6, 17), subject: '', body: '', says: [said('gate.out', at(6, 14, 59))] },
  ],
  ocean: { 'ocean-a': [], 'ocean-b': [] },
  deliveries: [],
  invoices: [],
  files: [],
};
const boxClock = (journey: Partial<Journey> = {}): TrueClock =>
  clockOf('container-collected', { journey: { ...collected.journey, ...journey } });

t.test('a naive checker cries where a message is merely late', async (t) => {
  const hearsay = new Hearsay(WORLD);
  const [alarm] = naiveAlarms([boxClock()], hearsay, ruleSet);
  t.equal(alarm?.at, at(6, 15));
  t.equal(alarm?.isFalse, true);
  t.equal(naiveAlarms([boxClock({ gateOutAt: at(7, 0) })], hearsay, ruleSet)[0]?.isFalse, false);
  const prompt = { ...WORLD, messages: [WORLD.messages[0]!, { ...WORLD.messages[1]!, at: at(6, 15) }] };
  t.strictSame(naiveAlarms([boxClock()], new Hearsay(prompt), ruleSet), []);
});

function ledgerOf(clock: TrueClock, kind: AlertChangeKind, confirmed: boolean): AlertLedger {
  const ledger = new AlertLedger();
  const record = alertRecord('a', 1, { kind, clockId: clock.clockId });
  const after = { ...record.change.after, confirmed };
  ledger.take([{ ...record, change: { ...record.change, after } }]);
  return ledger;
}

t.test('a certain breach of a kept promise is false, an unconfirmed one is not', async (t) => {
  const kept = boxClock();
  t.equal(ledgerOf(kept, 'fired', true).falseAlerts([kept]).length, 1);
  t.equal(ledgerOf(kept, 'fired-unconfirmed', false).falseAlerts([kept]).length, 0);
  const broken = boxClock({ gateOutAt: at(8, 0) });
  t.equal(ledgerOf(broken, 'fired', true).falseAlerts([broken]).length, 0);
  t.equal(ledgerOf(kept, 'fired', true).falseAlerts([]).length, 1, 'of a clock that is none');
});

t.test('a broken promise that could be known and was not told is missed', async (t) => {
  const broken = boxClock({ gateOutAt: at(8, 0) });
  const silent = { ...WORLD, messages: [WORLD.messages[0]!] };
  const missed = (ledger: AlertLedger, world: World, now: number): number =>
    ledger.missedAlerts([broken], new Hearsay(world), now).length;
  t.equal(missed(new AlertLedger(), silent, NOW), 1);
  t.equal(missed(ledgerOf(broken, 'fired', true), silent, NOW), 0);
  t.equal(missed(new AlertLedger(), silent, at(6, 16)), 0, 'it cannot be known yet');
  t.equal(missed(new AlertLedger(), { ...silent, messages: [] }, NOW), 0, 'nobody told of the discharge');
  const told = {
    ...silent,
    messages: [...silent.messages, { ...WORLD.messages[1]!, at: broken.dueAt + HOUR }],
  };
  t.equal(missed(new AlertLedger(), told, NOW), 0, 'it was told, late, before it could be judged');
});

t.test('what people ask is answered from the truth', async (t) => {
  const rejected = { lrn: 'LT0', filedAt: at(2, 6), rejectedAt: at(2, 7) };
  const one = { ...SHIPMENT, declarations: [rejected, ...SHIPMENT.declarations] };
  t.strictSame(trueAnswers([one], at(2, 12)), {
    awaitingRelease: ['80100000'],
    refused: ['LT0'],
    dutyNotPosted: ['80100000'],
  });
  t.strictSame(trueAnswers([one], at(4, 15)), { awaitingRelease: [], refused: ['LT0'], dutyNotPosted: [] });
  t.strictSame(trueAnswers([one], at(2, 5)), { awaitingRelease: [], refused: [], dutyNotPosted: [] });
});
