import fc from 'fast-check';
import t from 'tap';
import type { LogRecord } from '../../../agent/log/log.ts';
import { type MergeInput, MergingReader } from '../../../agent/log/reader.ts';
import type { StreamRecord } from '../../../agent/log/record.ts';

/** A stream in memory; `atEnd` is what the server would say once everything here is taken. */
function input(stream: string, times: readonly number[], ends = true): MergeInput {
  const records = times.map((observedAt, i) => ({ stream, sequence: i + 1, observedAt }) as StreamRecord);
  return {
    stream,
    peek: () => records[0],
    newest: () => records.at(-1),
    take: () => records.shift(),
    refill: () => undefined,
    get atEnd() {
      return ends && records.length === 0;
    },
    close: async () => undefined,
  };
}

const { signal } = new AbortController();

async function drain(reader: MergingReader): Promise<LogRecord[]> {
  const out: LogRecord[] = [];
  for (;;) {
    const { records, caughtUp } = await reader.next({ maxRecords: 7, maxWaitMs: 1_000, signal });
    out.push(...records);
    if (caughtUp) return out;
  }
}

t.test('several streams come out as one, oldest first, each in its own sequence', async (t) => {
  const times = fc.array(fc.nat(50), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(times, times, times, async (a, b, c) => {
      const sorted = [a, b, c].map((list) => list.toSorted((x, y) => x - y));
      const reader = new MergingReader(sorted.map((list, i) => input('ABC'[i] ?? '', list)));
      const out = await drain(reader);
      t.equal(out.length, a.length + b.length + c.length);
      const key = (r: LogRecord): string =>
        `${String(r.observedAt).padStart(4, '0')} ${r.stream} ${String(r.sequence).padStart(4, '0')}`;
      t.strictSame(out.map(key), out.map(key).toSorted());
    }),
    { numRuns: 25 },
  );
});

t.test('a record waits for a stream that has more but has not shown it yet', async (t) => {
  const reader = new MergingReader([input('A', [10, 30]), input('B', [20], false)]);
  const first = await reader.next({ maxRecords: 10, maxWaitMs: 1_000, signal });
  t.strictSame(
    first.records.map((r) => r.observedAt),
    [10, 20],
  );
  t.notOk(first.caughtUp);
  const second = await reader.next({ maxRecords: 10, maxWaitMs: 60, signal });
  t.strictSame(second.records, [], '30 may not pass what B has not shown');
  t.notOk(second.caughtUp);
});

t.test('a clock that steps back within a stream does not reorder the stream', async (t) => {
  const reader = new MergingReader([input('A', [10, 5, 11]), input('B', [7, 12])]);
  const out = await drain(reader);
  t.strictSame(
    out.map((r) => `${r.stream}${r.sequence}`),
    ['B1', 'A1', 'A2', 'A3', 'B2'],
  );
});
