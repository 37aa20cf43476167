import { readDrift } from '../../store/drift.ts';
import { given, word } from '../parameters.ts';
import type { Route } from '../route.ts';
import { count, list, maybeNumber, object, text } from '../schema.ts';

const DAYS = 14;
const MOST_DAYS = 366;

export const listDrift: Route = {
  method: 'GET',
  path: '/api/v1/drift',
  name: 'listDrift',
  summary:
    'How the messages of each partner change, by day: events, times in the future, reporting lag, dead letters, codes and places not known, check digits, fields that came, went or changed their type, repetitions',
  role: 'viewer',
  query: {
    source: word('name of a source'),
    days: {
      describe: 'how many days up to the newest',
      schema: { type: 'integer', minimum: 1, maximum: MOST_DAYS, default: DAYS },
    },
  },
  answer: object({
    rows: list(
      object({
        ...{ source: text, partner: text, day: text, events: count, future_times: count },
        ...{ lag_median_s: maybeNumber, lag_p95_s: maybeNumber, dead_letters: count },
        ...{ unknown_codes: count, bad_refs: count, unknown_places: count, without_milestone: count },
        ...{ new_fields: count, missing_fields: count, changed_types: count },
        ...{ duplicates: count, duplicate_rate: maybeNumber },
      }),
    ),
  }),
  asksStore: true,
  async handle({ query }, services) {
    const filter = { ...given(query, 'source'), days: Number(query.days ?? DAYS) };
    return { json: { rows: await readDrift(services.store(), filter) } };
  },
};
