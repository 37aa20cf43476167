import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import type { JudgeSettings } from './build.ts';
import type { Judge } from './judge.ts';
import type { DeadLetter } from './outcome.ts';

/** What ClickHouse holds, up to and including a floor. */
export interface StoredFacts {
  readonly positions: Positions;
  readonly logTime: EpochMs;
  /** Messages that nobody could read and nobody has dismissed, oldest first: any of them might be a proof. */
  readonly deadLetters?: readonly RecalledLetter[];
  /** Canonical events in (observedAt, stream, sequence) order. */
  readonly events: AsyncIterable<readonly ShipmentEvent[]>;
}

/** The little of a dead letter that holds a channel back. */
export type RecalledLetter = Pick<DeadLetter, 'id' | 'source' | 'partner' | 'sourceId' | 'observedAt'>;

/**
 * Gives a judge without a snapshot its memory back from stored facts. Alerts stand as the alert log tells them: proofs of life are
 * not stored, so deciding again would tell people things anew. Channels are blind until they prove themselves.
 */
export async function rebuild(judge: Judge, facts: StoredFacts, told: JudgeSettings['told']): Promise<void> {
  const { assessor, notices } = judge.parts;
  assessor.muted = true;
  const letters = [...(facts.deadLetters ?? [])];
  const recallLettersUntil = (at: EpochMs): void => {
    while (letters[0] !== undefined && letters[0].observedAt <= at) judge.recallLetter(letters.shift()!);
  };
  try {
    for await (const events of facts.events) {
      for (const event of events) {
        recallLettersUntil(event.observedAt);
        judge.recall(event);
      }
      judge.drain(false);
    }
    recallLettersUntil(facts.logTime);
    judge.advance(facts.logTime);
    judge.drain(false);
  } finally {
    assessor.muted = false;
  }
  notices.stand(told);
  judge.parts.positions = facts.positions;
  judge.dirtyAll();
}
