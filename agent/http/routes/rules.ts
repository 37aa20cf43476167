import { readRules } from '../../store/queries.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { RULE } from '../shapes.ts';

export const listRules: Route = {
  method: 'GET',
  path: '/api/v1/rules',
  name: 'listRules',
  summary: 'Rules that judge now',
  role: 'viewer',
  answer: object({ rows: list(RULE) }),
  asksStore: true,
  handle: async (_, services) => ({ json: { rows: await readRules(services.store()) } }),
};
