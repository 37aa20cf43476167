import { hash } from 'node:crypto';
import { murmur128 } from '../../rules/hash.ts';

/** 32 hex digits: the W3C trace id of a shipment, the same in ClickHouse and in exported spans. */
export function traceIdOf(shipmentId: string): string {
  const [a, b, c, d] = murmur128(`trace\u001f${shipmentId}`);
  return hex8(a) + hex8(b) + hex8(c) + hex8(d);
}

/** 16 hex digits: the span id of a shipment's root span, the first half of its trace id. */
export const rootSpanIdOf = (shipmentId: string): string => traceIdOf(shipmentId).slice(0, 16);

const hex8 = (word: number): string => word.toString(16).padStart(8, '0');

/**
 * 16 hex digits: the span id of a part of a shipment's trace, named by a key that is unique within the shipment. By a hash that
 * ClickHouse has too: the view `otel_traces` makes the same ids.
 */
export const spanIdOf = (shipmentId: string, key: string): string =>
  hash('sha256', `span\u001f${shipmentId}\u001f${key}`).slice(0, 16);
