import { hashId } from '../../rules/hash.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { AlertRecord } from '../track/outcome.ts';
import type { Route } from './route.ts';

/** Labels that must all be equal for a silence to hold. */
export interface Silence {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly until: EpochMs;
  readonly by: string;
  readonly comment: string;
}

/** What the stages know beside the record itself. */
export interface StageContext {
  readonly routes: ReadonlyMap<string, Route>;
  readonly silences: Iterable<Silence>;
  readonly acknowledged: ReadonlySet<string>;
  readonly now: EpochMs;
}

/** Why a change goes to a route or does not; every value is counted. */
export type Decision =
  | { readonly kind: 'go'; readonly route: Route }
  | {
      readonly kind: 'stop';
      readonly reason: 'unknown-route' | 'silenced' | 'acknowledged';
      readonly route: string;
    };

/** route → silence → inhibit: what becomes of one change on each of its routes, in the order of the rule's `notify`. */
export function decideRoutes(record: AlertRecord, context: StageContext): readonly Decision[] {
  return record.notify.map((name) => {
    const route = context.routes.get(name);
    if (route === undefined) return { kind: 'stop', reason: 'unknown-route', route: name };
    if (silencedBy(record, context) !== undefined) return { kind: 'stop', reason: 'silenced', route: name };
    if (inhibited(record, context.acknowledged)) return { kind: 'stop', reason: 'acknowledged', route: name };
    return { kind: 'go', route };
  });
}

/** The silence that holds for a change now; good news of a silenced alert is told all the same. */
export function silencedBy(record: AlertRecord, { silences, now }: StageContext): Silence | undefined {
  if (isGoodNews(record)) return undefined;
  for (const silence of silences) {
    const holds = Object.entries(silence.labels).every(([name, value]) => record.labels[name] === value);
    if (holds && now < silence.until) return silence;
  }
  return undefined;
}

/** Somebody took charge: told again only when it ends, or turns out to be certain. */
export function inhibited(record: AlertRecord, acknowledged: ReadonlySet<string>): boolean {
  return acknowledged.has(record.change.alertId) && !isGoodNews(record) && record.change.kind !== 'confirmed';
}

const isGoodNews = (record: AlertRecord): boolean =>
  record.change.kind === 'resolved' || record.change.kind === 'withdrawn';

/** The group of a change on a route: `group_by` labels and their values. */
export function groupLabels(record: AlertRecord, route: Route): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const name of route.groupBy) labels[name] = record.labels[name] ?? '';
  return labels;
}

/** Of several changes of one alert that wait in one group only the newest is told; in order of first appearance. */
export function newestOnly(records: readonly AlertRecord[]): readonly AlertRecord[] {
  const newest = new Map<string, AlertRecord>();
  for (const record of records) {
    const known = newest.get(record.change.alertId);
    if (known === undefined || known.change.number < record.change.number) {
      newest.set(record.change.alertId, record);
    }
  }
  return [...newest.values()];
}

/** Names a change on a route. */
export const changeId = (record: AlertRecord): string => `${record.change.alertId}.${record.change.number}`;

/** The key of a message is a hash of what is in it: equal keys, equal bytes. */
export const groupKey = (route: string, records: readonly AlertRecord[]): string =>
  hashId('notification', route, ...records.map(changeId));
