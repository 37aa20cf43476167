import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CollectorEvent } from '../collectors/collector.ts';
import type { LogFault } from './log/log.ts';
import type { LogLevel, LogLine } from './log-line.ts';

/**
 * The only place that names metrics and log lines. What the agent does is told here as named events; each event carries its
 * metric and, where a person should read it, its line. See the table in README.md.
 */
export class Telemetry {
  readonly registry = new Registry();
  readonly #write: (line: LogLine) => void;

  constructor(write: (line: LogLine) => void) {
    this.#write = write;
    const loop = monitorEventLoopDelay({ resolution: 10 });
    loop.enable();
    gauge(
      this.registry,
      'laytime_event_loop_lag_seconds',
      'Worst delay of the event loop since the last scrape',
      [],
      (g) => {
        g.set(Math.max(0, loop.max / 1e9));
        loop.reset();
      },
    );
    gauge(this.registry, 'laytime_resident_memory_bytes', 'Resident memory of the agent', [], (g) =>
      g.set(process.memoryUsage.rss()),
    );
  }

  readonly #received = counter(
    this.registry,
    'laytime_messages_received_total',
    'Messages received from a source',
    ['source'],
  );
  readonly #receivedBytes = counter(
    this.registry,
    'laytime_received_bytes_total',
    'Bytes received from a source',
    ['source'],
  );
  readonly #calls = counter(this.registry, 'laytime_source_calls_total', 'Calls of a source', ['source']);
  readonly #polls = counter(this.registry, 'laytime_polls_total', 'Polls of a source by result', [
    'source',
    'result',
  ]);
  readonly #appended = counter(this.registry, 'laytime_log_appended_total', 'Messages durable in the log', [
    'source',
  ]);
  readonly #mapped = counter(this.registry, 'laytime_messages_mapped_total', 'Messages mapped, by result', [
    'source',
    'result',
  ]);
  readonly #unmapped = counter(
    this.registry,
    'laytime_unmapped_items_total',
    'What a map did not know, and fields that came, went or changed their type',
    ['source', 'partner', 'kind'],
  );
  readonly #deadLetters = counter(
    this.registry,
    'laytime_dead_letters_total',
    'Messages that could not be understood',
    ['source', 'code'],
  );
  readonly #judged = counter(this.registry, 'laytime_events_judged_total', 'Canonical events judged', []);
  readonly #duplicates = counter(
    this.registry,
    'laytime_events_duplicate_total',
    'Events that repeated one known already',
    ['source', 'partner'],
  );
  readonly #futureTimes = counter(
    this.registry,
    'laytime_future_times_total',
    'Things said to have happened more than five minutes after they were heard of',
    ['source', 'partner'],
  );
  readonly #stored = counter(
    this.registry,
    'laytime_events_stored_total',
    'Canonical events committed to ClickHouse',
    [],
  );
  readonly #logLag = gauge(
    this.registry,
    'laytime_log_lag_seconds',
    'Age of the last message judged, while more are waiting',
    ['stream'],
  );
  readonly #logBehind = gauge(
    this.registry,
    'laytime_log_lag_messages',
    'Messages in a stream not yet judged',
    ['stream'],
  );
  readonly #storeBehind = gauge(
    this.registry,
    'laytime_store_lag_messages',
    'Messages judged and not yet committed to ClickHouse',
    ['stream'],
  );
  readonly #sourceLag = gauge(
    this.registry,
    'laytime_source_lag_seconds',
    'From happening to known, of the last event of a partner',
    ['source', 'partner'],
  );
  readonly #watermark = gauge(
    this.registry,
    'laytime_channel_watermark_age_seconds',
    'Age of what a channel is proved heard to',
    ['channel'],
  );
  readonly #commit = histogram(
    this.registry,
    'laytime_commit_duration_seconds',
    'Time of one commit to ClickHouse',
    [0.01, 0.05, 0.1, 0.5, 1, 5, 30],
  );
  readonly #clocks = gauge(this.registry, 'laytime_clocks', 'Clocks by state', ['state']);
  readonly #shipments = gauge(this.registry, 'laytime_open_shipments', 'Shipments held in memory', []);
  readonly #alerts = counter(this.registry, 'laytime_alert_changes_total', 'Alert changes told, by kind', [
    'kind',
  ]);
  readonly #notified = counter(
    this.registry,
    'laytime_notifications_total',
    'Notifications by route and result',
    ['channel', 'result'],
  );
  readonly #lead = histogram(
    this.registry,
    'laytime_detection_lead_seconds',
    'From the moment a breach could be known to its alert',
    [0.1, 0.5, 1, 5, 30, 300, 3600],
  );
  readonly #faults = counter(this.registry, 'laytime_log_faults_total', 'Anomalies of the log, by kind', [
    'kind',
  ]);
  readonly #storeFaults = counter(
    this.registry,
    'laytime_store_faults_total',
    'Failed attempts to write to ClickHouse',
    [],
  );

  readonly #spans = counter(this.registry, 'laytime_spans_total', 'Spans for the OTLP receiver, by result', [
    'result',
  ]);

  /** What collectors report. */
  collector(event: CollectorEvent): void {
    const { source } = event;
    switch (event.kind) {
      case 'received':
        this.#received.inc({ source }, event.messages);
        this.#receivedBytes.inc({ source }, event.bytes);
        return;
      case 'called':
        this.#calls.inc({ source });
        return;
      case 'poll-finished':
        this.#polls.inc({ source, result: 'complete' });
        return;
      case 'poll-failed':
        this.#polls.inc({ source, result: event.fault });
        break;
      case 'circuit-opened':
      case 'circuit-closed':
      case 'clock-skew':
      case 'refused':
        break;
    }
    const { kind, ...fields } = event;
    this.line(kind === 'circuit-closed' ? 'info' : 'warn', `source-${kind}`, fields);
  }

  appended(source: string, messages: number): void {
    this.#appended.inc({ source }, messages);
  }

  mapped(source: string, result: string, messages = 1): void {
    this.#mapped.inc({ source, result }, messages);
  }

  /** `kind` of an oddity, or `duplicate`. */
  unmapped(source: string, partner: string, kind: string): void {
    if (kind === 'duplicate') this.#duplicates.inc({ source, partner });
    else this.#unmapped.inc({ source, partner, kind });
  }

  futureTime(source: string, partner: string): void {
    this.#futureTimes.inc({ source, partner });
  }

  deadLetter(source: string, code: string, reason: string, stream: string, sequence: number): void {
    this.#deadLetters.inc({ source, code });
    this.line('warn', 'dead-letter', { source, code, reason, stream, sequence });
  }

  judged(events: number, shipments: number): void {
    this.#judged.inc(events);
    this.#shipments.set(shipments);
  }

  clocks(states: Readonly<Record<string, number>>): void {
    for (const [state, count] of Object.entries(states)) this.#clocks.set({ state }, count);
  }

  logLag(stream: string, seconds: number, messages: number): void {
    this.#logLag.set({ stream }, seconds);
    this.#logBehind.set({ stream }, messages);
  }

  storeLag(stream: string, messages: number): void {
    this.#storeBehind.set({ stream }, messages);
  }

  sourceLag(source: string, partner: string, seconds: number): void {
    this.#sourceLag.set({ source, partner }, seconds);
  }

  watermarkAge(channel: string, seconds: number): void {
    this.#watermark.set({ channel }, seconds);
  }

  committed(events: number, seconds: number): void {
    this.#stored.inc(events);
    this.#commit.observe(seconds);
  }

  storeFault(error: string, retryInMs: number): void {
    this.#storeFaults.inc();
    this.line('warn', 'store-away', { error, retryInMs });
  }

  alertChange(kind: string, leadSeconds: number): void {
    this.#alerts.inc({ kind });
    if (kind === 'fired' || kind === 'fired-unconfirmed') this.#lead.observe(leadSeconds);
  }

  notified(channel: string, result: string, detail: Readonly<Record<string, unknown>> = {}): void {
    this.#notified.inc({ channel, result });
    if (result !== 'sent') this.line('warn', 'notification-not-sent', { channel, result, ...detail });
  }

  spans(result: string, count: number): void {
    this.#spans.inc({ result }, count);
  }

  logFault(fault: LogFault): void {
    this.#faults.inc({ kind: fault.kind });
    const { kind, ...fields } = fault;
    this.line(
      kind === 'server-version' || kind === 'setting-ignored' ? 'warn' : 'error',
      `log-${kind}`,
      fields,
    );
  }

  line(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write({ level, event, fields });
  }
}

const counter = (registry: Registry, name: string, help: string, labelNames: string[]): Counter =>
  new Counter({ name, help, labelNames, registers: [registry] });

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect?: (g: Gauge) => void,
): Gauge {
  return new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    ...(collect && {
      collect() {
        collect(this);
      },
    }),
  });
}

const histogram = (registry: Registry, name: string, help: string, buckets: number[]): Histogram =>
  new Histogram({ name, help, buckets, registers: [registry] });
