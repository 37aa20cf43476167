import t from 'tap';
import { Notifier, type NotifierSettings } from '../../../agent/notify/notifier.ts';
import { Outbox, type OutboxEntry } from '../../../agent/notify/outbox.ts';
import type { NotifyChannel, OutboundMessage, Route, SendResult } from '../../../agent/notify/route.ts';
import { alertRecord } from '../../support/alerts.ts';
import { memoryStream } from '../../support/memory-stream.ts';

interface Receiver extends NotifyChannel {
  readonly got: OutboundMessage[];
  answers: SendResult[];
}

function receiver(answers: SendResult[] = []): Receiver {
  const got: OutboundMessage[] = [];
  return {
    kind: 'test',
    got,
    answers,
    render: (group) => ({
      subject: `${group.records.length}`,
      contentType: 'text/plain',
      body: group.records.map((record) => `${record.text.headline}#${record.change.number}`).join(','),
    }),
    async send(message) {
      got.push(message);
      return answers.shift() ?? { kind: 'sent' };
    },
  };
}

interface Desk {
  readonly notifier: Notifier;
  readonly waits: { ms: number; done: () => void }[];
  readonly results: string[];
}

async function desk(
  route: Omit<Route, 'name'>,
  stream = memoryStream<OutboxEntry>(),
  more: Partial<NotifierSettings> = {},
): Promise<Desk> {
  const waits: Desk['waits'] = [];
  const results: string[] = [];
  const notifier = new Notifier({
    routes: new Map([['desk', { name: 'desk', ...route }]]),
    outbox: await Outbox.open(stream),
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise<void>((done) => {
        waits.push({ ms, done });
        signal.addEventListener('abort', () => done());
      }),
    random: () => 1,
    onResult: (_route, result) => results.push(result),
    maxAttempts: 3,
    ...more,
  });
  return { notifier, waits, results };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000 && !condition(); turns += 1) await turn();
  if (!condition()) throw new Error('waited for something that never came');
}

t.test('a change without grouping goes out at once, once, and is recorded after it arrived', async (t) => {
  const stream = memoryStream<OutboxEntry>();
  const channel = receiver();
  const { notifier } = await desk({ channel, groupBy: [], groupWaitMs: 0 }, stream);
  notifier.take([alertRecord('a', 1)]);
  await notifier.idle();
  notifier.take([alertRecord('a', 1)]);
  await notifier.idle();
  t.equal(channel.got.length, 1);
  t.same(
    stream.entries.map((entry) => entry.value.kind),
    ['told'],
  );
});

t.test('what is sent while a record is on its way is recorded together', async (t) => {
  const stream = memoryStream<OutboxEntry>();
  const unhurried: typeof stream = {
    ...stream,
    append: (...all) => turn().then(() => stream.append(...all)),
  };
  const { notifier } = await desk({ channel: receiver(), groupBy: [], groupWaitMs: 0 }, unhurried);
  const ids = Array.from({ length: 50 }, (_, n) => `alert ${n}`);
  notifier.take(ids.map((id) => alertRecord(id, 1)));
  await notifier.idle();
  const results = stream.entries.flatMap(({ value }) => (value.kind === 'told' ? value.results : []));
  t.same(
    results.map(({ change, result }) => [change, result]),
    ids.map((id) => [`${id}.1`, 'sent']),
  );
  t.ok(stream.entries.length < ids.length / 2, `${stream.entries.length} records`);
});

t.test(
  'killed before it is recorded, a change goes out again with the same bytes; after that never',
  async (t) => {
    const stream = memoryStream<OutboxEntry>();
    const lost: typeof stream = { ...stream, append: () => new Promise(() => undefined) };
    const [first, second, third] = [receiver(), receiver(), receiver()];
    const route = { groupBy: [], groupWaitMs: 0 };
    const before = await desk({ channel: first, ...route }, lost);
    before.notifier.take([alertRecord('a', 1)]);
    await until(() => first.got.length === 1);
    for (const channel of [second, third]) {
      const { notifier } = await desk({ channel, ...route }, stream);
      notifier.start();
      notifier.take([alertRecord('a', 1)]);
      await notifier.idle();
    }
    t.same(second.got, first.got);
    t.same(third.got, []);
  },
);

t.test('a record that cannot be written is tried again, with what was sent meanwhile', async (t) => {
  const stream = memoryStream<OutboxEntry>();
  let away = true;
  const flaky: typeof stream = {
    ...stream,
    append: async (...all) => {
      if (away) throw new Error('the log is away');
      return stream.append(...all);
    },
  };
  const channel = receiver();
  const { notifier, waits, results } = await desk({ channel, groupBy: [], groupWaitMs: 0 }, flaky);
  notifier.take([alertRecord('a', 1)]);
  await until(() => waits.length === 1);
  notifier.take([alertRecord('b', 1)]);
  await until(() => channel.got.length === 2);
  away = false;
  waits[0]!.done();
  await notifier.idle();
  t.same(results, ['sent', 'outbox-error', 'sent']);
  t.match(stream.entries, [{ value: { results: [{ change: 'a.1' }, { change: 'b.1' }] } }]);
  t.equal(stream.entries.length, 1);
});

t.test(
  'changes of one place wait for each other and go out as one message; the newest of an alert is told',
  async (t) => {
    const channel = receiver();
    const { notifier, waits } = await desk({ channel, groupBy: ['place'], groupWaitMs: 30_000 });
    notifier.take([alertRecord('a', 1, { kind: 'at-risk' }), alertRecord('b', 1)]);
    notifier.take([alertRecord('a', 2), alertRecord('c', 1, { labels: { place: 'GBLHR' } })]);
    t.same(
      waits.map((wait) => wait.ms),
      [30_000, 30_000],
      'one wait for each place',
    );
    for (const wait of waits) wait.done();
    await notifier.idle();
    t.same(
      channel.got.map((message) => message.body),
      ['fired a#2,fired b#1', 'fired c#1'],
    );
  },
);

t.test(
  'a receiver that is down is tried again with the same bytes under the same key, then given up',
  async (t) => {
    const stream = memoryStream<OutboxEntry>();
    const down: SendResult = { kind: 'retry', reason: 'the receiver answered 503' };
    const channel = receiver([down, { ...down, afterMs: 7000 }, down]);
    const { notifier, waits, results } = await desk({ channel, groupBy: [], groupWaitMs: 0 }, stream);
    notifier.take([alertRecord('a', 1)]);
    await until(() => waits.length === 1);
    waits[0]!.done();
    await until(() => waits.length === 2);
    t.same(
      waits.map((wait) => wait.ms),
      [500, 7000],
      'backs off, and keeps to Retry-After',
    );
    waits[1]!.done();
    await notifier.idle();
    t.equal(new Set(channel.got.map((message) => JSON.stringify(message))).size, 1);
    t.equal(channel.got.length, 3);
    t.same(results, ['retry', 'retry', 'failed']);
    t.match(stream.entries.at(-1)?.value, {
      kind: 'told',
      results: [{ change: 'a.1', result: 'failed', reason: 'the receiver answered 503', attempts: 3 }],
    });
  },
);

t.test(
  'after a crash between sending and recording the same bytes go out again under the same key',
  async (t) => {
    const stream = memoryStream<OutboxEntry>();
    const first = receiver();
    const crashed: typeof stream = {
      ...stream,
      append: (subject, value, expected) =>
        value.kind === 'to-send' ? stream.append(subject, value, expected) : new Promise(() => undefined),
    };
    const before = await desk({ channel: first, groupBy: ['place'], groupWaitMs: 10 }, crashed);
    before.notifier.take([alertRecord('a', 1), alertRecord('b', 1)]);
    before.waits[0]!.done();
    await until(() => first.got.length === 1);

    const second = receiver();
    const after = await desk({ channel: second, groupBy: ['place'], groupWaitMs: 10 }, stream);
    after.notifier.start();
    after.notifier.take([alertRecord('a', 1), alertRecord('b', 1)]);
    await after.notifier.idle();
    t.same(second.got, first.got);
    t.equal(after.waits.length, 0, 'what was decided is not gathered again');
  },
);

t.test(
  'an acknowledged alert is quiet until it ends; a silence holds for its labels and its time',
  async (t) => {
    const channel = receiver();
    let now = 0;
    const { notifier, results } = await desk({ channel, groupBy: [], groupWaitMs: 0 }, undefined, {
      now: () => now,
    });
    const by = { by: 'mia', comment: '', at: 0, stream: 'LAYTIME_LOG', sequence: 1 };
    notifier.operator({ id: '1', action: 'acknowledge', subject: 'a', ...by });
    notifier.take([alertRecord('a', 2, { kind: 'reopened' }), alertRecord('a', 3, { kind: 'resolved' })]);
    notifier.operator({ id: '2', action: 'silence', subject: 'place=GBFXT', until: 1000, ...by });
    notifier.take([alertRecord('b', 1), alertRecord('c', 1, { labels: { place: 'GBLHR' } })]);
    notifier.take([alertRecord('d', 2, { kind: 'withdrawn' })]);
    now = 1000;
    notifier.take([alertRecord('e', 1)]);
    await notifier.idle();
    t.same(
      channel.got.map((message) => message.body),
      ['resolved a#3', 'fired c#1', 'withdrawn d#2', 'fired e#1'],
    );
    t.same(
      results.filter((result) => result !== 'sent'),
      ['acknowledged', 'silenced'],
    );
  },
);

t.test('a route that is slow delays no other', async (t) => {
  const stuck: NotifyChannel = { ...receiver(), send: () => new Promise(() => undefined) };
  const quick = receiver();
  const routes = new Map<string, Route>([
    ['stuck', { name: 'stuck', channel: stuck, groupBy: [], groupWaitMs: 0 }],
    ['quick', { name: 'quick', channel: quick, groupBy: [], groupWaitMs: 0 }],
  ]);
  const { notifier } = await desk({ channel: quick, groupBy: [], groupWaitMs: 0 }, undefined, { routes });
  notifier.take([alertRecord('a', 1, { notify: ['stuck', 'quick', 'nobody'] })]);
  await until(() => quick.got.length === 1);
  t.equal(quick.got.length, 1);
});
