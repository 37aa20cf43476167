import { HttpProblem } from '../problem.ts';
import type { Route } from '../route.ts';
import { object, text, texts } from '../schema.ts';

export const reloadRules: Route = {
  method: 'POST',
  path: '/api/v1/rules/reload',
  name: 'reloadRules',
  summary:
    'Read the rule files again and put them in force; when something is wrong with them nothing changes',
  role: 'admin',
  answer: object({ outcome: { ...text, enum: ['reloaded', 'unchanged'] }, changed: texts }),
  asksStore: false,
  async handle(_request, services) {
    const { outcome, changed, problems } = await services.main.reloadRules();
    if (outcome === 'refused') throw new HttpProblem(422, 'rules-refused', problems.join('\n\n'));
    return { json: { outcome, changed } };
  },
};
