import t from 'tap';
import { type AlertLogEntry, type GuardedStream, StaleWriterError } from '../../../agent/log/log.ts';
import { AlertLog, FencedError } from '../../../agent/track/alert-log.ts';
import type { AlertRecord } from '../../../agent/track/outcome.ts';

/** The same guard as the JetStream one, in memory. */
function memoryStream(): GuardedStream<AlertRecord> & { entries: AlertLogEntry<AlertRecord>[] } {
  const entries: AlertLogEntry<AlertRecord>[] = [];
  return {
    entries,
    async *read(from) {
      for (const entry of [...entries]) if (entry.sequence >= from) yield entry;
    },
    async append(subject, value, expected) {
      const last = entries.filter((entry) => entry.subject === subject).at(-1)?.sequence ?? 0;
      if (last !== expected) throw new StaleWriterError(subject, expected);
      entries.push({ subject, value, sequence: entries.length + 1 });
      return entries.length;
    },
  };
}

function record(alertId: string, number: number): AlertRecord {
  return {
    change: {
      alertId,
      number,
      kind: 'fired',
      reason: 'deadline-passed-proved',
      at: 0,
      after: { status: 'firing', confirmed: true, change: number },
    },
    clockId: `clock-${alertId}`,
    shipmentId: 's',
    rule: 'r',
    ruleVersion: 'v',
    severity: 'warning',
    tenant: 't',
    notify: [],
    aboutChannel: false,
    labels: {},
    text: { headline: '', lines: [], link: '' },
  };
}

t.test('a judge that starts again tells nothing twice and goes on where it was', async (t) => {
  const stream = memoryStream();
  const first = await AlertLog.open(stream);
  t.same(await first.publish([record('a', 1), record('b', 1), record('a', 2)]), ['published', 'published', 'published']);

  const seen: string[] = [];
  const second = await AlertLog.open(stream, (entry) => seen.push(`${entry.change.alertId}${entry.change.number}`));
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
  const stream = memoryStream();
  const stale = await AlertLog.open(stream);
  const current = await AlertLog.open(stream);
  await current.publish([record('a', 1)]);
  await t.rejects(stale.publish([record('a', 1)]), FencedError);
});
