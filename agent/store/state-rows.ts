import type { Hold, MilestoneFact, Trace } from '../../rules/trace.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { ShipmentState } from '../track/outcome.ts';
import { encodeAttributes, encodeRefs } from './fact-rows.ts';
import type { RowWriter } from './row-binary.ts';
import type { RowVersion } from './tables.ts';
import { traceIdOf } from './trace-ids.ts';

export function encodeShipment(to: RowWriter, state: ShipmentState, version: RowVersion): void {
  const { trace } = state;
  to.string(trace.shipmentId);
  to.string(traceIdOf(trace.shipmentId));
  to.pair(version.epoch, version.ordinal);
  to.string(trace.tenant);
  to.int64(finiteOr(trace.firstObservedAt, 0));
  to.int64(finiteOr(trace.lastObservedAt, 0));
  encodeRefs(to, trace.refs);
  to.strings(trace.partners);
  encodeAttributes(to, trace.attributes, false);
  encodeMilestones(to, trace.milestones);
  encodeFirstPlanned(to, trace.milestones);
  encodeHolds(to, trace.holds);
  encodeVoided(to, trace.voided);
  to.length(state.clocks.length);
  for (const clock of state.clocks) encodeClock(to, clock);
  to.endRow();
}

/** The fold of nothing has infinite bounds. */
const finiteOr = (value: number, fallback: number): number => (Number.isFinite(value) ? value : fallback);

function encodeMilestones(to: RowWriter, milestones: readonly MilestoneFact[]): void {
  to.length(milestones.length);
  for (const { milestone, occurrence, planned, estimated, actual } of milestones) {
    // What happened says more than what is expected, and that more than what was agreed.
    const best = actual ?? estimated ?? planned;
    to.string(milestone);
    to.string(occurrence.role ?? '');
    to.string(occurrence.leg ?? '');
    to.string(occurrence.subject ?? '');
    to.nullableInt64(planned?.at.from);
    to.nullableInt64(planned?.at.to);
    to.nullableInt64(estimated?.at.from);
    to.nullableInt64(estimated?.at.to);
    to.nullableInt64(actual?.at.from);
    to.nullableInt64(actual?.at.to);
    to.string(best?.at.zone ?? '');
    to.string(best?.location?.unlocode ?? '');
    to.string(best?.location?.name ?? '');
    to.string(best?.location?.country ?? '');
    to.string(best?.source ?? '');
    to.string(best?.partner ?? '');
    to.int64(best?.observedAt ?? 0);
    to.string(best?.eventId ?? '');
  }
}

/** One for each milestone, or none when no plan of the shipment was ever another. */
function encodeFirstPlanned(to: RowWriter, milestones: readonly MilestoneFact[]): void {
  const replanned = milestones.some(({ firstPlanned }) => firstPlanned !== undefined);
  to.length(replanned ? milestones.length : 0);
  if (!replanned) return;
  for (const { firstPlanned } of milestones) {
    to.nullableInt64(firstPlanned?.at.from);
    to.nullableInt64(firstPlanned?.at.to);
  }
}

function encodeHolds(to: RowWriter, holds: readonly Hold[]): void {
  to.length(holds.length);
  for (const hold of holds) {
    to.string(hold.agency);
    to.string(hold.reason);
    to.string(hold.subject ?? '');
    to.int64(hold.placed.at.from);
    to.string(hold.placed.eventId);
    to.nullableInt64(hold.removed?.at.to);
    to.string(hold.removed?.eventId ?? '');
    to.string(hold.placed.partner);
  }
}

function encodeVoided(to: RowWriter, voided: Trace['voided']): void {
  to.length(voided.length);
  for (const one of voided) {
    to.string(one.eventId);
    to.string(one.milestone);
    to.string(one.reason);
  }
}

function encodeClock(to: RowWriter, clock: Verdict): void {
  to.string(clock.clockId);
  to.string(clock.rule);
  to.string(clock.ruleVersion);
  to.string(clock.occurrence.role ?? '');
  to.string(clock.occurrence.leg ?? '');
  to.string(clock.occurrence.subject ?? '');
  to.string(clock.state);
  to.string(clock.reason);
  to.string(clock.confidence ?? '');
  to.nullableInt64(clock.startAt);
  to.nullableInt64(clock.warnAt);
  to.nullableInt64(clock.dueAt);
  to.nullableInt64(clock.endAt);
  to.nullableInt64(clock.lateMs);
  to.nullableInt64(clock.nextAt);
  to.strings(clock.evidence);
  to.strings(clock.awaitingChannels);
}
