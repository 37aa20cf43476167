import { openapiOf } from '../openapi-of.ts';
import type { Route } from '../route.ts';

/** Public: it says what can be asked, and nothing of what is answered. */
export const openapi: Route = {
  method: 'GET',
  path: '/api/v1/openapi.json',
  name: 'readOpenapi',
  summary: 'This document',
  role: 'anyone',
  answer: { type: 'object' },
  asksStore: false,
  async handle(_, { settings }) {
    // Late, for the list of routes holds this one.
    const { ROUTES } = await import('../routes.ts');
    return { json: openapiOf(ROUTES, settings) };
  },
};
