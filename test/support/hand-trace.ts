import type { ChannelState, ChannelView } from '../../rules/channel.ts';
import type { AttributeValue, Location, Occurrence } from '../../rules/event.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import { type EpochMs, instant, type TimeSpan } from '../../rules/time.ts';
import type { Fact, Hold, MilestoneFact, Trace } from '../../rules/trace.ts';

/** `2026-06-01 09:00` in UTC. */
export const utc = (text: string): EpochMs => Date.parse(`${text.replace(' ', 'T')}Z`);

/** Every instant of a UTC date. */
export const dateOnly = (date: string): TimeSpan => ({
  from: utc(`${date} 00:00`),
  to: utc(`${date} 23:59:59.999`),
  zone: 'UTC',
  zoneFrom: 'place',
});

let eventNumber = 0;

export function fact(at: EpochMs | TimeSpan, observedAt?: EpochMs, location?: Location): Fact {
  const span = typeof at === 'number' ? instant(at) : at;
  eventNumber += 1;
  return {
    at: span,
    observedAt: observedAt ?? span.to,
    source: 'test',
    partner: 'acme',
    eventId: `e${eventNumber}`,
    raw: { stream: 'RAW', sequence: eventNumber },
    ...(location && { location }),
    attributes: {},
  };
}

export const actual = (milestone: MilestoneCode, occurrence: Occurrence, of: Fact): MilestoneFact => ({
  milestone,
  occurrence,
  actual: of,
});

export const planned = (milestone: MilestoneCode, occurrence: Occurrence, of: Fact): MilestoneFact => ({
  milestone,
  occurrence,
  planned: of,
});

export const hold = (agency: string, placed: Fact, removed?: Fact, reason = ''): Hold => ({
  agency,
  reason,
  placed,
  ...(removed && { removed }),
});

export function traceOf(
  milestones: readonly MilestoneFact[],
  holds: readonly Hold[] = [],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Trace {
  return {
    shipmentId: 's1',
    tenant: 'default',
    refs: [],
    milestones,
    holds,
    attributes,
    voided: [],
    partners: ['acme'],
    firstObservedAt: 0,
    lastObservedAt: 0,
  };
}

/** Channels that are heard up to the given watermarks, whatever is asked. */
export const heardUntil = (...watermarks: readonly EpochMs[]): ChannelView =>
  statesOf(watermarks.map((watermark) => ({ watermark })));

export const statesOf = (states: readonly Partial<ChannelState>[]): ChannelView => ({
  provers: () =>
    states.map((state, index) => ({
      id: `c${index + 1}`,
      source: 'test',
      partner: 'acme',
      watermark: Number.NEGATIVE_INFINITY,
      assumedUntil: Number.NEGATIVE_INFINITY,
      status: 'hearing',
      bestEffort: false,
      ...state,
    })),
});
