import { connect } from '@nats-io/transport-node';
import { openGuardedStream } from '../../agent/log/alert-stream.ts';
import type { OutboxEntry } from '../../agent/notify/outbox.ts';
import { readRows } from '../../agent/store/query.ts';
import type { AlertRecord } from '../../agent/track/outcome.ts';
import { clientOf, type World } from './flow-world.ts';

/**
 * What a run left behind, as sorted lines of text, so that two runs can be compared and the first difference shown. Links are
 * those of every event's effective revision: which superseded ones are linked too is history, and hangs on what came first.
 */
export interface Left {
  readonly events: readonly string[];
  readonly links: readonly string[];
  readonly deadLetters: readonly string[];
  /** When a channel was not heard although it was expected; that a process started is nobody's silence. */
  readonly silences: readonly string[];
  readonly shipments: readonly string[];
  readonly alerts: readonly string[];
  readonly alertRows: readonly string[];
}

/** Everything in the alert log, oldest first. */
export async function alertLogOf(world: World): Promise<readonly AlertRecord[]> {
  return streamOf<AlertRecord>(world, {});
}

async function streamOf<T>(world: World, options: Parameters<typeof openGuardedStream>[1]): Promise<T[]> {
  const connection = await connect({ servers: world.nats.url });
  const stream = await openGuardedStream<T>(connection, options);
  const all: T[] = [];
  for await (const { value } of stream.read(1)) all.push(value);
  stream.close();
  await connection.close();
  return all;
}

export async function leftOf(world: World): Promise<Left> {
  const client = clientOf(world);
  const store = { client, database: world.database, maxSeconds: 30 };
  const sorted = async (query: string): Promise<string[]> =>
    (await readRows(store, query)).map((row) => JSON.stringify(row)).sort();
  const from = (table: string): string => `FROM {database:Identifier}.${table}`;
  const left = {
    events: await sorted(`SELECT * ${from('events')}`),
    links: await sorted(
      `SELECT shipment_id, event_id ${from('links')} WHERE event_id IN
        (SELECT argMax(event_id, (revision_order, revision_tag)) ${from('events')} GROUP BY key)`,
    ),
    silences: await sorted(
      `SELECT channel_id, since, status ${from('channel_intervals')} WHERE reason = 'expected-not-heard'`,
    ),
    deadLetters: await sorted(`SELECT * EXCEPT (version) ${from('dead_letters_log')} FINAL`),
    shipments: (await sorted(`SELECT * EXCEPT (version) ${from('shipments_state')} FINAL`)).map(soFar),
    alertRows: await sorted(
      `SELECT alert_id, number, kind, reason, at, headline, lines ${from('alert_changes')}`,
    ),
  };
  await client.close();
  const alerts = (await alertLogOf(world)).map((record) => JSON.stringify(record)).sort();
  return { ...left, alerts };
}

/** How late a clock is that is still open is as of when it was judged last: any message about its shipment judges it again. */
const soFar = (row: string): string => row.replaceAll(/("end_at":null,"late_ms":)\d+/g, '$1"so far"');

/** What is wrong with what was told, as sentences; none is the promise kept. */
export async function faultsOfTelling(world: World): Promise<string[]> {
  const faults: string[] = [];
  const alerts = await alertLogOf(world);
  const seen = new Set<string>();
  for (const { change } of alerts) {
    const id = `${change.alertId}.${change.number}`;
    if (seen.has(id)) faults.push(`${id} is twice in the alert log`);
    seen.add(id);
  }
  for (const [key, bodies] of world.received.bodies) {
    if (bodies.size > 1) faults.push(`the key ${key} came with ${bodies.size} different bodies`);
  }
  const outbox = await streamOf<OutboxEntry>(world, { stream: 'LAYTIME_OUTBOX', prefix: 'laytime.outbox' });
  const told = new Set<string>();
  for (const entry of outbox) {
    for (const { key, route, change } of entry.kind === 'told' ? entry.results : []) {
      if (!world.received.bodies.has(key)) faults.push(`${key} was recorded and not received`);
      told.add(`${route} ${change}`);
    }
    if (entry.kind !== 'to-send') continue;
    if (!world.received.bodies.get(entry.message.idempotencyKey)?.has(entry.message.body))
      faults.push(`${entry.message.idempotencyKey} was decided and not received`);
    for (const change of entry.changes) told.add(`${entry.route} ${change}`);
  }
  for (const { change, notify } of alerts) {
    for (const route of notify) {
      const id = `${route} ${change.alertId}.${change.number}`;
      if (!told.has(id)) faults.push(`${id} was never told`);
    }
  }
  return faults;
}

/** The first few differences of two runs, in words; none when they are equal. */
export function differences(expected: Left, found: Left): string[] {
  const all: string[] = [];
  for (const name of Object.keys(expected) as (keyof Left)[]) {
    const [a, b] = [new Set(expected[name]), new Set(found[name])];
    const missing = expected[name].filter((line) => !b.has(line));
    const extra = found[name].filter((line) => !a.has(line));
    const count = expected[name].length - found[name].length;
    if (missing.length + extra.length === 0 && count === 0) continue;
    all.push(`${name}: ${missing.length} missing, ${extra.length} extra, ${-count} more`);
    for (const line of missing.slice(0, 2)) all.push(...apart(line, extra));
    for (const line of missing.length === 0 ? extra.slice(0, 2) : []) all.push(`  + ${line}`);
  }
  return all;
}

/** A line and the one most like it, from shortly before they part. */
function apart(line: string, others: readonly string[]): string[] {
  const common = (other: string): number => {
    let at = 0;
    while (at < line.length && line[at] === other[at]) at += 1;
    return at;
  };
  const like = [...others].sort((a, b) => common(b) - common(a))[0] ?? '';
  const from = Math.max(0, common(like) - 300);
  return [`  - …${line.slice(from, from + 500)}`, `  + …${like.slice(from, from + 500)}`];
}

/** Two assertions: what a run left behind equals what another left, and everybody was told once and for all. */
export async function isAsUndisturbed(
  test: { strictSame(found: unknown, wanted: unknown, message: string): unknown },
  world: World,
  undisturbed: Left,
): Promise<void> {
  const found = differences(undisturbed, await leftOf(world));
  test.strictSame(found, [], withFirst('facts, states and alert changes are equal', found));
  const faults = await faultsOfTelling(world);
  test.strictSame(faults, [], withFirst('every change was told under one key with one body', faults));
}

/** A log may show nothing of a failure but its name: the name says what was found. */
const withFirst = (promise: string, found: readonly string[]): string =>
  found.length === 0 ? promise : `${promise}; but ${found.slice(0, 3).join(' | ').slice(0, 1200)}`;
