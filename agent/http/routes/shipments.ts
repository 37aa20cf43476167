import { findShipments } from '../../store/queries.ts';
import { given, milestoneParameter, PAGE, pageOf, word } from '../parameters.ts';
import type { Route } from '../route.ts';
import { page } from '../schema.ts';
import { SHIPMENT } from '../shapes.ts';

export const listShipments: Route = {
  method: 'GET',
  path: '/api/v1/shipments',
  name: 'listShipments',
  summary: 'Shipments, the one heard of last first',
  role: 'viewer',
  query: {
    ref: word('any identifier, bare (MSCU1234567) or with its type (container:MSCU1234567)'),
    awaiting: milestoneParameter(
      'shipments that have begun the stage that this milestone ends, and do not have it',
    ),
    lane: word('such as CN-NL'),
    partner: word('who has spoken of the shipment'),
    tenant: word('a tenant'),
    ...PAGE,
  },
  answer: page(SHIPMENT),
  asksStore: true,
  async handle({ query }, services) {
    const filter = { ...given(query, 'ref', 'awaiting', 'lane', 'partner', 'tenant'), ...pageOf(query) };
    return { json: await findShipments(services.store(), filter) };
  },
};
