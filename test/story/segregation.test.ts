import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { systemClock } from '../../agent/clock.ts';
import { openLog } from '../../agent/log/jetstream-log.ts';
import { runPipeline } from '../../agent/pipeline.ts';
import { embeddedClient } from '../../agent/store/client.ts';
import { createStoreWriter } from '../../agent/store/writer.ts';
import { AlertLog } from '../../agent/track/alert-log.ts';
import { buildJudge } from '../../agent/track/build.ts';
import { httpCollector } from '../../collectors/http/http.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { CollectorWorld } from '../support/collector-world.ts';
import { eventually, withNats } from '../support/engines.ts';
import { json, withHttpServer } from '../support/http-server.ts';
import { hubSettings } from '../support/judge.ts';
import { memoryStream } from '../support/memory-stream.ts';
import { httpSettings } from '../support/source-settings.ts';

type Test = Parameters<typeof withNats>[0];

const SOURCES = ['silent', 'flooding', 'calm'] as const;
const RULES = 'rules: { transit: { title: Transit, from: departed, to: arrived, within: 1h, notify: desk } }';

const event = (id: string, type = 'arrived') => ({
  ...{ specversion: '1.0', id, source: '/hub', type, time: '2026-03-01T08:00:00Z' },
  data: { refs: { delivery: id }, occurredAt: '2026-03-01T08:00:00Z' },
});

/** A ClickHouse that answers every question, and no insert until it is told to. */
async function slowClickHouse(t: Test) {
  const held: (() => void)[] = [];
  const state = { answers: false };
  const server = await withHttpServer(t, (request, response, url) => {
    request.resume();
    if (state.answers || !/INSERT/i.test(url.searchParams.get('query') ?? '')) response.end();
    else held.push(() => response.end());
  });
  return {
    url: server.url,
    held,
    answer: () => {
      state.answers = true;
      for (const release of held.splice(0)) release();
    },
  };
}

/** Collectors, log, judge and store as they run in an agent; what was judged is kept. */
async function agent(t: Test, clickhouse: string) {
  const nats = await withNats(t);
  const connection = await connect({ servers: nats.url });
  const log = await openLog(connection);
  const hub = hubSettings({ rules: RULES });
  const [source, channel] = [hub.sources[0]!, hub.channels[0]!];
  const judge = buildJudge({
    ...hub,
    sources: SOURCES.map((name) => ({ ...source, identity: { ...source.identity, name, partner: name } })),
    channels: SOURCES.map((name) => ({ ...channel, name, partners: [name], provenBy: 'polls' as const })),
  });
  const client = embeddedClient(clickhouse);
  const store = createStoreWriter({
    ...{ client, database: 'laytime', epoch: 1, judgeFrom: {} },
    onFault: () => undefined,
    now: systemClock.now,
    sleep: systemClock.sleep,
  });
  const abort = new AbortController();
  const judged: ShipmentEvent[] = [];
  const reader = await log.read([{ stream: 'LAYTIME_LOG', subjects: [] }], {});
  const flow = runPipeline(
    {
      ...{ reader, log, judge, store },
      alertLog: await AlertLog.open(memoryStream()),
      notify: () => undefined,
      missed: () => undefined,
      snapshot: async () => undefined,
      wallTime: () => undefined,
      observe: (batch) => {
        judged.push(...batch.events);
      },
    },
    abort.signal,
  );
  t.teardown(async () => {
    abort.abort();
    await flow;
    await store.stop(0);
    await reader.close();
    await log.close();
    await client.close();
    await connection.close();
  });
  return { log, store, judged };
}

t.test('a slow ClickHouse, a partner that never answers and one that floods delay no other', async (t) => {
  const clickhouse = await slowClickHouse(t);
  const { log, store, judged } = await agent(t, clickhouse.url);
  const silent = await withHttpServer(t, () => undefined);
  const flooding = await withHttpServer(t, (_, response, url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const items = Array.from({ length: 200 }, (_, n) => event(`${page}-${n}`));
    json(response, { items, next: `?page=${page + 1}` });
  });
  const ids: string[] = [];
  const calm = await withHttpServer(t, (_, response) =>
    json(response, { items: ids.map((id) => event(id)) }),
  );
  const world = new CollectorWorld();
  const context = { ...world.context(), sink: log, cursors: log.cursors };
  const gates = new HostGates();
  const abort = new AbortController();
  const paging = { kind: 'url', from: '/next' } as const;
  const runs = [
    httpSettings(silent.url, { name: 'silent', timeoutMs: 600_000 }),
    httpSettings(flooding.url, { name: 'flooding', paging, maxPages: 1_000_000 }),
    httpSettings(calm.url, { name: 'calm' }),
  ].map((settings) => httpCollector(settings, gates).run(context, abort.signal));
  const judgedOf = (source: string): number =>
    new Set(judged.filter((each) => each.source === source).map(({ id }) => id)).size;

  await world.until('the store has begun and waits', () => clickhouse.held.length > 0);
  for (const id of ['first', 'second', 'third']) {
    const flood = judgedOf('flooding');
    ids.push(id);
    await world.until(`the ${id} of the calm one is judged`, () => judgedOf('calm') === ids.length);
    await world.until('and the flood goes on', () => judgedOf('flooding') > flood);
  }
  t.equal(silent.requests.length, 1, 'while the silent one still waits for its first answer');
  t.notOk(
    world.events.some((each) => each.kind === 'poll-finished' && each.source === 'flooding'),
    'and the flood has not come to an end',
  );
  t.same(store.floor(), {}, 'and ClickHouse has not taken anything');
  abort.abort();
  await Promise.all(runs);
  clickhouse.answer();
  await eventually('when it answers, it is given what waited', () => (store.floor().LAYTIME_LOG ?? 0) > 0);
});
