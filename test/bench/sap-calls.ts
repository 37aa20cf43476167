import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadProject } from '../../agent/config-load.ts';
import { HostGates } from '../../collectors/http-client-gate.ts';
import { odataCollector } from '../../collectors/odata/odata.ts';
import { CollectorWorld, START_MS } from '../support/collector-world.ts';
import { json, withHttpServer } from '../support/http-server.ts';

/** Requests that a gateway of SAP gets in an hour. */
export interface SapCalls {
  /** Of one source, over a day in which this many deliveries change. */
  readonly perHour: number;
  readonly deliveriesADay: number;
  readonly pollMinutes: number;
  /** Of the hour of the first poll, which reads `look_back`. */
  readonly firstHour: number;
}

const EXAMPLE = join(import.meta.dirname, '../../deploy/examples');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DELIVERIES_A_DAY = 2_000;

/**
 * A day of the documented example (`deploy/examples/sap-odata.yaml`) in virtual time, against a server that keeps a month of deliveries
 * and pages as asked.
 */
export async function measureSapCalls(dir: string): Promise<SapCalls> {
  const home = join(dir, 'sap');
  cpSync(EXAMPLE, home, { recursive: true });
  const file = join(home, 'sap-odata.yaml');
  // Its certificate is not there.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *tls:.*\n/m, ''));
  const { config } = loadProject(file, { env: () => 'secret', year: 2026, cwd: home });
  const source = config?.sources.find(({ kind }) => kind === 'odata');
  if (source?.kind !== 'odata') throw new Error('the example has no OData source');
  const ends: (() => void | Promise<void>)[] = [];
  const world = new CollectorWorld();
  const perHour = new Map<number, number>();
  const server = await withHttpServer({ teardown: (end) => ends.push(end) }, (_, response, url) => {
    const hour = Math.floor((world.nowMs - START_MS) / HOUR_MS);
    perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
    const asked = (name: string): number => Number(url.searchParams.get(name) ?? 0);
    const since = /datetime'([^']+)'/.exec(url.searchParams.get('$filter') ?? '')?.[1];
    const from = Date.parse(`${since ?? '2026-01-01T00:00:00'}Z`);
    const changed = Math.floor(((world.nowMs - from) / DAY_MS) * DELIVERIES_A_DAY);
    const count = Math.max(0, Math.min(asked('$top') || 1000, changed - asked('$skip')));
    const first = Math.floor((from / DAY_MS) * DELIVERIES_A_DAY) + asked('$skip');
    const results = Array.from({ length: count }, (_, n) => ({ DeliveryDocument: String(first + n) }));
    json(response, { d: { results } }, { date: new Date(world.nowMs).toUTCString() });
  });
  const { auth: _, ...settings } = source;
  const run = world.start(
    odataCollector({ ...settings, url: `${server.url}/sap/opu/odata/sap/API` }, new HostGates()),
  );
  const hours = 25;
  await world.until('a day and an hour', () => world.nowMs >= START_MS + hours * HOUR_MS, 120_000);
  await run.stop();
  for (const end of ends) await end();
  const calls = Array.from({ length: hours }, (_, hour) => perHour.get(hour) ?? 0);
  const day = calls.slice(1);
  return {
    perHour: Math.round((day.reduce((sum, n) => sum + n, 0) / day.length) * 10) / 10,
    deliveriesADay: DELIVERIES_A_DAY,
    pollMinutes: settings.pollMs / 60_000,
    firstHour: calls[0]!,
  };
}
