import { readShipment } from '../../store/queries.ts';
import { notFound } from '../parameters.ts';
import { refold, verdictsAt } from '../refold.ts';
import { epochMsOf } from '../request.ts';
import type { Route } from '../route.ts';
import { SHIPMENT_DETAIL } from '../shapes.ts';
import { detailOf, withPlaces } from '../shipment-view.ts';

export const readShipmentRoute: Route = {
  method: 'GET',
  path: '/api/v1/shipments/{id}',
  name: 'readShipment',
  summary: 'One shipment with its milestones, holds and clocks; with asOf as it was known at that time',
  role: 'viewer',
  query: {
    asOf: {
      describe: 'what was known by then: its events are folded again, and judged by the rules of today',
      schema: { type: 'string', format: 'date-time' },
    },
  },
  answer: SHIPMENT_DETAIL,
  asksStore: true,
  async handle({ path, query }, services) {
    const id = path.id!;
    const asOf = epochMsOf(query.asOf);
    const store = services.store();
    if (asOf === undefined) {
      const found = await readShipment(store, id);
      if (found === undefined) throw notFound(`shipment ${id}`);
      return { json: withPlaces(found) };
    }
    const { sources } = services;
    const trace = await refold(store, id, sources, asOf);
    if (trace === undefined) throw notFound(`shipment ${id} as of ${query.asOf}`);
    const verdicts = await verdictsAt(store, trace, services.rules(), sources, asOf);
    return { json: withPlaces(detailOf(trace, verdicts)) };
  },
};
