import type { MapResult, Unmapped } from '../../collectors/maps/map.ts';
import type { AlertChange, AlertMemory } from '../../rules/alert.ts';
import { hashId } from '../../rules/hash.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Mapped } from './mapper.ts';
import { type SavedShape, Shape } from './shape.ts';

/** Messages of a partner that are looked at together. */
export const DRIFT_WINDOW = 50;
/** So many odd ones of a window are a change when an earlier window was calm; so few are calm. */
const CHANGED = DRIFT_WINDOW / 5;
const CALM = DRIFT_WINDOW / 20;

/** One message of so many is looked at field by field: the first of a window, and each that follows at this distance. */
const LOOKED_AT = 5;
/** So many changed fields are named to people; all are counted. */
const MOST_TOLD = 5;

/** One partner of one source. */
interface Stand {
  seen: number;
  odd: number;
  /** A window was calm once: only then is an odd one a change, and not how this partner is. */
  calm: boolean;
  /** The last odd thing, for people. */
  sample: string;
  readonly shape: Shape;
  memory?: AlertMemory;
}
/** JSON. */
export type SavedDrift = readonly (readonly [
  channelId: string,
  Omit<Stand, 'shape'> & { readonly shape: SavedShape },
])[];

/** What a window of messages showed. */
export interface DriftWindow {
  /** Fields that are new, missing, or of another type. */
  readonly shape: readonly Unmapped[];
  readonly alert?: {
    readonly channelId: string;
    readonly change: AlertChange;
    readonly odd: number;
    /** What is odd, for people. */
    readonly samples: readonly string[];
  };
}

/**
 * Notices when a partner's messages change shape: fields come, go, or change their type; many carry codes, identifiers or records that the
 * map does not know, or are unreadable, where few did. Counts messages and never looks at a clock, so the same log gives the same alerts.
 *
 * ```text
 *   windows of 50   calm ── calm ── 14 odd ── 31 odd ── 1 odd
 *   alert                           fired                resolved
 * ```
 */
export class Drift {
  readonly #stands: Map<string, Stand>;

  constructor(saved: SavedDrift = []) {
    this.#stands = new Map(saved.map(([id, stand]) => [id, { ...stand, shape: new Shape(stand.shape) }]));
  }

  dump(): SavedDrift {
    return [...this.#stands].map(([id, stand]) => [id, { ...stand, shape: stand.shape.dump() }]);
  }

  /** The alert of a channel stands as it was told. */
  stand(channelId: string, memory: AlertMemory | undefined): void {
    this.#stands.delete(channelId);
    if (memory !== undefined) this.#stands.set(channelId, { ...newStand(), calm: true, memory });
  }

  /** `value`: the message as it was parsed; undefined when it could not be. Something comes back at the end of a window. */
  message(
    channelId: string,
    { result, value }: Pick<Mapped, 'result' | 'value'>,
    now: EpochMs,
  ): DriftWindow | undefined {
    let stand = this.#stands.get(channelId);
    if (stand === undefined) {
      stand = newStand();
      this.#stands.set(channelId, stand);
    }
    if (value !== undefined && stand.seen % LOOKED_AT === 0) stand.shape.look(value);
    stand.seen += 1;
    const what = oddityOf(result);
    if (what !== undefined) {
      stand.odd += 1;
      stand.sample = what;
    }
    return stand.seen < DRIFT_WINDOW ? undefined : concluded(channelId, stand, now);
  }
}

const newStand = (): Stand => ({ seen: 0, odd: 0, calm: false, sample: '', shape: new Shape() });

function concluded(channelId: string, stand: Stand, now: EpochMs): DriftWindow {
  const { odd, sample, memory, calm } = stand;
  const firing = memory?.status === 'firing';
  const shape = stand.shape.conclude();
  stand.seen = 0;
  stand.odd = 0;
  stand.sample = '';
  stand.calm ||= odd <= CALM;
  const changed = shape.length > 0 || (calm && odd >= CHANGED);
  if (firing ? odd > CALM || shape.length > 0 : !changed) return { shape };
  const number = (memory?.change ?? 0) + 1;
  const after: AlertMemory = { status: firing ? 'resolved' : 'firing', confirmed: !firing, change: number };
  stand.memory = after;
  const kind = firing ? 'resolved' : memory === undefined ? 'fired' : 'reopened';
  const reason = 'messages-changed';
  const change = { alertId: driftAlertIdOf(channelId), number, kind, reason, at: now, after } as const;
  const told = shape
    .slice(0, MOST_TOLD)
    .map(({ kind, path, value, why }) => `${kind} ${path} (${value}): ${why}`);
  const samples = [...told, ...(odd > 0 && sample !== '' ? [sample] : [])];
  return { shape, alert: { channelId, change, odd, samples } };
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
