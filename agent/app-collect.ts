import { connect, type NatsConnection } from '@nats-io/transport-node';
import { collectorTools, createCollector } from '../collectors/catalog.ts';
import type { CollectorContext, Sink } from '../collectors/collector.ts';
import { planNats } from '../collectors/nats/capture.ts';
import { connectOptions } from '../collectors/nats/connection.ts';
import type { SourceConfig } from '../collectors/settings.ts';
import type { Clock } from './clock.ts';
import type { Log, StreamBinding } from './log/log.ts';
import type { Telemetry } from './telemetry.ts';

/** How the sources' messages reach the judge: streams to read, and sources that nobody keeps. */
export interface Intake {
  readonly bindings: readonly StreamBinding[];
  readonly bestEffort: ReadonlySet<string>;
  /** Closes the connections that were opened for sources with credentials of their own. */
  close(): Promise<void>;
}

/** Our own stream, then every stream of others that sources are read from, each once. */
export async function planIntake(nats: NatsConnection, sources: readonly SourceConfig[]): Promise<Intake> {
  const streams = new Map<string, { -readonly [K in keyof StreamBinding]: StreamBinding[K] }>();
  const bestEffort = new Set<string>();
  const opened: NatsConnection[] = [];
  for (const source of sources) {
    if (source.kind !== 'nats') continue;
    const connection =
      source.connection && (await connect(connectOptions(source.connection, `laytime ${source.name}`)));
    if (connection !== undefined) opened.push(connection);
    const plan = await planNats(connection ?? nats, source);
    if (plan.kind === 'best-effort') {
      bestEffort.add(source.name);
      continue;
    }
    const { stream, subjects } = plan.binding;
    const filters = (subjects.length === 0 ? ['>'] : subjects).map((filter) => ({
      filter,
      source: source.name,
    }));
    const known = streams.get(stream);
    if (known !== undefined) known.subjects = [...known.subjects, ...filters];
    else streams.set(stream, { stream, subjects: filters, ...(connection && { connection }) });
  }
  return {
    bindings: [{ stream: 'LAYTIME_LOG', subjects: [] }, ...streams.values()],
    bestEffort,
    async close() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

/** What is counted of everything on its way into the log. */
export function countingSink(log: Log, telemetry: Telemetry): Sink {
  return {
    async deliver(messages) {
      await log.deliver(messages);
      for (const [source, own] of Map.groupBy(messages, (message) => message.source)) {
        telemetry.appended(source, own.length);
      }
    },
    prove: (proof) => log.prove(proof),
  };
}

/** Runs every collector until the signal aborts; resolves when all have ended. One that fails for good ends alone, and says so. */
export async function runCollectors(
  sources: readonly SourceConfig[],
  edges: {
    readonly nats: NatsConnection;
    readonly log: Log;
    readonly clock: Clock;
    readonly telemetry: Telemetry;
  },
  signal: AbortSignal,
): Promise<void> {
  const { nats, log, clock, telemetry } = edges;
  const context: CollectorContext = {
    sink: countingSink(log, telemetry),
    cursors: log.cursors,
    now: clock.now,
    sleep: clock.sleep,
    random: clock.random,
    report: (event) => telemetry.collector(event),
  };
  const tools = collectorTools(async () => nats);
  await Promise.all(
    sources.map(async (source) => {
      try {
        const collector = await createCollector(source, tools);
        await collector.run(context, signal);
      } catch (error) {
        if (!signal.aborted)
          telemetry.line('error', 'source-stopped', { source: source.name, error: String(error) });
      }
    }),
  );
}
