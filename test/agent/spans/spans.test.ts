import { join } from 'node:path';
import t from 'tap';
import { type Clock, systemClock } from '../../../agent/clock.ts';
import { createSpans, type Spans } from '../../../agent/spans/spans.ts';
import { rootSpanIdOf, traceIdOf } from '../../../agent/store/trace-ids.ts';
import type { JudgeBatch, ShipmentState } from '../../../agent/track/outcome.ts';
import type { Trace } from '../../../rules/trace.ts';
import type { Verdict } from '../../../rules/verdict.ts';
import { eventually, withTempDir } from '../../support/engines.ts';
import { actual, fact, hold, traceOf, utc } from '../../support/hand-trace.ts';
import { withHttpServer } from '../../support/http-server.ts';

type Test = Parameters<typeof withTempDir>[0];

/** A span as OTLP/JSON has it (opentelemetry-proto, trace.proto), with the service it is of. */
interface Received {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}
type RawSpan = Omit<Received, 'service' | 'attributes'> & { readonly attributes: readonly KeyValue[] };
interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const valuesOf = (attributes: readonly KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

function readSpans(body: OtlpBody): Received[] {
  return body.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        service: String(valuesOf(resource.attributes)['service.name']),
        attributes: valuesOf(span.attributes),
      })),
    ),
  );
}

interface Receiver {
  readonly url: string;
  readonly got: Received[];
  readonly headers: (string | undefined)[];
  status: number;
}

/** A collector that takes OTLP/HTTP, as far as these tests need one. */
async function withReceiver(test: Test): Promise<Receiver> {
  const state: Receiver = { url: '', got: [], headers: [], status: 200 };
  const server = await withHttpServer(test, async (request, response, url) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    state.headers.push(request.headers['x-tenant']?.toString());
    if (state.status === 200 && url.pathname === '/v1/traces')
      state.got.push(...readSpans(JSON.parse(Buffer.concat(chunks).toString()) as OtlpBody));
    response.writeHead(state.status, { 'content-type': 'application/json' }).end('{}');
  });
  return Object.assign(state, { url: server.url });
}

const at = (time: string): number => utc(`2026-05-04 ${time}`);

const shipped = actual('departed', { role: 'origin' }, fact(at('06:00'), at('06:10')));
const arrived = actual('arrived', { role: 'destination' }, fact(at('08:00'), at('08:30')));
const released = actual('customs.released', {}, fact(at('10:00'), at('10:05')));
const delivered = actual('delivered', {}, fact(at('12:00'), at('12:20')));

const release: Verdict = {
  clockId: 'clock-1',
  rule: 'eu-import-release',
  ruleVersion: 'v1',
  shipmentId: 's1',
  occurrence: {},
  state: 'met-late',
  reason: 'done-late',
  startAt: at('08:00'),
  dueAt: at('09:30'),
  endAt: at('10:00'),
  lateMs: 30 * 60_000,
  evidence: [arrived.actual!.eventId, released.actual!.eventId],
  awaitingChannels: [],
};

const ATTRIBUTES = { mode: 'sea', 'origin.unlocode': 'CNSHA', 'destination.unlocode': 'NLRTM' };

function state(milestones: Trace['milestones'], clocks: readonly Verdict[] = [], holds: Trace['holds'] = []) {
  const refs = [
    { type: 'container', value: 'MSCU1234566' },
    { type: 'delivery', value: '80000001' },
  ] as const;
  return { trace: { ...traceOf(milestones, holds, ATTRIBUTES), refs }, clocks };
}

function batch(time: string, ...shipments: readonly ShipmentState[]): JudgeBatch {
  return {
    ...{
      positions: {},
      logTime: at(time),
      records: [],
      events: [],
      unmapped: [],
      links: [],
      deadLetters: [],
    },
    ...{ channels: [], operator: [], alerts: [], shipments },
  };
}

interface Desk {
  readonly spans: Spans;
  readonly results: Record<string, number>;
  readonly lines: string[];
  readonly stateFile: string;
}

async function desk(test: Test, endpoint: string, stateFile?: string): Promise<Desk> {
  const results: Record<string, number> = {};
  const lines: string[] = [];
  const file = stateFile ?? join(await withTempDir(test), 'spans.json');
  const clock: Clock = { ...systemClock, now: () => at('23:00'), elapsed: () => 0 };
  const spans = await createSpans(
    { logLevel: 'info', otlp: { endpoint, headers: { 'x-tenant': { reveal: () => 'acme' } } } },
    {
      clock,
      stateFile: file,
      telemetry: {
        spans: (result, count) => {
          results[result] = (results[result] ?? 0) + count;
        },
        line: (_level, event) => lines.push(event),
      },
    },
  );
  return { spans, results, lines, stateFile: file };
}

const names = (got: readonly Received[]): string[] => got.map(({ name }) => name).sort();

t.test('a shipment becomes one trace, each of its spans told once, when it is final', async (t) => {
  const receiver = await withReceiver(t);
  const { spans, results } = await desk(t, receiver.url);
  const { got } = receiver;

  spans.take(batch('08:30', state([shipped, arrived])), true);
  spans.take(batch('08:44'), true);
  t.equal(results.exported, undefined, 'a leg may be corrected for a quarter of an hour');
  spans.take(batch('08:46'), true);
  await eventually('the first leg', () => got.length === 1);
  t.match(got[0], {
    traceId: traceIdOf('s1'),
    parentSpanId: rootSpanIdOf('s1'),
    name: 'departed → arrived',
    service: 'acme',
    startTimeUnixNano: `${at('06:00')}000000`,
    endTimeUnixNano: `${at('08:00')}000000`,
    attributes: { 'laytime.milestone': 'arrived', 'laytime.role': 'destination', 'laytime.shipment': 's1' },
  });

  const held = hold('CBP', fact(at('08:40'), at('08:41')), fact(at('09:40'), at('09:45')), 'exam');
  const later = state([shipped, arrived, released], [release], [held]);
  spans.take(batch('10:06', later), true);
  spans.take(batch('10:10', later), true);
  spans.take(batch('11:00', later), true);
  await eventually('release, hold and clock', () => got.length === 4);
  t.match(
    got.find(({ service }) => service === 'sla'),
    {
      name: 'SLA eu-import-release',
      status: { code: 2, message: 'met-late: done-late' },
      attributes: {
        'laytime.late_ms': 1_800_000,
        'laytime.lane': 'CNSHA-NLRTM',
        'laytime.rule': 'eu-import-release',
      },
    },
  );
  t.match(
    got.find(({ name }) => name === 'hold CBP'),
    { attributes: { 'laytime.reason': 'exam' } },
  );

  const all = state([shipped, arrived, released, delivered], [release], [held]);
  spans.take(batch('12:20', all), true);
  await eventually('the last leg, at once: nothing comes after delivery', () => got.length === 5);
  spans.take(batch('12:36', all), true);
  spans.take(batch('13:36', all), true);
  await spans.stop();
  t.strictSame(names(got), [
    'SLA eu-import-release',
    'arrived → customs.released',
    'customs.released → delivered',
    'departed → arrived',
    'hold CBP',
    'shipment 80000001',
  ]);
  const root = got.find(({ parentSpanId }) => parentSpanId === undefined);
  t.match(root, {
    spanId: rootSpanIdOf('s1'),
    status: { code: 2, message: 'late: eu-import-release' },
    endTimeUnixNano: `${at('12:00')}000000`,
    attributes: { 'laytime.ref.container': { values: [{ stringValue: 'MSCU1234566' }] } },
  });
  t.equal(new Set(got.map(({ spanId }) => spanId)).size, got.length, 'no span twice, no id twice');
  t.ok(
    receiver.headers.every((value) => value === 'acme'),
    'with the headers of the configuration',
  );
  t.strictSame(results, { exported: 6 });
});

t.test(
  'an open breach is told as an error when the shipment is delivered without its milestone',
  async (t) => {
    const receiver = await withReceiver(t);
    const { spans } = await desk(t, receiver.url);
    const { endAt: _, ...open } = release;
    const breached: Verdict = {
      ...open,
      state: 'breached',
      reason: 'deadline-passed-proved',
      confidence: 'proved',
    };
    spans.take(batch('10:00', state([shipped, arrived], [breached])), true);
    spans.take(batch('12:20', state([shipped, arrived, delivered], [breached])), true);
    await spans.stop();
    t.match(
      receiver.got.find(({ service }) => service === 'sla'),
      {
        status: { code: 2, message: 'breached: deadline-passed-proved' },
        attributes: { 'laytime.confidence': 'proved' },
      },
    );
  },
);

t.test('a restart repeats nothing and forgets nothing that waited', async (t) => {
  const receiver = await withReceiver(t);
  const first = await desk(t, receiver.url);
  first.spans.take(batch('08:30', state([shipped, arrived])), true);
  first.spans.take(batch('09:00'), true);
  first.spans.take(batch('10:05', state([shipped, arrived, released])), true);
  await first.spans.stop();
  t.strictSame(names(receiver.got), ['departed → arrived']);

  const second = await desk(t, receiver.url, first.stateFile);
  second.spans.take(batch('10:05', state([shipped, arrived, released])), true);
  second.spans.take(batch('10:30'), true);
  await second.spans.stop();
  const ids = receiver.got.map(({ spanId }) => spanId);
  t.strictSame(names(receiver.got), ['arrived → customs.released', 'departed → arrived']);

  const lost = await desk(t, receiver.url);
  lost.spans.take(batch('10:30', state([shipped, arrived, released])), true);
  await lost.spans.stop();
  t.strictSame(
    receiver.got
      .slice(2)
      .map(({ spanId }) => spanId)
      .sort(),
    [...ids].sort(),
    'when the file is lost they are sent again, with the ids they had',
  );
});

t.test('a correction before a leg is final is the one that is told', async (t) => {
  const receiver = await withReceiver(t);
  const { spans } = await desk(t, receiver.url);
  spans.take(batch('08:30', state([shipped, arrived])), true);
  const corrected = actual('arrived', { role: 'destination' }, fact(at('07:45'), at('08:40')));
  spans.take(batch('08:40', state([shipped, corrected])), true);
  spans.take(batch('09:10'), true);
  await spans.stop();
  t.strictSame(
    receiver.got.map(({ endTimeUnixNano }) => endTimeUnixNano),
    [`${at('07:45')}000000`],
  );
});

t.test('a receiver that refuses costs spans, which are counted, and one line', async (t) => {
  const receiver = await withReceiver(t);
  receiver.status = 400;
  const { spans, results, lines } = await desk(t, receiver.url);
  spans.take(batch('09:00', state([shipped, arrived])), true);
  await eventually('the refusal', () => results.failed === 1);
  spans.committed(100, 20);
  await eventually('the second refusal', () => results.failed === 2);
  t.strictSame(lines, ['spans-not-exported']);
  const many = Array.from({ length: 9000 }, (_, n) => ({
    ...state([shipped, arrived]),
    trace: { ...state([shipped, arrived]).trace, shipmentId: `s${n + 10}` },
  }));
  spans.take(batch('11:00', ...many), true);
  t.equal(results.dropped, 9000 - 8192, 'the queue has a fixed length');
  await spans.stop();
  t.equal((results.failed ?? 0) + (results.dropped ?? 0), 9002, 'every span is accounted for');
});

t.test("the agent's own work is told beside the shipments'", async (t) => {
  const receiver = await withReceiver(t);
  const { spans } = await desk(t, receiver.url);
  spans.committed(1200, 80);
  spans.notified('customs-desk', 'sent');
  await spans.stop();
  t.strictSame(names(receiver.got), ['commit', 'notify']);
  t.ok(receiver.got.every(({ service }) => service === 'laytime'));
});

t.test('without a receiver nothing is made', async (t) => {
  const spans = await createSpans(
    { logLevel: 'info' },
    {
      clock: systemClock,
      stateFile: join(await withTempDir(t), 's'),
      telemetry: { spans: () => t.fail(), line: () => t.fail() },
    },
  );
  spans.take(batch('09:00', state([shipped, arrived])), true);
  await spans.stop();
});
