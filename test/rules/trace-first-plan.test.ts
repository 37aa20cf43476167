import fc from 'fast-check';
import t, { type Test } from 'tap';
import { compareRevisions, type ShipmentEvent } from '../../rules/event.ts';
import { firstPlanned, type MilestoneFact, type TraceEntry } from '../../rules/trace.ts';
import { absorb } from '../../rules/trace-absorb.ts';
import { entriesOf, event, hour, RANKS, traceOf } from '../support/trace-events.ts';

type Over = Parameters<typeof event>[1] & { readonly order?: number; readonly tag?: string };

/** A plan to arrive at an hour; `order` is the revision, and the hour at which it is logged. */
const plan = (key: string, at: number, { order = 1, tag = `${at}`, ...over }: Over = {}): ShipmentEvent =>
  event(key, {
    ...{ classifier: 'planned', occurrence: { role: 'destination' }, at, observed: order },
    ...over,
    revision: { order: hour(order), tag },
  });

/** The first plan and the plan as it stands, in hours; the same whatever order the events come in. */
function plansOf(t: Test, events: readonly ShipmentEvent[]): (number | undefined)[] {
  const trace = traceOf(events);
  t.strictSame(traceOf([...events].reverse()), trace, 'the other way round');
  t.strictSame(traceOf([...events, ...events]), trace, 'and all of it twice');
  const hours = (of: MilestoneFact['planned']) => of && (of.at.from - hour(0)) / (hour(1) - hour(0));
  return trace.milestones.flatMap((of) => [hours(firstPlanned(of)), hours(of.planned)]);
}

t.test('a plan that is moved three times was promised once', async (t) => {
  const moved = [10, 20, 30, 40].map((at, i) =>
    plan('k', at, { order: i + 1, attributes: { carrier: 'X' } }),
  );
  t.same(plansOf(t, moved), [10, 40]);
  const [fact] = traceOf(moved).milestones;
  t.equal(fact?.firstPlanned?.eventId, moved[0]!.id, 'the event that stated it');
  t.equal(fact?.firstPlanned?.observedAt, hour(1));
  t.equal(entriesOf(moved).get('k')?.firstPlan?.attributes.carrier, undefined, 'of which the date is kept');
  t.same(
    plansOf(
      t,
      [10, 20, 30].map((at, i) => plan(`k${i}`, at, { order: i + 1 })),
    ),
    [10, 30],
    'as records of their own',
  );
  t.equal(traceOf([moved[0]!]).milestones[0]?.firstPlanned, undefined, 'one plan is kept once');
});

t.test('a plan that comes back was first when it was first', async (t) => {
  const there = plan('k', 10, { order: 1 });
  const back = plan('k', 10, { order: 3 });
  t.same(plansOf(t, [there, plan('k', 20, { order: 2 }), back]), [10, 10]);
  t.equal(traceOf([there, plan('k', 20, { order: 2 }), back]).milestones[0]?.firstPlanned?.eventId, there.id);
});

t.test('what was taken back was promised by nobody, unless it is stated again', async (t) => {
  const first = plan('k', 10, { order: 1 });
  const gone = plan('k', 10, { order: 2, tag: 'gone', retracted: true });
  const other = plan('other', 30, { order: 3 });
  t.same(plansOf(t, [first, gone]), []);
  t.same(plansOf(t, [first, gone, other]), [30, 30]);
  t.same(plansOf(t, [first, gone, plan('k', 20, { order: 4 }), other]), [10, 20]);
});

t.test('a statement that became an estimate or a fact keeps its plan', async (t) => {
  const first = plan('k', 10, { order: 1 });
  t.same(plansOf(t, [first, plan('k', 12, { order: 2, classifier: 'estimated' })]), [10, undefined]);
  t.same(plansOf(t, [first, plan('k', 13, { order: 13, classifier: 'actual' })]), [10, undefined]);
});

t.test('a stop, leg or container that is named later is the same one; another is another', async (t) => {
  const named = (order: number, at: number, occurrence: ShipmentEvent['occurrence']) =>
    plan('k', at, { order, occurrence });
  t.same(
    plansOf(t, [named(1, 10, {}), named(2, 20, { role: 'destination', subject: 'MSCU1234566' })]),
    [10, 20],
  );
  t.same(plansOf(t, [named(1, 10, { leg: '1' }), named(2, 20, { leg: '2' })]), [20, 20]);
  const departure = plan('k', 10, { order: 1, milestone: 'departed' });
  t.same(plansOf(t, [departure, plan('k', 20, { order: 2 })]), [20, 20]);
});

t.test('said at one time, the one counts that would stand', async (t) => {
  t.same(plansOf(t, [plan('b', 10, { source: 'broker' }), plan('t', 20, { source: 'terminal' })]), [20, 20]);
  // A message that was read anew, with a better map, has the order of the first reading and a higher tag.
  t.same(
    plansOf(t, [plan('k', 10, { tag: 'x' }), plan('k', 12, { tag: 'x~001' }), plan('k', 20, { order: 2 })]),
    [12, 20],
  );
});

/** The definition once more, slow and plain: of each statement that stands its first plan, if it is of what stands; of those the first. */
function reference(events: readonly ShipmentEvent[]): ReadonlyMap<string, string> {
  const best = new Map<string, TraceEntry | ShipmentEvent>();
  for (const [key, stands] of entriesOf(events)) {
    const plans = events
      .filter((e) => e.key === key && e.classifier === 'planned' && !e.retracted)
      .sort((a, b) => a.revision.order - b.revision.order || -compareRevisions(a.revision, b.revision));
    if (stands.retracted) continue;
    const agrees = (part: 'role' | 'leg' | 'subject', of: ShipmentEvent): boolean =>
      of.occurrence[part] === undefined ||
      stands.occurrence[part] === undefined ||
      of.occurrence[part] === stands.occurrence[part];
    const [first] = plans;
    const about =
      first?.milestone === stands.milestone &&
      (['role', 'leg', 'subject'] as const).every((p) => agrees(p, first));
    const counted = about ? first : stands.classifier === 'planned' ? stands : undefined;
    if (counted === undefined) continue;
    const { role = '-', leg = '-', subject = '-' } = stands.occurrence;
    const place = [stands.milestone, role, leg, subject].join();
    const known = best.get(place);
    if (known === undefined || before(counted, known)) best.set(place, counted);
  }
  return new Map(
    [...best].map(([place, { key, revision }]) => [place, `${key} ${revision.order} ${revision.tag}`]),
  );
}

function before(a: TraceEntry | ShipmentEvent, b: TraceEntry | ShipmentEvent): boolean {
  if (a.revision.order !== b.revision.order) return a.revision.order < b.revision.order;
  const [x, y] = [RANKS[a.source] ?? 0, RANKS[b.source] ?? 0];
  if (x !== y) return x > y;
  return a.revision.tag === b.revision.tag ? a.key > b.key : a.revision.tag > b.revision.tag;
}

const said = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c'),
    order: fc.nat(4),
    tag: fc.nat(2),
    classifier: fc.constantFrom('planned', 'planned', 'planned', 'estimated', 'actual' as const),
    retracted: fc.constantFrom(false, false, false, true),
    milestone: fc.constantFrom('arrived', 'arrived', 'delivered' as const),
    occurrence: fc.record(
      { leg: fc.constantFrom('1', '2'), subject: fc.constant('A') },
      { requiredKeys: [] },
    ),
    source: fc.constantFrom('broker', 'terminal'),
    observed: fc.nat(9),
    at: fc.nat(40),
  })
  .map(({ key, order, tag, observed, ...rest }) => ({ key, order, tag, observed, rest }));

t.test('the first plan is that of the definition, in any order and however often', async (t) => {
  const history = fc.array(said, { minLength: 1, maxLength: 14 }).map((all) => {
    // One content a key and tag.
    const contents = new Map<string, (typeof all)[number]['rest']>();
    return all.map(({ key, order, tag, observed, rest }) => {
      const name = `${key}${tag}`;
      if (!contents.has(name)) contents.set(name, rest);
      return event(key, { ...contents.get(name)!, observed, revision: { order, tag: `t${tag}` } });
    });
  });
  const told = history.chain((events) =>
    fc.tuple(
      fc.constant(events),
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.array(fc.constantFrom(...events), { maxLength: 6 }),
    ),
  );
  fc.assert(
    fc.property(told, ([events, shuffled, more]) => {
      const trace = traceOf([...more, ...shuffled]);
      const found = new Map<string, string | undefined>();
      for (const fact of trace.milestones) {
        const { role = '-', leg = '-', subject = '-' } = fact.occurrence;
        const id = firstPlanned(fact)?.eventId;
        if (id !== undefined) found.set([fact.milestone, role, leg, subject].join(), id);
      }
      const expected = new Map(
        [...reference(events)].map(([place, text]) => {
          const [key, order, tag] = text.split(' ');
          return [place, event(key!, { revision: { order: Number(order), tag: tag! } }).id];
        }),
      );
      t.strictSame(new Map([...found].sort()), new Map([...expected].sort()));
    }),
    { numRuns: 400 },
  );
});

t.test('what an older plan changes is told', async (t) => {
  const entries = new Map<string, TraceEntry>();
  t.equal(absorb(entries, plan('k', 30, { order: 3 })), 'added');
  t.equal(absorb(entries, plan('k', 10, { order: 1 })), 'revised', 'the first plan is another');
  t.equal(absorb(entries, plan('k', 20, { order: 2 })), 'superseded', 'neither the first nor the last');
  t.equal(absorb(entries, plan('k', 10, { order: 1 })), 'superseded');
});
