import type { ChannelReason, ChannelTransition } from './channel.ts';
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
  /**
   * While firing: the breach is proved. Once resolved: the end came late, so there was a breach. At risk: a breach was
   * told before and did not hold. Otherwise false.
   */
  readonly confirmed: boolean;
  /** Number of the last change, from 1. */
  readonly change: number;
  /** Nobody was told when it was raised, so nobody needs to hear how it ended. */
  readonly untold?: boolean;
}

/** Why an alert changed: the verdict's reason, or for an alert about a channel, the channel's. */
export type AlertReason = VerdictReason | ChannelReason | 'identity-conflict' | 'messages-changed';

export interface AlertChange {
  readonly alertId: string;
  /** 1, 2, 3 … within the alert. */
  readonly number: number;
  readonly kind: AlertChangeKind;
  readonly reason: AlertReason;
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

/**
 * Decides what a verdict changes about the alert of its clock. The table, rows what was told last, columns the verdict:
 *
 * ```text
 *                      at-risk   breached           breached    met-late   met         running,    withdrawn,
 *                                unconfirmed        proved                             waiting     waived, n/a
 *   nothing told       at-risk   fired-unconfirmed  fired       –          –           –           –
 *   at-risk            =         fired-unconfirmed  fired       resolved   resolved    withdrawn   withdrawn
 *   at-risk, had fired =         reopened           reopened    resolved   withdrawn   withdrawn   withdrawn
 *   firing             at-risk   =                  confirmed   resolved   withdrawn   withdrawn   withdrawn
 *   resolved, was late at-risk   reopened           reopened    =          withdrawn   –           withdrawn
 *   resolved in time   at-risk   reopened           reopened    –          =           –           –
 *   withdrawn          at-risk   reopened           reopened    –          =           –           =
 * ```
 *
 * `=` already told, `–` nothing to tell. `unknown` and `paused` change nothing, except that a pause takes a breach back.
 */
export const decideAlert: DecideAlert = (previous, verdict, now) => {
  const kind = wanted(previous, verdict);
  if (kind === 'already-told' || kind === 'nothing-to-tell') return { change: undefined, because: kind };
  const number = (previous?.change ?? 0) + 1;
  return {
    change: {
      alertId: alertIdOf(verdict.clockId),
      number,
      kind,
      reason: reasonOf(kind, verdict),
      at: now,
      after: { ...afterwards(kind, previous, verdict), change: number },
    },
  };
};

type Wanted = AlertChangeKind | 'already-told' | 'nothing-to-tell';

function wanted(previous: AlertMemory | undefined, verdict: Verdict): Wanted {
  switch (verdict.state) {
    case 'at-risk':
      return previous?.status === 'at-risk' ? 'already-told' : 'at-risk';
    case 'breached':
      return wantedForBreach(previous, verdict);
    case 'met-late':
      return wantedForLateEnd(previous);
    case 'met':
      return isOpen(previous) && isRighted(previous, verdict) ? 'resolved' : wantedForEndInTime(previous);
    case 'unknown':
      return previous === undefined ? 'nothing-to-tell' : 'already-told';
    case 'paused':
      return previous?.status === 'firing' ? 'withdrawn' : 'nothing-to-tell';
    case 'running':
    case 'waiting':
      if (!isOpen(previous)) return 'nothing-to-tell';
      return isRighted(previous, verdict) ? 'resolved' : 'withdrawn';
    case 'withdrawn':
    case 'waived':
    case 'not-applicable':
      if (isOpen(previous) || wasLate(previous)) return 'withdrawn';
      return previous?.status === 'withdrawn' ? 'already-told' : 'nothing-to-tell';
  }
}

/**
 * Whether a breach was right when it was told, and is over: books that differed agree now, a shipment that was quiet spoke. News that turns
 * out to have been in time shows instead that it was wrong. A warning that somebody heeded was right in any case.
 */
const isRighted = (previous: AlertMemory | undefined, { reason }: Verdict): boolean =>
  reason === 'heard-after-silence' ||
  reason === 'no-longer-active' ||
  reason === 'values-agree' ||
  reason === 'feed-heard' ||
  (reason === 'heard-of' && previous?.status === 'at-risk');

const isOpen = (previous: AlertMemory | undefined): boolean =>
  previous?.status === 'at-risk' || previous?.status === 'firing';

const wasLate = (previous: AlertMemory | undefined): boolean =>
  previous?.status === 'resolved' && previous.confirmed;

function wantedForBreach(previous: AlertMemory | undefined, verdict: Verdict): Wanted {
  const proved = verdict.confidence === 'proved';
  if (previous?.status === 'firing') return proved && !previous.confirmed ? 'confirmed' : 'already-told';
  const firedBefore = previous !== undefined && (previous.status !== 'at-risk' || previous.confirmed);
  if (firedBefore) return 'reopened';
  return proved ? 'fired' : 'fired-unconfirmed';
}

function wantedForLateEnd(previous: AlertMemory | undefined): Wanted {
  if (isOpen(previous)) return 'resolved';
  return wasLate(previous) ? 'already-told' : 'nothing-to-tell';
}

function wantedForEndInTime(previous: AlertMemory | undefined): Wanted {
  if (previous === undefined) return 'nothing-to-tell';
  if (previous.status === 'firing' || wasLate(previous)) return 'withdrawn';
  if (previous.status === 'at-risk') return previous.confirmed ? 'withdrawn' : 'resolved';
  return 'already-told';
}

/** A start that is not there any more was there when the alert was raised. */
const reasonOf = (kind: AlertChangeKind, { reason }: Verdict): VerdictReason =>
  kind === 'withdrawn' && reason === 'start-not-seen' ? 'start-retracted' : reason;

function afterwards(
  kind: AlertChangeKind,
  previous: AlertMemory | undefined,
  verdict: Verdict,
): Pick<AlertMemory, 'status' | 'confirmed'> {
  switch (kind) {
    case 'at-risk':
      return { status: 'at-risk', confirmed: previous?.status === 'firing' || wasLate(previous) };
    case 'resolved':
      return { status: 'resolved', confirmed: verdict.state === 'met-late' };
    case 'withdrawn':
      return { status: 'withdrawn', confirmed: false };
    default:
      return { status: 'firing', confirmed: verdict.confidence === 'proved' };
  }
}

/** The id of the one alert of a channel. */
export const channelAlertIdOf = (channelId: string): string => hashId('alert', 'channel', channelId);

/**
 * Decides what a transition changes about the one alert of its channel. A channel that is not heard again yet after
 * a restart is no news until `expect_every` has passed.
 */
export function decideChannelAlert(
  previous: AlertMemory | undefined,
  transition: ChannelTransition,
  now: EpochMs,
): AlertDecision {
  const firing = previous?.status === 'firing';
  const silent = transition.status !== 'hearing';
  if (silent && transition.reason === 'restarted') return { change: undefined, because: 'nothing-to-tell' };
  if (silent === firing) return { change: undefined, because: silent ? 'already-told' : 'nothing-to-tell' };
  const number = (previous?.change ?? 0) + 1;
  const kind = firing ? 'resolved' : previous === undefined ? 'fired' : 'reopened';
  return {
    change: {
      alertId: channelAlertIdOf(transition.channelId),
      number,
      kind,
      reason: transition.reason,
      at: now,
      after: { status: firing ? 'resolved' : 'firing', confirmed: !firing, change: number },
    },
  };
}
