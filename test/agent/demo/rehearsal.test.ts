import t from 'tap';
import { type KindCounts, rehearse } from '../../../agent/demo/rehearsal.ts';

/** Worlds that end in summer, after a change of clocks, over the turn of the year; with `laytime demo --seeds 50` come many more. */
const WORLDS = [
  { seed: 21, endAt: Date.UTC(2026, 6, 14, 9, 30) },
  { seed: 22, endAt: Date.UTC(2026, 10, 9, 12) },
  { seed: 23, endAt: Date.UTC(2027, 0, 12, 17, 5) },
];

t.test('nothing is told falsely and nothing is missed, in nine kinds of rules', async (t) => {
  const kinds = new Map<string, KindCounts>();
  let naive = 0;
  for (const { seed, endAt } of WORLDS) {
    const world = rehearse({ seed, endAt, shipments: 150 });
    t.strictSame(
      world.falseAlerts.map(({ text }) => text.headline),
      [],
      `seed ${seed}: false alerts`,
    );
    t.strictSame(
      world.missedAlerts.map(({ rule, shipment }) => `${rule.name} ${shipment.delivery}`),
      [],
      `seed ${seed}: missed alerts`,
    );
    t.ok(world.alerts.raised > 0 && world.alerts.resolved > 0 && world.alerts.withdrawn > 0);
    t.ok(world.events > 5_000);
    naive += world.naiveFalseAlerts;
    for (const [kind, { clocks, broken, told }] of Object.entries(world.kinds)) {
      const known = kinds.get(kind) ?? { clocks: 0, broken: 0, told: 0 };
      kinds.set(kind, {
        clocks: known.clocks + clocks,
        broken: known.broken + broken,
        told: known.told + told,
      });
    }
  }
  t.ok(naive > 0, 'a naive checker does cry for nothing');
  t.equal(kinds.size, 9);
  for (const [kind, { broken, told }] of kinds)
    t.ok(broken > 0 && told > 0, `${kind}: promises were broken, and people were told`);
});
