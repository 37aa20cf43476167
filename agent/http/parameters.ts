import { isMilestone, MILESTONES } from '../../rules/milestone.ts';
import { MAX_PAGE, type PageRequest } from '../store/query.ts';
import { HttpProblem } from './problem.ts';
import type { ApiRequest, Parameter } from './route.ts';

/** Parameters that several routes have. */
export const PAGE: Readonly<Record<string, Parameter>> = {
  limit: {
    describe: 'rows of a page',
    schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: 100 },
  },
  cursor: { describe: 'from the page before', schema: { type: 'string' } },
};

export const word = (describe: string, ...values: readonly string[]): Parameter => ({
  describe,
  schema: values.length === 0 ? { type: 'string' } : { type: 'string', enum: values },
});

/** A moment, with its offset. */
export const moment = (describe: string): Parameter => ({
  describe,
  schema: { type: 'string', format: 'date-time' },
});

export const pageOf = ({ limit, cursor }: ApiRequest['query']): PageRequest => ({
  ...(limit !== undefined && { limit: Number(limit) }),
  ...(cursor !== undefined && { cursor }),
});

/** The named ones that were given. */
export function given<K extends string>(
  query: ApiRequest['query'],
  ...names: readonly K[]
): { readonly [P in K]?: string } {
  const out: { [P in K]?: string } = {};
  for (const name of names) {
    const value = query[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

export const milestoneParameter = (describe: string): Parameter =>
  word(describe, ...Object.keys(MILESTONES).filter(isMilestone));

/** What an operator's change carries along. */
export const COMMENT = {
  comment: { type: 'string', description: 'why, for whoever reads it later', maxLength: 500 },
} as const;

export const notFound = (what: string): HttpProblem =>
  new HttpProblem(404, 'not-found', `there is no ${what}`);
