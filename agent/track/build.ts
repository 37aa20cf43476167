import type { AlertMemory } from '../../rules/alert.ts';
import { Channels } from '../../rules/channels.ts';
import type { ChannelSource } from '../../rules/channels-channel.ts';
import type { SavedChannels } from '../../rules/channels-saved.ts';
import { hashId } from '../../rules/hash.ts';
import { Identity } from '../../rules/identity.ts';
import type { RefType } from '../../rules/refs.ts';
import type { RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { SourceRank } from '../../rules/trace-order.ts';
import { Assessor } from './assessor.ts';
import { Awaiting } from './awaiting.ts';
import { unpackClocks } from './clocks.ts';
import { Feeds } from './feeds.ts';
import { TextInterner } from './interner.ts';
import { Judge } from './judge.ts';
import type { SourceBinding } from './mapper.ts';
import { Membership } from './membership.ts';
import { Notices } from './notices.ts';
import { OpenLetters } from './open-letters.ts';
import type { RenderAlert } from './outcome.ts';
import type { JudgeParts } from './parts.ts';
import { Shipments } from './shipments.ts';
import type { Snapshot, SnapshotHead } from './snapshot.ts';
import { StandingActions } from './standing.ts';
import { Timers } from './timers.ts';
import { Unstored } from './unstored.ts';

export interface JudgeSettings {
  readonly tenant: string;
  /** The ref that makes a shipment. */
  readonly shipmentIs: RefType;
  readonly ruleSet: RuleSet;
  /** In order of trust: of two sources that contradict each other the earlier one wins. */
  readonly sources: readonly SourceBinding[];
  readonly channels: readonly ChannelSource[];
  readonly renderAlert: RenderAlert;
  /** Routes that hear of silent channels and conflicting identifiers. */
  readonly noticeRoutes: readonly string[];
  /** Alert changes of earlier log times are recorded, not told. */
  readonly tellSince: EpochMs;
  /** What the alert log had told of an alert up to the stored facts; used when state is rebuilt without a snapshot. */
  readonly told: (alertId: string) => AlertMemory | undefined;
}

/** Names the meaning of identities: a snapshot made under another one is of no use. */
export const identityHashOf = (settings: Pick<JudgeSettings, 'tenant' | 'shipmentIs'>): string =>
  hashId('identity', settings.tenant, settings.shipmentIs);

/** Of two sources that contradict each other the earlier one wins. */
export function rankOf(sources: JudgeSettings['sources']): SourceRank {
  const ranks = new Map(sources.map(({ identity: { name } }, index) => [name, -index]));
  return (source) => ranks.get(source) ?? Number.NEGATIVE_INFINITY;
}

/** A judge with empty memory, or with that of a snapshot; `heard`: what is known of channels where there is no snapshot. */
export function buildJudge(
  settings: JudgeSettings,
  snapshot?: Snapshot,
  heard: SavedChannels | undefined = snapshot?.head.channels,
): Judge {
  const { tenant, shipmentIs, ruleSet, renderAlert, tellSince } = settings;
  const head = snapshot?.head;
  const shipments = new Shipments(new TextInterner(head?.names));
  if (snapshot !== undefined) shipments.load(snapshot.ids, snapshot.packed);
  const identitySettings = { tenant, shipmentIs };
  const identity =
    snapshot === undefined
      ? new Identity(identitySettings)
      : Identity.load(snapshot.identity, identitySettings);
  const channels = new Channels(settings.channels, heard);
  const assessor = new Assessor({
    tenant,
    ruleSet,
    channels,
    refsOf: (shipmentId) => identity.refsOf(shipmentId),
    sourceRank: rankOf(settings.sources),
    renderAlert,
    tellSince,
    told: settings.told,
    ...(head && { judgedBy: head.rules, logTime: head.logTime }),
  });
  const unjudgedFrom = assessor.rules.anyChanged ? 0 : head?.unjudgedFrom;
  const parts: JudgeParts = {
    sources: new Map(settings.sources.map((source) => [source.identity.name, source])),
    shipments,
    membership: new Membership(identity, shipments, new Map(snapshot?.waiting)),
    channels,
    notices: new Notices(
      { tenant, routes: settings.noticeRoutes, renderAlert, channels: () => channels.list(), tellSince },
      head?.notices,
    ),
    feeds: new Feeds({ tenant, rules: assessor.rules, channels, renderAlert, tellSince }, head?.feeds),
    assessor,
    timers: new Timers(),
    awaiting: new Awaiting(),
    openLetters: new OpenLetters(head?.openLetters),
    standing: new StandingActions(head?.standing),
    unstored: new Unstored(),
    positions: head?.positions ?? {},
    logTime: head?.logTime ?? Number.NEGATIVE_INFINITY,
    ...(unjudgedFrom !== undefined && { unjudgedFrom }),
  };
  if (snapshot !== undefined) restoreClocks(parts, snapshot);
  const judge = new Judge(parts);
  if (head !== undefined) judge.owe(head.unstored);
  return judge;
}

function restoreClocks(parts: JudgeParts, snapshot: Snapshot): void {
  for (const [slot, packed] of snapshot.packed.entries()) {
    parts.timers.set(slot, snapshot.nextAt[slot]);
    parts.assessor.countLoaded(
      unpackClocks(packed.slice(packed.indexOf('\n') + 1), parts.shipments.names).values(),
    );
  }
  for (const { slot, waits } of snapshot.awaiting) parts.awaiting.set(slot, waits);
  for (const clockId of snapshot.head.waived) parts.assessor.waived.add(clockId);
}

/** Everything that {@link buildJudge} needs to go on. Call between batches; later batches do not change it. */
export function snapshotOf({ parts }: Judge, hashes: Pick<SnapshotHead, 'identityHash'>): Snapshot {
  const { shipments, membership, channels, notices, feeds, assessor, timers, awaiting } = parts;
  const { ids, packed } = shipments.dump();
  return {
    head: {
      ...hashes,
      positions: parts.positions,
      logTime: parts.logTime,
      names: shipments.names.dump(),
      channels: channels.dump(),
      notices: notices.dump(),
      feeds: feeds.clocks(),
      openLetters: parts.openLetters.dump(),
      waived: [...assessor.waived],
      rules: assessor.rules.dump(),
      ...(parts.unjudgedFrom !== undefined && { unjudgedFrom: parts.unjudgedFrom }),
      standing: parts.standing.list(parts.logTime),
      unstored: parts.unstored.dump(),
    },
    identity: [...membership.identity.dump()],
    ids,
    packed,
    nextAt: ids.map((_, slot) => timers.at(slot)),
    awaiting: [...awaiting.dump()],
    waiting: new Map(membership.waiting),
  };
}
