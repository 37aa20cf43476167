import { MILESTONES } from '../../../rules/milestone.ts';
import { REF_TYPES } from '../../../rules/refs.ts';
import { REASON_TEXTS, STATE_TEXTS } from '../../../rules/verdict-text.ts';
import type { Route } from '../route.ts';
import { mapOf, object, text } from '../schema.ts';

const titles = (table: Readonly<Record<string, { readonly title: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(table).map(([code, { title }]) => [code, title]));

/** So that a page says what the terminal and the messages say. */
export const vocabulary: Route = {
  method: 'GET',
  path: '/api/v1/vocabulary',
  name: 'readVocabulary',
  summary: 'Codes in words: milestones, identifiers, states of clocks and their reasons',
  role: 'viewer',
  answer: object({ milestones: mapOf(text), refs: mapOf(text), states: mapOf(text), reasons: mapOf(text) }),
  asksStore: false,
  handle: async () => ({
    json: {
      milestones: titles(MILESTONES),
      refs: titles(REF_TYPES),
      states: STATE_TEXTS,
      reasons: REASON_TEXTS,
    },
  }),
};
