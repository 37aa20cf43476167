import fc from 'fast-check';
import t from 'tap';
import { TextInterner } from '../../agent/track/interner.ts';
import { OpenShipment } from '../../agent/track/open-shipment.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { MILESTONES, type MilestoneCode } from '../../rules/milestone.ts';
import { foldTrace, packEntries, type Trace, type TraceEntry, unpackEntries } from '../../rules/trace.ts';
import { entriesOf, event, hour, RANKS, traceOf } from '../support/trace-events.ts';

const role = fc.constantFrom('origin', 'transshipment', 'destination' as const);
const subject = fc.constantFrom('MSCU1234566', 'CSQU3054383', '24GBQ4OPL9LU18CNZ7');
const version = fc.record(
  {
    'hold.agency': fc.constantFrom('CBP', 'USDA'),
    'hold.reason': fc.constantFrom('exam', 'papers'),
    'declaration.version': fc.integer({ min: 1, max: 3 }),
    'release.quantity': fc.integer({ min: -2, max: 6 }),
    'declared.quantity': fc.constantFrom(4, 8),
  },
  { requiredKeys: [] },
);

const holding: readonly MilestoneCode[] = [
  'customs.hold.placed',
  'customs.hold.removed',
  'customs.released',
  'customs.accepted',
  'customs.filed',
  'export.filing.accepted',
  'export.cleared',
];

/** A content of a statement; which one an order carries is drawn apart, so that contents come back. */
const content = (milestones: readonly MilestoneCode[]) =>
  fc.record({
    milestone: fc.constantFrom(...milestones),
    // Holds and releases meet more often when there is little else to tell them apart.
    occurrence:
      milestones === holding
        ? fc.constantFrom({}, {}, { subject: 'MSCU1234566' })
        : fc.record({ role, subject, leg: fc.constantFrom('1', '2') }, { requiredKeys: [] }),
    classifier: fc.constantFrom(
      'actual',
      ...(milestones === holding ? [] : (['planned', 'estimated'] as const)),
    ),
    source: fc.constantFrom('broker', 'terminal', 'carrier'),
    partner: fc.constantFrom('acme', 'zenith'),
    attributes: version,
    retracted: fc.constantFrom(false, false, false, true),
    at: fc.nat(milestones === holding ? 4 : 12),
    days: fc.constantFrom(0, 0, 1),
  });

const statement = (key: string, milestones: readonly MilestoneCode[]) =>
  fc
    .tuple(
      fc.array(content(milestones), { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(6), fc.nat(2), fc.integer({ min: 0, max: 20 })), {
        minLength: 1,
        maxLength: 5,
      }),
    )
    .map(([contents, revisions]) =>
      revisions.map(([order, which, observed]): ShipmentEvent => {
        const tag = which % contents.length;
        const { days, at, ...rest } = contents[tag]!;
        const occurredAt = {
          from: hour(at),
          to: hour(at + 24 * days),
          zone: 'UTC',
          zoneFrom: 'text',
        } as const;
        return event(key, { ...rest, at, occurredAt, observed, revision: { order, tag: `t${tag}` } });
      }),
    );

const history = (milestones: readonly MilestoneCode[], keys: number) =>
  fc
    .tuple(...Array.from({ length: keys }, (_, i) => statement(`key-${i}`, milestones)))
    .map((all) => all.flat())
    .chain((events) =>
      fc.record({
        events: fc.constant(events),
        shuffled: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length }),
            fc.array(fc.constantFrom(...events), { maxLength: 5 }),
          )
          .map(([order, more]) => [...order, ...more]),
      }),
    );

const every = Object.keys(MILESTONES) as MilestoneCode[];

for (const [name, milestones] of [
  ['any milestones', every],
  ['holds and releases', holding],
] as const) {
  t.test(`${name}: any order, any duplication, one trace`, async (t) => {
    fc.assert(
      fc.property(history(milestones, 7), ({ events, shuffled }) => {
        const once = entriesOf(events);
        const again = entriesOf(shuffled);
        t.strictSame(new Map([...again].sort()), new Map([...once].sort()));
        const trace = traceOf(events);
        const other = traceOf(shuffled);
        if (JSON.stringify(trace) !== JSON.stringify(other)) t.strictSame(other, trace);
      }),
      { numRuns: 100 },
    );
  });
}

for (const [name, milestones] of [
  ['any milestones', every],
  ['holds and releases', holding],
] as const) {
  t.test(`${name}: a fold that is kept is the fold made anew, after every step`, async (t) => {
    const steps = history(milestones, 6).chain(({ shuffled }) =>
      fc.tuple(...shuffled.map((said) => fc.tuple(fc.constant(said), fc.constantFrom(1, 1, 1, 0)))),
    );
    fc.assert(
      fc.property(steps, (steps) => {
        const kept = new OpenShipment(0, 's-1', new Map(), new Map(), 0);
        const rank = (source: string): number => RANKS[source] ?? 0;
        let last: Trace | undefined;
        for (const [said, stays] of steps) {
          if (stays === 1) kept.absorb(said);
          else kept.drop(said.key);
          const trace = kept.trace('one', [], rank);
          const anew = foldTrace('s-1', 'one', [], kept.entries.values(), rank);
          if (JSON.stringify(trace) !== JSON.stringify(anew)) t.strictSame(trace, anew);
          // What says the same is the same object: rules that hang on it are not judged again.
          const index = trace.milestones.findIndex((one, i) => one !== last?.milestones[i]);
          const [one, other] = [trace.milestones[index], last?.milestones[index]];
          if (index >= 0 && JSON.stringify(one) === JSON.stringify(other)) t.strictSame(one, undefined);
          last = trace;
        }
      }),
      { numRuns: 100 },
    );
  });
}

t.test('what holds of every ledger', async (t) => {
  fc.assert(
    fc.property(history(holding, 8), ({ events }) => {
      const { holds, milestones, voided } = traceOf(events);
      for (const hold of holds) {
        if (hold.removed !== undefined && hold.removed.at.to < hold.placed.at.from)
          t.fail('removed before placed');
      }
      const counted = milestones.flatMap((m) => (m.milestone === 'customs.released' ? (m.actual ?? []) : []));
      for (const fact of counted) {
        const open = holds.filter((h) => h.removed === undefined && h.subject === undefined);
        if (open.some((h) => h.placed.at.from <= fact.at.from)) t.fail('released under an open hold');
        if (voided.some((v) => v.eventId === fact.eventId)) t.fail('counted and void');
      }
    }),
    { numRuns: 100 },
  );
});

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('NLRTM', '上海', 'a\nb', ''),
);
const time = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.integer({ min: 0, max: 6e7 }).map((minutes) => minutes * 60_000),
  fc.integer({ min: -1e9, max: 4e9 }).map((seconds) => seconds * 1_000),
);
const order = fc.oneof(time, fc.nat(9), fc.double({ noNaN: true, min: 0.1 }));
const raw = fc.record({ stream: text, sequence: fc.nat() });
const hash = fc.string({ unit: fc.constantFrom('A', 'z', '-', '_', '9'), minLength: 22, maxLength: 22 });
const entryParts: fc.Arbitrary<TraceEntry> = fc.record(
  {
    key: fc.oneof(hash, text),
    revision: fc.record({ order, tag: fc.oneof(hash, text) }),
    source: text,
    partner: text,
    milestone: fc.constantFrom(...every),
    occurrence: fc.record({ role, leg: text, subject: text }, { requiredKeys: [] }),
    classifier: fc.constantFrom('planned', 'estimated', 'actual' as const),
    occurredAt: fc.record({
      from: time,
      to: time,
      zone: text,
      zoneFrom: fc.constantFrom('text', 'place', 'partner', 'assumed' as const),
    }),
    observedAt: time,
    location: fc.record(
      { unlocode: text, name: text, country: text, zone: text, facility: text },
      { requiredKeys: [] },
    ),
    attributes: fc.dictionary(
      fc.string({ unit: 'grapheme-ascii', minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.oneof(text, fc.boolean(), fc.double({ noNaN: true }), fc.integer()),
      { noNullPrototype: true },
    ),
    retracted: fc.boolean(),
    raw,
    again: fc.array(fc.record({ order, observedAt: time, raw }), { minLength: 1, maxLength: 3 }),
    otherUpTo: order,
  },
  {
    requiredKeys: [
      ...(['key', 'revision', 'source', 'partner', 'milestone', 'occurrence', 'classifier'] as const),
      ...(['occurredAt', 'observedAt', 'attributes', 'retracted', 'raw'] as const),
    ],
  },
);

/** Without the null prototypes that fast-check gives its records; every other one with a first plan of the same key. */
const anyEntry = fc
  .tuple(entryParts, entryParts, fc.boolean())
  .map(([entry, plan, replanned]): TraceEntry => {
    const firstPlan = { ...plan, key: entry.key };
    return structuredClone(replanned ? { ...entry, firstPlan } : entry);
  });

t.test('packing loses nothing', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(anyEntry, { selector: (e) => e.key, maxLength: 6 }), (entries) => {
      const names = new TextInterner(['something else']);
      const packed = packEntries(entries, names);
      if (!/^[\x20-\x7e]*$/.test(packed)) t.fail('not one line of ASCII');
      t.strictSame([...unpackEntries(packed, new TextInterner(names.dump())).values()], entries);
    }),
    { numRuns: 100 },
  );
});

t.test('a damaged pack is refused', async (t) => {
  const names = new TextInterner();
  const packed = packEntries(entriesOf([event('k', { attributes: { mode: 'sea' } })]).values(), names);
  for (let cut = 1; cut < packed.length; cut++) {
    t.throws(() => unpackEntries(packed.slice(0, cut), names), /damaged/);
  }
  t.throws(() => unpackEntries('~', names), /damaged at character 0/);
});

t.test('a pack is short', async (t) => {
  const key = (i: number): string => `${i}`.padStart(22, 'k');
  const events = Array.from({ length: 10 }, (_, i) =>
    event(key(i), {
      milestone: every[i]!,
      at: i * 17,
      observed: i * 17 + 0.3,
      revision: { order: hour(i), tag: key(i) },
    }),
  );
  const names = new TextInterner();
  t.ok(packEntries(entriesOf(events).values(), names).length / 10 <= 75);
});
