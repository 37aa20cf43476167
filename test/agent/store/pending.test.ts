import t from 'tap';
import { Pending } from '../../../agent/store/pending.ts';
import { RowReader, sliceRows } from '../../../agent/store/row-binary.ts';
import { batch, shipment, T0 } from './seed.ts';

const states = (ids: readonly string[], released: number) =>
  batch(1, 1, { shipments: ids.map((id) => shipment(id, { released })) });

t.test('a shipment that changed often is one row, with what was said last', (t) => {
  const pending = new Pending();
  // More than are held unencoded, so that some are encoded before they change again.
  const ids = Array.from({ length: 5_000 }, (_, n) => `S${n}`);
  for (const round of [1, 2, 3]) {
    pending.add(states(ids, T0 + round), { RAW: round }, { epoch: 1, ordinal: round }, round);
  }
  const counted = pending.rows;
  const commit = pending.take()!;
  t.equal(commit.rows, counted, 'the rows counted while waiting are those let go');
  t.equal(commit.states.ends.length, ids.length);
  const seen = new Set<string>();
  for (let row = 0; row < ids.length; row += 1) {
    const reader = new RowReader(Buffer.concat(sliceRows(commit.states, row, row + 1).chunks));
    seen.add(reader.string());
    reader.string(); // trace_id
    if (reader.int64() !== 3) t.fail('a state of an earlier round was kept');
  }
  t.equal(seen.size, ids.length);
  t.end();
});

t.test('what waits is counted before it is encoded, and nothing is counted afterwards', (t) => {
  const pending = new Pending();
  t.ok(pending.isEmpty);
  pending.add(states(['A', 'B'], T0), { RAW: 1 }, { epoch: 1, ordinal: 1 }, 1);
  t.equal(pending.rows, 5, 'a message, an event, a link, two states');
  t.ok(pending.bytes > 1_000);
  t.ok(pending.take());
  t.same([pending.rows, pending.bytes, pending.isEmpty], [0, 0, true]);
  t.equal(pending.take(), undefined);
  t.end();
});
