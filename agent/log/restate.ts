import type { ShipmentEvent } from '../../rules/event.ts';
import type { LogRecord } from './log.ts';

/** An operator's wish that statements be read otherwise than they were: history, mapped anew. The body of a record of kind `restate`. */
export interface Restatement {
  /** The same for every record of one replay. */
  readonly id: string;
  readonly source: string;
  readonly by: string;
  readonly comment: string;
  /** Each a higher revision of a statement that stands, or a new one; `observedAt` is the record's, whatever it says. */
  readonly events: readonly ShipmentEvent[];
}

/** What a record of kind `restate` says. Throws for one that is none. */
export function toRestatement(record: LogRecord): Restatement {
  const body = JSON.parse(Buffer.from(record.data).toString('utf8')) as Restatement;
  const whole = ({ id, key, milestone, refs, raw }: ShipmentEvent): boolean =>
    [id, key, milestone, raw?.stream].every((text) => typeof text === 'string') && Array.isArray(refs);
  if (!Array.isArray(body.events) || !body.events.every(whole) || typeof body.id !== 'string')
    throw new Error('a restatement without events');
  const { observedAt } = record;
  return { ...body, events: body.events.map((event) => ({ ...event, observedAt })) };
}
