import type { MapResult } from '../../collectors/maps/map.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { refText } from '../../rules/refs.ts';
import { originalRecord } from '../log/redrive.ts';
import type { LetteredMessage } from '../store/letters.ts';
import { mapAgain, type SourceBinding } from '../track/mapper.ts';
import { stillUnreadable } from '../track/redrive.ts';

/** An event as a person compares it. */
export interface EventBrief {
  readonly event_id: string;
  readonly milestone: string;
  readonly classifier: string;
  readonly occurred_at: string;
  readonly role: string;
  readonly refs: readonly string[];
  readonly retracted: boolean;
}

export const briefOf = (event: ShipmentEvent): EventBrief => ({
  event_id: event.id,
  milestone: event.milestone,
  classifier: event.classifier,
  occurred_at: new Date(event.occurredAt.from).toISOString(),
  role: event.occurrence.role ?? '',
  refs: event.refs.map(refText),
  retracted: event.retracted,
});

/** A letter, and what it would be with the maps of today: `''` when it would be none, else why it still is one. */
export interface LetterVerdict {
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly path: string;
  readonly now_code: string;
  readonly now_reason: string;
}

/** What the current map makes of a message. Its events are shown up to {@link MOST_EVENTS}. */
export interface Reading {
  readonly letters: readonly LetterVerdict[];
  readonly events: readonly EventBrief[];
  readonly event_count: number;
}

const MOST_EVENTS = 20;

/** Maps a message with open letters through the map of its source. Nothing is changed by it. */
export function readingOf(message: LetteredMessage, bindings: ReadonlyMap<string, SourceBinding>): Reading {
  const { result } = mapAgain(message, originalRecord(message), bindings);
  const events = result.kind === 'events' ? result.events : [];
  return {
    letters: message.letters.map((letter) => ({ ...letter, ...nowOf(letter.id, message, result) })),
    events: events.slice(0, MOST_EVENTS).map(briefOf),
    event_count: events.length,
  };
}

function nowOf(
  id: string,
  message: LetteredMessage,
  result: MapResult,
): Pick<LetterVerdict, 'now_code' | 'now_reason'> {
  const now = result.kind === 'dead-letter' ? result : stillUnreadable(message, result).get(id);
  return { now_code: now?.code ?? '', now_reason: now?.reason ?? '' };
}
