import type { EpochMs } from '../../rules/time.ts';
import { airWaybill, containerNumber } from './identifiers.ts';
import type { Chance } from './random.ts';
import {
  DAY,
  HOUR,
  type Journey,
  LANES,
  type Lane,
  type LoadingPlan,
  MINUTE,
  toMinute,
  type WorldTimes,
} from './shipment.ts';

/** A journey before customs and the haulier had their say: the gate-out depends on the release. */
export type Voyage = Omit<Journey, 'gateOutAt' | 'emptyReturnedAt' | 'gateOutToldWrong' | 'toldPromptly'> & {
  /** Fixed for a scene; else when release and haulier allow. */
  readonly scene?: Scene;
};

/** Journeys that show something in particular. */
export type Scene =
  /** Collected in time while the carrier is silent: an unconfirmed breach that is withdrawn. */
  | 'collected-in-silence'
  /** Collected late, while the carrier is silent. */
  | 'late-in-silence'
  /** The time of collection is told wrong at first, and corrected. */
  | 'told-wrong';

const VESSELS = [
  'MV Larch Horizon',
  'MV Cedar Passage',
  'MV Alder Strait',
  'MV Rowan Bay',
  'MV Juniper Reach',
];

/** Free time at the terminal, as the rule `container-collected` has it. */
export const FREE_TIME_MS = 4 * DAY;

/** The next journey of a lane: when it goes and arrives, so that all stages are to be seen in the window. */
export function makeVoyage(lane: Lane, times: WorldTimes, chance: Chance, scene?: Scene): Voyage {
  const base = {
    lane,
    booking: `${lane.api === 'ocean-b' ? 'HS' : 'MD'}${chance.digits(9)}`,
    container: containerNumber(chance),
    awb: airWaybill(chance),
    vessel: chance.pick(VESSELS),
    voyage: `${chance.digits(3)}${chance.pick(['W', 'E'])}`,
    ...(scene && { scene }),
  };
  if (scene !== undefined) return { ...base, ...sceneTimes(scene, lane, times, chance) };
  switch (lane.name) {
    case 'shanghai-felixstowe':
      return {
        ...base,
        ...arriving(chance.between(times.startAt + DAY / 2, times.endAt + 8 * DAY), lane, chance),
      };
    case 'singapore-southampton':
      return { ...base, ...overColombo(times, chance) };
    case 'london-new-york':
      return { ...base, ...leaving(chance.between(times.startAt + 2 * DAY, times.endAt + 3 * DAY), chance) };
    case 'mumbai-heathrow':
      return { ...base, ...flying(chance.between(times.startAt + DAY, times.endAt + DAY), chance) };
  }
}

type Times = Pick<Journey, 'loadingPlans' | 'departedAt' | 'transshipment' | 'arrivedAt' | 'dischargedAt'>;

/** Transit and everything before it, backwards from an arrival by sea. */
function arriving(at: EpochMs, lane: Lane, chance: Chance): Times {
  const arrivedAt = toMinute(at);
  const transshipped = lane.transshipment !== undefined;
  const departedAt = toMinute(
    arrivedAt - chance.between(transshipped ? 27 : 32, transshipped ? 29 : 37) * DAY,
  );
  const calledAt = toMinute(departedAt + chance.between(4.5, 5.5) * DAY);
  return {
    loadingPlans: [
      { knownAt: departedAt - 12 * DAY, loadingAt: toMinute(departedAt - chance.between(8, 20) * HOUR) },
    ],
    departedAt,
    ...(transshipped && {
      transshipment: { arrivedAt: calledAt, departedAt: toMinute(calledAt + chance.between(1.5, 5) * DAY) },
    }),
    arrivedAt,
    dischargedAt: toMinute(arrivedAt + chance.between(4, 20) * HOUR),
  };
}

/** Some arrive in the window, some only pass Colombo in it. */
function overColombo(times: WorldTimes, chance: Chance): Times {
  if (chance.happens(0.55)) {
    return arriving(chance.between(times.startAt + DAY / 2, times.endAt + 4 * DAY), LANES.singapore, chance);
  }
  const calledAt = toMinute(chance.between(times.startAt + DAY, times.endAt - DAY / 2));
  const stayDays = chance.happens(0.25) ? chance.between(7.3, 9.5) : chance.between(1.5, 5.5);
  const leftAt = toMinute(calledAt + stayDays * DAY);
  const departedAt = toMinute(calledAt - chance.between(4.5, 5.5) * DAY);
  const arrivedAt = toMinute(leftAt + chance.between(21, 23) * DAY);
  return {
    loadingPlans: [
      { knownAt: departedAt - 12 * DAY, loadingAt: toMinute(departedAt - chance.between(8, 20) * HOUR) },
    ],
    departedAt,
    transshipment: { arrivedAt: calledAt, departedAt: leftAt },
    arrivedAt,
    dischargedAt: toMinute(arrivedAt + chance.between(4, 20) * HOUR),
  };
}

/** An export: its loading is sometimes planned anew. */
function leaving(at: EpochMs, chance: Chance): Times {
  const departedAt = toMinute(at);
  const loadingAt = toMinute(departedAt - chance.between(8, 16) * HOUR);
  const arrivedAt = toMinute(departedAt + chance.between(9, 11) * DAY);
  return {
    loadingPlans: plansOf(loadingAt, chance),
    departedAt,
    arrivedAt,
    dischargedAt: toMinute(arrivedAt + chance.between(4, 20) * HOUR),
  };
}

/** A later date is told half a day before the old deadline at the latest; an earlier one may leave no time at all. */
function plansOf(loadingAt: EpochMs, chance: Chance): readonly LoadingPlan[] {
  const first = loadingAt - 14 * DAY;
  const kind = chance.next();
  if (kind < 0.14) {
    const old = toMinute(loadingAt - chance.between(20, 50) * HOUR);
    const told = toMinute(old - DAY - chance.between(13, 40) * HOUR);
    return [
      { knownAt: first, loadingAt: old },
      { knownAt: told, loadingAt },
    ];
  }
  if (kind < 0.24) {
    const old = toMinute(loadingAt + chance.between(24, 40) * HOUR);
    return [
      { knownAt: first, loadingAt: old },
      { knownAt: toMinute(loadingAt - chance.between(18, 34) * HOUR), loadingAt },
    ];
  }
  return [{ knownAt: first, loadingAt }];
}

function flying(at: EpochMs, chance: Chance): Times {
  const departedAt = toMinute(at);
  const arrivedAt = toMinute(departedAt + chance.between(9.5, 15) * HOUR);
  return {
    loadingPlans: [{ knownAt: departedAt - 5 * DAY, loadingAt: toMinute(departedAt - 3 * HOUR) }],
    departedAt,
    arrivedAt,
    dischargedAt: toMinute(arrivedAt + chance.between(1, 3) * HOUR),
  };
}

/** Backwards from the end of the free time, so that it falls where the scene needs it. */
function sceneTimes(scene: Scene, lane: Lane, times: WorldTimes, chance: Chance): Times {
  const { silence, endAt } = times;
  const due =
    scene === 'told-wrong'
      ? endAt - chance.between(4, 22) * DAY
      : scene === 'late-in-silence'
        ? silence.from + chance.between(4, 7) * HOUR
        : silence.from + chance.between(3, 13) * HOUR;
  const dischargedAt = toMinute(due - FREE_TIME_MS);
  return { ...arriving(dischargedAt - 8 * HOUR, lane, chance), dischargedAt };
}

/** The end of the journey, once it is known when the goods may go. */
export function complete(voyage: Voyage, releasedAt: EpochMs, chance: Chance): Journey {
  const { scene, ...rest } = voyage;
  const due = voyage.dischargedAt + FREE_TIME_MS;
  const plain = (gateOutAt: EpochMs): Journey => ({
    ...rest,
    gateOutAt: toMinute(gateOutAt),
    emptyReturnedAt: toMinute(gateOutAt + chance.between(30, 130) * HOUR),
    toldPromptly: scene !== undefined,
  });
  switch (scene) {
    case 'collected-in-silence':
      return plain(due - chance.between(20, 100) * MINUTE);
    case 'late-in-silence':
      return plain(due + chance.between(20, 30) * HOUR);
    case 'told-wrong': {
      const told = { as: toMinute(due + 2 * HOUR), at: due + 3 * HOUR, correctedAt: due + 9 * HOUR };
      return { ...plain(due - HOUR), gateOutToldWrong: told };
    }
    default: {
      const ready = Math.max(
        voyage.dischargedAt + (voyage.lane.mode === 'air' ? HOUR : 4 * HOUR),
        releasedAt + 2 * HOUR,
      );
      const atSea = voyage.lane.mode === 'sea';
      // Now and then a box leaves the terminal that nobody has released.
      const early = releasedAt - chance.between(1, 20) * HOUR;
      if (atSea && chance.happens(0.15) && early > voyage.dischargedAt + 4 * HOUR) return plain(early);
      const late = atSea && chance.happens(0.1);
      const gateOutAt = late
        ? Math.max(ready, due) + chance.between(5, 60) * HOUR
        : Math.max(
            ready + HOUR,
            Math.min(ready + chance.between(2, 44) * HOUR, due - chance.between(1, 12) * HOUR),
          );
      return plain(gateOutAt);
    }
  }
}
