import { count, flag, list, object, type Schema, text, texts, time } from './schema.ts';

export const DEAD_LETTER = object({
  id: text,
  source: text,
  partner: text,
  stream: text,
  sequence: count,
  observed_at: time,
  code: text,
  reason: text,
  path: text,
  source_id: text,
  content_type: text,
  data: text,
  data_bytes: count,
  status: text,
  dismissed_by: text,
  comment: text,
});

const eventBrief = object({
  event_id: text,
  milestone: text,
  classifier: text,
  occurred_at: time,
  role: text,
  refs: texts,
  retracted: flag,
});

export const REDRIVEN = object({
  source: text,
  partner: text,
  stream: text,
  sequence: count,
  observed_at: time,
  letters: list(object({ id: text, code: text, reason: text, path: text, now_code: text, now_reason: text })),
  events: list(eventBrief),
  event_count: count,
  redriven: flag,
});

const maybeEvent: Schema = { ...eventBrief, type: ['object', 'null'] };

export const REPLAYED = object(
  {
    messages: count,
    unchanged: count,
    superseded: count,
    unreadable: list(object({ stream: text, sequence: count, why: text })),
    differences: list(object({ kind: text, raw: text, key: text, before: maybeEvent, after: maybeEvent })),
    shipments: texts,
    verdicts: list(object({ shipment_id: text, rule: text, clock_id: text, before: text, after: text })),
    configured: flag,
    cursor: text,
  },
  ['cursor'],
);
