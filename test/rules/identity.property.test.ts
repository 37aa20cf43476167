import fc from 'fast-check';
import t from 'tap';
import { Identity, type IdentityChange, type Statement } from '../../rules/identity.ts';
import { type IdentityOverride, shipmentIdOf } from '../../rules/identity-override.ts';
import { mergeRefs, type Ref, type RefType } from '../../rules/refs.ts';
import { IdentityReference } from '../support/identity-reference.ts';

const DAY = 86_400_000;
const SETTINGS = { tenant: 'acme', shipmentIs: 'delivery' } as const;

const values: [RefType, number][] = [
  ['delivery', 3],
  ['container', 3],
  ['house-bill', 2],
  ['master-bill', 2],
  ['mrn', 3],
  ['entry', 2],
  ['order', 2],
  ['voyage', 2],
];
const ALL: Ref[] = values.flatMap(([type, count]) =>
  Array.from({ length: count }, (_, i) => ({ type, value: `${i + 1}` })),
);
const indirectRefs = ALL.filter(({ type }) => type !== 'delivery');
const deliveryIds = ['1', '2', '3', '9'].map((value) => shipmentIdOf('acme', { type: 'delivery', value }));

const day = fc.integer({ min: 0, max: 300 });
const someOf = (refs: readonly Ref[], most: number) =>
  fc.uniqueArray(fc.constantFrom(...refs), { minLength: 1, maxLength: most });
const key = fc.integer({ min: 0, max: 11 }).map((n) => `k${n}`);
const statement: fc.Arbitrary<Statement> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ key, at: day.map((d) => d * DAY), refs: someOf(ALL, 4) }) },
  { weight: 3, arbitrary: fc.record({ key, at: day.map((d) => d * DAY), refs: someOf(indirectRefs, 3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      key,
      at: day.map((d) => d * DAY),
      refs: someOf(ALL, 3),
      aliases: someOf(
        ALL.filter(({ type }) => type === 'house-bill' || type === 'entry'),
        2,
      ),
    }),
  },
);
const id = fc.constantFrom(...deliveryIds);
const override: fc.Arbitrary<IdentityOverride> = fc.oneof(
  fc.record({
    key: fc.constantFrom('o1', 'o2', 'o3'),
    position: fc.nat(99),
    kind: fc.constant('merge' as const),
    shipmentId: id,
    into: id,
  }),
  fc.record({
    key: fc.constantFrom('o1', 'o2', 'o3'),
    position: fc.nat(99),
    kind: fc.constant('split' as const),
    ref: fc.constantFrom(...ALL),
    shipmentId: id,
  }),
);
/** Throws, so that fast-check shrinks the history. */
function same(actual: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(actual, null, 1), JSON.stringify(wanted, null, 1)];
  if (a !== b) throw new Error(`got ${a}\nwanted ${b}`);
}

type Step = { put: Statement } | { remove: string } | { override: IdentityOverride };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: statement.map((put) => ({ put })) },
  { weight: 1, arbitrary: key.map((remove) => ({ remove })) },
  { weight: 1, arbitrary: override.map((o) => ({ override: o })) },
);

const apply = (identity: Identity, what: Step): IdentityChange =>
  'put' in what
    ? identity.put(what.put)
    : 'remove' in what
      ? identity.remove(what.remove)
      : identity.override(what.override);

/** The facts that remain after the steps, as a set. */
function facts(steps: readonly Step[]): { statements: Statement[]; overrides: IdentityOverride[] } {
  const statements = new Map<string, Statement>();
  const overrides = new Map<string, IdentityOverride>();
  for (const what of steps) {
    if ('put' in what) statements.set(what.put.key, what.put);
    else if ('remove' in what) statements.delete(what.remove);
    else overrides.set(what.override.key, what.override);
  }
  // Two decisions never share a place in the log.
  const positions = new Set<number>();
  for (const [name, o] of overrides) {
    if (positions.has(o.position)) overrides.delete(name);
    else positions.add(o.position);
  }
  return { statements: [...statements.values()], overrides: [...overrides.values()] };
}

function state(identity: Identity, statements: readonly Statement[]): unknown {
  return {
    links: statements.map(({ key: name }) => [name, identity.linksOf(name)]).sort(),
    shipmentsOf: ALL.map((ref) => identity.shipmentsOf(ref)),
    refsOf: deliveryIds.map((shipment) => identity.refsOf(shipment)),
    conflicts: identity.conflicts(),
    waiting: [...identity.waiting()].sort(),
  };
}

function expected(statements: readonly Statement[], overrides: readonly IdentityOverride[]): unknown {
  const reference = new IdentityReference(SETTINGS, statements, overrides);
  return {
    links: statements.map(({ key: name }) => [name, reference.links.get(name)]).sort(),
    shipmentsOf: ALL.map((ref) => reference.shipmentsOf(ref)),
    refsOf: deliveryIds.map((shipment) => reference.refsOf(shipment)),
    conflicts: reference.conflicts,
    waiting: statements
      .map(({ key: name }) => name)
      .filter((name) => reference.links.get(name)!.length === 0)
      .sort(),
  };
}

const distinct = (steps: readonly Step[]): boolean => {
  const positions = steps.flatMap((what) => ('override' in what ? [what.override.position] : []));
  return new Set(positions).size === positions.length;
};
const history = fc.array(step, { maxLength: 25 }).filter(distinct);

t.test('after any history the outcome is the definition applied to the facts that remain', async (t) => {
  fc.assert(
    fc.property(history, (steps) => {
      const identity = new Identity(SETTINGS);
      for (const what of steps) apply(identity, what);
      const { statements, overrides } = facts(steps);
      same(state(identity, statements), expected(statements, overrides));
    }),
    { numRuns: 4000 },
  );
  t.pass();
});

t.test(
  'reported links, summed up, are the links; reported shipments cover every change of refs',
  async (t) => {
    fc.assert(
      fc.property(history, (steps) => {
        const identity = new Identity(SETTINGS);
        const links = new Set<string>();
        const refs = new Map<string, string>();
        for (const what of steps) {
          const change = apply(identity, what);
          for (const link of change.links) {
            const name = `${link.key} ${link.shipmentId}`;
            if (links.has(name) === link.linked) throw new Error(`${name} reported twice`);
            if (link.linked) links.add(name);
            else links.delete(name);
          }
          for (const shipment of deliveryIds) {
            const now = JSON.stringify(identity.refsOf(shipment));
            if (now !== (refs.get(shipment) ?? '[]') && !change.shipments.includes(shipment)) {
              throw new Error(`refs of ${shipment} changed unreported: ${refs.get(shipment)} ${now}`);
            }
            refs.set(shipment, now);
          }
        }
        const { statements } = facts(steps);
        const actual = statements.flatMap((s) =>
          identity.linksOf(s.key).map((shipment) => `${s.key} ${shipment}`),
        );
        same([...links].sort(), actual.sort());
      }),
      { numRuns: 2500 },
    );
    t.pass();
  },
);

t.test('refs kept by what is reported as gained, and asked for where reshaped, are the refs', async (t) => {
  fc.assert(
    fc.property(history, (steps) => {
      const identity = new Identity(SETTINGS);
      const kept = new Map<string, readonly Ref[]>();
      for (const what of steps) {
        const change = apply(identity, what);
        for (const shipment of change.shipments) {
          const known = kept.get(shipment);
          const refs =
            known === undefined || change.reshaped.includes(shipment)
              ? identity.refsOf(shipment)
              : mergeRefs(known, change.gained);
          kept.set(shipment, refs);
        }
        for (const shipment of deliveryIds) same(kept.get(shipment) ?? [], identity.refsOf(shipment));
        if ('put' in what) same(change.linked, identity.linksOf(what.put.key));
      }
    }),
    { numRuns: 2500 },
  );
  t.pass();
});

t.test('a snapshot read back is the same, and goes on the same', async (t) => {
  fc.assert(
    fc.property(history, history, (first, then) => {
      const steps = [...first, ...then];
      if (!distinct(steps)) return;
      const identity = new Identity(SETTINGS);
      for (const what of first) apply(identity, what);
      const loaded = Identity.load([...identity.dump()], SETTINGS);
      same(state(loaded, facts(first).statements), state(identity, facts(first).statements));
      for (const what of then) apply(loaded, what);
      const { statements, overrides } = facts(steps);
      same(state(loaded, statements), expected(statements, overrides));
    }),
    { numRuns: 800 },
  );
  t.pass();
});

t.test('asking what refs would mean changes nothing, and is what a statement with them gets', async (t) => {
  fc.assert(
    fc.property(history, someOf(ALL, 3), day, (steps, refs, d) => {
      const identity = new Identity(SETTINGS);
      for (const what of steps) apply(identity, what);
      const { statements } = facts(steps);
      const before = state(identity, statements);
      const resolved = identity.resolve(refs, d * DAY);
      same(state(identity, statements), before);
      identity.put({ key: 'asked', at: d * DAY, refs });
      same(identity.linksOf('asked'), resolved);
    }),
    { numRuns: 800 },
  );
  t.pass();
});
