import fc from 'fast-check';
import t from 'tap';
import { foldEvents } from '../../../agent/http/refold.ts';
import { Membership, noEffects } from '../../../agent/track/membership.ts';
import { Shipments } from '../../../agent/track/shipments.ts';
import type { ShipmentEvent } from '../../../rules/event.ts';
import { Identity } from '../../../rules/identity.ts';
import type { Ref } from '../../../rules/refs.ts';
import type { Trace } from '../../../rules/trace.ts';
import { event, hour } from '../../support/trace-events.ts';

const container = (value: string): Ref => ({ type: 'container', value });
const delivery = (value: string): Ref => ({ type: 'delivery', value });
const [A, B] = [container('MSCU1234566'), container('CSQU3054383')];

/** What says which container is whose. */
const links = [
  event('link-1', { milestone: 'shipment.created', refs: [A, delivery('1')] }),
  event('link-2', { milestone: 'shipment.created', refs: [B, delivery('2')] }),
];

/** A carrier's plan for a container; `order` is its revision. */
const plan = (key: string, order: number, at: number, refs: readonly Ref[]): ShipmentEvent =>
  event(key, {
    ...{ classifier: 'planned', occurrence: { role: 'destination' }, refs, at, observed: 10 + order },
    revision: { order: hour(order), tag: `${key}${at}` },
  });

/** Traces by the shipment that each event comes to, and those that the stored events amount to. */
function told(events: readonly ShipmentEvent[], keptOpen: number) {
  const shipments = new Shipments(undefined, keptOpen);
  const membership = new Membership(new Identity({ tenant: 'one', shipmentIs: 'delivery' }), shipments);
  const linked = new Map<string, Set<ShipmentEvent>>();
  const byId = new Map(events.map((one) => [one.id, one]));
  for (const one of events) {
    const effects = noEffects();
    membership.apply(one, effects);
    for (const link of effects.links) {
      const of = linked.get(link.shipmentId) ?? new Set();
      linked.set(link.shipmentId, of);
      const about = byId.get(link.eventId)!;
      if (link.linked) of.add(about);
      else of.delete(about);
    }
    shipments.settle();
  }
  const ids = Array.from({ length: shipments.size }, (_, slot) => shipments.idOf(slot)).sort();
  const live = ids.map((id) => plansOf(shipments.open(id).trace('one', [], () => 0)));
  const stored = ids.map((id) => plansOf(foldEvents(id, [...(linked.get(id) ?? [])], [])));
  return { live, stored };
}

const plansOf = (trace: Trace | undefined) =>
  trace?.milestones.flatMap(({ milestone, firstPlanned, planned }) =>
    milestone === 'arrived' ? [{ first: firstPlanned?.eventId, planned: planned?.eventId }] : [],
  );

t.test('a plan that was moved while nobody knew of what comes with its first date', async (t) => {
  const [first, last] = [plan('k', 1, 20, [A]), plan('k', 2, 30, [A])];
  const expected = [[{ first: first.id, planned: last.id }]];
  for (const order of [
    [first, last, links[0]!],
    [first, links[0]!, last],
    [last, links[0]!, first],
  ]) {
    const { live, stored } = told(order, 10);
    t.same(live, expected);
    t.same(stored, expected, 'and is found again in the store');
  }
});

t.test('what was known of a statement goes with it to another shipment', async (t) => {
  const [first, last] = [plan('k', 1, 20, [A]), plan('k', 2, 30, [B])];
  const { live, stored } = told([...links, first, last], 10);
  t.same(live.flat(), [{ first: first.id, planned: last.id }]);
  t.same(stored, live);
  t.same(told([...links, last, first], 10).live, live, 'whichever came first');
});

t.test(
  'any order, any duplication: one first plan in every shipment, in memory, packed and stored',
  async (t) => {
    // Of one container, and one whose carrier first names the wrong container, or does so last.
    const plans = fc.subarray(
      [
        ...[0, 1, 2, 3].map((order) => plan('k', order, 20 + order, [A])),
        ...[0, 1, 2].map((order) => plan('l', order, 30 - order, [order === 1 ? A : B])),
      ],
      { minLength: 1 },
    );
    const histories = plans.chain((all) =>
      fc.tuple(
        fc.shuffledSubarray([...links, ...all], { minLength: all.length + 2 }),
        fc.shuffledSubarray([...links, ...all], { minLength: all.length + 2 }),
        fc.array(fc.constantFrom(...all), { maxLength: 3 }),
      ),
    );
    fc.assert(
      fc.property(histories, ([one, other, more]) => {
        const { live, stored } = told([...one, ...more], 10);
        t.strictSame(told(other, 0).live, live);
        t.strictSame(stored, live);
      }),
      { numRuns: 300 },
    );
  },
);
