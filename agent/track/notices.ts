import type { Unmapped } from '../../collectors/maps/map.ts';
import {
  type AlertChange,
  type AlertMemory,
  channelAlertIdOf,
  decideChannelAlert,
} from '../../rules/alert.ts';
import type { ChannelState, ChannelTransition } from '../../rules/channel.ts';
import { hashId } from '../../rules/hash.ts';
import type { IdentityConflict } from '../../rules/identity.ts';
import { refText } from '../../rules/refs.ts';
import type { EpochMs } from '../../rules/time.ts';
import { channelRecord } from './alert-records.ts';
import { DRIFT_WINDOW, Drift, type DriftWindow, driftAlertIdOf, type SavedDrift } from './drift.ts';
import { type Mapped, speakerOf } from './mapper.ts';
import type { AlertRecord, AlertText, ChannelInterval, RenderAlert } from './outcome.ts';

export interface NoticeSettings {
  readonly tenant: string;
  /** Routes that hear of silent channels and conflicting identifiers. */
  readonly routes: readonly string[];
  readonly renderAlert: RenderAlert;
  readonly channels: () => readonly ChannelState[];
  readonly tellSince: EpochMs;
}

/** JSON. */
export interface SavedNotices {
  readonly channels: readonly (readonly [string, AlertMemory])[];
  readonly conflicts: readonly string[];
  /** Absent in older snapshots. */
  readonly drift?: SavedDrift;
}

/** What a window of a partner's messages showed. */
export interface MessagesSeen {
  readonly shape: readonly Unmapped[];
  readonly alert?: AlertRecord;
}

/** Alerts that are not about a clock: a channel that went silent, identifiers that contradict each other. */
export class Notices {
  readonly #settings: NoticeSettings;
  readonly #channels: Map<string, AlertMemory>;
  readonly #conflicts: Set<string>;
  readonly #drift: Drift;

  constructor(settings: NoticeSettings, saved: SavedNotices = { channels: [], conflicts: [] }) {
    this.#settings = settings;
    this.#channels = new Map(saved.channels);
    this.#conflicts = new Set(saved.conflicts);
    this.#drift = new Drift(saved.drift);
  }

  dump(): SavedNotices {
    return { channels: [...this.#channels], conflicts: [...this.#conflicts], drift: this.#drift.dump() };
  }

  /** The alerts of channels stand as they were told, by alert id, whatever was decided until now. */
  stand(told: (alertId: string) => AlertMemory | undefined): void {
    this.#channels.clear();
    for (const { id } of this.#settings.channels()) {
      const memory = told(channelAlertIdOf(id));
      if (memory !== undefined) this.#channels.set(id, memory);
      this.#drift.stand(id, told(driftAlertIdOf(id)));
    }
  }

  /** A channel was lost or heard again: one alert for the channel, not one for each shipment. */
  channel(transition: ChannelTransition, now: EpochMs, waitingShipments: number): AlertRecord | undefined {
    const { change } = decideChannelAlert(this.#channels.get(transition.channelId), transition, now);
    if (change === undefined) return undefined;
    this.#channels.set(transition.channelId, change.after);
    const known = this.#settings.channels().find((each) => each.id === transition.channelId);
    const { labels, text } = this.#settings.renderAlert({
      about: 'channel',
      change,
      channel: known ?? { ...transition, id: transition.channelId, assumedUntil: transition.watermark },
      waitingShipments,
    });
    return this.#record(change, labels, text);
  }

  /** A partner's messages change shape: one alert for the partner, not one for each message. */
  message(source: string, mapped: Mapped, now: EpochMs): MessagesSeen | undefined {
    const partner = speakerOf(mapped);
    const seen = this.#drift.message(`${source}/${partner}`, mapped, now);
    if (seen === undefined) return undefined;
    const shape = seen.shape.map((each) => ({ ...each, partner }));
    return seen.alert === undefined
      ? { shape }
      : { shape, alert: this.#changed(source, partner, seen.alert) };
  }

  #changed(
    source: string,
    partner: string,
    { change, channelId, odd, samples }: NonNullable<DriftWindow['alert']>,
  ): AlertRecord {
    const resolved = change.kind === 'resolved';
    const labels = { rule: 'messages-changed', severity: 'warning', source, partner };
    const headline = resolved
      ? `AS BEFORE: messages of ${channelId} are understood again`
      : `CHANGED: messages of ${channelId} are not as they were`;
    const lines = [
      `Of the last ${DRIFT_WINDOW} messages ${odd} had something that the map does not know.`,
      ...(resolved || samples.length === 0
        ? []
        : [...samples, 'Try the map on new messages: laytime sources try']),
    ];
    return this.#record(change, labels, { headline, lines, link: '' });
  }

  /** Identifiers contradict each other: told once, for a person to decide. */
  conflict(conflict: IdentityConflict, now: EpochMs): AlertRecord | undefined {
    const words = inWords(conflict);
    const alertId = hashId('alert', 'conflict', conflict.kind, words.name);
    if (this.#conflicts.has(alertId)) return undefined;
    this.#conflicts.add(alertId);
    const change: AlertChange = {
      alertId,
      number: 1,
      kind: 'fired',
      reason: 'identity-conflict',
      at: now,
      after: { status: 'firing', confirmed: true, change: 1 },
    };
    const labels = { rule: 'identity', severity: 'warning', conflict: conflict.kind, ref: words.name };
    return this.#record(change, labels, { headline: words.headline, lines: words.lines, link: '' });
  }

  #record(change: AlertChange, labels: Readonly<Record<string, string>>, text: AlertText): AlertRecord {
    const { routes, tellSince, tenant } = this.#settings;
    const quiet = change.at < tellSince ? 'older-than-horizon' : routes.length === 0 ? 'no-route' : undefined;
    return {
      ...channelRecord(change, labels, text, { tenant, notify: quiet === undefined ? routes : [] }),
      ...(quiet !== undefined && { quiet }),
    };
  }
}

/** The row that the store keeps of a transition. */
export const intervalOf = (transition: ChannelTransition): ChannelInterval => ({
  channelId: transition.channelId,
  source: transition.source,
  partner: transition.partner,
  status: transition.status,
  from: transition.from,
  watermark: transition.watermark,
  bestEffort: transition.bestEffort,
  reason: transition.reason,
});

function inWords(conflict: IdentityConflict): { name: string; headline: string; lines: string[] } {
  if (conflict.kind === 'ambiguous') {
    const name = conflict.refs.map(refText).join(', ');
    return {
      name,
      headline: `CONFLICT: one message names ${name}, which belong to different shipments`,
      lines: [
        `It is counted for all of them: ${conflict.shipments.join(', ')}`,
        'Merge them, or split the wrong one off.',
      ],
    };
  }
  const name = refText(conflict.alias);
  return {
    name,
    headline: `CONFLICT: ${name} is said to be two shipments`,
    lines: [
      `Refused: ${conflict.refused}`,
      conflict.holds === undefined
        ? 'Neither claim counts.'
        : `The claim with more evidence counts: ${conflict.holds}`,
      'An operator can merge the two, or split the wrong one off.',
    ],
  };
}
