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

export function addSeen(batch: GrowingBatch, { links, channels, operator }: SeenOnce): void {
  batch.links.push(...links);
  batch.channels.push(...channels);
  batch.operator.push(...operator);
}
