import t from 'tap';
import { AlertLog, FencedError } from '../../../agent/track/alert-log.ts';
import type { AlertRecord } from '../../../agent/track/outcome.ts';
import { alertRecord as record } from '../../support/alerts.ts';
import { memoryStream } from '../../support/memory-stream.ts';

t.test('a judge that starts again tells nothing twice and goes on where it was', async (t) => {
  const stream = memoryStream<AlertRecord>();
  const first = await AlertLog.open(stream);
  t.same(await first.publish([record('a', 1), record('b', 1), record('a', 2)]), [
    'published',
    'published',
    'published',
  ]);

  const seen: string[] = [];
  const second = await AlertLog.open(stream, (entry) =>
    seen.push(`${entry.change.alertId}${entry.change.number}`),
  );
  t.same(seen.toSorted(), ['a1', 'a2', 'b1']);
  t.same(await second.publish([record('a', 1), record('a', 2), record('a', 3)]), [
    'already-there',
    'already-there',
    'published',
  ]);
  t.equal(second.lastChange('a'), 3);
  t.equal(second.lastChange('nobody'), 0);
  t.equal(stream.entries.length, 4);
});

t.test('a judge that was replaced is refused', async (t) => {
  const stream = memoryStream<AlertRecord>();
  const stale = await AlertLog.open(stream);
  const current = await AlertLog.open(stream);
  await current.publish([record('a', 1)]);
  await t.rejects(stale.publish([record('a', 1)]), FencedError);
});
