import t from 'tap';
import type { ShipmentEvent } from '../../rules/event.ts';
import type { Trace } from '../../rules/trace.ts';
import { event, hour, traceOf } from '../support/trace-events.ts';

const placed = (at: number, agency: string, over: Partial<ShipmentEvent> = {}): ShipmentEvent =>
  event(`placed-${at}-${agency}-${over.occurrence?.subject}`, {
    at,
    milestone: 'customs.hold.placed',
    attributes: { 'hold.agency': agency, 'hold.reason': 'exam' },
    ...over,
  });
const removed = (at: number, agency?: string, over: Partial<ShipmentEvent> = {}): ShipmentEvent =>
  event(`removed-${at}-${agency}`, {
    at,
    milestone: 'customs.hold.removed',
    attributes: agency === undefined ? {} : { 'hold.agency': agency },
    ...over,
  });
const released = (
  at: number,
  attributes: ShipmentEvent['attributes'] = {},
  subject?: string,
): ShipmentEvent =>
  event(`released-${at}`, {
    at,
    milestone: 'customs.released',
    occurrence: subject === undefined ? {} : { subject },
    attributes,
  });

const releaseOf = ({ milestones }: Trace) =>
  milestones.find((m) => m.milestone === 'customs.released')?.actual;
const ledger = ({ holds }: Trace) =>
  holds.map((h) => [
    h.agency,
    (h.placed.at.from - hour(0)) / 3_600_000,
    h.removed && (h.removed.at.to - hour(0)) / 3_600_000,
  ]);

t.test('the ledger', async (t) => {
  t.same(
    ledger(traceOf([placed(1, 'CBP'), placed(2, 'USDA'), removed(3, 'cbp')])),
    [
      ['CBP', 1, 3],
      ['USDA', 2, undefined],
    ],
    'a removal closes its agency’s holds',
  );
  t.same(
    ledger(traceOf([placed(1, 'CBP'), placed(2, 'USDA'), removed(3)])),
    [
      ['CBP', 1, 3],
      ['USDA', 2, 3],
    ],
    'or everyone’s when it names none',
  );
  t.same(
    ledger(traceOf([placed(1, 'CBP'), removed(2, 'CBP'), placed(3, 'CBP'), removed(1, 'CBP')])),
    [
      ['CBP', 1, 1],
      ['CBP', 3, undefined],
    ],
    'one placed later stays open, and a removal at the same moment closes',
  );
  const twice = traceOf([placed(1, 'CBP'), placed(2, 'CBP'), removed(3, 'CBP')]);
  t.same(ledger(twice), [['CBP', 1, 3]], 'told twice, held once');
  const container = (subject: string) => ({ occurrence: { subject } });
  const two = traceOf([
    placed(1, 'CBP', container('MSCU1234566')),
    placed(1, 'CBP', container('CSQU3054383')),
    removed(2, 'CBP', container('CSQU3054383')),
  ]);
  t.same(
    two.holds.filter((h) => h.removed === undefined).map((h) => h.subject),
    ['MSCU1234566'],
  );
  t.same(ledger(traceOf([removed(2, 'CBP')])), [], 'a removal alone is no hold');
});

t.test('a removal that names a reason ends that hold and no other', async (t) => {
  const why = (reason: string) => ({ attributes: { 'hold.agency': 'CBP', 'hold.reason': reason } });
  const exam = placed(1, 'CBP', { ...why('intensive exam'), key: 'exam' });
  const papers = placed(2, 'CBP', { ...why('papers'), key: 'papers' });
  const open = (...events: ShipmentEvent[]) =>
    traceOf(events).holds.flatMap(({ reason, removed: end }) => (end === undefined ? [reason] : []));
  t.same(open(exam, papers, removed(3, 'CBP', why('Papers '))), ['intensive exam'], 'as others write it');
  t.same(open(exam, papers, removed(3, 'CBP', why('seizure'))), ['intensive exam', 'papers'], 'none of them');
  t.same(open(exam, papers, removed(3, 'CBP')), [], 'without a reason, every hold of the agency');
  const unsaid = placed(1, 'CBP', { attributes: { 'hold.agency': 'CBP' }, key: 'unsaid' });
  t.same(
    open(unsaid, papers, removed(3, 'CBP', why('exam'))),
    ['papers'],
    'whose reason nobody told, it may be meant',
  );
  const usda = placed(1, 'USDA', {
    attributes: { 'hold.agency': 'USDA', 'hold.reason': 'papers' },
    key: 'usda',
  });
  t.same(open(usda, papers, removed(3, 'CBP', why('papers'))), ['papers'], 'of that agency');
  const release = released(5);
  const one = removed(6, 'CBP', why('papers'));
  t.equal(releaseOf(traceOf([exam, papers, release, one])), undefined, 'the exam still keeps the goods');
  const both = [one, removed(7, 'CBP', { ...why('intensive exam'), key: 'done' })];
  t.equal(releaseOf(traceOf([exam, papers, release, ...both]))?.at.from, hour(7));
});

t.test('a release while a hold is open is not a release', async (t) => {
  const hold = placed(1, 'CBP');
  const release = released(5);
  const held = traceOf([hold, release]);
  t.equal(releaseOf(held), undefined);
  t.same(held.voided, [{ eventId: release.id, milestone: 'customs.released', reason: 'hold-open' }]);

  const late = traceOf([hold, release, removed(4, 'CBP', { observedAt: hour(50) })]);
  t.equal(releaseOf(late)?.at.from, hour(5), 'the removal was before it, only told later');
  t.same(late.voided, []);

  const end = removed(9, 'CBP');
  const delayed = traceOf([hold, release, end]);
  t.equal(releaseOf(delayed)?.at.from, hour(9), 'counts from the end of the hold');
  t.equal(releaseOf(delayed)?.observedAt, end.observedAt);
  t.equal(releaseOf(delayed)?.eventId, release.id);
  t.same(releaseOf(delayed)?.also, [end.id]);

  const second = traceOf([hold, release, end, placed(8, 'USDA'), removed(12, 'USDA')]);
  t.equal(releaseOf(second)?.at.from, hour(12), 'another hold was placed meanwhile');
  t.equal(releaseOf(traceOf([release, placed(6, 'CBP')]))?.at.from, hour(5), 'a later hold does not undo it');
});

t.test('which holds keep back a release', async (t) => {
  const onContainer = placed(1, 'CBP', { occurrence: { subject: 'MSCU1234566' } });
  const of = (subject: string) => releaseOf(traceOf([onContainer, released(5, {}, subject)]));
  t.ok(of('CSQU3054383'), 'another container');
  t.notOk(of('24NLQ4OPL9LU18CNZ7'), 'the declaration of its shipment');
  t.notOk(of('MSCU1234566'));
});

t.test('a higher version of a declaration voids an earlier release', async (t) => {
  const mrn = '24GBQ4OPL9LU18CNZ7';
  const first = released(5, { 'declaration.version': 1 }, mrn);
  const amended = event('accepted-2', {
    at: 3,
    milestone: 'customs.accepted',
    occurrence: { subject: mrn },
    attributes: { 'declaration.version': 2 },
  });
  const stale = traceOf([first, amended]);
  t.equal(releaseOf(stale), undefined);
  t.same(stale.voided, [{ eventId: first.id, milestone: 'customs.released', reason: 'newer-version' }]);
  const again = traceOf([first, amended, released(8, { 'declaration.version': '2' }, mrn)]);
  t.equal(releaseOf(again)?.at.from, hour(8));
  t.ok(releaseOf(traceOf([first, { ...amended, occurrence: { subject: 'other' } }])), 'another declaration');
});

t.test(
  'a higher version of an export declaration voids its clearance; one that is only asked for voids nothing',
  async (t) => {
    const mrn = '24GBQ4OPL9LU18CNZ7';
    const of = (key: string, at: number, milestone: ShipmentEvent['milestone'], version: number) =>
      event(key, {
        at,
        milestone,
        occurrence: { subject: mrn },
        attributes: { 'declaration.version': version },
      });
    const cleared = of('cleared', 5, 'export.cleared', 1);
    const clearanceOf = (...events: ShipmentEvent[]) =>
      traceOf(events).milestones.find(({ milestone }) => milestone === 'export.cleared')?.actual?.at.from;
    t.equal(clearanceOf(cleared), hour(5));
    t.equal(clearanceOf(cleared, of('asked', 6, 'export.filing.submitted', 2)), hour(5));
    const amended = of('amended', 7, 'export.filing.accepted', 2);
    t.same(traceOf([cleared, amended]).voided, [
      { eventId: cleared.id, milestone: 'export.cleared', reason: 'newer-version' },
    ]);
    t.equal(clearanceOf(amended, cleared), undefined, 'in whatever order we learn of it');
    t.equal(clearanceOf(cleared, amended, of('again', 9, 'export.cleared', 2)), hour(9));
    const ask = event('import', {
      at: 6,
      milestone: 'customs.filed',
      occurrence: { subject: mrn },
      attributes: { 'declaration.version': 2 },
    });
    const released1 = released(5, { 'declaration.version': 1 }, mrn);
    t.ok(releaseOf(traceOf([released1, ask])), 'an import amendment that customs has not accepted');
    t.equal(clearanceOf(cleared, placed(1, 'CBP')), hour(5), 'a hold at import keeps no export');
  },
);

t.test('how much there is to release may stand in the filing', async (t) => {
  const filed = event('filed', {
    at: 1,
    milestone: 'customs.filed',
    attributes: { 'declared.quantity': '100' },
  });
  const part = (at: number, quantity: number) => released(at, { 'release.quantity': quantity });
  t.equal(releaseOf(traceOf([part(5, 60)]))?.at.from, hour(5), 'nobody says that there is more');
  t.equal(releaseOf(traceOf([part(5, 60), filed])), undefined, 'known later, too');
  t.equal(releaseOf(traceOf([filed, part(5, 60), part(6, 40)]))?.at.from, hour(6));
});

t.test('releases by quantity', async (t) => {
  const part = (at: number, quantity: number): ShipmentEvent =>
    released(at, { 'release.quantity': quantity, 'declared.quantity': 100 });
  const some = traceOf([part(5, 40), part(6, 50)]);
  t.equal(releaseOf(some), undefined);
  t.same(
    some.voided.map((v) => v.reason),
    ['partial', 'partial'],
  );
  const all = traceOf([part(5, 40), part(6, 50), part(7, 10)]);
  t.equal(releaseOf(all)?.at.from, hour(7), 'the one that completes it');
  t.same(releaseOf(all)?.also, [part(5, 40).id, part(6, 50).id].sort());
  t.equal(releaseOf(traceOf([part(5, 100), part(6, -20)])), undefined, 'taken back');
  t.equal(releaseOf(traceOf([part(5, 100), part(6, -20), part(8, 20)]))?.at.from, hour(8), 'released again');
  const twice = [part(5, 60), { ...part(6, 60), source: 'terminal', key: 'other' }];
  t.equal(releaseOf(traceOf(twice)), undefined, 'two sources telling the same part do not add up');
});
