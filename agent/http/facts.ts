import type { ShipmentEvent } from '../../rules/event.ts';
import type { RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import { readRawMessages } from '../store/queries.ts';
import type { StoreReader } from '../store/query.ts';
import { readEventsOf } from '../store/stored-events.ts';
import { type ChannelThen, readChannelsAt, readWaived } from '../store/tower.ts';
import { channelView, statesThen } from './channel-view.ts';
import type { HttpSource } from './contract.ts';
import { type Explained, explained, foldEvents, judgedAt } from './refold.ts';
import { knownSource } from './services.ts';

/** The bytes behind events, as they came; base64, since nobody says that they are text. */
export interface RawFact {
  readonly stream: string;
  readonly sequence: number;
  readonly data: string;
}

/**
 * Everything that the verdicts on a shipment rest on but the rules: whoever has these and the rule files comes to the same verdicts,
 * with no server. Plain JSON; times are epoch ms.
 */
export interface ShipmentFacts {
  readonly format: 'laytime-facts-1';
  readonly shipmentId: string;
  /** The verdicts are those of this moment. */
  readonly at: EpochMs;
  /** What was known and linked by then, in the order in which it became known. */
  readonly events: readonly ShipmentEvent[];
  /** How each channel stood then. */
  readonly channels: readonly ChannelThen[];
  /** The one trusted most first. */
  readonly sources: readonly HttpSource[];
  /** Ids of clocks that operators had waived. */
  readonly waived: readonly string[];
  /** Where the retention is over, a message is missing. */
  readonly raw: readonly RawFact[];
}

/** Reads a shipment's facts; undefined when nothing was known of it by then. */
export async function readFacts(
  store: StoreReader,
  shipmentId: string,
  sources: readonly HttpSource[],
  at: EpochMs,
): Promise<ShipmentFacts | undefined> {
  const [events, channels, waived] = await Promise.all([
    readEventsOf(store, shipmentId, at),
    readChannelsAt(store, at),
    readWaived(store, shipmentId, at),
  ]);
  if (events.length === 0) return undefined;
  const raw = await readRawMessages(
    store,
    events.map(({ raw }) => raw),
  );
  return {
    ...{ format: 'laytime-facts-1', shipmentId, at, events, channels, sources },
    waived: [...waived],
    raw: raw.map(({ stream, sequence, data }) => ({
      stream,
      sequence,
      data: Buffer.from(data).toString('base64'),
    })),
  };
}

/** Explains the clocks of one rule from facts alone; none when the rule has no clock there. The same facts and rules give the same words. */
export function explainFacts(facts: ShipmentFacts, ruleSet: RuleSet, ruleName: string): readonly Explained[] {
  const { shipmentId, events, at } = facts;
  const rule = ruleSet.rules.find(({ name }) => name === ruleName);
  const trace = foldEvents(shipmentId, events, facts.sources);
  if (rule === undefined || trace === undefined) return [];
  const view = channelView(facts.sources.map(knownSource), statesThen(facts.channels, facts.sources, at));
  const verdicts = judgedAt(trace, [rule], ruleSet, { view, at, waived: new Set(facts.waived) });
  return verdicts.map((verdict) => explained(trace, rule, verdict, ruleSet, view));
}
