import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { EpochMs } from '../../rules/time.ts';
import type { ShipmentSpan } from './shipment-spans.ts';

export const SCOPE = { name: 'laytime' };
const STATUS = { unset: SpanStatusCode.UNSET, ok: SpanStatusCode.OK, error: SpanStatusCode.ERROR };

const resources = new Map<string, Resource>();

/** One object per service: the exporter groups spans by it. */
export function resourceOf(service: string): Resource {
  let resource = resources.get(service);
  if (resource === undefined) {
    resource = resourceFromAttributes({ 'service.name': service, 'service.namespace': 'laytime' });
    resources.set(service, resource);
  }
  return resource;
}

/** Seconds and nanoseconds, which OpenTelemetry reads as they are (a plain number it would set against the process's start). */
export const hrTime = (at: EpochMs): HrTime => {
  const seconds = Math.floor(at / 1000);
  return [seconds, Math.round((at - seconds * 1000) * 1e6)];
};

/** The span in OpenTelemetry's terms, with the ids it was given. */
export function readableSpan(span: ShipmentSpan): ReadableSpan {
  const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  const own = context(span.spanId);
  return {
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => own,
    ...(span.parentSpanId !== undefined && { parentSpanContext: context(span.parentSpanId) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    ended: true,
    status: { code: STATUS[span.status], ...(span.message !== '' && { message: span.message }) },
    attributes: { ...span.attributes },
    links: [],
    events: [],
    resource: resourceOf(span.service),
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
