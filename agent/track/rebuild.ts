import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { Judge } from './judge.ts';

/** What ClickHouse holds, up to and including a floor. */
export interface StoredFacts {
  readonly positions: Positions;
  readonly logTime: EpochMs;
  /** Canonical events in (observedAt, stream, sequence) order. */
  readonly events: AsyncIterable<readonly ShipmentEvent[]>;
}

/**
 * Gives a judge without a snapshot its memory back from stored facts. Alerts stand as the alert log tells them: proofs of life are
 * not stored, so deciding again would tell people things anew. Channels are blind until they prove themselves.
 */
export async function rebuild(judge: Judge, facts: StoredFacts): Promise<void> {
  const { assessor } = judge.parts;
  assessor.muted = true;
  try {
    for await (const events of facts.events) {
      for (const event of events) judge.recall(event);
      judge.drain(false);
    }
    judge.advance(facts.logTime);
    judge.drain(false);
  } finally {
    assessor.muted = false;
  }
  judge.parts.positions = facts.positions;
  judge.dirtyAll();
}
