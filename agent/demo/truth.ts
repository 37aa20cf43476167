import { before, dueAt } from '../../rules/budget.ts';
import type { Calendar, Window } from '../../rules/calendar.ts';
import { dateAfter } from '../../rules/date-rule.ts';
import { clockIdOf } from '../../rules/hash.ts';
import { shipmentIdOf } from '../../rules/identity-override.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { postingDay } from './sap-records.ts';
import type { DemoShipment } from './shipment.ts';

/** One clock as it truly runs: from the true timeline, not from what anybody said of it. */
export interface TrueClock {
  readonly rule: Rule;
  readonly shipment: DemoShipment;
  readonly clockId: string;
  readonly startAt: EpochMs;
  readonly dueAt: EpochMs;
  /** Absent: it never happens. */
  readonly endAt?: EpochMs;
  /** What tells of start and end, for whoever reckons by messages. */
  readonly startMark: Mark;
  readonly endMarks: readonly Mark[];
}

/** What a message must state to tell of one thing. */
export interface Mark {
  readonly milestone: MilestoneCode;
  readonly classifier: 'planned' | 'actual';
  readonly role?: 'origin' | 'transshipment' | 'destination';
  readonly subject?: string;
}

/** A rule's clock in a shipment before its deadline is reckoned. */
interface Story {
  /** As `clockIdOf` takes it: what tells this start from others. */
  readonly text: string;
  readonly startAt: EpochMs;
  readonly endAt: EpochMs | undefined;
  readonly pauses?: readonly Window[];
  /** Where the rule's length of time runs from another moment than the start, or the deadline does not hang on one. */
  readonly runsFrom?: EpochMs;
  readonly dueAt?: EpochMs;
  readonly startMark: Mark;
  readonly endMarks: readonly Mark[];
}

/** True when the promise was (or will be) broken. */
export const isLate = ({ dueAt: due, endAt }: TrueClock): boolean => endAt === undefined || endAt > due;

/** True when it was broken by `now`. */
export const isBreached = (clock: TrueClock, now: EpochMs): boolean =>
  clock.startAt <= now && clock.dueAt < now && isLate(clock);

/** Every clock of the rules in these shipments, started or not. `watchedSince`: what was before it became known then. */
export function trueClocks(
  shipments: readonly DemoShipment[],
  ruleSet: RuleSet,
  tenant: string,
  watchedSince: EpochMs,
): readonly TrueClock[] {
  const clocks: TrueClock[] = [];
  for (const shipment of shipments) {
    const shipmentId = shipmentIdOf(tenant, { type: 'delivery', value: shipment.delivery });
    for (const rule of ruleSet.rules) {
      const calendar = rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar);
      for (const story of STORIES[rule.name]?.(shipment, watchedSince) ?? []) {
        const { text, startAt, endAt, startMark, endMarks } = story;
        clocks.push({
          ...{ rule, shipment, startAt, startMark, endMarks },
          clockId: clockIdOf(rule.name, shipmentId, text),
          dueAt: deadline(rule, story, calendar),
          ...(endAt !== undefined && { endAt }),
        });
      }
    }
  }
  return clocks;
}

function deadline(rule: Rule, story: Story, calendar: Calendar | undefined): EpochMs {
  const { startAt, runsFrom = startAt, pauses = [] } = story;
  if (story.dueAt !== undefined) return story.dueAt;
  if (rule.on !== undefined) return dateAfter(runsFrom, rule.on, calendar);
  if (rule.kind === 'before') return before(runsFrom, rule.within, calendar);
  return dueAt(runsFrom, rule.within, calendar, pauses);
}

const actual = (milestone: MilestoneCode, more: Omit<Mark, 'milestone' | 'classifier'> = {}): Mark => ({
  milestone,
  classifier: 'actual',
  ...more,
});

const isImport = ({ journey }: DemoShipment): boolean => journey.lane.destination.unlocode.startsWith('GB');
const atDestination = { role: 'destination' } as const;

const holdWindows = ({ hold }: DemoShipment): readonly Window[] =>
  hold === undefined ? [] : [{ from: hold.placedAt, to: hold.removedAt }];

function release(shipment: DemoShipment): Story {
  const { journey, releasedAt } = shipment;
  return {
    text: '',
    startAt: journey.arrivedAt,
    endAt: releasedAt,
    pauses: holdWindows(shipment),
    startMark: actual('arrived', atDestination),
    endMarks: [actual('customs.released')],
  };
}

function hold({ hold: own, declarations, entry }: DemoShipment): readonly Story[] {
  if (own === undefined) return [];
  const subject = entry?.number.replaceAll('-', '') ?? declarations.at(-1)!.lrn;
  return [
    {
      text: `${own.agency}|${own.reason}|${subject}`,
      startAt: own.placedAt,
      endAt: own.removedAt,
      startMark: actual('customs.hold.placed', { subject }),
      endMarks: [actual('customs.hold.removed', { subject })],
    },
  ];
}

function dutyPosted({ dutyAssessedAt, dutyPostedAt, declarations }: DemoShipment): readonly Story[] {
  if (dutyAssessedAt === undefined) return [];
  return [
    {
      text: `||${declarations.at(-1)!.lrn}`,
      startAt: dutyAssessedAt,
      // Only the date is told: late is what no moment of it makes timely.
      endAt: dutyPostedAt === undefined ? undefined : postingDay(dutyPostedAt),
      startMark: actual('duty.assessed'),
      endMarks: [actual('duty.posted')],
    },
  ];
}

/** What each rule is about, told from the truth. A rule that is not here has no clocks in the truth. */
const STORIES: Readonly<Record<string, (shipment: DemoShipment, watchedSince: EpochMs) => readonly Story[]>> =
  {
    'uk-import-release': (shipment) => (isImport(shipment) ? [release(shipment)] : []),
    'us-entry-release': (shipment) => (isImport(shipment) ? [] : [release(shipment)]),
    'uk-customs-hold': (shipment) => (isImport(shipment) ? hold(shipment) : []),
    'us-fda-hold': (shipment) => (isImport(shipment) ? [] : hold(shipment)),
    'uk-declaration-answered': (shipment) =>
      isImport(shipment)
        ? shipment.declarations.map(({ lrn, filedAt, acceptedAt, rejectedAt }) => ({
            text: `||${lrn}`,
            startAt: filedAt,
            endAt: acceptedAt ?? rejectedAt,
            startMark: actual('customs.filed', { subject: lrn }),
            endMarks: [
              actual('customs.accepted', { subject: lrn }),
              actual('customs.rejected', { subject: lrn }),
            ],
          }))
        : [],
    'uk-export-accepted': (shipment) =>
      isImport(shipment)
        ? []
        : [
            {
              text: '',
              startAt: shipment.journey.loadingPlans.at(-1)!.loadingAt,
              endAt: shipment.declarations.at(-1)!.acceptedAt,
              startMark: { milestone: 'loaded', classifier: 'planned', role: 'origin' },
              endMarks: [actual('export.filing.accepted')],
            },
          ],
    'transshipment-departed': ({ journey }) =>
      journey.transshipment === undefined
        ? []
        : [
            {
              text: `|${journey.lane.transshipment!.unlocode}|`,
              startAt: journey.transshipment.arrivedAt,
              endAt: journey.transshipment.departedAt,
              startMark: actual('arrived', { role: 'transshipment' }),
              endMarks: [actual('departed', { role: 'transshipment' })],
            },
          ],
    'departed-after-goods-issue': ({ goodsIssues, journey }) => [
      {
        text: '',
        startAt: goodsIssues.at(-1)!.at,
        endAt: journey.departedAt,
        startMark: actual('goods.issued', { role: 'origin' }),
        endMarks: [actual('departed', { role: 'origin' })],
      },
    ],
    'container-collected': ({ journey }) =>
      journey.lane.mode === 'air'
        ? []
        : [
            {
              text: `||${journey.container}`,
              startAt: journey.dischargedAt,
              endAt: journey.gateOutAt,
              startMark: actual('discharged', atDestination),
              endMarks: [actual('gate.out', atDestination)],
            },
          ],
    'delivered-as-promised': ({ promisedAt, deliveredAt }) => [
      {
        text: 'destination',
        startAt: promisedAt,
        endAt: deliveredAt,
        startMark: { milestone: 'delivered', classifier: 'planned', role: 'destination' },
        endMarks: [actual('delivered')],
      },
    ],
    'gate-out-after-release': (shipment) => {
      const { journey, releasedAt } = shipment;
      if (!isImport(shipment) || journey.lane.mode === 'air') return [];
      return [
        {
          text: `||${journey.container}`,
          startAt: journey.gateOutAt,
          endAt: releasedAt,
          startMark: actual('gate.out', atDestination),
          endMarks: [actual('customs.released')],
        },
      ];
    },
    'declared-in-two-tries': (shipment) => {
      const refusals = shipment.declarations.flatMap(({ rejectedAt }) => rejectedAt ?? []);
      const [first, second = Number.POSITIVE_INFINITY] = refusals;
      if (!isImport(shipment) || first === undefined) return [];
      return [
        {
          text: '',
          startAt: first,
          dueAt: second,
          endAt: shipment.declarations.at(-1)!.acceptedAt,
          startMark: actual('customs.rejected'),
          endMarks: [actual('customs.accepted')],
        },
      ];
    },
    'duty-posted': dutyPosted,
    'duty-in-payment-run': dutyPosted,
    'duty-as-assessed': ({ dutyPence, dutyAssessedAt, dutyPostedAt }, watchedSince) => {
      if (dutyAssessedAt === undefined || dutyPostedAt === undefined) return [];
      const postedAt = postingDay(dutyPostedAt);
      return [
        {
          text: '',
          startAt: postedAt,
          runsFrom: Math.max(postedAt, watchedSince),
          endAt: dutyPence.posted === dutyPence.assessed ? postedAt : undefined,
          startMark: actual('duty.posted'),
          endMarks: [],
        },
      ];
    },
    'landed-cost-posted': ({ deliveredAt, landedCostPostedAt }) => [
      {
        text: 'destination',
        startAt: deliveredAt,
        endAt: landedCostPostedAt === undefined ? undefined : postingDay(landedCostPostedAt),
        startMark: actual('delivered'),
        endMarks: [actual('landed_cost.posted')],
      },
    ],
  };
