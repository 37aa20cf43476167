import t from 'tap';
import type { ShipmentEvent } from '../../rules/event.ts';
import { eventIdOf, findOccurrences, pairOccurrence, type TraceEntry } from '../../rules/trace.ts';
import { absorb, lastRevision } from '../../rules/trace-absorb.ts';
import { entriesOf, event, hour, traceOf } from '../support/trace-events.ts';

t.test('revisions of one statement', async (t) => {
  const entries = new Map<string, TraceEntry>();
  const poll = (tag: string, order: number): ShipmentEvent =>
    event('k', { revision: { order, tag }, observed: order, attributes: { content: tag } });
  t.equal(absorb(entries, poll('A', 1)), 'added');
  t.equal(absorb(entries, poll('A', 1)), 'duplicate');
  t.equal(absorb(entries, poll('A', 4)), 'duplicate', 'the same content again');
  t.equal(entries.get('k')?.observedAt, hour(1), 'known since it was first seen');
  t.same(lastRevision(entries.get('k')!), { order: 4, tag: 'A' });
  t.equal(absorb(entries, poll('B', 3)), 'revised', 'another content in between: known since 4');
  t.equal(entries.get('k')?.observedAt, hour(4));
  t.equal(entries.get('k')?.attributes.content, 'A');
  t.equal(absorb(entries, poll('B', 2)), 'superseded');
  t.equal(absorb(entries, poll('C', 5)), 'revised');
  t.equal(entries.get('k')?.attributes.content, 'C');
  t.equal(absorb(entries, poll('', 6)), 'revised');
  t.equal(absorb(entries, poll('', 7)), 'revised', 'without a tag each revision is a content of its own');
  t.equal(absorb(entries, poll('', 7)), 'duplicate');
});

t.test('a retraction takes its statement back', async (t) => {
  const arrival = event('k', { revision: { order: 1, tag: 'a' }, attributes: { mode: 'sea' } });
  const retraction = event('k', { revision: { order: 2, tag: 'b' }, retracted: true, observed: 9 });
  for (const events of [
    [arrival, retraction],
    [retraction, arrival],
  ]) {
    const trace = traceOf(events);
    t.same(trace.milestones, []);
    t.same(trace.attributes, {});
    t.same(trace.partners, ['acme']);
    t.equal(trace.lastObservedAt, hour(9));
  }
});

t.test('plan, estimate and actual', async (t) => {
  const at = (classifier: ShipmentEvent['classifier'], key: string, hours: number, observed: number) =>
    event(key, { classifier, at: hours, observed, occurrence: { role: 'destination' } });
  const trace = traceOf([
    at('planned', 'p1', 100, 1),
    at('planned', 'p2', 110, 2),
    at('estimated', 'e2', 130, 20),
    at('estimated', 'e1', 120, 10),
    at('actual', 'a', 125, 126),
  ]);
  const [fact, ...others] = trace.milestones;
  t.same(others, []);
  t.equal(fact?.planned?.at.from, hour(110), 'the later plan');
  t.equal(fact?.estimated?.at.from, hour(130), 'the later estimate');
  t.equal(fact?.actual?.at.from, hour(125));
  t.equal(fact?.actual?.eventId, at('actual', 'a', 125, 126).id);
});

t.test('two sources tell one fact', async (t) => {
  const broker = event('b', { source: 'broker', at: 10, observed: 30 });
  const terminal = event('t', { source: 'terminal', at: 9, observed: 20 });
  const date = { from: hour(0), to: hour(24) - 1, zone: 'UTC', zoneFrom: 'place' } as const;
  const dated = event('d', { source: 'terminal', occurredAt: date, observed: 40 });
  const [fact, ...others] = traceOf([broker, terminal, dated]).milestones;
  t.same(others, []);
  t.equal(fact?.actual?.eventId, terminal.id, 'the better source, and the exact time before the date');
  t.same(fact?.actual?.also, [broker.id, dated.id].sort());
});

t.test('occurrences', async (t) => {
  const trace = traceOf([
    event('o', { occurrence: { role: 'origin' } }),
    event('d', { occurrence: { role: 'destination' }, at: 5 }),
    event('n', { at: 6 }),
    event('x', { milestone: 'departed', occurrence: { leg: '', subject: 'MSCU1234566' } }),
    event('y', { milestone: 'departed', occurrence: { subject: 'MSCU1234566' } }),
  ]);
  t.equal(trace.milestones.length, 5, 'nothing said is not the same as an empty text');
  const roles = (role?: 'destination') =>
    findOccurrences(trace, { milestone: 'arrived', ...(role && { role }) }).map((m) => m.occurrence.role);
  t.same(roles(), [undefined, 'origin', 'destination']);
  t.same(roles('destination'), ['destination'], 'an arrival somewhere is no arrival at the destination');
});

t.test('pairing a start with ends', async (t) => {
  const { milestones } = traceOf([
    event('1', { occurrence: { subject: 'MSCU1234566' } }),
    event('2', { occurrence: { subject: 'CSQU3054383' } }),
    event('3', { occurrence: {} }),
    event('4', { occurrence: { role: 'destination', leg: '2' } }),
  ]);
  const paired = (start: ShipmentEvent['occurrence']) =>
    pairOccurrence(start, milestones).map(({ occurrence }) => occurrence.subject ?? occurrence.leg ?? '-');
  t.same(paired({ subject: 'CSQU3054383' }), ['-', 'CSQU3054383', '2']);
  t.same(paired({ role: 'origin', leg: '1' }), ['-', 'CSQU3054383', 'MSCU1234566', '2'], 'across legs');
  t.same(paired({ leg: '1' }), ['-', 'CSQU3054383', 'MSCU1234566'], 'on one leg');
});

t.test('attributes come from the latest happening', async (t) => {
  const { attributes } = traceOf([
    event('1', { at: 2, attributes: { mode: 'sea', incoterm: 'DAP' } }),
    event('2', { at: 1, observed: 9, attributes: { mode: 'air', 'destination.country': 'NL' } }),
  ]);
  t.same(attributes, { mode: 'sea', incoterm: 'DAP', 'destination.country': 'NL' });
});

t.test('a trace of nothing', async (t) => {
  t.same(traceOf([]), {
    ...{ shipmentId: 's-1', tenant: 'one', refs: [], milestones: [], holds: [], attributes: {} },
    ...{ voided: [], partners: [], firstObservedAt: 0, lastObservedAt: 0 },
  });
});

t.test('event ids', async (t) => {
  for (const order of [
    0,
    1,
    35,
    36,
    1295,
    1296,
    46_656,
    1_777_000_000_123,
    Number.MAX_SAFE_INTEGER,
    2.5,
    -7,
  ]) {
    t.equal(eventIdOf('key', { order, tag: 'W/"1"' }), `key.${order.toString(36)}.W/"1"`);
  }
  t.equal(entriesOf([event('k')]).size, 1);
});
