import { holdsBack } from './holds.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import type { Fact, Hold, TraceEntry, Voided } from './trace.ts';
import { entryEventId } from './trace-order.ts';

/** What is known of the declaration that is released. */
export interface Declaration {
  /** The highest version that customs has answered; undefined where none is told. */
  readonly version: number | undefined;
  /** How much it declares; 0 where nobody tells. */
  readonly quantity: number;
}

/** A release that counts, and since when. */
export interface Release {
  readonly entry: TraceEntry;
  readonly at: TimeSpan;
  readonly observedAt: EpochMs;
  /** Events beside its own that made it count: removed holds, earlier parts. */
  readonly because: readonly string[];
}

/**
 * Which releases of one occurrence count.
 *
 * - `newer-version`: a release of declaration version n is void once a higher version is known accepted or
 *   released (UK CDS VersionID).
 * - `hold-open`: a release while a hold is open is none (US CBP disposition 1C: "Do not RELEASE until all
 *   HOLDS have been removed"). When the last of those holds is removed the release counts from that moment,
 *   since the goods return to their previous status (1F); a hold removed before or at the release, though
 *   told later, does not touch it, and neither does one placed after it.
 * - `partial`: releases by quantity count when the quantities that one source released reach the declared
 *   one (of the filing, the acceptance or the release itself), from the release that reaches it; a negative quantity takes released goods back (CBP 14 to 16).
 *
 * ```text
 *   hold       ├────────────┤ removed
 *   released         │      └ counts from here
 *                    └ not yet
 * ```
 */
export function judgeReleases(
  releases: readonly TraceEntry[],
  holds: readonly Hold[],
  declaration: Declaration,
): { readonly counting: readonly Release[]; readonly voided: readonly Voided[] } {
  const voided: Voided[] = [];
  const free: Release[] = [];
  for (const entry of releases) {
    const version = numberOf(entry, 'declaration.version');
    if (version !== undefined && declaration.version !== undefined && version < declaration.version) {
      voided.push(voidedOf(entry, 'newer-version'));
      continue;
    }
    const release = whenFree(entry, holds);
    if (release === undefined) voided.push(voidedOf(entry, 'hold-open'));
    else free.push(release);
  }
  const counting = completeReleases(free, declaration.quantity, voided);
  return { counting, voided };
}

const voidedOf = (entry: TraceEntry, reason: Voided['reason']): Voided => ({
  eventId: entryEventId(entry),
  milestone: entry.milestone,
  reason,
});

/** A number, also when a source writes it as text. */
export function numberOf(entry: TraceEntry, name: string): number | undefined {
  const value = entry.attributes[name];
  if (typeof value === 'boolean' || value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** The release from when no hold keeps it back; undefined while one does. */
function whenFree(entry: TraceEntry, holds: readonly Hold[]): Release | undefined {
  let at = entry.occurredAt;
  let { observedAt } = entry;
  const because: string[] = [];
  for (;;) {
    const hold = holds.find((h) => holdsBack(h.subject, entry.occurrence.subject) && isOpen(h, at));
    if (hold === undefined) return { entry, at, observedAt, because };
    const removal: Fact | undefined = hold.removed;
    if (removal === undefined) return undefined;
    at = removal.at;
    observedAt = Math.max(observedAt, removal.observedAt);
    because.push(removal.eventId);
  }
}

const isOpen = (hold: Hold, at: TimeSpan): boolean =>
  hold.placed.at.from <= at.from && (hold.removed === undefined || hold.removed.at.to > at.to);

function completeReleases(
  releases: readonly Release[],
  declared: number,
  voided: Voided[],
): readonly Release[] {
  const bySource = new Map<string, Release[]>();
  const out: Release[] = [];
  for (const release of releases) {
    const { source } = release.entry;
    if (!(declared > 0) || numberOf(release.entry, 'release.quantity') === undefined) out.push(release);
    else if (bySource.has(source)) bySource.get(source)!.push(release);
    else bySource.set(source, [release]);
  }
  for (const parts of bySource.values()) {
    const last = completingPart(parts, declared);
    if (last === undefined) voided.push(...parts.map(({ entry }) => voidedOf(entry, 'partial')));
    else out.push(last);
  }
  return out;
}

/**
 * The part with which the sum last rose to the declared quantity; undefined when the sum falls short in the
 * end.
 */
function completingPart(parts: Release[], declared: number): Release | undefined {
  parts.sort((a, b) => a.at.to - b.at.to || (entryEventId(a.entry) < entryEventId(b.entry) ? -1 : 1));
  const enough = declared * (1 - 1e-9);
  let sum = 0;
  let reached: Release | undefined;
  let observedAt = Number.NEGATIVE_INFINITY;
  const because = new Set<string>();
  for (const part of parts) {
    sum += numberOf(part.entry, 'release.quantity')!;
    if (reached === undefined) {
      observedAt = Math.max(observedAt, part.observedAt);
      for (const id of [...part.because, entryEventId(part.entry)]) because.add(id);
    }
    if (sum < enough) reached = undefined;
    else reached ??= part;
  }
  if (reached === undefined) return undefined;
  because.delete(entryEventId(reached.entry));
  return { ...reached, observedAt, because: [...because] };
}
