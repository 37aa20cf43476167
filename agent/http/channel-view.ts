import type { ChannelState, ChannelView } from '../../rules/channel.ts';
import { channelIdOf } from '../../rules/channels-channel.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { ChannelThen } from '../store/tower.ts';
import type { ChannelFact } from './contract.ts';
import type { KnownSource } from './services.ts';

/**
 * Which channels can prove a milestone, from what was told of them. Follows rules/channels.ts: a partner that has spoken of the
 * shipment, else every partner of the source.
 */
export function channelView(sources: readonly KnownSource[], states: readonly ChannelState[]): ChannelView {
  const bySource = Map.groupBy(states, (state) => state.source);
  return {
    provers(milestone, shipment) {
      return sources.flatMap((source) => {
        if (!source.proves.includes(milestone)) return [];
        if (source.serves !== undefined && !source.serves.test(shipment.attributes)) return [];
        const all = bySource.get(source.name) ?? [neverHeard(source)];
        const own = all.filter((state) => shipment.partners.includes(state.partner));
        return own.length > 0 ? own : all;
      });
    },
  };
}

const neverHeard = ({ name, partner }: KnownSource): ChannelState => ({
  id: channelIdOf(name, partner),
  source: name,
  partner,
  watermark: Number.NEGATIVE_INFINITY,
  assumedUntil: Number.NEGATIVE_INFINITY,
  status: 'never-heard',
  bestEffort: false,
});

/** Channels as the judge knows them now. */
export const statesOf = (facts: readonly ChannelFact[]): readonly ChannelState[] =>
  facts.map(({ watermark = Number.NEGATIVE_INFINITY, ...fact }) => ({
    ...fact,
    watermark,
    assumedUntil: watermark,
  }));

/**
 * Channels as they stood at a time. Their intervals tell when one fell silent and what it had proved by then; while it was
 * heard, it is taken to have been heard up to that time, less the configured reporting lag.
 */
export const statesThen = (
  intervals: readonly ChannelThen[],
  sources: readonly Pick<KnownSource, 'name' | 'reportingLagMs'>[],
  at: EpochMs,
): readonly ChannelState[] =>
  intervals.map(({ source, partner, status, since, watermark, best_effort }) => {
    const reportingLagMs = sources.find(({ name }) => name === source)?.reportingLagMs ?? 0;
    const proved = status === 'hearing' ? at - reportingLagMs : (watermark ?? Number.NEGATIVE_INFINITY);
    return {
      id: channelIdOf(source, partner),
      source,
      partner,
      watermark: proved,
      assumedUntil: proved,
      reportingLagMs,
      status,
      ...(status === 'blind' && { blindSince: since }),
      bestEffort: best_effort,
    };
  });
