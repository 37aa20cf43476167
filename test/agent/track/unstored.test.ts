import t from 'tap';
import { emptyBatch } from '../../../agent/track/batch.ts';
import type { JudgeBatch, Link } from '../../../agent/track/outcome.ts';
import { Unstored } from '../../../agent/track/unstored.ts';

const link = (eventId: string, linked: boolean, at: number): Link => ({
  eventId,
  shipmentId: 'S',
  linked,
  at,
});
const batch = (at: number, over: Partial<JudgeBatch> = {}): JudgeBatch => ({
  ...emptyBatch({ HUB: at }, at),
  ...over,
});

t.test('what was taken back is kept until a commit covers it, and no longer', async (t) => {
  const unstored = new Unstored();
  const first = batch(1, { links: [link('a', true, 1), link('b', false, 1)] });
  unstored.note(first);
  unstored.note(batch(2, { links: [link('c', false, 2)] }));
  t.same(unstored.dump().links, [link('b', false, 1), link('c', false, 2)]);
  unstored.stored({ positions: { HUB: 1 }, logTime: 1 });
  t.same(unstored.dump().links, [link('c', false, 2)]);
  t.notOk(unstored.isOwed, 'the store has taken it');
});

t.test('clocks that run out while nothing is read are later than the commit before', async (t) => {
  const unstored = new Unstored();
  const { positions } = batch(1);
  unstored.note({ ...batch(5, { links: [link('a', false, 5)] }), positions });
  unstored.stored({ positions, logTime: 4 });
  t.equal(unstored.dump().links.length, 1);
  unstored.stored({ positions, logTime: 5 });
  t.equal(unstored.dump().links.length, 0);
});

t.test('what the store did not take is owed, once', async (t) => {
  const unstored = new Unstored();
  const missed = batch(1, { links: [link('a', false, 1)] });
  unstored.note(missed);
  unstored.missed(missed);
  unstored.stored({ positions: { HUB: 9 }, logTime: 9 });
  t.ok(unstored.isOwed);
  t.same(unstored.take().links, missed.links);
  t.notOk(unstored.isOwed);
  t.same(unstored.dump().links, missed.links, 'and kept until it is committed');
});

t.test('a link that is made again after it was taken back is not taken back for ever', async (t) => {
  const unstored = new Unstored();
  unstored.note(batch(1, { links: [link('a', false, 1)] }));
  unstored.note(batch(1, { links: [link('a', true, 1), link('b', true, 1)] }));
  t.same(unstored.dump().links, [link('a', false, 1), link('a', true, 1)]);
});
