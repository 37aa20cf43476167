import fc from 'fast-check';
import t from 'tap';
import { Awaiting } from '../../../agent/track/awaiting.ts';

const wait = (channelId: string, dueAt: number, milestone = 'customs.released' as const) => ({
  channelId,
  milestone,
  dueAt,
});

t.test('a shipment is tried when its channel is heard past the deadline, and not before', async (t) => {
  const awaiting = new Awaiting();
  awaiting.set(7, [wait('broker', 10)]);
  awaiting.set(3, [wait('broker', 12), wait('carrier', 12)]);
  t.same(
    awaiting.ready('broker', () => 9),
    [],
  );
  t.same(
    awaiting.ready('broker', () => 10),
    [7],
  );
  t.same(
    awaiting.ready('broker', () => 10),
    [],
    'once; it waits again if it must',
  );
  t.same(
    awaiting.ready('carrier', () => 12),
    [3],
  );
  t.same(
    awaiting.ready('nobody', () => 99),
    [],
  );
});

t.test('a channel that is held back for one milestone still settles the others', async (t) => {
  const awaiting = new Awaiting();
  awaiting.set(1, [{ channelId: 'broker', milestone: 'customs.released', dueAt: 10 }]);
  awaiting.set(2, [{ channelId: 'broker', milestone: 'duty.assessed', dueAt: 10 }]);
  t.same(
    awaiting.ready('broker', (milestone) => (milestone === 'customs.released' ? 5 : 20)),
    [2],
  );
});

t.test('what is ready is what a plain list says, whatever was set before', async (t) => {
  const step = fc.record({ slot: fc.nat(20), dueAt: fc.option(fc.nat(30), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step), fc.nat(30), (steps, watermark) => {
      const awaiting = new Awaiting();
      const model = new Map<number, number>();
      for (const { slot, dueAt } of steps) {
        awaiting.set(slot, dueAt === undefined ? [] : [wait('broker', dueAt)]);
        if (dueAt === undefined) model.delete(slot);
        else model.set(slot, dueAt);
      }
      const expected = [...model].filter(([, dueAt]) => dueAt <= watermark).map(([slot]) => slot);
      t.equal(awaiting.size, model.size);
      t.same(
        awaiting.ready('broker', () => watermark),
        expected.sort((a, b) => a - b),
      );
      return true;
    }),
  );
});
