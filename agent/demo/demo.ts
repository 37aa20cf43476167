import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceConfig } from '../../collectors/settings.ts';
import { parseRules } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { type App, startApp } from '../app.ts';
import { startAppHttp } from '../app-http.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { loadProject, type Project } from '../config-load.ts';
import { type NatsEngine, startNats } from '../engines/nats.ts';
import { freePort, isFree } from '../engines/ports.ts';
import type { HttpServer } from '../http/server.ts';
import type { LogLine } from '../log-line.ts';
import { Telemetry } from '../telemetry.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Calendars } from './consignments.ts';
import { Driver } from './driver.ts';
import { AlertLedger } from './ledger.ts';
import { Hearsay, type NaiveAlarm, naiveAlarms } from './naive.ts';
import { Chance } from './random.ts';
import { SAP_PASSWORD, Stage } from './stage.ts';
import { type TrueClock, trueClocks } from './truth.ts';
import { VirtualClock } from './virtual-clock.ts';
import { makeWorld, type World } from './world.ts';

const HERE = import.meta.dirname;
const CONFIG_FILE = join(HERE, 'laytime.yaml');

export interface DemoOptions {
  readonly seed: number;
  readonly shipments: number;
  readonly clock: Clock;
  /** Absent: a temporary one, removed at the end. */
  readonly dataDir?: string;
  readonly onLine: (line: LogLine) => void;
  readonly onAlerts: (records: readonly AlertRecord[]) => void;
}

/** A world with its truth, and the agent that watches it. */
export interface Demo {
  readonly world: World;
  readonly project: Project;
  readonly config: Config;
  readonly clocks: readonly TrueClock[];
  readonly hearsay: Hearsay;
  readonly naive: readonly NaiveAlarm[];
  readonly ledger: AlertLedger;
  readonly stage: Stage;
  readonly app: App;
  /** Where the API and the control tower are. */
  readonly apiUrl: string;
  /** The moment that the world's clocks show. */
  now(): EpochMs;
  /** Lets time pass. */
  moveTo(until: EpochMs): Promise<void>;
  stop(): Promise<void>;
}

/** The calendars of the demo's rules, by which its people work. */
export function demoCalendars(year: number): Calendars & { readonly rules: ReturnType<typeof parseRules> } {
  const file = join(HERE, 'rules.yaml');
  const rules = parseRules([{ file, text: readFileSync(file, 'utf8') }], year);
  const { calendars } = rules.ruleSet;
  return {
    rules,
    frontier: calendars.get('uk-frontier')!,
    port: calendars.get('us-port')!,
    finance: calendars.get('finance')!,
  };
}

/** Makes the world that ends now, starts its systems and the agent. Nothing has happened in it yet: see {@link Demo.moveTo}. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { seed, clock } = options;
  const endAt = Math.floor(clock.now() / 60_000) * 60_000;
  const year = new Date(endAt).getUTCFullYear();
  const calendars = demoCalendars(year);
  const world = makeWorld({ seed, shipments: options.shipments, endAt, calendars });
  const directory = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'laytime-demo-')));
  const virtual = new VirtualClock(world.times.startAt, new Chance(seed + 7));
  const telemetry = new Telemetry(options.onLine);
  let nats: NatsEngine | undefined;
  let stage: Stage | undefined;
  let app: App | undefined;
  let http: HttpServer | undefined;
  const stopping = new AbortController();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await http?.stop();
    await app?.stop();
    await stage?.close();
    await nats?.stop();
    if (options.dataDir === undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    nats = await startNats({ dataDir: join(directory, 'nats') });
    stage = await Stage.open(world, virtual, { natsUrl: nats.url, directory, seed });
    const project = loadDemoProject(year);
    const config = demoConfig(project.config!, stage, nats.url, directory, await httpPort(project.config!));
    const driver = new Driver(stage, virtual, stopping.signal);
    const ledger = new AlertLedger();
    const clocks = trueClocks(world.shipments, calendars.rules.ruleSet, config.tenant, world.times.startAt);
    const hearsay = new Hearsay(world);
    await stage.publishDue();
    app = await startApp({
      ...{ project, config, clock, telemetry },
      injected: { collect: virtual },
      onBatch: (batch) => {
        ledger.take(batch.alerts);
        if (batch.alerts.length > 0) options.onAlerts(batch.alerts);
        driver.observe(batch);
      },
    });
    const running = app;
    const plan = { project, config, telemetry, year };
    // Somebody may have taken the port since we looked.
    http = await startAppHttp(app, plan).catch(async () =>
      startAppHttp(running, { ...plan, listen: { ...config.listen, port: await freePort() } }),
    );
    return {
      ...{ world, project, config, clocks, hearsay, ledger, stage, app, stop },
      apiUrl: http.url,
      naive: naiveAlarms(clocks, hearsay, calendars.rules.ruleSet),
      now: virtual.now,
      moveTo: (until) => Promise.race([driver.moveTo(running, until), running.done]),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function loadDemoProject(year: number): Project {
  const env = (name: string): string | undefined => (name === 'DEMO_SAP_PASSWORD' ? SAP_PASSWORD : undefined);
  const project = loadProject(CONFIG_FILE, { env, cwd: HERE, year });
  const wrong = project.problems.find(({ severity }) => severity === 'error');
  if (project.config === undefined || wrong !== undefined) {
    throw new Error(`the demo's configuration is broken: ${wrong?.message ?? 'it cannot be read'}`);
  }
  return project;
}

const httpPort = async ({ listen }: Config): Promise<number> =>
  (await isFree(listen.port)) ? listen.port : freePort();

/** The file's configuration, with the ports and folders of this run. */
function demoConfig(config: Config, stage: Stage, natsUrl: string, directory: string, port: number): Config {
  const ports = new Map([
    ['18301', stage.ports.sap],
    ['18302', stage.ports.oceanA],
    ['18303', stage.ports.oceanB],
  ]);
  const source = (one: SourceConfig): SourceConfig => {
    if (one.kind === 'files') return { ...one, directory: stage.dropFolder };
    if (!('url' in one)) return one;
    const url = new URL(one.url);
    return { ...one, url: one.url.replace(`:${url.port}`, `:${ports.get(url.port) ?? url.port}`) };
  };
  return {
    ...config,
    dataDir: directory,
    listen: { ...config.listen, port },
    publicUrl: `http://${config.listen.host}:${port}`,
    nats: { kind: 'remote', servers: [natsUrl] },
    sources: config.sources.map(source),
  };
}
