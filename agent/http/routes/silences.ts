import { COMMENT } from '../parameters.ts';
import { HttpProblem } from '../problem.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { text } from '../schema.ts';
import { ACCEPTED } from '../shapes.ts';

const PAIR = /^[\w.-]+=[^,=]+$/;

/** A maintenance window of a partner, a strike in a port: alerts are recorded, and nobody is told. */
export const silence: Route = {
  method: 'POST',
  path: '/api/v1/silences',
  name: 'silence',
  summary: 'Tell nobody of alerts with these labels until a time; that they end is told all the same',
  role: 'operator',
  body: {
    properties: {
      labels: { ...text, description: 'all of these: rule=eu-import-release,place=NLRTM' },
      until: { type: 'string', format: 'date-time' },
      ...COMMENT,
    },
    required: ['labels', 'until', 'comment'],
  },
  answer: ACCEPTED,
  asksStore: false,
  async handle({ body, caller }, services) {
    const subject = String(body.labels);
    if (!subject.split(',').every((pair) => PAIR.test(pair.trim()))) {
      throw new HttpProblem(400, 'bad-request', 'labels: expected name=value, several with commas');
    }
    const until = epochMsOf(String(body.until))!;
    const comment = String(body.comment);
    return {
      json: await services.main.append({ action: 'silence', subject, by: caller!.name, comment, until }),
    };
  },
};
