import type { EpochMs } from '../../rules/time.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Places that goods pass on a lane, with their zones. */
export interface Lane {
  readonly name: 'shanghai-felixstowe' | 'singapore-southampton' | 'london-new-york' | 'mumbai-heathrow';
  readonly mode: 'sea' | 'air';
  readonly origin: Stop;
  readonly transshipment?: Stop;
  readonly destination: Stop;
  readonly carrier: string;
  /** The ocean carrier's API that tells of it; absent for air, of which the TMS tells. */
  readonly api?: 'ocean-a' | 'ocean-b';
}

export interface Stop {
  readonly unlocode: string;
  readonly zone: string;
}

const SHANGHAI: Stop = { unlocode: 'CNSHG', zone: 'Asia/Shanghai' };
const FELIXSTOWE: Stop = { unlocode: 'GBFXT', zone: 'Europe/London' };
const SINGAPORE: Stop = { unlocode: 'SGSIN', zone: 'Asia/Singapore' };
const COLOMBO: Stop = { unlocode: 'LKCMB', zone: 'Asia/Colombo' };
const SOUTHAMPTON: Stop = { unlocode: 'GBSOU', zone: 'Europe/London' };
const LONDON_GATEWAY: Stop = { unlocode: 'GBLGP', zone: 'Europe/London' };
const NEW_YORK: Stop = { unlocode: 'USNYC', zone: 'America/New_York' };
const MUMBAI: Stop = { unlocode: 'INBOM', zone: 'Asia/Kolkata' };
const HEATHROW: Stop = { unlocode: 'GBLHR', zone: 'Europe/London' };

export const LANES = {
  shanghai: {
    name: 'shanghai-felixstowe',
    mode: 'sea',
    origin: SHANGHAI,
    destination: FELIXSTOWE,
    carrier: 'Meridian Line',
    api: 'ocean-a',
  },
  singapore: {
    name: 'singapore-southampton',
    mode: 'sea',
    origin: SINGAPORE,
    transshipment: COLOMBO,
    destination: SOUTHAMPTON,
    carrier: 'Halcyon Shipping',
    api: 'ocean-b',
  },
  newYork: {
    name: 'london-new-york',
    mode: 'sea',
    origin: LONDON_GATEWAY,
    destination: NEW_YORK,
    carrier: 'Halcyon Shipping',
    api: 'ocean-b',
  },
  heathrow: {
    name: 'mumbai-heathrow',
    mode: 'air',
    origin: MUMBAI,
    destination: HEATHROW,
    carrier: 'Peregrine Air Cargo',
  },
} as const satisfies Record<string, Lane>;

/** A declaration and what customs did with it. Times are absent when it never happens. */
export interface Declaration {
  readonly lrn: string;
  readonly mrn?: string;
  readonly filedAt: EpochMs;
  readonly acceptedAt?: EpochMs;
  readonly rejectedAt?: EpochMs;
}

export interface TrueHold {
  readonly agency: 'HMRC' | 'FDA';
  readonly reason: string;
  readonly placedAt: EpochMs;
  readonly removedAt: EpochMs;
}

/** The plan of loading, and when it became the plan. */
export interface LoadingPlan {
  readonly knownAt: EpochMs;
  readonly loadingAt: EpochMs;
}

/** A posting of goods issue; one that was cancelled is followed by another. */
export interface GoodsIssue {
  readonly at: EpochMs;
  readonly cancelledAt?: EpochMs;
}

/** What really happened (or will happen) to a container on its way. Shared by the deliveries in it. */
export interface Journey {
  readonly lane: Lane;
  readonly booking: string;
  readonly container: string;
  readonly awb: string;
  readonly vessel: string;
  readonly voyage: string;
  readonly loadingPlans: readonly LoadingPlan[];
  readonly departedAt: EpochMs;
  readonly transshipment?: { readonly arrivedAt: EpochMs; readonly departedAt: EpochMs };
  readonly arrivedAt: EpochMs;
  readonly dischargedAt: EpochMs;
  readonly gateOutAt: EpochMs;
  readonly emptyReturnedAt: EpochMs;
  /** The carrier first tells this time of the gate-out, and the right one later. */
  readonly gateOutToldWrong?: { readonly as: EpochMs; readonly at: EpochMs; readonly correctedAt: EpochMs };
  /** Everything the carrier tells of it is told at once: it happens to matter when that is. */
  readonly toldPromptly: boolean;
}

/** One delivery: what the simulator knows to be true of it. */
export interface DemoShipment {
  readonly index: number;
  readonly delivery: string;
  readonly tmsId: string;
  readonly order: string;
  readonly purchaseOrder: string;
  readonly customerRef: string;
  readonly customer: string;
  readonly incoterm: string;
  readonly houseBill: string;
  readonly journey: Journey;
  readonly createdAt: EpochMs;
  readonly goodsIssues: readonly GoodsIssue[];
  /** Of the import (UK) or of the export (UK); the last one is the one that went through. */
  readonly declarations: readonly Declaration[];
  /** US entry number and when it was filed. */
  readonly entry?: { readonly number: string; readonly filedAt: EpochMs };
  readonly exportClearedAt?: EpochMs;
  readonly hold?: TrueHold;
  readonly dutyAssessedAt?: EpochMs;
  /** In pence, as customs assesses and as a clerk posts it. */
  readonly dutyPence: { readonly assessed: number; readonly posted: number };
  readonly releasedAt: EpochMs;
  /** When the customer was promised the goods. */
  readonly promisedAt: EpochMs;
  readonly deliveredAt: EpochMs;
  /** Moments of posting, in business hours; only their dates are told. Absent: forgotten. */
  readonly dutyPostedAt?: EpochMs;
  readonly landedCostPostedAt?: EpochMs;
}

/** When the world began to be watched, until when it is known, and the carrier's silence. */
export interface WorldTimes {
  readonly startAt: EpochMs;
  readonly endAt: EpochMs;
  readonly silence: { readonly from: EpochMs; readonly to: EpochMs };
}

export const toMinute = (at: EpochMs): EpochMs => Math.round(at / MINUTE) * MINUTE;
