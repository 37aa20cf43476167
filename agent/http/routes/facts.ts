import { readFacts } from '../facts.ts';
import { notFound } from '../parameters.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { count, list, number, object, text, texts } from '../schema.ts';

/** Times are epoch milliseconds. */
const FACTS = object({
  format: text,
  shipmentId: text,
  at: number,
  events: list({ type: 'object' }),
  channels: list({ type: 'object' }),
  sources: list({ type: 'object' }),
  waived: texts,
  raw: list(object({ stream: text, sequence: count, data: text })),
});

export const shipmentFacts: Route = {
  method: 'GET',
  path: '/api/v1/shipments/{id}/facts',
  name: 'readShipmentFacts',
  summary:
    'Everything that the verdicts on a shipment rest on but the rules, raw bytes included: enough to come to them again without a server',
  role: 'viewer',
  query: {
    asOf: {
      describe: 'what was known by then; default: now',
      schema: { type: 'string', format: 'date-time' },
    },
  },
  answer: FACTS,
  asksStore: true,
  async handle({ path, query }, services) {
    const at = epochMsOf(query.asOf) ?? services.now();
    const facts = await readFacts(services.store(), path.id!, services.settings.sources, at);
    if (facts === undefined) throw notFound(`shipment ${path.id}`);
    return { json: facts };
  },
};
