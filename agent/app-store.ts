import type { RuleSet } from '../rules/sla.ts';
import type { EpochMs } from '../rules/time.ts';
import type { StoreEngine } from './app-engines.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { readWholeFloor } from './store/floor.ts';
import { migrate } from './store/migrate.ts';
import { readRows, type StoreReader } from './store/query.ts';
import { recordRuleVersions } from './store/rule-versions.ts';
import { readAllEvents } from './store/stored-events.ts';
import type { Telemetry } from './telemetry.ts';
import type { OperatorAction } from './track/outcome.ts';
import type { RecalledLetter, StoredFacts } from './track/rebuild.ts';

const RETRY_MS = 2_000;
const DAY_MS = 86_400_000;
/** Actions after which a dead letter is open no more. */
const SETTLING = "('dismiss-dead-letter', 'redrive-dead-letter')";

export interface StoreEdges {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Brings the database to this version, and names the rules in force, for as long as it takes: ClickHouse may be away, and judging does not wait for it.
 * Resolves when done, or when the signal aborts.
 */
export async function migrateWhenThere(
  { client, database }: StoreEngine,
  config: Config,
  rules: RuleSet['rules'],
  edges: StoreEdges,
  signal: AbortSignal,
): Promise<void> {
  const { rawMs, eventsMs } = config.retention;
  const retention = { rawDays: Math.ceil(rawMs / DAY_MS), eventDays: Math.ceil(eventsMs / DAY_MS) };
  await patiently(edges, signal, async () => {
    const { applied } = await migrate({ client, database, retention });
    if (applied.length > 0) edges.telemetry.line('info', 'database-migrated', { applied: applied.length });
    await recordRuleVersions(client, database, rules, edges.clock.now());
  });
}

/**
 * What the database holds up to the last commit that a judge can be rebuilt from; undefined when there is none, or the signal
 * aborted. Waits for ClickHouse.
 */
export function storedFacts(
  store: StoreReader,
  writer: string,
  edges: StoreEdges,
  signal: AbortSignal,
): Promise<StoredFacts | undefined> {
  return patiently(edges, signal, async () => {
    const floor = await readWholeFloor(store, writer);
    if (floor === undefined) return undefined;
    const { positions } = floor;
    const within = 'sequence <= {positions:Map(String, UInt64)}[stream]';
    const deadLetters = await readRows<RecalledLetter>(
      store,
      `SELECT id, source, partner, source_id AS sourceId, toUnixTimestamp64Milli(observed_at) AS observedAt
        FROM {database:Identifier}.dead_letters_log FINAL
        WHERE ${within} AND code != 'refused-by-store' AND id NOT IN (
          SELECT subject FROM {database:Identifier}.operator_actions_log WHERE action IN ${SETTLING} AND ${within})
        ORDER BY observed_at, stream, sequence`,
      { positions },
    );
    const actions = await readRows<OperatorAction & { readonly until: EpochMs | null }>(
      store,
      `SELECT id, stream, sequence, action, subject, by, comment, toUnixTimestamp64Milli(at) AS at,
          toUnixTimestamp64Milli(until) AS until
        FROM {database:Identifier}.operator_actions_log FINAL
        WHERE ${within} AND action NOT IN ${SETTLING} ORDER BY operator_actions_log.at, stream, sequence`,
      { positions },
    );
    return {
      ...floor,
      deadLetters,
      actions: actions.map(({ until, ...action }) => (until === null ? action : { ...action, until })),
      events: readAllEvents(store, positions),
    };
  });
}

async function patiently<T>(
  { clock, telemetry }: StoreEdges,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      telemetry.storeFault(String(error), RETRY_MS);
      await clock.sleep(RETRY_MS, signal);
    }
  }
  return undefined;
}
