import { findClocks, readShipment } from '../../store/queries.ts';
import { COMMENT, given, notFound, PAGE, pageOf, word } from '../parameters.ts';
import type { Route } from '../route.ts';
import { page } from '../schema.ts';
import { ACCEPTED, CLOCK } from '../shapes.ts';

export const listClocks: Route = {
  method: 'GET',
  path: '/api/v1/clocks',
  name: 'listClocks',
  summary: 'Clocks that have a due time, the latest due first',
  role: 'viewer',
  query: {
    state: word('running, paused, at-risk, breached, unknown, met, met-late …'),
    rule: word('name of a rule'),
    partner: word('whose word it rests on'),
    shipmentId: word('of one shipment'),
    ...PAGE,
  },
  answer: page(CLOCK),
  asksStore: true,
  async handle({ query }, services) {
    const filter = { ...given(query, 'state', 'rule', 'partner', 'shipmentId'), ...pageOf(query) };
    return { json: await findClocks(services.store(), filter) };
  },
};

/** The judge forgets no waiver: it is a record of the log, with who and why. */
export const waiveClock: Route = {
  method: 'POST',
  path: '/api/v1/shipments/{id}/clocks/{clock}/waive',
  name: 'waiveClock',
  summary: 'Waive a clock: it is judged no more, and an open alert of it is withdrawn',
  role: 'operator',
  body: { properties: COMMENT, required: ['comment'] },
  answer: ACCEPTED,
  asksStore: true,
  async handle({ path, body, caller }, services) {
    const { id, clock } = path;
    const shipment = await readShipment(services.store(), id!);
    if (!shipment?.clocks.some(({ clock_id }) => clock_id === clock))
      throw notFound(`clock ${clock} of shipment ${id}`);
    const subject = `${id}/${clock}`;
    const by = caller!.name;
    return {
      json: await services.main.append({ action: 'waive', subject, by, comment: String(body.comment) }),
    };
  },
};
