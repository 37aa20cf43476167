import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { AlertRecord, OperatorAction } from '../track/outcome.ts';
import type { Outbox, PendingMessage, Told } from './outbox.ts';
import type { OutboundMessage, Route } from './route.ts';
import { changeId, decideRoutes, groupKey, groupLabels, newestOnly, type Silence } from './stages.ts';

export interface NotifierSettings {
  readonly routes: ReadonlyMap<string, Route>;
  readonly outbox: Outbox;
  readonly now: () => EpochMs;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: DurationMs, signal: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly onResult: (route: string, result: string, detail: Readonly<Record<string, unknown>>) => void;
  /** Attempts before a message is recorded as failed. */
  readonly maxAttempts: number;
}

interface OpenGroup {
  readonly route: Route;
  readonly labels: Readonly<Record<string, string>>;
  readonly records: AlertRecord[];
}

/** What came of sending. */
type Outcome = Pick<Told, 'result' | 'reason' | 'attempts' | 'at'>;

/** Results in one record of the outbox. */
const MOST_RESULTS = 500;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10 * 60_000;

/**
 * route → silence → inhibit → group → send and retry → record. One queue a route: a receiver that is slow or away delays
 * nobody else.
 */
export class Notifier {
  readonly #settings: NotifierSettings;
  readonly #groups = new Map<string, OpenGroup>();
  /** Tail of each route's queue. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #silences = new Map<string, Silence>();
  readonly #acknowledged = new Set<string>();
  /** Changes on their way to the outbox: a restart takes them from the alert log and, a little later, from the judge again. */
  readonly #taken = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #waits = new Set<Promise<void>>();
  /** Sent and not yet recorded. */
  #told: Told[] = [];
  #recording: Promise<void> | undefined;

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
  }

  /** Sends what was decided before a restart. Call once, before {@link take}. */
  start(): void {
    for (const pending of this.#settings.outbox.pending()) {
      const route = this.#settings.routes.get(pending.route);
      if (route === undefined) this.#settings.onResult(pending.route, 'unknown-route', {});
      else this.#enqueue(route, () => this.#sendDecided(route, pending));
    }
  }

  /** Takes alert changes that are durable in the alert log. Safe to call again with the same ones. */
  take(records: readonly AlertRecord[]): void {
    for (const record of records) {
      if (record.notify.length === 0) continue;
      const decisions = decideRoutes(record, {
        routes: this.#settings.routes,
        silences: this.#silences.values(),
        acknowledged: this.#acknowledged,
        now: this.#settings.now(),
      });
      for (const decision of decisions) {
        if (decision.kind === 'stop') this.#settings.onResult(decision.route, decision.reason, {});
        else if (!this.#settings.outbox.isSettled(decision.route.name, changeId(record))) {
          this.#gather(decision.route, record);
        }
      }
    }
  }

  /** Takes an operator's action from the log. */
  operator(action: OperatorAction): void {
    if (action.action === 'acknowledge') this.#acknowledged.add(action.subject);
    if (action.action !== 'silence' || action.until === undefined) return;
    const labels = Object.fromEntries(
      action.subject.split(',').map((pair): [string, string] => {
        const cut = pair.indexOf('=');
        return [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()];
      }),
    );
    const { id, until, by, comment } = action;
    this.#silences.set(id, { id, labels, until, by, comment });
  }

  /** Resolves when every group is closed and every queue is empty. */
  async idle(): Promise<void> {
    while (this.#waits.size > 0 || this.#tails.size > 0 || this.#recording !== undefined) {
      await Promise.all([...this.#waits, ...this.#tails.values(), this.#recording]);
    }
  }

  /** Lets attempts go; what is decided is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
    for (const route of this.#settings.routes.values()) await route.channel.close?.();
  }

  #gather(route: Route, record: AlertRecord): void {
    const taken = `${route.name} ${changeId(record)}`;
    if (this.#taken.has(taken)) return;
    this.#taken.add(taken);
    if (route.groupBy.length === 0) {
      this.#enqueue(route, () => this.#sendAlone(route, record));
      return;
    }
    const labels = groupLabels(record, route);
    const name = `${route.name} ${JSON.stringify(labels)}`;
    const open = this.#groups.get(name);
    if (open !== undefined) {
      open.records.push(record);
      return;
    }
    const group: OpenGroup = { route, labels, records: [record] };
    this.#groups.set(name, group);
    const wait = this.#settings.sleep(route.groupWaitMs, this.#stopping.signal).then(() => {
      this.#groups.delete(name);
      this.#waits.delete(wait);
      if (!this.#stopping.signal.aborted) this.#close(group);
    });
    this.#waits.add(wait);
  }

  #close({ route, labels, records }: OpenGroup): void {
    this.#enqueue(route, async () => {
      const told = newestOnly(records);
      const message = {
        ...route.channel.render({ route: route.name, labels, records: told }),
        idempotencyKey: groupKey(route.name, told),
      };
      const changes = records.map(changeId);
      const { outbox, now } = this.#settings;
      const pending = await outbox.decide(route.name, changes, message, now());
      for (const change of changes) this.#taken.delete(`${route.name} ${change}`);
      if (pending !== undefined) await this.#sendDecided(route, pending);
    });
  }

  async #sendDecided(route: Route, pending: PendingMessage): Promise<void> {
    const outcome = await this.#send(route, pending.message);
    if (outcome === undefined) return;
    const { result, reason, attempts, at } = outcome;
    await this.#settings.outbox.record(pending, result, reason, attempts, at);
    this.#report(route, outcome);
  }

  /** A change that waits for no other: the alert log is its decision. */
  async #sendAlone(route: Route, record: AlertRecord): Promise<void> {
    const { outbox } = this.#settings;
    const change = changeId(record);
    const key = groupKey(route.name, [record]);
    const rendered = route.channel.render({ route: route.name, labels: {}, records: [record] });
    const outcome = await this.#send(route, { ...rendered, idempotencyKey: key });
    if (outcome === undefined) return;
    outbox.settle(route.name, change);
    this.#taken.delete(`${route.name} ${change}`);
    this.#told.push({ route: route.name, change, key, ...outcome });
    this.#recordSoon();
    this.#report(route, outcome);
  }

  #recordSoon(): void {
    if (this.#told.length === 0) return;
    this.#recording ??= this.#recordTold().finally(() => {
      this.#recording = undefined;
      this.#recordSoon();
    });
  }

  /** One record at a time: what is sent meanwhile goes into the next one. Tries until it is there, or we stop. */
  async #recordTold(): Promise<void> {
    const { outbox, sleep, onResult } = this.#settings;
    const { signal } = this.#stopping;
    for (let attempt = 1; this.#told.length > 0; attempt += 1) {
      const results = this.#told.slice(0, MOST_RESULTS);
      try {
        await outbox.tell(results);
        this.#told.splice(0, results.length);
        attempt = 0;
      } catch (error) {
        onResult(results[0]!.route, 'outbox-error', { error: String(error) });
        // What is not recorded is sent again after the next start, under the same key.
        if (signal.aborted) this.#told = [];
        await sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)), signal);
      }
    }
  }

  #report(route: Route, { result, reason, attempts }: Outcome): void {
    this.#settings.onResult(route.name, result, result === 'sent' ? {} : { reason, attempts });
  }

  #enqueue(route: Route, job: () => Promise<void>): void {
    const tail = (this.#tails.get(route.name) ?? Promise.resolve())
      .then(() => this.#untilDone(route, job))
      .finally(() => {
        if (this.#tails.get(route.name) === tail) this.#tails.delete(route.name);
      });
    this.#tails.set(route.name, tail);
  }

  /** The outbox may be out of reach for a while; a decision that could not be written is made again, never dropped. */
  async #untilDone(route: Route, job: () => Promise<void>): Promise<void> {
    const { sleep, onResult } = this.#settings;
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await job();
      } catch (error) {
        onResult(route.name, 'outbox-error', { error: String(error) });
        await sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)), signal);
      }
    }
  }

  /** Until it is sent or given up; undefined when we stop first. */
  async #send(route: Route, message: OutboundMessage): Promise<Outcome | undefined> {
    const { now, sleep, random, onResult, maxAttempts } = this.#settings;
    const { signal } = this.#stopping;
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      const sent = await route.channel.send(message, signal);
      if (sent.kind === 'sent') return { result: 'sent', reason: '', attempts, at: now() };
      const { reason } = sent;
      if (signal.aborted) return undefined;
      if (sent.kind === 'failed' || attempts >= maxAttempts) {
        return { result: 'failed', reason, attempts, at: now() };
      }
      const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1));
      const waitMs = sent.afterMs ?? backoff * (0.5 + random() / 2);
      onResult(route.name, 'retry', { reason, attempt: attempts, waitMs: Math.round(waitMs) });
      await sleep(waitMs, signal);
    }
    return undefined;
  }
}
