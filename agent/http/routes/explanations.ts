import { readShipment } from '../../store/queries.ts';
import { channelView, statesOf } from '../channel-view.ts';
import { given, notFound, word } from '../parameters.ts';
import { explained, refold, verdictOf } from '../refold.ts';
import type { Route } from '../route.ts';
import { list, object } from '../schema.ts';
import { EXPLANATION } from '../shapes.ts';

export const explainClocks: Route = {
  method: 'GET',
  path: '/api/v1/shipments/{id}/explanations',
  name: 'explainClocks',
  summary:
    'Why the clocks of a shipment are as they are: start, counted time, pauses, channels, evidence, raw positions',
  role: 'viewer',
  query: { rule: word('only clocks of this rule'), clock: word('only this clock') },
  answer: object({ rows: list(EXPLANATION) }),
  asksStore: true,
  async handle({ path, query }, services) {
    const id = path.id!;
    const store = services.store();
    const [shipment, trace, facts] = await Promise.all([
      readShipment(store, id),
      refold(store, id, services.sources),
      services.main.readiness(),
    ]);
    if (shipment === undefined || trace === undefined) throw notFound(`shipment ${id}`);
    const { rule, clock } = given(query, 'rule', 'clock');
    const view = channelView(services.sources, statesOf(facts.channels));
    const wanted = shipment.clocks.filter(
      (row) => (rule === undefined || row.rule === rule) && (clock === undefined || row.clock_id === clock),
    );
    const { ruleSet } = services.rules();
    const rows = wanted.flatMap((row) => {
      const found = ruleSet.rules.find(({ name }) => name === row.rule);
      // A clock of a rule that is no longer in force: there is nothing left to explain it by.
      return found === undefined ? [] : [explained(trace, found, verdictOf(id, row), ruleSet, view)];
    });
    return { json: { rows } };
  },
};
