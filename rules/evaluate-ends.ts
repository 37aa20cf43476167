import { matchesRef, mayBeSame, type Start, sameSubject } from './evaluate-starts.ts';
import type { Occurrence } from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { MilestoneRef } from './sla.ts';
import type { EpochMs } from './time.ts';
import type { Fact, MilestoneFact, Trace } from './trace.ts';

/** When everything that a clock waits for had happened. */
export interface End {
  /** First and last instant at which it may have been complete. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** When the last of it became known. */
  readonly observedAt: EpochMs;
  readonly facts: readonly Fact[];
}

/**
 * Milestones whose subjects (declarations, containers) are expected at a later milestone too. They are only compared when both name
 * them alike: a source that files under an LRN and releases under an MRN must not keep a clock open for ever.
 */
const EXPECTED_FROM: Readonly<Partial<Record<MilestoneCode, readonly MilestoneCode[]>>> = {
  'customs.released': ['customs.accepted', 'customs.filed'],
  'customs.accepted': ['customs.filed'],
  'export.cleared': ['export.filing.accepted', 'export.filing.submitted'],
  'export.filing.accepted': ['export.filing.submitted'],
  discharged: ['loaded'],
  'gate.out': ['discharged', 'loaded'],
  delivered: ['gate.out'],
  'empty.returned': ['gate.out'],
};

/** A subject that was refused is not expected any more: it comes back under another name, or not at all. */
const REFUSED_BY: Readonly<Partial<Record<MilestoneCode, MilestoneCode>>> = {
  'customs.filed': 'customs.rejected',
  'customs.accepted': 'customs.rejected',
  'export.filing.submitted': 'export.filing.rejected',
  'export.filing.accepted': 'export.filing.rejected',
};

/**
 * When the first of the alternatives was complete for this start; undefined while none is. Every compatible occurrence
 * must have happened, and the last of them counts; a fact without a subject speaks for all of them.
 *
 * ```text
 *   customs.filed A ── customs.filed B ── released A ── released B
 *                                             │             └ end
 *                                             └ not yet: B is known and open
 * ```
 */
export function endOf(
  trace: Trace,
  refs: readonly MilestoneRef[],
  start: Start,
  notBefore: EpochMs,
): End | undefined {
  let best: End | undefined;
  for (const ref of refs) {
    const end = endOfRef(trace, ref, start, notBefore);
    if (end !== undefined && (best === undefined || end.to < best.to)) best = end;
  }
  return best;
}

/** The earliest answer among the alternatives: for `ack` rules, where one answer ends the clock. */
export function answerOf(
  trace: Trace,
  refs: readonly MilestoneRef[],
  start: Start,
  notBefore: EpochMs,
): End | undefined {
  let best: Fact | undefined;
  for (const milestone of trace.milestones) {
    const { actual } = milestone;
    if (actual === undefined || actual.at.to < notBefore) continue;
    if (!refs.some((ref) => matchesRef(milestone, ref)) || !compatible(start, milestone, actual)) continue;
    if (best === undefined || actual.at.to < best.at.to) best = actual;
  }
  return best === undefined ? undefined : endOfFacts([best]);
}

function endOfRef(trace: Trace, ref: MilestoneRef, start: Start, notBefore: EpochMs): End | undefined {
  let general: MilestoneFact[] | undefined;
  let named: MilestoneFact[] | undefined;
  let open: string[] | undefined;
  for (const milestone of trace.milestones) {
    if (!matchesRef(milestone, ref)) continue;
    const fact = milestone.actual;
    if (!compatible(start, milestone, fact)) continue;
    const happened = fact !== undefined && fact.at.to >= notBefore;
    const { subject } = milestone.occurrence;
    if (happened) {
      if (subject === undefined) general = keepEarlier(general, milestone);
      else named = keepEarlier(named, milestone);
    } else if (subject !== undefined && (milestone.planned ?? milestone.estimated) !== undefined) {
      open ??= [];
      open.push(subject);
    }
  }
  if (named === undefined) return general && endOfFacts(general.map((milestone) => milestone.actual!));
  const ended = named;
  const complete =
    ended.some(({ occurrence }) => occurrence.subject === start.occurrence.subject) ||
    (!open?.some((subject) => !isNamed(ended, subject)) && !expectsMore(trace, ref.milestone, named));
  if (complete) return endOfFacts(named.map((milestone) => milestone.actual!));
  return general && endOfFacts(general.map((milestone) => milestone.actual!));
}

/** One happening may be told twice, with and without its role: of the same subject and leg, the earlier counts. */
function keepEarlier(kept: MilestoneFact[] | undefined, milestone: MilestoneFact): MilestoneFact[] {
  if (kept === undefined) return [milestone];
  const { subject, leg } = milestone.occurrence;
  const index = kept.findIndex(
    ({ occurrence }) => occurrence.subject === subject && sameSubject(occurrence.leg, leg),
  );
  const other = kept[index];
  if (other === undefined) kept.push(milestone);
  else if (milestone.actual!.at.to < other.actual!.at.to) kept[index] = milestone;
  return kept;
}

const isNamed = (named: readonly MilestoneFact[], subject: string): boolean =>
  named.some(({ occurrence }) => occurrence.subject === subject);

/** A subject of an earlier milestone for which the end has not been seen, where both are known to name subjects alike. */
function expectsMore(trace: Trace, code: MilestoneCode, named: readonly MilestoneFact[]): boolean {
  const earlier = EXPECTED_FROM[code];
  if (earlier === undefined) return false;
  return earlier.some((before) => {
    let alike = false;
    let missing = false;
    for (const { milestone, occurrence, actual } of trace.milestones) {
      if (milestone !== before || occurrence.subject === undefined || actual === undefined) continue;
      if (isNamed(named, occurrence.subject)) alike = true;
      else if (!wasRefused(trace, before, occurrence.subject, actual.at.to)) missing = true;
    }
    return alike && missing;
  });
}

/** Whether a declaration was refused after what is known of it had happened. */
export function wasRefused(trace: Trace, code: MilestoneCode, subject: string, since: EpochMs): boolean {
  const refusal = REFUSED_BY[code];
  return (
    refusal !== undefined &&
    trace.milestones.some(
      ({ milestone, occurrence, actual }) =>
        milestone === refusal &&
        occurrence.subject === subject &&
        actual !== undefined &&
        actual.at.to >= since,
    )
  );
}

function endOfFacts(facts: readonly Fact[]): End {
  let from = Number.NEGATIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let observedAt = Number.NEGATIVE_INFINITY;
  for (const fact of facts) {
    from = Math.max(from, fact.at.from);
    to = Math.max(to, fact.at.to);
    observedAt = Math.max(observedAt, fact.observedAt);
  }
  return { from, to, observedAt, facts };
}

/**
 * Whether an end can belong to a start. What one of them does not say never separates them. Two facts at stops of the
 * same role belong together when they are at the same place, whatever the legs are called (a ship arrives on one voyage, the cargo leaves
 * on the next); two named stops of different roles span legs; otherwise the leg must agree.
 */
function compatible(start: Start, end: MilestoneFact, endFact: Fact | undefined): boolean {
  const a: Occurrence = start.occurrence;
  const b = end.occurrence;
  if (start.hold === undefined && !mayBeSame(a.subject, b.subject)) return false;
  if (a.role !== undefined && b.role !== undefined) {
    if (a.role !== b.role) return true;
    const here = start.fact.location?.unlocode;
    const there = (endFact ?? end.planned ?? end.estimated)?.location?.unlocode;
    if (here !== undefined && there !== undefined) return here === there;
  }
  return sameSubject(a.leg, b.leg);
}
