import fc from 'fast-check';
import t from 'tap';
import { buildJudge } from '../../../agent/track/build.ts';
import type { Judge } from '../../../agent/track/judge.ts';
import type { AttributeValue, ShipmentEvent } from '../../../rules/event.ts';
import { hashId } from '../../../rules/hash.ts';
import type { MilestoneCode } from '../../../rules/milestone.ts';
import { instant } from '../../../rules/time.ts';
import { eventIdOf } from '../../../rules/trace.ts';
import { hubSettings } from '../../support/judge.ts';

/** Rules whose conditions come to hold and cease to, one of them on what only a hold says. */
const RULES = `rules:
  sea: { when: 'mode == "sea"', from: arrived, to: customs.released, within: 24h, notify: desk }
  air: { when: 'mode == "air" and destination.country == "NL"', from: arrived, to: customs.released, within: 4h, notify: desk }
  nowhere: { when: 'destination.country == "FR"', event: customs.rejected, at_most: 0, per: shipment, notify: desk }
  fda: { when: 'mode == "sea"', state: customs.hold, agency: FDA, longer_than: 8h, notify: desk }
  held: { when: 'destination.country == "NL"', state: customs.hold, longer_than: 6h, notify: desk }
`;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1);

interface Told {
  readonly milestone: MilestoneCode;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly hours: number;
  /** Which statement it is: told again, it is a revision. */
  readonly which: number;
}

const told: fc.Arbitrary<Told> = fc.record({
  milestone: fc.constantFrom(
    ...([
      'arrived',
      'customs.released',
      'customs.rejected',
      'customs.hold.placed',
      'customs.hold.removed',
    ] as const),
    'loaded' as const,
  ),
  attributes: fc.dictionary(
    fc.constantFrom('mode', 'destination.country', 'hold.agency'),
    fc.constantFrom('sea', 'air', 'NL', 'FR', 'FDA'),
    { maxKeys: 2 },
  ),
  hours: fc.integer({ min: 0, max: 30 }),
  which: fc.nat(2),
});

function eventOf({ milestone, attributes, hours, which }: Told, index: number): ShipmentEvent {
  const observedAt = START + (index + 1) * HOUR;
  const key = hashId('event', milestone, String(which));
  const revision = { order: index, tag: String(index) };
  return {
    ...{ id: eventIdOf(key, revision), key, revision, source: 'hub', partner: 'hub', tenant: 'default' },
    ...{
      milestone,
      occurrence: {},
      classifier: 'actual',
      occurredAt: instant(START + hours * HOUR),
      observedAt,
    },
    ...{ refs: [{ type: 'delivery', value: '1' }], attributes, retracted: false },
    raw: { stream: 'HUB', sequence: index + 1 },
  };
}

/** How the clocks stand that have not been taken back, by the last moment. */
function standing(judge: Judge, at: number): string[] {
  judge.advance(at);
  judge.dirtyAll();
  const [state] = judge.drain().shipments;
  return (state?.clocks ?? [])
    .filter((clock) => !['withdrawn', 'not-applicable', 'waiting'].includes(clock.state))
    .map(({ rule, clockId, state: name, dueAt }) => `${rule} ${clockId} ${name} ${dueAt}`)
    .sort();
}

t.test(
  'property: whether the last judgement is remembered or not, the same rules are for a shipment',
  async () => {
    const settings = hubSettings({ rules: RULES });
    fc.assert(
      fc.property(fc.array(told, { minLength: 1, maxLength: 14 }), (list) => {
        const events = list.map(eventOf);
        const end = START + 100 * HOUR;
        const stepwise = buildJudge(settings);
        for (const event of events) stepwise.recall(event);
        const anew = buildJudge(settings);
        for (const event of events) {
          anew.recall(event);
          // Whatever was remembered of it is forgotten.
          anew.drain(false);
          const { shipments } = anew.parts;
          for (let slot = 0; slot < shipments.size; slot += 1) shipments.at(slot).judged = undefined;
        }
        const [one, other] = [standing(stepwise, end), standing(anew, end)];
        if (JSON.stringify(one) !== JSON.stringify(other))
          throw new Error(`${one.join('\n')}\n--\n${other.join('\n')}`);
      }),
      { numRuns: 400 },
    );
  },
);
