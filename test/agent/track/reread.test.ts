import t from 'tap';
import type { GuardedStream, LogReader, LogRecord, Positions } from '../../../agent/log/log.ts';
import { BEFORE_ALL, covers, type Moment } from '../../../agent/store/floor.ts';
import type { AlertRecord, JudgeBatch } from '../../../agent/track/outcome.ts';
import { Reread } from '../../../agent/track/reread.ts';
import { bytesIn, hubJudge, saidBy } from '../../support/judge.ts';

const RULES = `
rules:
  transit: { title: Transit, from: departed at origin, to: arrived at destination, within: 4d, notify: desk }
`;
const MINUTE = 60_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1);
const AT = '2026-06-01T00:00:00Z';

const said = (id: string, refs: Readonly<Record<string, string>>, sequence: number): LogRecord =>
  saidBy(
    { id, type: 'departed', at: AT, refs, more: { role: 'origin' } },
    START + sequence * MINUTE,
    sequence,
  );
const act = (action: string, subject: string, sequence: number): LogRecord =>
  bytesIn(
    JSON.stringify({ id: `op-${sequence}`, action, subject, by: 'mia' }),
    START + sequence * MINUTE,
    sequence,
    'operator',
  );

const [one, two] = hubShipments();

/** Two shipments; the second is merged into the first, and both go on. */
const LOG: readonly LogRecord[] = [
  said('a1', { delivery: '80000001', container: 'APZU4812090' }, 1),
  said('b1', { delivery: '80000002', container: 'MSCU1234566' }, 2),
  act('merge', `${one}/${two}`, 3),
  said('a2', { delivery: '80000001' }, 4),
  said('b2', { delivery: '80000002' }, 5),
  act('split', `${one}/container:APZU4812090`, 6),
  said('a3', { container: 'APZU4812090' }, 7),
  said('b3', { container: 'MSCU1234566' }, 8),
];

function hubShipments(): readonly string[] {
  const judge = hubJudge({ rules: RULES });
  judge.take(said('a1', { delivery: '80000001' }, 1));
  judge.take(said('b1', { delivery: '80000002' }, 2));
  return judge.drain().shipments.map(({ trace }) => trace.shipmentId);
}

const readerOf = (records: readonly LogRecord[]): LogReader => {
  let given = false;
  return {
    next: async () => {
      const batch = { records: given ? [] : records, caughtUp: true };
      given = true;
      return batch;
    },
    close: async () => undefined,
  };
};

/** The links that stand after these batches, as ClickHouse's view tells them: the last word by time, then by version. */
function linksOf(batches: readonly JudgeBatch[]): readonly string[] {
  const words = new Map<string, { readonly at: number; readonly linked: boolean }>();
  for (const { shipmentId, eventId, at, linked } of batches.flatMap((batch) => batch.links)) {
    const name = `${shipmentId} ${eventId}`;
    if (at >= (words.get(name)?.at ?? 0)) words.set(name, { at, linked });
  }
  return [...words].flatMap(([name, { linked }]) => (linked ? [name] : [])).sort();
}

/** An alert log that others publish to. */
const streamOf = (published: readonly AlertRecord[]): GuardedStream<AlertRecord> => ({
  append: async () => 0,
  async *read(from) {
    for (const [index, value] of published.entries())
      if (index + 1 >= from) yield { value, subject: value.change.alertId, sequence: index + 1 };
  },
});

/** A judge's life with a batch a record, and a store that lets the batches from `behind` on go, until it catches up in `level`. */
async function live(behind: number, level: number, when: 'in flight' | 'offered'): Promise<JudgeBatch[]> {
  const judge = hubJudge({ rules: RULES });
  const published: AlertRecord[] = [];
  const openReader = async (from: Positions): Promise<LogReader> =>
    readerOf(LOG.filter(({ sequence }) => sequence > (from.HUB ?? 0)));
  const reread = new Reread({ judge, openReader, alerts: streamOf(published), stored: () => BEFORE_ALL });
  const stored: JudgeBatch[] = [];
  let queued: Positions = {};
  let offered: Positions = {};
  let isLevel = true;
  const take = (batch: JudgeBatch): void => {
    stored.push(batch);
    queued = batch.positions;
  };
  const catchUp = async (): Promise<void> => {
    for await (const batch of reread.reread(queued, new AbortController().signal)) take(batch);
    isLevel = !reread.hasMissed() && covers(queued, offered);
  };
  for (const [index, record] of LOG.entries()) {
    judge.take(record);
    const batch = judge.drain();
    const alertsBefore = published.length;
    published.push(...batch.alerts);
    if (index === level && when === 'in flight') await catchUp();
    if (index === behind) isLevel = false;
    offered = batch.positions;
    if (isLevel) take(batch);
    else reread.missed(batch, alertsBefore);
    if (index === level && when === 'offered') await catchUp();
  }
  if (!isLevel) await catchUp();
  return stored;
}

t.test('whenever the store catches up, it has the links of one that never fell behind', async (t) => {
  const wanted = linksOf(await live(-1, -1, 'offered'));
  t.ok(wanted.length > 0);
  for (let behind = 0; behind < LOG.length; behind += 1) {
    for (let level = behind; level < LOG.length; level += 1) {
      for (const when of ['in flight', 'offered'] as const) {
        const found = linksOf(await live(behind, level, when));
        t.same(found, wanted, `behind from ${behind}, level in ${level}, that batch ${when}`);
      }
    }
  }
});

t.test(
  'clocks that ran out after the last commit, at its positions, are told to the store at the next start',
  async (t) => {
    const judge = hubJudge({ rules: RULES });
    judge.take(LOG[0]!);
    const committed = judge.drain();
    judge.advance(START + 3 * DAY);
    const early = judge.drain();
    judge.advance(START + 9 * DAY);
    const late = judge.drain();
    t.same(late.positions, committed.positions);
    t.ok(late.alerts.length > 0);
    const published = [...committed.alerts, ...early.alerts, ...late.alerts];
    const toldAfter = async (stored: Moment): Promise<readonly AlertRecord[]> => {
      const openReader = (): Promise<LogReader> => Promise.reject(new Error('there is nothing to read'));
      const reread = new Reread({ judge, openReader, alerts: streamOf(published), stored: () => stored });
      reread.missedEverything();
      const told: AlertRecord[] = [];
      for await (const batch of reread.reread(committed.positions, new AbortController().signal))
        told.push(...batch.alerts);
      return told;
    };
    t.same(await toldAfter(early), late.alerts);
    t.same(
      await toldAfter(late),
      late.alerts.filter(({ change }) => change.at === late.logTime),
      'what is stored is not read again',
    );
  },
);
