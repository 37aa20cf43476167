import fc from 'fast-check';
import t from 'tap';
import { Timers } from '../../../agent/track/timers.ts';

t.test('fires in time order, whatever was set, moved and cleared', async (t) => {
  const step = fc.record({ slot: fc.nat(3000), at: fc.option(fc.nat(50), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const timers = new Timers();
      const model = new Map<number, number>();
      for (const { slot, at } of steps) {
        timers.set(slot, at);
        if (at === undefined) model.delete(slot);
        else model.set(slot, at);
      }
      const expected = [...model].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
      const got: [number, number][] = [];
      for (let at = timers.nextAt(); at !== Number.POSITIVE_INFINITY; at = timers.nextAt()) {
        got.push([timers.pop(), at]);
      }
      t.same(got, expected);
      return true;
    }),
    { numRuns: 200 },
  );
});

t.test('an empty heap has nothing to fire', async (t) => {
  const timers = new Timers();
  t.equal(timers.nextAt(), Number.POSITIVE_INFINITY);
  t.equal(timers.pop(), -1);
});
