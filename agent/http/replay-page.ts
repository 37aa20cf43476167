import type { CompiledMap } from '../../collectors/maps/map.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { refText } from '../../rules/refs.ts';
import type { Verdict } from '../../rules/verdict.ts';
import { withoutPrivate } from '../log/private-reader.ts';
import { type Difference, differencesOf, Statements } from '../replay/differences.ts';
import {
  readKnownUntil,
  readShipmentsOf,
  readStatements,
  readStoredMessages,
  type StoredMessage,
} from '../store/history.ts';
import { readEventsOf } from '../store/stored-events.ts';
import { readWaived } from '../store/tower.ts';
import { mapAgain, type SourceBinding } from '../track/mapper.ts';
import { channelView, statesOf } from './channel-view.ts';
import { foldEvents, judgedAt } from './refold.ts';
import type { Services } from './services.ts';

export interface ReplayAsked {
  readonly source: string;
  readonly map: CompiledMap;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly cursor?: string;
}

/** A clock that another map would leave in another state. */
export interface VerdictChange {
  readonly shipment_id: string;
  readonly rule: string;
  readonly clock_id: string;
  /** `''`: there is none. */
  readonly before: string;
  readonly after: string;
}

export interface ReplayPage {
  readonly messages: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly unreadable: readonly {
    readonly stream: string;
    readonly sequence: number;
    readonly why: string;
  }[];
  readonly differences: readonly Difference[];
  readonly shipments: readonly string[];
  readonly verdicts: readonly VerdictChange[];
  readonly cursor?: string;
}

/** A page of history mapped by another map, and what would be different. Reads only. */
export async function replayPage(
  services: Services,
  binding: SourceBinding,
  asked: ReplayAsked,
): Promise<ReplayPage> {
  const store = services.store();
  const { messages, cursor } = await readStoredMessages(store, asked, {
    limit: asked.limit,
    ...(asked.cursor !== undefined && { cursor: asked.cursor }),
  });
  const bindings = new Map([[asked.source, { ...binding, map: asked.map }]]);
  const mapped = messages.map((message) => ({ message, result: resultOf(message, bindings) }));
  const keys = mapped.flatMap(({ result }) =>
    result.kind === 'events' ? result.events.map(({ key }) => key) : [],
  );
  const stored = new Statements(
    await readStatements(
      store,
      messages.map(({ record }) => record),
      [...new Set(keys)],
    ),
  );
  const found = mapped.map(({ message: { record }, result }) => ({
    record,
    ...differencesOf(record, result, stored),
  }));
  // A message that came twice says the same twice.
  const distinct = new Map(
    found.flatMap(({ differences }) => differences).map((each) => [each.statement.id, each]),
  );
  const differences = [...distinct.values()];
  return {
    messages: messages.length,
    unchanged: sum(found.map(({ unchanged }) => unchanged)),
    superseded: sum(found.map(({ superseded }) => superseded)),
    unreadable: found.flatMap(({ record: { stream, sequence }, unreadable }) =>
      unreadable === undefined ? [] : [{ stream, sequence, why: unreadable }],
    ),
    differences,
    ...(await consequencesOf(services, differences)),
    ...(cursor !== undefined && { cursor }),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** What is stored may be older than the map's privacy. */
function resultOf({ record, firstObservedAt }: StoredMessage, bindings: ReadonlyMap<string, SourceBinding>) {
  const privacy = bindings.get(record.source)?.map.privacy;
  const clean = privacy === undefined ? record : withoutPrivate(record, privacy);
  return mapAgain(record, { ...clean, observedAt: firstObservedAt }, bindings).result;
}

/** Shipments that the differences are about, folded and judged without and with them, with the channels as they stand. */
async function consequencesOf(
  services: Services,
  differences: readonly Difference[],
): Promise<Pick<ReplayPage, 'shipments' | 'verdicts'>> {
  const store = services.store();
  const about = differences.flatMap(({ before, statement }) => [...(before?.refs ?? []), ...statement.refs]);
  const shipments = await readShipmentsOf(store, [...new Set(about.map(refText))]);
  if (shipments.length === 0) return { shipments, verdicts: [] };
  const [at, { channels }] = await Promise.all([readKnownUntil(store), services.main.readiness()]);
  const { ruleSet } = services.rules();
  const view = channelView(services.sources, statesOf(channels));
  const verdicts: VerdictChange[] = [];
  for (const id of shipments) {
    const [events, waived] = await Promise.all([readEventsOf(store, id), readWaived(store, id, at)]);
    const judged = (all: readonly ShipmentEvent[]): readonly Verdict[] => {
      const trace = foldEvents(id, all, services.sources);
      return trace === undefined ? [] : judgedAt(trace, ruleSet.rules, ruleSet, { view, at, waived });
    };
    const refs = new Set(events.flatMap((event) => event.refs.map(refText)));
    const own = differences.filter(({ statement }) => statement.refs.some((ref) => refs.has(refText(ref))));
    verdicts.push(
      ...changesOf(id, judged(events), judged([...events, ...own.map(({ statement }) => statement)])),
    );
  }
  return { shipments, verdicts };
}

function changesOf(
  shipmentId: string,
  before: readonly Verdict[],
  after: readonly Verdict[],
): VerdictChange[] {
  const byId = new Map(before.map((verdict) => [verdict.clockId, verdict]));
  const changes: VerdictChange[] = [];
  const note = (one: Verdict, from: string, to: string): void => {
    if (from !== to)
      changes.push({
        shipment_id: shipmentId,
        rule: one.rule,
        clock_id: one.clockId,
        before: from,
        after: to,
      });
  };
  for (const verdict of after) {
    note(verdict, byId.get(verdict.clockId)?.state ?? '', verdict.state);
    byId.delete(verdict.clockId);
  }
  for (const verdict of byId.values()) note(verdict, verdict.state, '');
  return changes;
}
