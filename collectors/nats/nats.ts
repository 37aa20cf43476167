import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Collector, CollectorContext } from '../collector.ts';
import { FetchFault } from '../http-client-fault.ts';
import { retryInMs } from '../poll.ts';
import type { NatsConnectionSettings, NatsSourceConfig } from '../settings.ts';
import { planNats } from './capture.ts';
import { connectOptions } from './connection.ts';
import { Inbox } from './inbox.ts';

/** Opens a connection of a source's own, or lends the agent's: then `release` leaves it open. */
export type NatsLender = () => Promise<NatsConnection>;

const LONGEST_BACK_OFF_MS = 30_000;
const CAPTURE_CHECK_MS = 60_000;
/** A heartbeat may overtake the messages before it on their way through a stream by so much, at most. */
const HEARTBEAT_MARGIN_MS = 1_000;

/**
 * A NATS source. Streams (others' or our capture) are read by the log where they are, so this keeps the capture in place
 * and hears heartbeats; a subject that no stream keeps is subscribed to and handed to the sink, best effort.
 */
export class NatsCollector implements Collector {
  readonly source: string;
  readonly #settings: NatsSourceConfig;
  readonly #agentConnection: NatsLender;

  constructor(settings: NatsSourceConfig, agentConnection: NatsLender) {
    this.source = settings.name;
    this.#settings = settings;
    this.#agentConnection = agentConnection;
  }

  async run(context: CollectorContext, signal: AbortSignal): Promise<void> {
    // Outlives its connections: what was heard on a lost one is still ours to hand over.
    const inbox = new Inbox(this.#settings, context, signal);
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#session(inbox, context, signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        const fault = natsFault(error);
        const waitMs = retryInMs(fault, failures, LONGEST_BACK_OFF_MS, context.random);
        const { source } = this;
        const what = { error: fault.message, fault: fault.fault, retryInMs: waitMs };
        context.report({ kind: 'poll-failed', source, ...what });
        await context.sleep(waitMs, signal);
      }
    }
  }

  /** From connection to its end (or ours). */
  async #session(
    inbox: Inbox,
    context: CollectorContext,
    signal: AbortSignal,
    onReady: () => void,
  ): Promise<void> {
    const own = this.#settings.connection;
    const connection = await (own === undefined
      ? this.#agentConnection()
      : openOwn(own, this.source, signal));
    const ended = new AbortController();
    try {
      const plan = await planNats(connection, this.#settings);
      if (plan.kind === 'best-effort') {
        const reason = `best-effort (${plan.reason}): ${plan.detail}`;
        const origin = this.#settings.subjects.join(' ');
        context.report({ kind: 'refused', source: this.source, origin, reason });
        for (const subject of this.#settings.subjects) inbox.subscribe(connection, subject);
      }
      const { heartbeatSubject } = this.#settings;
      const marginMs = plan.kind === 'in-place' ? HEARTBEAT_MARGIN_MS : 0;
      if (heartbeatSubject !== undefined) inbox.hear(connection, heartbeatSubject, marginMs);
      await connection.flush();
      onReady();
      if (plan.kind === 'in-place' && plan.captured) {
        const until = AbortSignal.any([signal, ended.signal]);
        this.#keepCapture(connection, context, until).catch((error: unknown) => inbox.fail(error));
      }
      await inbox.drain(connection);
    } finally {
      ended.abort();
      inbox.unsubscribe();
      if (own !== undefined) await connection.close();
    }
  }

  /** A capture that somebody removes is made again: until then, what is published is lost. */
  async #keepCapture(
    connection: NatsConnection,
    context: CollectorContext,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      await context.sleep(CAPTURE_CHECK_MS, signal);
      if (signal.aborted) return;
      const plan = await planNats(connection, this.#settings);
      if (plan.kind === 'best-effort') throw new Error(`the capture is gone: ${plan.detail}`);
    }
  }
}

/** Connects, or rejects as soon as the signal aborts; a connection that then still comes is closed. */
async function openOwn(
  settings: NatsConnectionSettings,
  source: string,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const opening = connect(connectOptions(settings, `laytime ${source}`));
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    opening.then((late) => late.close()).catch(() => undefined);
    reject(new FetchFault('aborted', 'stopped while connecting'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([opening, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function natsFault(error: unknown): FetchFault {
  if (error instanceof FetchFault) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (/auth/i.test(message)) return new FetchFault('unauthorized', message, { cause: error });
  if (/permission/i.test(message)) return new FetchFault('forbidden', message, { cause: error });
  if (/timeout/i.test(message)) return new FetchFault('connect-timeout', message, { cause: error });
  if (/refused/i.test(message)) return new FetchFault('connection-refused', message, { cause: error });
  if (/certificate|tls|ssl/i.test(message)) return new FetchFault('tls-failed', message, { cause: error });
  return new FetchFault('connection-lost', message, { cause: error });
}
