import { hashId } from './hash.ts';
import type { EpochMs } from './time.ts';
import type { Verdict, VerdictReason } from './verdict.ts';

export type AlertStatus = 'at-risk' | 'firing' | 'resolved' | 'withdrawn';

/** What an alert change tells a person. */
export type AlertChangeKind =
  | 'at-risk'
  | 'fired'
  | 'fired-unconfirmed'
  | 'confirmed'
  | 'resolved'
  | 'withdrawn'
  | 'reopened';

/** The little that must be remembered to decide the next change. */
export interface AlertMemory {
  readonly status: AlertStatus;
  readonly confirmed: boolean;
  /** Number of the last change, from 1. */
  readonly change: number;
}

export interface AlertChange {
  readonly alertId: string;
  /** 1, 2, 3 … within the alert. */
  readonly number: number;
  readonly kind: AlertChangeKind;
  readonly reason: VerdictReason;
  /** Log time at which the verdict became so. */
  readonly at: EpochMs;
  readonly after: AlertMemory;
}

/** An alert belongs to a clock for ever; its id therefore is the clock's, hashed again so that the two cannot be mixed up. */
export const alertIdOf = (clockId: string): string => hashId('alert', clockId);

export type AlertDecision =
  | { readonly change: AlertChange }
  | { readonly change: undefined; readonly because: 'nothing-to-tell' | 'already-told' };

export type DecideAlert = (
  previous: AlertMemory | undefined,
  verdict: Verdict,
  now: EpochMs,
) => AlertDecision;
