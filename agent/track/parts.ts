import type { Channels } from '../../rules/channels.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { Assessor } from './assessor.ts';
import type { Awaiting } from './awaiting.ts';
import type { Feeds } from './feeds.ts';
import type { SourceBinding } from './mapper.ts';
import type { Membership } from './membership.ts';
import type { Notices } from './notices.ts';
import type { OpenLetters } from './open-letters.ts';
import type { OperatorAction } from './outcome.ts';
import type { Shipments } from './shipments.ts';
import type { StandingActions } from './standing.ts';
import type { Timers } from './timers.ts';
import type { Unstored } from './unstored.ts';

/** Everything a judge holds in memory; made empty, or from a snapshot (snapshot.ts). */
export interface JudgeParts {
  readonly sources: ReadonlyMap<string, SourceBinding>;
  readonly shipments: Shipments;
  readonly membership: Membership;
  readonly channels: Channels;
  readonly notices: Notices;
  readonly feeds: Feeds;
  readonly assessor: Assessor;
  readonly timers: Timers;
  readonly awaiting: Awaiting;
  readonly openLetters: OpenLetters;
  readonly standing: StandingActions;
  readonly unstored: Unstored;
  positions: Positions;
  logTime: EpochMs;
  /** Slot from which shipments are still to be judged by rules that came into force; absent when all were. */
  unjudgedFrom?: number | undefined;
}

/** An operator waives a clock; the slot of its shipment, which is to be judged again. */
export function waive({ shipments, assessor }: JudgeParts, { subject }: OperatorAction): number | undefined {
  const [shipmentId, clockId] = subject.split('/');
  const slot = shipments.slotOf(shipmentId ?? '');
  if (slot === undefined || clockId === undefined) return undefined;
  assessor.waived.add(clockId);
  shipments.at(slot).judged = undefined;
  return slot;
}
