import { before, dueAt } from '../../rules/budget.ts';
import type { Calendar } from '../../rules/calendar.ts';
import { dateAfter } from '../../rules/date-rule.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';
import type { RuleKind } from '../../rules/sla-kind.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Said } from './said.ts';
import { isLate, type Mark, type TrueClock } from './truth.ts';
import type { World } from './world.ts';

/** When a statement could first be read by anybody. */
export interface Heard {
  readonly at: EpochMs;
  readonly said: Said;
}

/** What was said about each shipment, by when it could be heard; the carrier's silence counted in. */
export class Hearsay {
  readonly #byShipment = new Map<number, Heard[]>();

  constructor(world: World) {
    const { silence, startAt } = world.times;
    const add = (at: EpochMs, says: readonly Said[]): void => {
      for (const said of says) for (const index of said.shipments) this.#put(index, { at, said });
    };
    for (const { at, says } of world.messages) add(at, says);
    for (const { at, says } of world.files) add(at, says);
    for (const { at, says } of [...world.deliveries, ...world.invoices, ...world.ocean['ocean-a']]) {
      add(Math.max(at, startAt), says);
    }
    for (const { at, says } of world.ocean['ocean-b']) {
      const silent = at >= silence.from && at < silence.to;
      add(silent ? silence.to : Math.max(at, startAt), says);
    }
    for (const heard of this.#byShipment.values()) heard.sort((a, b) => a.at - b.at);
  }

  /** The first time that one of the marks was told; `value`: told with this time. */
  first(shipment: number, marks: readonly Mark[], value?: EpochMs): Heard | undefined {
    return this.#byShipment
      .get(shipment)
      ?.find(
        ({ said }) => (value === undefined || said.at === value) && marks.some((mark) => isAbout(said, mark)),
      );
  }

  #put(shipment: number, heard: Heard): void {
    const known = this.#byShipment.get(shipment);
    if (known === undefined) this.#byShipment.set(shipment, [heard]);
    else known.push(heard);
  }
}

const isAbout = (said: Said, { milestone, classifier, role, subject }: Mark): boolean =>
  said.milestone === milestone &&
  said.classifier === classifier &&
  (role === undefined || said.role === role) &&
  (subject === undefined || said.subject === subject);

/** An alarm of a checker that compares deadlines with the wall clock, and knows nothing else. */
export interface NaiveAlarm {
  readonly at: EpochMs;
  readonly clock: TrueClock;
  /** The promise was kept: the message was late, the goods were held, the plan had moved, a time was put right. */
  readonly isFalse: boolean;
}

/**
 * What a naive checker would have sent, by time: an alarm when the deadline that follows from the first start it heard of has passed and
 * the end has not been received. It knows no channels, no pauses, no new plans and no corrections.
 */
export function naiveAlarms(
  clocks: readonly TrueClock[],
  hearsay: Hearsay,
  ruleSet: RuleSet,
): readonly NaiveAlarm[] {
  const alarms: NaiveAlarm[] = [];
  for (const clock of clocks) {
    const { rule, shipment, startMark, endMarks } = clock;
    if (!HAS_DEADLINE.has(rule.kind)) continue;
    const start = hearsay.first(shipment.index, [startMark]);
    if (start === undefined) continue;
    const calendar = rule.calendar === undefined ? undefined : ruleSet.calendars.get(rule.calendar);
    const due = deadlineFrom(start.said.at, rule, calendar);
    const at = Math.max(due, start.at);
    const end = hearsay.first(shipment.index, endMarks);
    if (end !== undefined && end.at <= at) continue;
    alarms.push({ at, clock, isFalse: !isLate(clock) });
  }
  return alarms.sort((a, b) => a.at - b.at);
}

/** Kinds of which a deadline and an end are all there is to know. */
const HAS_DEADLINE: ReadonlySet<RuleKind> = new Set([
  'after',
  'ack',
  'before',
  'by',
  'calendar-date',
  'dwell',
]);

function deadlineFrom(at: EpochMs, { kind, within, on }: Rule, calendar: Calendar | undefined): EpochMs {
  if (on !== undefined) return dateAfter(at, on, calendar);
  return kind === 'before' ? before(at, within, calendar) : dueAt(at, within, calendar);
}
