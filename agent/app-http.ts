import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChannelState } from '../rules/channel.ts';
import { ruleText } from '../rules/rule-text.ts';
import { REASON_TEXTS } from '../rules/verdict-text.ts';
import type { App, Opened } from './app.ts';
import type { StoreEngine } from './app-engines.ts';
import type { Judging } from './app-judging.ts';
import type { Reloaded } from './app-reload.ts';
import type { Config } from './config.ts';
import type { Project } from './config-load.ts';
import type { ChannelFact, HttpClickHouse, HttpMain, HttpSettings, ReadinessFacts } from './http/contract.ts';
import { type ApiServer, digestTokens, type HttpServer, startHttp } from './http/server.ts';
import type { Positions } from './log/log.ts';
import type { Telemetry } from './telemetry.ts';
import { FencedError } from './track/alert-log.ts';
import type { Judge } from './track/judge.ts';

export interface AppHttpOptions {
  readonly project: Project;
  readonly config: Config;
  readonly telemetry: Telemetry;
  /** The calendar year of the rules, as in loading the project. */
  readonly year: number;
  /** Absent: where the configuration says. */
  readonly listen?: HttpSettings['listen'];
}

/** An agent that may still wait to judge. */
export interface Served extends Opened {
  /** Undefined until judging begins. */
  judging(): Judging | undefined;
  /** Reads the rule files again; throws when this agent cannot. */
  reload(): Reloaded;
  /** Why judging ended; undefined while it has not. */
  ended(): unknown;
}

/** Serves the API and the control tower of an agent; it may be started before judging begins. */
export function serveAgent(agent: Served, options: AppHttpOptions): Promise<ApiServer> {
  const { project, config, telemetry, year, listen = config.listen } = options;
  const { store } = agent.engines;
  if (store === undefined) throw new Error('an agent that only collects serves its health: app-health.ts');
  return startHttp({
    listen,
    clickhouse: clickhouseOf(store, config),
    tokens: digestTokens(config.tokens),
    publicUrl: config.publicUrl,
    version: programVersion(),
    timezone: config.timezone,
    sources: sourcesOf(project, config),
    rules: project.ruleFiles,
    year,
    main: mainOf(agent, config, telemetry),
    onFault: ({ kind, error }) => telemetry.line('warn', `http-${kind}`, { error }),
  });
}

/** The same for one that judges already. */
export function startAppHttp(app: App, options: AppHttpOptions): Promise<HttpServer> {
  const end = endOf(app.done);
  const reload = (): Reloaded => {
    throw new Error('these rules are not read from files that could change');
  };
  return serveAgent({ ...app, judging: () => app.judging, ended: end, reload }, options);
}

/** Remembers how an agent ended, for whoever asks later. */
export function endOf(done: Promise<void>): () => unknown {
  let ended: unknown;
  done.then(
    () => {
      ended = 'stopped';
    },
    (error: unknown) => {
      ended = error;
    },
  );
  return () => ended;
}

/** Of this package: package.json is one folder up from the sources, two from what is built. */
function programVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, path), 'utf8')) as {
        version?: string;
      };
      if (version !== undefined) return version;
    } catch {
      // The next one.
    }
  }
  return '0.0.0';
}

function clickhouseOf(store: StoreEngine, { clickhouse }: Config): HttpClickHouse {
  if (clickhouse.kind === 'embedded') {
    return {
      url: store.url,
      user: 'default',
      password: '',
      database: store.database,
    };
  }
  const { url, user, password, database, tls } = clickhouse;
  return {
    url,
    user,
    password: password?.reveal() ?? '',
    database,
    ...(tls?.ca !== undefined && {
      tls: {
        ca: tls.ca,
        ...(tls.cert !== undefined && tls.key !== undefined && { cert: tls.cert, key: tls.key.reveal() }),
      },
    }),
  };
}

const sourcesOf = (project: Project, config: Config): HttpSettings['sources'] =>
  config.sources.map((source) => {
    const { name, partner, tenant, zone, map, serves, reportingLagMs } = source;
    const correlationHeader = source.kind === 'nats' ? source.correlationHeader : undefined;
    return {
      name,
      partner,
      tenant,
      proves: project.maps.get(map)?.proves ?? [],
      map: project.mapFiles.get(map) ?? { file: map, text: '' },
      ...(zone !== undefined && { zone }),
      ...(correlationHeader !== undefined && { correlationHeader }),
      ...(serves !== undefined && { serves: serves.text }),
      reportingLagMs,
    };
  });

function mainOf(agent: Served, { role }: Config, telemetry: Telemetry): HttpMain {
  return {
    metrics: () => telemetry.registry.metrics(),
    readiness: async () => readinessOf(agent, role),
    async append(action) {
      const id = randomUUID();
      await agent.log.append({ kind: 'operator', id, body: { id, ...action } });
      return { id };
    },
    async redrive(redrive) {
      const id = `redrive-${randomUUID()}`;
      await agent.log.redrive(id, redrive);
      return { id };
    },
    async restate(restatement) {
      const id = randomUUID();
      await agent.log.append({ kind: 'restate', id, body: restatement });
      return { id };
    },
    reloadRules: async () => agent.reload(),
  };
}

function readinessOf(agent: Served, role: Config['role']): ReadinessFacts {
  const judging = agent.judging();
  const ended = agent.ended();
  const positions = judging?.judge.parts.positions ?? {};
  const storeFloor = judging?.store.floor() ?? {};
  return {
    role,
    judging: judging !== undefined && ended === undefined,
    fenced: ended instanceof FencedError,
    waitsForStore: agent.waitsForStore(),
    positions,
    storeFloor,
    storeLevel: messagesBehind(positions, storeFloor) <= NEARLY_LEVEL,
    channels: judging === undefined ? [] : channelFacts(judging.judge),
  };
}

/** What a commit or two take. */
const NEARLY_LEVEL = 50_000;

function messagesBehind(positions: Positions, floor: Positions): number {
  let behind = 0;
  for (const [stream, sequence] of Object.entries(positions))
    behind += Math.max(0, sequence - (floor[stream] ?? 0));
  return behind;
}

function channelFacts({ parts: { channels, feeds, assessor } }: Judge): ChannelFact[] {
  const lags = new Map(channels.feeds().map(({ id, lag }) => [id, lag.measured(0.95)]));
  const clocks = Map.groupBy(feeds.clocks(), ({ verdict }) => verdict.occurrence.subject);
  return channels.list().map((channel) => {
    const measured = lags.get(channel.id);
    return {
      ...factOf(channel),
      ...(measured && { measuredLag: measured }),
      feeds: (clocks.get(channel.id) ?? []).map(({ verdict }) => {
        const rule = assessor.rules.byName(verdict.rule);
        return {
          rule: verdict.rule,
          says: rule === undefined ? '' : ruleText(rule),
          state: verdict.state,
          reason: verdict.reason,
          because: REASON_TEXTS[verdict.reason],
          ...(verdict.dueAt !== undefined && { dueAt: verdict.dueAt }),
          evidence: verdict.evidence,
        };
      }),
    };
  });
}

const factOf = ({
  id,
  source,
  partner,
  status,
  watermark,
  blindSince,
  bestEffort,
  reportingLagMs,
}: ChannelState): ChannelFact => ({
  id,
  source,
  partner,
  status,
  bestEffort,
  ...(Number.isFinite(watermark) && { watermark }),
  ...(blindSince !== undefined && Number.isFinite(blindSince) && { blindSince }),
  ...(reportingLagMs !== undefined && { reportingLagMs }),
});
