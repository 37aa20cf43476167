import type { SavedChannels } from '../../rules/channels-saved.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Positions } from '../log/log.ts';
import { buildJudge, type JudgeSettings } from './build.ts';
import type { Judge } from './judge.ts';
import type { DeadLetter, OperatorAction } from './outcome.ts';

/** What ClickHouse holds, up to and including a floor. */
export interface StoredFacts {
  readonly positions: Positions;
  readonly logTime: EpochMs;
  /** How far each channel was heard at the floor: proofs of life are not stored one by one. */
  readonly heard: SavedChannels;
  /** Messages that nobody had read or dismissed by then, oldest first: any of them might be a proof. */
  readonly deadLetters: readonly RecalledLetter[];
  /** What operators did, in log order. */
  readonly actions: readonly OperatorAction[];
  /** Canonical events in (observedAt, stream, sequence) order. */
  readonly events: AsyncIterable<readonly ShipmentEvent[]>;
}

/** The little of a dead letter that holds a channel back. */
export type RecalledLetter = Pick<DeadLetter, 'id' | 'source' | 'partner' | 'sourceId' | 'observedAt'>;

/**
 * A judge without a snapshot, with its memory from stored facts: as it was at the floor. Alerts stand as the alert log had told
 * them by then; deciding them again would tell people things anew.
 *
 * ```text
 *   facts   events and operators' actions, in log order ──► traces, clocks      channels, open letters: as they stood at the floor
 *   log                                       floor ┆── read on from here
 * ```
 */
export async function rebuild(settings: JudgeSettings, facts: StoredFacts): Promise<Judge> {
  const judge = buildJudge(settings, undefined, { ...facts.heard, deadLetters: lettersOf(facts) });
  const { assessor, notices, feeds, openLetters } = judge.parts;
  for (const { source, sourceId, id } of facts.deadLetters) openLetters.add(source, sourceId, id);
  assessor.muted = true;
  const actions = [...facts.actions];
  const actBefore = (event: ShipmentEvent): void => {
    while (actions[0] !== undefined && isBefore(actions[0], event)) judge.recallAction(actions.shift()!);
  };
  for await (const events of facts.events) {
    for (const event of events) {
      actBefore(event);
      judge.recall(event);
    }
    judge.drain(false);
  }
  for (const action of actions) judge.recallAction(action);
  judge.advance(facts.logTime);
  judge.drain(false);
  assessor.muted = false;
  notices.stand(settings.told);
  feeds.stand(settings.told);
  judge.parts.positions = facts.positions;
  judge.dirtyAll();
  return judge;
}

const lettersOf = ({ deadLetters }: StoredFacts): SavedChannels['deadLetters'] =>
  deadLetters.map(({ id, source, partner, observedAt }) => ({ id, source, partner, at: observedAt }));

/** In the order in which streams are read: by time, then stream, then sequence. */
function isBefore(action: OperatorAction, { observedAt, raw }: ShipmentEvent): boolean {
  if (action.at !== observedAt) return action.at < observedAt;
  if (action.stream !== raw.stream) return action.stream < raw.stream;
  return action.sequence < raw.sequence;
}
