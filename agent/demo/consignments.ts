import type { Calendar } from '../../rules/calendar.ts';
import type { EpochMs } from '../../rules/time.ts';
import { entryNumber, movementReference } from './identifiers.ts';
import type { Voyage } from './journeys.ts';
import type { Chance } from './random.ts';
import {
  DAY,
  type Declaration,
  type DemoShipment,
  HOUR,
  MINUTE,
  type TrueHold,
  toMinute,
} from './shipment.ts';

/** The part of a shipment that customs decides. */
export type CustomsStory = Pick<
  DemoShipment,
  'declarations' | 'entry' | 'exportClearedAt' | 'hold' | 'dutyAssessedAt' | 'releasedAt'
>;

/** Calendars of the demo's rules that things are done by. */
export interface Calendars {
  readonly frontier: Calendar;
  readonly port: Calendar;
  readonly finance: Calendar;
}

/** What customs does with the goods of a voyage; `lrn` is the first declaration's. */
export function customsStory(
  voyage: Voyage,
  lrn: string,
  calendars: Calendars,
  chance: Chance,
): CustomsStory {
  return voyage.lane.name === 'london-new-york'
    ? exportStory(voyage, lrn, calendars, chance)
    : importStory(voyage, lrn, calendars, chance);
}

function importStory(voyage: Voyage, lrn: string, { frontier }: Calendars, chance: Chance): CustomsStory {
  const { arrivedAt, scene } = voyage;
  const smooth = scene !== undefined;
  const first = toMinute(arrivedAt + chance.between(-20, smooth ? -10 : 8) * HOUR);
  const declarations = declare(first, lrn, smooth ? 0 : 0.1, smooth ? 0 : 0.06, chance);
  const acceptedAt = declarations.at(-1)!.acceptedAt!;
  const dutyAssessedAt = acceptedAt + 2 * MINUTE;
  const cleared = Math.max(arrivedAt + HOUR, acceptedAt + chance.between(0.5, 7) * HOUR);
  if (!smooth && chance.happens(0.15)) {
    const placedAt = toMinute(
      Math.max(arrivedAt + 30 * MINUTE, acceptedAt + chance.between(10, 110) * MINUTE),
    );
    const long = chance.happens(0.35);
    const removedAt = toMinute(placedAt + (long ? chance.between(5, 9) * DAY : chance.between(5, 40) * HOUR));
    const hold = { agency: 'HMRC', reason: 'physical check', placedAt, removedAt } as const;
    return { declarations, hold, dutyAssessedAt, releasedAt: removedAt };
  }
  const late = !smooth && chance.happens(0.09);
  const due = frontier.addOpen(arrivedAt, 24 * HOUR);
  const releasedAt = late ? Math.max(cleared, due) + chance.between(3, 50) * HOUR : cleared;
  return { declarations, dutyAssessedAt, releasedAt: toMinute(releasedAt) };
}

/** Filed, answered; refused (now and then twice) and filed again under another number; answered late. */
function declare(
  filedAt: EpochMs,
  lrn: string,
  rejection: number,
  late: number,
  chance: Chance,
): readonly Declaration[] {
  const answer = (at: EpochMs): EpochMs =>
    toMinute(at + (chance.happens(late) ? chance.between(140, 420) : chance.between(3, 45)) * MINUTE);
  const accept = (number: string, at: EpochMs): Declaration => ({
    lrn: number,
    mrn: movementReference(chance, at),
    filedAt: at,
    acceptedAt: answer(at),
  });
  const refused: Declaration[] = [];
  let at = filedAt;
  for (const suffix of ['', 'A']) {
    // Whoever was refused once is refused again more often.
    if (!chance.happens(suffix === '' ? rejection : 0.3)) return [...refused, accept(`${lrn}${suffix}`, at)];
    const rejectedAt = toMinute(at + chance.between(4, 40) * MINUTE);
    refused.push({ lrn: `${lrn}${suffix}`, filedAt: at, rejectedAt });
    at = toMinute(rejectedAt + chance.between(2, 14) * HOUR);
  }
  return [...refused, accept(`${lrn}B`, at)];
}

function exportStory(voyage: Voyage, lrn: string, { port }: Calendars, chance: Chance): CustomsStory {
  const { arrivedAt, loadingPlans } = voyage;
  const { loadingAt } = loadingPlans.at(-1)!;
  const late = chance.happens(0.1);
  const filedAt = late
    ? loadingAt - DAY + chance.between(1, 8) * HOUR
    : loadingAt - DAY - chance.between(6, 80) * HOUR;
  const declarations = declare(toMinute(filedAt), lrn, late ? 0 : 0.08, 0, chance);
  const acceptedAt = declarations.at(-1)!.acceptedAt!;
  const number = entryNumber(chance);
  const entry = { number, filedAt: toMinute(arrivedAt - chance.between(24, 60) * HOUR) };
  const exportClearedAt = toMinute(acceptedAt + chance.between(20, 200) * MINUTE);
  const common = { declarations, entry, exportClearedAt };
  const hold: TrueHold | undefined = chance.happens(0.15)
    ? {
        agency: 'FDA',
        reason: 'document review',
        placedAt: toMinute(arrivedAt + chance.between(1, 5) * HOUR),
        removedAt: toMinute(arrivedAt + chance.between(1, 8) * DAY),
      }
    : undefined;
  if (hold !== undefined) return { ...common, hold, releasedAt: hold.removedAt + 30 * MINUTE };
  const due = port.addOpen(arrivedAt, 16 * HOUR);
  const releasedAt = chance.happens(0.1)
    ? due + chance.between(3, 40) * HOUR
    : arrivedAt + chance.between(1, 10) * HOUR;
  return { ...common, releasedAt: toMinute(releasedAt) };
}

/** When the clerks post: in the hours before the close of the n-th business day; sometimes late, sometimes never, sometimes another amount. */
export function postings(
  story: CustomsStory,
  deliveredAt: EpochMs,
  { finance }: Calendars,
  chance: Chance,
): Pick<DemoShipment, 'dutyPence' | 'dutyPostedAt' | 'landedCostPostedAt'> {
  const onDay = (from: EpochMs, day: number): EpochMs =>
    toMinute(finance.addOpenDays(from, day) - chance.between(1.2, 8) * HOUR);
  const { dutyAssessedAt } = story;
  const duty = chance.next();
  const cost = chance.next();
  const dutyDay = duty < 0.1 ? chance.whole(3, 6) : chance.whole(1, 2);
  const costDay = cost < 0.1 ? chance.whole(6, 9) : chance.whole(1, 4);
  const assessed = chance.whole(12_000, 940_000);
  // A clerk's slip: another invoice's amount, or one digit too few.
  const wrong = chance.happens(0.5) ? chance.whole(12_000, 940_000) : Math.floor(assessed / 10);
  const slipped = chance.happens(0.07) && Math.abs(wrong - assessed) > 0.02 * assessed + 1_000;
  return {
    dutyPence: { assessed, posted: slipped ? wrong : assessed },
    ...(dutyAssessedAt !== undefined && duty < 0.96 && { dutyPostedAt: onDay(dutyAssessedAt, dutyDay) }),
    ...(cost < 0.95 && { landedCostPostedAt: onDay(deliveredAt, costDay) }),
  };
}
