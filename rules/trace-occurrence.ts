import type { Occurrence } from './event.ts';
import { MILESTONES, type MilestoneCode } from './milestone.ts';
import type { EpochMs, TimeSpan } from './time.ts';
import type { Fact, Hold, MilestoneFact, TraceEntry, Voided } from './trace.ts';
import { agree, byEarliest, byLatest, byTrust, entryEventId, type SourceRank } from './trace-order.ts';
import { type Declaration, judgeReleases, numberOf } from './trace-releases.ts';

/** What is said of one occurrence, and what that amounts to. */
export interface Group {
  readonly milestone: MilestoneCode;
  readonly occurrence: Occurrence;
  /** See {@link placeOf}. */
  readonly place: number;
  /** In no order; those that are retracted are not among them. */
  readonly entries: TraceEntry[];
  /** Something it follows from has changed. */
  stale: boolean;
  fact: MilestoneFact;
  /** Undefined where it is the one that is planned now. */
  firstPlanned: TraceEntry | undefined;
  planned: TraceEntry | undefined;
  estimated: TraceEntry | undefined;
  /** The entry that alone is the actual; undefined when several are, or when other occurrences have a say. */
  actual: TraceEntry | undefined;
  /** The actuals that count beside the best, in the order of trust. */
  others: readonly TraceEntry[];
  voided: readonly Voided[];
}

export const NONE_VOIDED: readonly Voided[] = [];
const NO_ENTRIES: readonly TraceEntry[] = [];
const NO_HOLDS: readonly Hold[] = [];
/** Releases, which may turn out to be none, and what tells of their declaration. */
const DECLARED_BY: Readonly<Partial<Record<MilestoneCode, ReadonlySet<MilestoneCode>>>> = {
  'customs.released': new Set(['customs.filed', 'customs.accepted', 'customs.released', 'entry.filed']),
  'export.cleared': new Set(['export.filing.submitted', 'export.filing.accepted', 'export.cleared']),
};
/** What is only asked for has no version yet that could void anything. */
const ANSWERS: ReadonlySet<MilestoneCode> = new Set<MilestoneCode>([
  'customs.accepted',
  'customs.released',
  'export.filing.accepted',
  'export.cleared',
]);

const RELEASES = Object.keys(DECLARED_BY) as readonly MilestoneCode[];
/** Holds are those of the import: what left the country of export was not kept by them. */
const HELD_BACK: readonly MilestoneCode[] = ['customs.released'];
const NO_MILESTONES: readonly MilestoneCode[] = [];

/** Releases to look at again when an entry comes or goes: a hold, another version, how much there is to release. */
export function releasesAfter({
  classifier,
  milestone,
  attributes,
}: Pick<TraceEntry, 'classifier' | 'milestone' | 'attributes'>): readonly MilestoneCode[] {
  if (classifier !== 'actual') return NO_MILESTONES;
  if (isOfHold(milestone)) return HELD_BACK;
  if (attributes['declaration.version'] === undefined && attributes['declared.quantity'] === undefined)
    return NO_MILESTONES;
  return RELEASES.filter((release) => DECLARED_BY[release]!.has(milestone));
}

export const isOfHold = (milestone: MilestoneCode): boolean =>
  milestone === 'customs.hold.placed' || milestone === 'customs.hold.removed';

const RANKS = new Map((Object.keys(MILESTONES) as MilestoneCode[]).map((code, rank) => [code, rank]));
const ROLES = { none: 0, origin: 1, transshipment: 2, destination: 3 } as const;

/** A number in the order of the milestone table, then of the stops. */
const placeOf = (milestone: MilestoneCode, { role }: Occurrence): number =>
  4 * RANKS.get(milestone)! + ROLES[role ?? 'none'];

const compareNames = (a: Occurrence, b: Occurrence): number =>
  compareTexts(a.leg, b.leg) || compareTexts(a.subject, b.subject);

/** What is not said comes first: "not said" and "said to be nothing" are two things. */
function compareTexts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The group of an entry's occurrence; put among the others, in order, when the entry is the first of it. */
export function groupOf(groups: Group[], { milestone, occurrence }: TraceEntry): Group {
  const place = placeOf(milestone, occurrence);
  let at = groups.length;
  while (at > 0) {
    const group = groups[at - 1]!;
    const order = place - group.place || compareNames(occurrence, group.occurrence);
    if (order === 0) return group;
    if (order > 0) break;
    at -= 1;
  }
  const group: Group = {
    milestone,
    occurrence,
    place,
    entries: [],
    stale: true,
    fact: { milestone, occurrence },
    firstPlanned: undefined,
    planned: undefined,
    estimated: undefined,
    actual: undefined,
    others: NO_ENTRIES,
    voided: NONE_VOIDED,
  };
  groups.splice(at, 0, group);
  return group;
}

/** Works out what a group's entries amount to; the orders are explained at `foldTrace`. */
export function gather(
  group: Group,
  groups: readonly Group[],
  holds: readonly Hold[],
  rank: SourceRank,
): void {
  const before = group.fact;
  let first: TraceEntry | undefined;
  let planned: TraceEntry | undefined;
  let estimated: TraceEntry | undefined;
  const actuals: TraceEntry[] = [];
  for (const entry of group.entries) {
    if (entry.classifier === 'actual') actuals.push(entry);
    else if (entry.classifier === 'planned') planned = latest(planned, entry, rank);
    else estimated = latest(estimated, entry, rank);
    const plan = firstPlanOf(entry);
    if (plan !== undefined && (first === undefined || byEarliest(plan, first, rank) < 0)) first = plan;
  }
  if (first === planned) first = undefined;
  const alone = actuals.length === 1 && DECLARED_BY[group.milestone] === undefined ? actuals[0] : undefined;
  const othersBefore = group.others;
  group.others = NO_ENTRIES;
  if (actuals.length === 0) group.voided = NONE_VOIDED;
  const firstFact = stated(first, group.firstPlanned, before.firstPlanned);
  const plannedFact = stated(planned, group.planned, before.planned);
  const estimatedFact = stated(estimated, group.estimated, before.estimated);
  const actualFact =
    actuals.length === 0 || alone !== undefined
      ? stated(alone, group.actual, before.actual)
      : kept(before.actual, bestOf(group, actuals, groups, holds, rank));
  group.firstPlanned = first;
  group.planned = planned;
  group.estimated = estimated;
  group.actual = alone;
  group.stale = false;
  const sameFacts =
    firstFact === before.firstPlanned &&
    plannedFact === before.planned &&
    estimatedFact === before.estimated &&
    actualFact === before.actual;
  if (sameFacts && sameEntries(group.others, othersBefore)) return;
  const { milestone, occurrence } = group;
  const fact: { -readonly [K in keyof MilestoneFact]: MilestoneFact[K] } = { milestone, occurrence };
  if (firstFact !== undefined) fact.firstPlanned = firstFact;
  if (plannedFact !== undefined) fact.planned = plannedFact;
  if (estimatedFact !== undefined) fact.estimated = estimatedFact;
  if (actualFact !== undefined) fact.actual = actualFact;
  if (group.others.length > 0) fact.others = group.others.map((entry) => factOf(entry));
  group.fact = fact;
}

/** Whether two lists are of the same statements as first sighted, whatever else their entries keep. */
const sameEntries = (a: readonly TraceEntry[], b: readonly TraceEntry[]): boolean =>
  a.length === b.length && a.every(({ key, raw }, i) => key === b[i]!.key && raw === b[i]!.raw);

const latest = (best: TraceEntry | undefined, entry: TraceEntry, rank: SourceRank): TraceEntry =>
  best === undefined || byLatest(entry, best, rank) < 0 ? entry : best;

/**
 * The first plan that a statement made of what it speaks of now. What it planned when it spoke of something else is
 * no promise of this; a place, leg or subject that it has come to name is no other one.
 */
function firstPlanOf(entry: TraceEntry): TraceEntry | undefined {
  const { firstPlan } = entry;
  if (firstPlan !== undefined && isAbout(firstPlan, entry)) return firstPlan;
  return entry.classifier === 'planned' ? entry : undefined;
}

const isAbout = (a: TraceEntry, b: TraceEntry): boolean =>
  a.milestone === b.milestone &&
  agree(a.occurrence.role, b.occurrence.role) &&
  agree(a.occurrence.leg, b.occurrence.leg) &&
  agree(a.occurrence.subject, b.occurrence.subject);

/** The fact that an entry states by itself: the one that was made before, where that says the same. */
function stated(
  entry: TraceEntry | undefined,
  entryBefore: TraceEntry | undefined,
  before: Fact | undefined,
): Fact | undefined {
  if (entry === undefined) return undefined;
  return entry === entryBefore ? before : kept(before, factOf(entry));
}

/** The actual of an occurrence of which several entries tell, or that others can void. */
function bestOf(
  group: Group,
  actuals: TraceEntry[],
  groups: readonly Group[],
  holds: readonly Hold[],
  rank: SourceRank,
): Fact | undefined {
  const { milestone } = group;
  const tells = DECLARED_BY[milestone];
  if (tells === undefined) {
    const [best, ...others] = actuals.sort((a, b) => byTrust(a, b, rank));
    group.others = others;
    return factOf(best!, others.map(entryEventId));
  }
  const holding = HELD_BACK.includes(milestone) ? holds : NO_HOLDS;
  const judged = judgeReleases(actuals, holding, declarationOf(groups, tells, group.occurrence.subject));
  group.voided = judged.voided.length === 0 ? NONE_VOIDED : judged.voided;
  const [best, ...others] = [...judged.counting].sort((a, b) => byTrust(a.entry, b.entry, rank));
  if (best === undefined) return undefined;
  group.others = others.map(({ entry }) => entry);
  const also = [...best.because, ...others.map(({ entry }) => entryEventId(entry))];
  return factOf(best.entry, also, best.at, best.observedAt);
}

/** The highest version of a declaration that customs has answered, and how much it declares. */
function declarationOf(
  groups: readonly Group[],
  tells: ReadonlySet<MilestoneCode>,
  subject: string | undefined,
): Declaration {
  let version: number | undefined;
  let quantity = 0;
  for (const { milestone, occurrence, entries } of groups) {
    if (!tells.has(milestone) || occurrence.subject !== subject) continue;
    for (const entry of entries) {
      if (entry.classifier !== 'actual') continue;
      quantity = Math.max(quantity, numberOf(entry, 'declared.quantity') ?? 0);
      const told = ANSWERS.has(milestone) ? numberOf(entry, 'declaration.version') : undefined;
      if (told !== undefined && (version === undefined || told > version)) version = told;
    }
  }
  return { version, quantity };
}

/** The fact as it was, where the new one says the same of the same entry. */
function kept(before: Fact | undefined, fact: Fact | undefined): Fact | undefined {
  const same =
    before !== undefined &&
    fact !== undefined &&
    before.raw === fact.raw &&
    before.attributes === fact.attributes &&
    before.observedAt === fact.observedAt &&
    before.at === fact.at &&
    before.eventId === fact.eventId &&
    String(before.also) === String(fact.also);
  return same ? before : fact;
}

/** The fact that an entry states; `also`: events that say or complete it. */
export function factOf(
  entry: TraceEntry,
  also: readonly string[] = [],
  at: TimeSpan = entry.occurredAt,
  observedAt: EpochMs = entry.observedAt,
): Fact {
  const { source, partner, raw, location, attributes } = entry;
  const eventId = entryEventId(entry);
  // Spreading optional fields took longer than all the rest of the fold.
  if (also.length > 0) {
    const sorted = [...new Set(also)].sort();
    const fact = { at, observedAt, source, partner, eventId, raw, attributes, also: sorted };
    return location === undefined ? fact : { ...fact, location };
  }
  return location === undefined
    ? { at, observedAt, source, partner, eventId, raw, attributes }
    : { at, observedAt, source, partner, eventId, raw, location, attributes };
}
