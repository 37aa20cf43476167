import type { DurationMs, EpochMs } from '../../rules/time.ts';
import type { AlertRecord, OperatorAction } from '../track/outcome.ts';
import type { Outbox, PendingMessage } from './outbox.ts';
import type { Route } from './route.ts';
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

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
  }

  /** Sends what was decided before a restart. Call once, before {@link take}. */
  start(): void {
    for (const pending of this.#settings.outbox.pending()) {
      const route = this.#settings.routes.get(pending.route);
      if (route === undefined) this.#settings.onResult(pending.route, 'unknown-route', {});
      else this.#enqueue(route, () => this.#send(route, pending));
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
    while (this.#waits.size > 0 || this.#tails.size > 0) {
      await Promise.all([...this.#waits, ...this.#tails.values()]);
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
    const labels = groupLabels(record, route);
    if (route.groupBy.length === 0) {
      this.#close({ route, labels, records: [record] });
      return;
    }
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
      if (pending !== undefined) await this.#send(route, pending);
    });
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

  async #send(route: Route, pending: PendingMessage): Promise<void> {
    const { outbox, now, sleep, random, onResult, maxAttempts } = this.#settings;
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const result = await route.channel.send(pending.message, signal);
      if (signal.aborted && result.kind !== 'sent') return;
      if (result.kind === 'sent') {
        await outbox.record(pending, 'sent', '', attempt, now());
        onResult(route.name, 'sent', {});
        return;
      }
      if (result.kind === 'failed' || attempt >= maxAttempts) {
        await outbox.record(pending, 'failed', result.reason, attempt, now());
        onResult(route.name, 'failed', { reason: result.reason, attempts: attempt });
        return;
      }
      const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
      const waitMs = result.afterMs ?? backoff * (0.5 + random() / 2);
      onResult(route.name, 'retry', { reason: result.reason, attempt, waitMs: Math.round(waitMs) });
      await sleep(waitMs, signal);
    }
  }
}
