import t from 'tap';
import { Identity, type Statement } from '../../rules/identity.ts';
import { shipmentIdOf } from '../../rules/identity-override.ts';
import { parseRef, type Ref, refText } from '../../rules/refs.ts';

const DAY = 86_400_000;
const JANUARY = Date.UTC(2026, 0, 10);
const JUNE = Date.UTC(2026, 5, 10);
const SETTINGS = { tenant: 'acme', shipmentIs: 'delivery' } as const;

const refs = (texts: string): Ref[] => texts.split(' ').filter(Boolean).map(parseRef);
const say = (key: string, texts: string, at = JANUARY, aliases = ''): Statement => ({
  key,
  at,
  refs: refs(texts),
  ...(aliases === '' ? {} : { aliases: refs(aliases) }),
});
const of = (...deliveries: string[]): string[] =>
  deliveries.map((value) => shipmentIdOf('acme', { type: 'delivery', value })).sort();
const one = (delivery: string): string => of(delivery)[0]!;

function identity(...statements: Statement[]): Identity {
  const made = new Identity(SETTINGS);
  for (const statement of statements) made.put(statement);
  return made;
}

t.test('the principal ref makes the shipment; its other refs find it', async (t) => {
  const made = identity(say('erp', 'delivery:1 order:9 container:C1'));
  t.same(made.linksOf('erp'), of('1'));
  t.same(made.shipmentsOf({ type: 'container', value: 'C1' }), of('1'));
  t.same(made.refsOf(one('1')).map(refText), ['container:C1', 'delivery:1', 'order:9']);
  t.same(made.put(say('port', 'container:C1')).links, [{ key: 'port', shipmentId: one('1'), linked: true }]);
  t.equal(
    made.put(say('erp', 'delivery:1 order:9 container:C1')).links.length,
    0,
    'a repeat changes nothing',
  );
});

t.test('a container number used again in June is another shipment', async (t) => {
  const made = identity(
    say('a', 'delivery:1 container:C1', JANUARY),
    say('b', 'delivery:2 container:C1', JUNE),
    say('gate-january', 'container:C1', JANUARY + 59 * DAY),
    say('gate-june', 'container:C1', JUNE - 60 * DAY),
    say('gate-march', 'container:C1', JANUARY + 61 * DAY),
  );
  t.same(made.linksOf('gate-january'), of('1'));
  t.same(made.linksOf('gate-june'), of('2'), 'sixty days to the minute still count');
  t.same(made.linksOf('gate-march'), [], 'one day past the sixty it is nobody known');
  t.same([...made.waiting()], ['gate-march']);
});

t.test('a container shared by several deliveries carries its events to all of them', async (t) => {
  const made = identity(
    say('a', 'delivery:1 container:C1'),
    say('b', 'delivery:2 container:C1'),
    say('c', 'delivery:2 house-bill:H2'),
    say('load', 'container:C1'),
    say('release', 'container:C1 house-bill:H2'),
  );
  t.same(made.linksOf('load'), of('1', '2'));
  t.same(made.linksOf('release'), of('2'), 'all of its known refs agree on one only');
  const change = made.put(say('d', 'delivery:3 container:C1'));
  t.same(
    change.links.filter(({ key }) => key === 'load'),
    [{ key: 'load', shipmentId: one('3'), linked: true }],
    'a delivery that joins later gets the event too',
  );
});

t.test('a customs event known by its MRN only is placed when the house bill is learned', async (t) => {
  const made = new Identity(SETTINGS);
  t.equal(made.put(say('released', 'mrn:M1')).waiting, true);
  t.equal(made.put(say('accepted', 'mrn:M1 house-bill:H1')).waiting, true);
  const change = made.put(say('erp', 'delivery:1 house-bill:H1'));
  t.same(
    change.links.map(({ key }) => key),
    ['accepted', 'erp', 'released'],
  );
  t.same(change.shipments, of('1'));
  t.same([...made.waiting()], []);
  t.same(made.why('released'), {
    key: 'released',
    how: 'linking',
    shipments: of('1'),
    ambiguous: false,
    because: [{ ref: { type: 'mrn', value: 'M1' }, shipments: of('1'), distance: 1 }],
  });
  t.match(made.why('accepted'), {
    because: [
      { ref: { value: 'H1' }, distance: 0, evidence: { from: JANUARY, to: JANUARY } },
      { distance: 1 },
    ],
  });
});

t.test('a voyage event reaches all who travel on it, also through their containers', async (t) => {
  const made = identity(
    say('a', 'delivery:1 voyage:V1'),
    say('b', 'delivery:2 container:C2'),
    say('departed', 'voyage:V1'),
  );
  t.same(made.linksOf('departed'), of('1'));
  made.put(say('loaded', 'container:C2 voyage:V1'));
  t.same(made.linksOf('departed'), of('1', '2'));
  made.put(say('strange', 'container:X9 voyage:V1'));
  t.same(made.linksOf('strange'), [], "a stranger's container on the same ship is not ours");
  t.same(made.linksOf('departed'), of('1', '2'));
});

t.test('an order places an event about one thing only while it has one shipment', async (t) => {
  const made = identity(say('a', 'delivery:1 order:9'), say('filed', 'lrn:L1 order:9'));
  t.same(made.linksOf('filed'), of('1'));
  t.same(made.why('filed')?.how, 'group');
  made.put(say('b', 'delivery:2 order:9'));
  t.same(made.linksOf('filed'), [], 'which of the two is not known');
  made.put(say('confirmed', 'order:9'));
  t.same(made.linksOf('confirmed'), of('1', '2'), 'an event about the order is about both');
  made.put(say('c', 'delivery:2 lrn:L1'));
  t.same(made.linksOf('filed'), of('2'));
});

t.test('what is learned later narrows earlier events, and says so', async (t) => {
  const made = identity(
    say('a', 'delivery:1 container:C1'),
    say('b', 'delivery:2 container:C1'),
    say('gate', 'container:C1 booking:B1'),
  );
  t.same(made.linksOf('gate'), of('1', '2'));
  const change = made.put(say('c', 'delivery:1 booking:B1'));
  t.same(
    change.links.filter(({ key }) => key === 'gate'),
    [{ key: 'gate', shipmentId: one('2'), linked: false }],
  );
});

t.test('refs that contradict each other link to all, and the conflict is told', async (t) => {
  const made = identity(say('a', 'delivery:1 container:C1'), say('b', 'delivery:2 house-bill:H2'));
  const change = made.put(say('odd', 'container:C1 house-bill:H2'));
  t.same(made.linksOf('odd'), of('1', '2'));
  t.match(change.conflicts, [{ kind: 'ambiguous', key: 'odd', shipments: of('1', '2') }]);
  made.put(say('c', 'delivery:1 house-bill:H2'));
  t.same(made.conflicts(), [], 'what is learned later may settle it');
  t.same(made.linksOf('odd'), of('1'));
});

t.test('an alias stands for the shipment; a claim that contradicts more statements is refused', async (t) => {
  const made = identity(
    say('tms-1', 'delivery:1', JANUARY, 'shipment:S1'),
    say('tms-2', 'delivery:1', JANUARY, 'shipment:S1'),
  );
  made.put(say('pickup', 'shipment:S1 container:C1', JANUARY + 400 * DAY));
  t.same(made.linksOf('pickup'), of('1'));
  t.equal(made.why('pickup')?.how, 'alias');
  t.same(
    made.shipmentsOf({ type: 'container', value: 'C1' }),
    of('1'),
    'it is evidence as a delivery would be',
  );
  const change = made.put(say('wrong', 'delivery:2', JANUARY, 'shipment:S1'));
  const conflict = {
    kind: 'alias-refused',
    alias: { type: 'shipment', value: 'S1' },
    refused: one('2'),
    holds: one('1'),
  };
  t.same(change.conflicts, [conflict]);
  t.same(made.linksOf('pickup'), of('1'));
  made.put(say('wrong-2', 'delivery:2', JANUARY, 'shipment:S1'));
  made.put(say('wrong-3', 'delivery:2', JANUARY, 'shipment:S1'));
  t.same(made.linksOf('pickup'), of('2'), 'three statements outweigh two, whichever came first');
});

t.test('an operator merges, splits and takes it back', async (t) => {
  const made = identity(
    say('a', 'delivery:1 container:C1'),
    say('b', 'delivery:2 container:C2'),
    say('gate', 'container:C1'),
  );
  made.override({ key: 'm', position: 1, kind: 'merge', shipmentId: one('1'), into: one('2') });
  t.same(made.linksOf('gate'), of('2'));
  t.same(made.resolve(refs('delivery:1'), JANUARY), of('2'));
  t.same(made.refsOf(one('2')).map(refText), ['container:C1', 'container:C2', 'delivery:1', 'delivery:2']);
  t.same(made.refsOf(one('1')), []);
  const undone = made.override({
    key: 'u',
    position: 2,
    kind: 'split',
    ref: { type: 'delivery', value: '1' },
    shipmentId: one('2'),
  });
  t.same(made.linksOf('gate'), of('1'));
  t.same(undone.shipments, of('1', '2'));
  made.override({
    key: 's',
    position: 3,
    kind: 'split',
    ref: { type: 'container', value: 'C1' },
    shipmentId: one('1'),
  });
  t.same(made.linksOf('gate'), []);
  t.same(made.linksOf('a'), of('1'), 'the delivery itself keeps its event');
  made.remove('s');
  t.same(made.linksOf('gate'), of('1'));
});

t.test('a merge waits for its target', async (t) => {
  const made = identity(say('a', 'delivery:1'));
  made.override({ key: 'm', position: 1, kind: 'merge', shipmentId: one('1'), into: one('2') });
  t.same(made.linksOf('a'), of('1'));
  made.put(say('b', 'delivery:2'));
  t.same(made.linksOf('a'), of('2'));
});

t.test('a shipment can be anything a tenant says', async (t) => {
  const made = new Identity({ tenant: 'acme', shipmentIs: 'correlation' });
  made.put(say('a', 'correlation:x-1 delivery:1'));
  made.put(say('b', 'correlation:x-1 delivery:2'));
  made.put(say('c', 'delivery:2'));
  t.same(made.linksOf('c'), [shipmentIdOf('acme', { type: 'correlation', value: 'x-1' })]);
  t.not(
    shipmentIdOf('acme', { type: 'order', value: '1' }),
    shipmentIdOf('other', { type: 'order', value: '1' }),
  );
});

t.test('a revision replaces what its statement said before', async (t) => {
  const made = identity(say('a', 'delivery:1 container:C1'), say('gate', 'container:C1'));
  const change = made.put(say('a', 'delivery:1 container:C2'));
  t.same(change.links, [{ key: 'gate', shipmentId: one('1'), linked: false }]);
  t.same(change.shipments, of('1'));
  t.same(made.shipmentsOf({ type: 'container', value: 'C1' }), []);
});

t.test('a closed shipment is forgotten with everything that was its alone', async (t) => {
  const made = identity(
    say('a', 'delivery:1 container:C1'),
    say('b', 'delivery:2 container:C1'),
    say('both', 'delivery:1 delivery:2 container:C3'),
    say('gate', 'container:C1'),
    say('own', 'delivery:1 mrn:M1'),
    say('cleared', 'mrn:M1'),
  );
  const change = made.forget(one('1'));
  t.same(change.links, []);
  t.same(
    ['a', 'own', 'cleared'].filter((key) => made.has(key)),
    [],
  );
  t.same(made.linksOf('gate'), of('2'));
  t.same(made.linksOf('both'), of('2'));
  made.forget(one('2'));
  t.equal(made.size.statements, 0);
  t.same(made.shipmentsOf({ type: 'container', value: 'C1' }), []);
});

t.test('numbers of forgotten refs and statements are used again without mixing anything up', async (t) => {
  const made = new Identity(SETTINGS);
  let wrong = 0;
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 300; i++) {
      made.put(
        say(`a${round}-${i}`, `delivery:${round}-${i} container:C${round}-${i} order:ÖŁ漢${round}-${i}`),
      );
      made.put(say(`b${round}-${i}`, `container:C${round}-${i}`));
    }
    for (let i = 0; i < 300; i++) {
      if (round > 0) made.forget(one(`${round - 1}-${i}`));
      if (made.linksOf(`b${round}-${i}`).join() !== one(`${round}-${i}`)) wrong++;
    }
  }
  t.equal(wrong, 0);
  t.equal(made.size.statements, 600);
  t.ok(made.size.bytes < 400_000, `${made.size.bytes} bytes for 600 statements`);
  t.same(made.refsOf(one('39-7')).map(refText), ['container:C39-7', 'delivery:39-7', 'order:ÖŁ漢39-7']);
});

t.test('a damaged snapshot is refused with the line', async (t) => {
  const lines = [...identity(say('a', 'delivery:1 container:C1')).dump()];
  t.throws(() => Identity.load([...lines.slice(0, -1), '["s","a",0,[99]]'], SETTINGS), /line 4 .*damaged/);
  t.throws(() => Identity.load(lines, { tenant: 'other', shipmentIs: 'delivery' }), /line 1 .*tenant acme/);
});
