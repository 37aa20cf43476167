import type { AlertMemory } from './alert.ts';
import type { ShipmentEvent } from './event.ts';
import type { Step } from './testing.ts';
import type { Trace, TraceEntry } from './trace.ts';
import type { Verdict } from './verdict.ts';

/** What is known of one shipment while a scenario runs. */
export interface TestShipment {
  readonly name: string;
  readonly attributes: Trace['attributes'];
  readonly entries: Map<string, TraceEntry>;
  verdicts: ReadonlyMap<string, readonly Verdict[]>;
  readonly alerts: Map<string, AlertMemory>;
  /** Changes told, by rule, oldest first. */
  readonly told: Map<string, string[]>;
  readonly waived: Set<string>;
}

export const emptyShipment = (name: string, attributes: Trace['attributes']): TestShipment => ({
  name,
  attributes,
  entries: new Map(),
  verdicts: new Map(),
  alerts: new Map(),
  told: new Map(),
  waived: new Set(),
});

export function eventOf(step: Extract<Step, { kind: 'event' }>): ShipmentEvent {
  const key = `${step.source}/${step.shipment}/${step.id}`;
  const { unlocode } = step.place;
  return {
    id: `${key}@${step.order}`,
    key,
    revision: { order: step.order, tag: String(step.order) },
    source: step.source,
    partner: step.partner,
    tenant: 'test',
    milestone: step.milestone,
    occurrence: step.occurrence,
    classifier: step.classifier,
    occurredAt: step.occurredAt,
    observedAt: step.at,
    refs: [{ type: 'delivery', value: step.shipment }],
    ...(unlocode !== undefined && { location: { unlocode } }),
    attributes: step.attributes,
    retracted: step.retracted,
    raw: { stream: 'TEST', sequence: step.order },
  };
}
