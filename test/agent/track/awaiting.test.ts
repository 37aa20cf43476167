import t from 'tap';
import { Awaiting } from '../../../agent/track/awaiting.ts';

const minute = 60_000;

t.test('a shipment is tried when its channel is heard past the deadline, and not before', async (t) => {
  const awaiting = new Awaiting();
  awaiting.set(7, ['broker'], 10 * minute);
  awaiting.set(3, ['broker', 'carrier'], 12 * minute);
  t.same(awaiting.ready('broker', 10 * minute - 1), []);
  t.same(awaiting.ready('broker', 10 * minute), [7]);
  t.same(awaiting.ready('carrier', 12 * minute), [3]);
  t.same(
    awaiting.ready('broker', 12 * minute),
    [3, 7],
    'a shipment still waiting is tried again a while later',
  );
  t.same(awaiting.ready('nobody', 99 * minute), []);
});

t.test('a blocked channel that moves with every message does not cost a judgement each time', async (t) => {
  const awaiting = new Awaiting();
  awaiting.set(1, ['broker'], minute);
  t.same(awaiting.ready('broker', 2 * minute), [1]);
  t.same(awaiting.ready('broker', 2 * minute + 5), []);
  t.same(awaiting.ready('broker', 2 * minute + 6, true), [1], 'unless what blocked it was resolved');
});

t.test('a settled shipment waits for nothing', async (t) => {
  const awaiting = new Awaiting();
  awaiting.set(1, ['a', 'b'], minute);
  awaiting.set(1, ['b'], minute);
  t.same(awaiting.ready('a', 9 * minute), []);
  awaiting.set(1, [], 0);
  t.same(awaiting.ready('b', 9 * minute), []);
  t.equal(awaiting.size, 0);
});
