import t from 'tap';
import type { LogRecord } from '../../agent/log/log.ts';
import { type PipelineEdges, runPipeline } from '../../agent/pipeline.ts';
import { AlertLog } from '../../agent/track/alert-log.ts';
import type { JudgeBatch } from '../../agent/track/outcome.ts';
import { hubJudge, saidBy } from '../support/judge.ts';
import { memoryStream } from '../support/memory-stream.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1, 8);
const RULES =
  'rules: { release: { from: arrived at destination, to: customs.released, within: 24h, legal: true, notify: desk } }';
const SHIPMENTS = 900;

const tick = (observedAt: number, sequence: number): LogRecord => ({
  ...{ kind: 'tick', stream: 'HUB', sequence, subject: 'hub.tick', observedAt, source: 'hub' },
  header: () => undefined,
  headers: () => [],
  data: new Uint8Array(),
});

/** Lets the pipeline read these records, and time pass by the wall clock to `wall`; gives every batch that it handed over. */
async function flow(
  records: readonly LogRecord[],
  wall?: number,
): Promise<{ batches: JudgeBatch[]; turns: number }> {
  const judge = hubJudge({ rules: RULES });
  const [batches, reads] = [[] as JudgeBatch[], [records]];
  const stop = new AbortController();
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (!stop.signal.aborted) setImmediate(count);
  };
  const edges: PipelineEdges = {
    judge,
    reader: {
      next: async () => {
        const [next = []] = reads.splice(0, 1);
        if (next.length === 0) stop.abort();
        if (next.length > 0) setImmediate(count);
        return { records: next, caughtUp: true };
      },
      close: async () => undefined,
    },
    log: { setFloor: async () => undefined },
    alertLog: await AlertLog.open(memoryStream()),
    store: {
      offer: () => true,
      floor: () => ({}),
      wholeFloor: () => ({ positions: {}, logTime: START }),
      onFloor: () => undefined,
      flush: async () => undefined,
      stop: async () => undefined,
    },
    notify: () => undefined,
    missed: () => undefined,
    snapshot: async () => undefined,
    wallTime: () => wall,
    observe: (batch) => batches.push(batch),
  };
  await runPipeline(edges, stop.signal);
  return { batches, turns };
}

const arrivals = Array.from({ length: SHIPMENTS }, (_, n) =>
  saidBy(
    {
      id: `a${n}`,
      type: 'arrived',
      at: new Date(START).toISOString(),
      refs: { delivery: `8000${1000 + n}` },
      more: { role: 'destination' },
    },
    START + n,
    n + 1,
  ),
);

t.test(
  'clocks that fall due together are judged a few at a time, and the process has its turns meanwhile',
  async (t) => {
    const after = START + 24 * HOUR + 1;
    for (const [how, records, wall] of [
      ['before the next record', [...arrivals, tick(after, SHIPMENTS + 1)], undefined],
      ['by the wall clock', arrivals, after + 1000],
    ] as const) {
      const { batches, turns } = await flow(records, wall);
      const told = batches.map(({ alerts }) => alerts.length).filter((n) => n > 0);
      t.ok(told.length > 2 && Math.max(...told) <= 100, `${how}: ${told.join(', ')}`);
      t.equal(
        told.reduce((sum, n) => sum + n, 0),
        SHIPMENTS,
        `${how}: every one of them is told`,
      );
      t.ok(turns >= told.length - 1, `${how}: others have their turns`);
      const positions = batches.map(({ positions }) => positions.HUB ?? 0);
      t.same(
        positions,
        positions.toSorted((a, b) => a - b),
        `${how}: positions never go back`,
      );
    }
  },
);
