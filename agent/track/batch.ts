import type { Unmapped } from '../../collectors/maps/map.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { JudgeBatch } from './outcome.ts';
import type { SeenOnce } from './unstored.ts';

/** A batch that is still being gathered: its lists can be added to. */
export type GrowingBatch = {
  -readonly [K in keyof JudgeBatch]: JudgeBatch[K] extends readonly (infer E)[] ? E[] : JudgeBatch[K];
};

export const emptyBatch = (positions: Positions, logTime: EpochMs): GrowingBatch => ({
  positions,
  logTime,
  records: [],
  events: [],
  unmapped: [],
  links: [],
  deadLetters: [],
  channels: [],
  operator: [],
  shipments: [],
  alerts: [],
});

/** What maps and windows found odd; who spoke is the item's own word, else the message's. */
export function noteUnmapped(
  batch: GrowingBatch,
  source: string,
  partner: string,
  items: readonly Unmapped[],
): void {
  for (const item of items) batch.unmapped.push({ source, partner: item.partner ?? partner, item });
}

/** An event that is known already: counted, by who said it again. */
export function noteRepeat(batch: GrowingBatch, { source, partner }: ShipmentEvent): void {
  batch.unmapped.push({ source, partner, item: SAID_BEFORE });
}

const SAID_BEFORE: Unmapped = { kind: 'duplicate', path: '', value: '', why: 'it was said before' };

export function addSeen(batch: GrowingBatch, { links, channels, operator }: SeenOnce): void {
  batch.links.push(...links);
  batch.channels.push(...channels);
  batch.operator.push(...operator);
}
