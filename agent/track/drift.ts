import type { MapResult } from '../../collectors/maps/map.ts';
import type { AlertChange, AlertMemory } from '../../rules/alert.ts';
import { hashId } from '../../rules/hash.ts';
import type { EpochMs } from '../../rules/time.ts';

/** Messages of a partner that are looked at together. */
export const DRIFT_WINDOW = 50;
/** So many odd ones of a window are a change when an earlier window was calm; so few are calm. */
const CHANGED = DRIFT_WINDOW / 5;
const CALM = DRIFT_WINDOW / 20;

/** JSON. One partner of one source. */
interface Stand {
  seen: number;
  odd: number;
  /** A window was calm once: only then is an odd one a change, and not how this partner is. */
  calm: boolean;
  /** The last odd thing, for people. */
  sample: string;
  memory?: AlertMemory;
}
export type SavedDrift = readonly (readonly [channelId: string, Stand])[];

/** What a window of messages changed. */
export interface DriftChange {
  readonly channelId: string;
  readonly change: AlertChange;
  readonly odd: number;
  readonly sample: string;
}

/**
 * Notices when a partner's messages change shape: many of them carry codes, identifiers or records that the map does not know, or are
 * unreadable, where few did. Counts messages and never looks at a clock, so the same log gives the same alerts.
 *
 * ```text
 *   windows of 50   calm ── calm ── 14 odd ── 31 odd ── 1 odd
 *   alert                           fired                resolved
 * ```
 */
export class Drift {
  readonly #stands: Map<string, Stand>;

  constructor(saved: SavedDrift = []) {
    this.#stands = new Map(saved.map(([id, stand]) => [id, { ...stand }]));
  }

  dump(): SavedDrift {
    return [...this.#stands].map(([id, stand]) => [id, { ...stand }]);
  }

  /** The alert of a channel stands as it was told. */
  stand(channelId: string, memory: AlertMemory | undefined): void {
    this.#stands.delete(channelId);
    if (memory !== undefined)
      this.#stands.set(channelId, { seen: 0, odd: 0, calm: true, sample: '', memory });
  }

  message(channelId: string, result: MapResult, now: EpochMs): DriftChange | undefined {
    let stand = this.#stands.get(channelId);
    if (stand === undefined) {
      stand = { seen: 0, odd: 0, calm: false, sample: '' };
      this.#stands.set(channelId, stand);
    }
    stand.seen += 1;
    const what = oddityOf(result);
    if (what !== undefined) {
      stand.odd += 1;
      stand.sample = what;
    }
    return stand.seen < DRIFT_WINDOW ? undefined : concluded(channelId, stand, now);
  }
}

function concluded(channelId: string, stand: Stand, now: EpochMs): DriftChange | undefined {
  const { odd, sample, memory, calm } = stand;
  const firing = memory?.status === 'firing';
  stand.seen = 0;
  stand.odd = 0;
  stand.calm ||= odd <= CALM;
  if (firing ? odd > CALM : !calm || odd < CHANGED) return undefined;
  const number = (memory?.change ?? 0) + 1;
  const after: AlertMemory = { status: firing ? 'resolved' : 'firing', confirmed: !firing, change: number };
  stand.memory = after;
  const kind = firing ? 'resolved' : memory === undefined ? 'fired' : 'reopened';
  const reason = 'messages-changed';
  const change = { alertId: driftAlertIdOf(channelId), number, kind, reason, at: now, after } as const;
  return { channelId, change, odd, sample };
}

export const driftAlertIdOf = (channelId: string): string => hashId('alert', 'drift', channelId);

/** The first thing in a message that its map did not know; zones and places are guessed every day. */
function oddityOf(result: MapResult): string | undefined {
  if (result.kind === 'dead-letter') return `${result.code}: ${result.reason}`;
  const [rejected] = result.kind === 'events' ? (result.rejected ?? []) : [];
  if (rejected !== undefined) return `${rejected.code}: ${rejected.reason}`;
  for (const { kind, path, value } of result.unmapped) {
    if (kind !== 'zone-assumed' && kind !== 'unknown-place')
      return `${kind} at ${path}: ${JSON.stringify(value.slice(0, 80))}`;
  }
  return undefined;
}
