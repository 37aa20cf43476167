import { readRawMessage } from '../../store/queries.ts';
import { notFound } from '../parameters.ts';
import { HttpProblem } from '../problem.ts';
import type { Route } from '../route.ts';

export const rawMessage: Route = {
  method: 'GET',
  path: '/api/v1/raw-messages/{stream}/{sequence}',
  name: 'readRawMessage',
  summary: 'The bytes behind an event, exactly as they came, until their retention is over',
  role: 'viewer',
  answer: { media: 'application/octet-stream' },
  asksStore: true,
  async handle({ path }, services) {
    const { stream, sequence } = path;
    if (!/^\d{1,15}$/.test(sequence!))
      throw new HttpProblem(400, 'bad-request', 'sequence: expected a whole number');
    const found = await readRawMessage(services.store(), stream!, Number(sequence));
    if (found === undefined) throw notFound(`message ${sequence} of ${stream} (any more)`);
    return { bytes: found.data, fileName: `${stream}-${sequence}.bin` };
  },
};
