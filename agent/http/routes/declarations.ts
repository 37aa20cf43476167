import { readRejected } from '../../store/tower.ts';
import { PAGE } from '../parameters.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { REJECTED } from '../shapes.ts';

export const listRejected: Route = {
  method: 'GET',
  path: '/api/v1/declarations/rejected',
  name: 'listRejectedDeclarations',
  summary: 'Declarations that failed validation and were not accepted since, the longest so first',
  role: 'viewer',
  query: { limit: PAGE.limit! },
  answer: object({ rows: list(REJECTED) }),
  asksStore: true,
  handle: async ({ query }, services) => ({
    json: { rows: await readRejected(services.store(), Number(query.limit ?? 100)) },
  }),
};
