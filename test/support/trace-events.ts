import type { ShipmentEvent } from '../../rules/event.ts';
import { instant } from '../../rules/time.ts';
import { eventIdOf, foldTrace, type Trace, type TraceEntry } from '../../rules/trace.ts';
import { absorb } from '../../rules/trace-absorb.ts';

export const HOUR = 3_600_000;
const START = Temporal.Instant.from('2026-05-01T00:00:00Z').epochMilliseconds;
/** The n-th hour of these tests. */
export const hour = (n: number): number => START + n * HOUR;

/** An event with the parts that matter; `at` in hours. Heard half an hour after it happened unless `observed` says otherwise. */
export function event(
  key: string,
  over: Partial<Omit<ShipmentEvent, 'key' | 'id'>> & {
    readonly at?: number;
    readonly observed?: number;
  } = {},
): ShipmentEvent {
  const { at = 0, observed = at + 0.5, ...rest } = over;
  const revision = rest.revision ?? { order: hour(observed), tag: `t-${key}` };
  return {
    source: 'broker',
    partner: 'acme',
    tenant: 'one',
    milestone: 'arrived',
    occurrence: {},
    classifier: 'actual',
    occurredAt: instant(hour(at)),
    observedAt: hour(observed),
    refs: [],
    attributes: {},
    retracted: false,
    raw: { stream: 'RAW', sequence: Math.round(observed * 100) },
    ...rest,
    key,
    revision,
    id: eventIdOf(key, revision),
  };
}

export function entriesOf(events: readonly ShipmentEvent[]): Map<string, TraceEntry> {
  const entries = new Map<string, TraceEntry>();
  for (const e of events) absorb(entries, e);
  return entries;
}

export const RANKS: Readonly<Record<string, number>> = { terminal: 2, broker: 1 };

export const traceOf = (events: readonly ShipmentEvent[]): Trace =>
  foldTrace('s-1', 'one', [], entriesOf(events).values(), (source) => RANKS[source] ?? 0);
