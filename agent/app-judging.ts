import { type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';
import type { RuleSet } from '../rules/sla.ts';
import { type Intake, planIntake } from './app-collect.ts';
import { holderId, judgeSettingsOf, Snapshots } from './app-judge.ts';
import { observe, watchGauges } from './app-observe.ts';
import { type RestoreOptions, restore } from './app-restore.ts';
import { migrateWhenThere } from './app-store.ts';
import type { Project } from './config-load.ts';
import { type JetStreamGuardedStream, openGuardedStream } from './log/alert-stream.ts';
import { acquireLease, type Lease } from './log/lease.ts';
import type { Log, LogReader, Positions } from './log/log.ts';
import { Notifier } from './notify/notifier.ts';
import { Outbox, type OutboxEntry } from './notify/outbox.ts';
import { routesOf } from './notify/routes.ts';
import { runPipeline } from './pipeline.ts';
import { createSpans, type Spans } from './spans/spans.ts';
import { runCatchUp } from './store/catch-up.ts';
import { type CatchUpWriter, createStoreWriter } from './store/writer.ts';
import { AlertLog, FencedError } from './track/alert-log.ts';
import type { Judge } from './track/judge.ts';
import type { AlertRecord, OperatorAction } from './track/outcome.ts';
import { useRules } from './track/reassess.ts';
import type { StoredFacts } from './track/rebuild.ts';
import { Reread } from './track/reread.ts';
import { Told } from './track/told.ts';

interface Options extends RestoreOptions {
  readonly project: Project;
  readonly log: Log;
}

/** The judging half of an agent. */
export interface Judging {
  readonly judge: Judge;
  readonly store: CatchUpWriter;
  readonly notifier: Notifier;
  readonly intake: Intake;
  readonly epoch: number;
  /** Puts other rules in force, and writes down that they are. */
  useRules(rules: RuleSet): void;
  /** Rejects when judging cannot go on; resolves after {@link stop}. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** How long a stop waits for ClickHouse; what is not committed then is read again from the log. */
const STOP_STORE_MS = 10_000;
/** Attempts over about a day (see Notifier); then a message is recorded as failed. */
const MAX_ATTEMPTS = 150;

/** Takes the lease, gives the judge its memory back, and lets the flow run. */
export async function startJudging(options: Options, signal: AbortSignal): Promise<Judging> {
  const { config, engines, clock, telemetry } = options;
  const stopping = new AbortController();
  const intake = await planIntake(engines.nats, config.sources);
  const lease = await acquireLease(engines.nats, {
    name: config.tenant,
    holder: await holderId(config.dataDir),
    signal,
  });
  options.onTurn?.();
  const migrated = migrateWhenThere(
    options.store,
    config,
    options.project.rules.ruleSet.rules,
    { clock, telemetry },
    AbortSignal.any([stopping.signal, signal]),
  );
  const tell = (fault: Parameters<typeof telemetry.logFault>[0]) => telemetry.logFault(fault);
  const alerts = await openGuardedStream<AlertRecord>(engines.nats, { tell });
  const outboxStream = await openGuardedStream<OutboxEntry>(engines.nats, {
    stream: 'LAYTIME_OUTBOX',
    prefix: 'laytime.outbox',
    tell,
  });
  const told = new Told();
  const standing: { facts?: Pick<StoredFacts, 'positions' | 'logTime'> } = {};
  const unsent: AlertRecord[] = [];
  const alertLog = await AlertLog.open(alerts, (record) => {
    told.take(record);
    if (record.notify.length > 0) unsent.push(record);
  });
  const settings = judgeSettingsOf(options.project, config, {
    bestEffort: intake.bestEffort,
    told: (alertId) =>
      standing.facts && told.lastUpTo(alertId, standing.facts.positions, standing.facts.logTime),
    tellSince: options.injected ? Number.NEGATIVE_INFINITY : clock.now() - config.limits.alertHorizonMs,
  });
  const snapshots = new Snapshots(`${config.dataDir}/snapshots`, settings, clock, (error) =>
    telemetry.line('error', 'snapshot-failed', { error: String(error) }),
  );
  const { judge, fromSnapshot } = await restore(settings, snapshots, options, migrated, signal, (facts) => {
    standing.facts = facts;
  });
  told.clear();
  const stateFile = `${config.dataDir}/spans.json`;
  const spans = await createSpans(config.telemetry, { clock, stateFile, telemetry });
  const standingActions = judge.parts.standing.list(judge.parts.logTime);
  const notifier = await startNotifier(options, outboxStream, { unsent, standingActions }, spans);
  return run({
    options,
    intake,
    lease,
    migrated,
    alerts,
    outboxStream,
    alertLog,
    snapshots,
    judge,
    fromSnapshot,
    notifier,
    spans,
    stopping,
  });
}

async function startNotifier(
  { config, clock, telemetry, engines }: Options,
  outboxStream: JetStreamGuardedStream<OutboxEntry>,
  known: { readonly unsent: readonly AlertRecord[]; readonly standingActions: readonly OperatorAction[] },
  spans: Spans,
): Promise<Notifier> {
  const encode = (headers: Readonly<Record<string, string>>) => natsHeaders(headers);
  const notifier = new Notifier({
    routes: routesOf(config.notify, {
      smtp: config.smtp,
      now: clock.now,
      writeLine: (text) => telemetry.line('info', 'alert', { text }),
      publish: async (subject, body, headers) => {
        engines.nats.publish(subject, body, { headers: encode(headers) });
        await engines.nats.flush();
      },
    }),
    outbox: await Outbox.open(outboxStream),
    now: clock.now,
    sleep: clock.sleep,
    random: clock.random,
    maxAttempts: MAX_ATTEMPTS,
    onResult: (route, result, detail) => {
      telemetry.notified(route, result, detail);
      spans.notified(route, result);
    },
  });
  for (const action of known.standingActions) notifier.operator(action);
  notifier.start();
  notifier.take(known.unsent);
  return notifier;
}

function natsHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const out = newHeaders();
  for (const [name, value] of Object.entries(values)) out.set(name, value);
  return out;
}

interface Parts {
  readonly options: Options;
  readonly intake: Intake;
  readonly lease: Lease;
  readonly migrated: Promise<void>;
  readonly alerts: JetStreamGuardedStream<AlertRecord>;
  readonly outboxStream: JetStreamGuardedStream<OutboxEntry>;
  readonly alertLog: AlertLog;
  readonly snapshots: Snapshots;
  readonly judge: Judge;
  readonly fromSnapshot: boolean;
  readonly notifier: Notifier;
  readonly spans: Spans;
  readonly stopping: AbortController;
}

/** Lets the flow run until it is stopped, fenced, or fails. */
async function run(parts: Parts): Promise<Judging> {
  const { options, intake, lease, judge, notifier, snapshots, stopping, alertLog, alerts } = parts;
  const { log, telemetry, clock } = options;
  const store = startStore(parts);
  store.onFloor(() => judge.parts.unstored.stored(store.wholeFloor()));
  const openReader = (from: Positions): Promise<LogReader> => log.read(intake.bindings, from);
  const reread = new Reread({ judge, openReader, alerts, stored: () => store.wholeFloor() });
  if (!parts.fromSnapshot || Object.keys(judge.parts.positions).length > 0) reread.missedEverything();
  const catchingUp = runCatchUp(store, reread, {
    onFault: (fault) => telemetry.line('info', `store-${fault.kind}`, { ...fault }),
    sleep: clock.sleep,
  });
  const reader = await openReader(judge.parts.positions);
  void watchGauges({ ...parts, store }).catch((error) =>
    telemetry.line('warn', 'gauges-failed', { error: String(error) }),
  );
  const flow = runPipeline(
    {
      reader,
      log,
      judge,
      alertLog,
      store,
      notify: (records) => notifier.take(records),
      missed: (batch, sequence) => reread.missed(batch, sequence),
      snapshot: async (of) => snapshots.tick(of),
      wallTime: () => (options.injected ? undefined : clock.now()),
      observe: (batch, caughtUp) => {
        observe(batch, caughtUp, parts);
        parts.spans.take(batch, caughtUp);
      },
    },
    stopping.signal,
  );
  const fenced = lease.lost.then((loss) => {
    if (loss !== 'released') throw new FencedError(`of tenant ${options.config.tenant}`, 0);
  });
  const done = Promise.race([flow, fenced]).finally(() => stopping.abort());
  // Whoever holds the agent hears of it through `done`; a rejection nobody waits for yet must not end the process.
  done.catch(() => undefined);
  return {
    judge,
    store,
    notifier,
    intake,
    epoch: lease.epoch,
    done,
    useRules: (rules) => putInForce(parts, rules),
    async stop() {
      stopping.abort();
      await flow.catch(() => undefined);
      await reader.close();
      await intake.close();
      await notifier.stop();
      await store.stop(STOP_STORE_MS);
      await catchingUp;
      await parts.spans.stop();
      await snapshots.now(judge);
      await lease.release();
      parts.alerts.close();
      parts.outboxStream.close();
    },
  };
}

function putInForce({ judge, options, stopping }: Parts, { rules, ...rest }: RuleSet): void {
  useRules(judge, { rules, ...rest });
  void migrateWhenThere(options.store, options.config, rules, options, stopping.signal);
}

function startStore({ options, lease, judge, spans }: Parts): CatchUpWriter {
  const { clock, telemetry, config } = options;
  const { client, database } = options.store;
  return createStoreWriter({
    ...{ client, database },
    epoch: lease.epoch,
    judgeFrom: judge.parts.positions,
    writer: config.tenant,
    limits: { queueRows: config.limits.pendingRows },
    now: clock.now,
    sleep: clock.sleep,
    onFault: (fault) => {
      if (fault.kind === 'unreachable')
        telemetry.storeFault(`${fault.doing}: ${fault.error}`, fault.retryInMs);
      else telemetry.line(fault.kind === 'level' ? 'info' : 'warn', `store-${fault.kind}`, { ...fault });
    },
    onCommit: ({ events, durationMs }) => {
      telemetry.committed(events, durationMs / 1000);
      spans.committed(events, durationMs);
    },
  });
}
