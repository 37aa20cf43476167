import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startApp } from '../../agent/app.ts';
import { systemClock } from '../../agent/clock.ts';
import { startNats } from '../../agent/engines/nats.ts';
import { quietTelemetry, writeProject } from './project.ts';

export interface Latency {
  readonly offeredEventsPerSecond: number;
  readonly seconds: number;
  readonly alertsExpected: number;
  readonly alertsReceived: number;
  /** From the log time at which the verdict was so to the webhook's receiver having it whole. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const RULES = `
rules:
  overdue: { title: Declaration accepted, from: customs.filed, to: customs.accepted, within: 30m, wait_for_feeds: 2h, notify: desk }
`;
/** One message of this many starts a clock that ends badly: half at once, half two seconds later. */
const ALERT_EVERY = 50;
const TICK_MS = 20;
const WARM_UP_MS = 2000;

/**
 * A stream at a steady rate under the real clock. A filing of 31 minutes ago without an answer is a breach as soon as it is heard;
 * one of 29 minutes and 58 seconds ago becomes one two seconds later, when the feed is heard past that moment.
 */
export async function measureLatency(
  dir: string,
  eventsPerSecond: number,
  seconds: number,
): Promise<Latency> {
  const home = join(dir, 'latency');
  mkdirSync(home, { recursive: true });
  const delays: number[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const now = Date.now();
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { alerts: { at: string }[] };
      for (const { at } of body.alerts) delays.push(now - Date.parse(at));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((ready) => receiver.listen(0, '127.0.0.1', ready));
  const { port } = receiver.address() as AddressInfo;
  const nats = await startNats({ dataDir: join(home, 'nats') });
  const connection = await connect({ servers: nats.url });
  try {
    await (await jetstreamManager(connection)).streams.add({ name: 'HUB', subjects: ['hub.>'] });
    const yaml = `
nats: { url: "${nats.url}" }
clickhouse: embedded
data_dir: data
sources:
  hub: { nats: { stream: HUB, subjects: [hub.>] }, map: "builtin:cloudevents", expect_every: 1h }
rules: [rules.yaml]
notify:
  desk: { webhook: "http://127.0.0.1:${port}/" }
`;
    const loaded = writeProject(home, yaml, RULES);
    const app = await startApp({ ...loaded, clock: systemClock, telemetry: quietTelemetry() });
    try {
      await publishSteadily(connection, eventsPerSecond, WARM_UP_MS, 'warm');
      delays.length = 0;
      const expected = await publishSteadily(connection, eventsPerSecond, seconds * 1000, 'run');
      const late = Date.now() + 10_000;
      while (delays.length < expected && Date.now() < late) await delay(50);
      return { offeredEventsPerSecond: eventsPerSecond, seconds, ...summary(delays, expected) };
    } finally {
      await app.stop();
    }
  } finally {
    receiver.close();
    receiver.closeAllConnections();
    await connection.close();
    await nats.stop();
  }
}

const HELD_MS = 2000;

/** Publishes at the rate for so long, and what makes the last deadlines pass; resolves with the number of breaches in it. */
async function publishSteadily(
  nats: NatsConnection,
  eventsPerSecond: number,
  forMs: number,
  name: string,
): Promise<number> {
  const began = performance.now();
  const total = (eventsPerSecond * forMs) / 1000;
  let [sent, breaches] = [0, 0];
  const publish = (until: number, breaching: boolean): void => {
    for (; sent < until; sent += 1) {
      const breach = breaching && sent % ALERT_EVERY === 0;
      if (breach) breaches += 1;
      nats.publish('hub.events', messageOf(`${name}-${sent}`, breach, breaches % 2 === 0));
    }
  };
  for (;;) {
    const passed = performance.now() - began;
    publish(Math.min(total, (passed / 1000) * eventsPerSecond), true);
    if (passed >= forMs) break;
    await delay(TICK_MS);
  }
  // The feed goes on, so that the breaches of the last seconds can be proved.
  for (let passed = 0; passed < HELD_MS + 500; passed += TICK_MS) {
    publish(sent + (eventsPerSecond * TICK_MS) / 1000, false);
    await delay(TICK_MS);
  }
  await nats.flush();
  return breaches;
}

function messageOf(id: string, breach: boolean, later: boolean): string {
  const now = Date.now();
  const ago = breach ? (later ? 30 * 60_000 - HELD_MS : 31 * 60_000) : 1000;
  const at = new Date(now - ago).toISOString();
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/hub/eu',
    type: breach ? 'customs.filed' : 'goods.issued',
    time: new Date(now).toISOString(),
    recordedtime: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    data: {
      refs: { delivery: `D${id}`, lrn: `L${id}` },
      occurredAt: at,
      classifier: 'actual',
      remark:
        'carried by the hub of the forwarder, as received from the system of record, without any change to it',
    },
  });
}

function summary(
  delays: number[],
  expected: number,
): Pick<Latency, 'alertsExpected' | 'alertsReceived' | 'p50Ms' | 'p99Ms' | 'maxMs'> {
  delays.sort((a, b) => a - b);
  const at = (part: number): number =>
    delays[Math.min(delays.length - 1, Math.floor(delays.length * part))] ?? -1;
  return {
    alertsExpected: expected,
    alertsReceived: delays.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}
