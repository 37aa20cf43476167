import { readAwaiting } from '../../store/queries.ts';
import { milestoneParameter, PAGE } from '../parameters.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { AWAITING } from '../shapes.ts';

export const listAwaiting: Route = {
  method: 'GET',
  path: '/api/v1/awaiting',
  name: 'listAwaiting',
  summary: 'What waits for a milestone, since when and until when; the longest wait first',
  role: 'viewer',
  query: {
    milestone: milestoneParameter('what is awaited (default: customs.released)'),
    limit: PAGE.limit!,
  },
  answer: object({ rows: list(AWAITING) }),
  asksStore: true,
  async handle({ query }, services) {
    const rows = await readAwaiting(
      services.store(),
      query.milestone ?? 'customs.released',
      Number(query.limit ?? 100),
    );
    return { json: { rows } };
  },
};
