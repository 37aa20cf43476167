import type { Unmapped } from '../../collectors/maps/map.ts';
import { checkRef } from '../../rules/refs.ts';
import type { Rule } from '../../rules/sla.ts';
import type { FieldSeen } from './sources-try-fields.ts';
import type { TryReport, TryResult } from './sources-try-report.ts';
import { rulesOf, startedRules } from './sources-try-rules.ts';

/** Something counted, with where it was met first. */
export interface Counted {
  readonly what: string;
  readonly times: number;
  readonly why: string;
  readonly first: string;
}

export interface IdCoverage {
  readonly type: string;
  readonly different: number;
  readonly fit: number;
  /** Values whose check digit or form is wrong, with what is. */
  readonly wrong: readonly { readonly value: string; readonly why: string }[];
}

export interface MilestoneCoverage {
  readonly milestone: string;
  /** Statements in these messages that hold, by classifier. */
  readonly seen: Readonly<Record<string, number>>;
  /** Statements that say that it does not hold (any more). */
  readonly takenBack: number;
  /** Stops that those which hold name. */
  readonly roles: readonly string[];
  /** How many of those which hold name no stop: they satisfy no rule that does. */
  readonly withoutRole: number;
  /** The source's silence means that it did not happen. */
  readonly proves: boolean;
}

export interface RuleCoverage {
  readonly rule: string;
  readonly title: string;
  /** What else must be told, by other sources or by this one: the rule's start, a date, a stop, what its condition asks. Empty: nothing. */
  readonly needs: readonly string[];
}

/** What a source's messages cover, and what they leave open: everything a partner needs to be told. */
export interface Coverage {
  readonly messages: number;
  readonly understood: number;
  readonly leftOut: number;
  /** Why messages, and records in messages, were left out on purpose. */
  readonly reasonsLeftOut: readonly Counted[];
  readonly deadLetters: readonly Counted[];
  readonly milestones: readonly MilestoneCoverage[];
  readonly unknownCodes: readonly Counted[];
  readonly places: readonly Counted[];
  readonly otherNotes: readonly Counted[];
  readonly ids: readonly IdCoverage[];
  /** Times by where their zone came from: text, place, partner, assumed. */
  readonly zones: Readonly<Record<string, number>>;
  /** Where the times stand whose zone was assumed. */
  readonly zonesAssumed: readonly Counted[];
  readonly unreadFields: readonly FieldSeen[];
  /** Rules whose end this source can prove. */
  readonly rules: readonly RuleCoverage[];
  /** Rules whose clock it can start, while others must prove the end. */
  readonly rulesStarted: readonly RuleCoverage[];
}

/** Counts over all messages. `rules` are those that might be watched with the source. */
export function coverageOf({ trial, results, unread }: TryReport, rules: readonly Rule[]): Coverage {
  const letters = new Counter();
  const leftOut = new Counter();
  const notes = new Map<NoteGroup, Counter>(NOTE_GROUPS.map((group) => [group, new Counter()]));
  for (const { message, result } of results) {
    const bad =
      result.kind === 'dead-letter' ? [result] : result.kind === 'events' ? (result.rejected ?? []) : [];
    for (const { code, reason, path } of bad)
      letters.add(`${code}${path === undefined ? '' : ` at ${general(path)}`}`, reason, message.subject);
    const reasons =
      result.kind === 'ignored' ? [result.reason] : result.kind === 'events' ? (result.ignored ?? []) : [];
    for (const reason of reasons) leftOut.add(reason, '', message.subject);
    for (const note of result.kind === 'dead-letter' ? [] : result.unmapped)
      notes.get(groupOf(note))!.add(textOfNote(note), note.why, message.subject);
  }
  const milestones = milestonesOf(results, trial.map.proves);
  return {
    messages: results.length,
    understood: results.filter(({ result }) => result.kind === 'events').length,
    leftOut: results.filter(({ result }) => result.kind === 'ignored').length,
    reasonsLeftOut: leftOut.list(),
    deadLetters: letters.list(),
    milestones,
    unknownCodes: notes.get('codes')!.list(),
    places: notes.get('places')!.list(),
    otherNotes: notes.get('other')!.list(),
    ids: idsOf(results),
    zones: zonesOf(results),
    zonesAssumed: notes.get('zones')!.list(),
    unreadFields: unread,
    rules: rulesOf(rules, milestones, attributesOf(results)),
    rulesStarted: startedRules(rules, milestones),
  };
}

class Counter {
  readonly #counts = new Map<string, { times: number; why: string; first: string }>();

  add(what: string, why: string, where: string): void {
    const known = this.#counts.get(what);
    if (known === undefined) this.#counts.set(what, { times: 1, why, first: where });
    else known.times += 1;
  }

  /** The most frequent first. */
  list(): readonly Counted[] {
    return [...this.#counts]
      .map(([what, rest]) => ({ what, ...rest }))
      .sort((a, b) => b.times - a.times || (a.what < b.what ? -1 : 1));
  }
}

/** Positions in lists do not matter. */
const general = (path: string): string => path.replace(/\/\d+(?=\/|$)/g, '/*');

const NOTE_GROUPS = ['codes', 'places', 'zones', 'other'] as const;
type NoteGroup = (typeof NOTE_GROUPS)[number];

const GROUPS: Readonly<Partial<Record<Unmapped['kind'], NoteGroup>>> = {
  'unknown-code': 'codes',
  'unknown-place': 'places',
  'zone-assumed': 'zones',
};
const groupOf = ({ kind }: Unmapped): NoteGroup => GROUPS[kind] ?? 'other';

function textOfNote({ kind, path, value }: Unmapped): string {
  if (kind === 'zone-assumed') return general(path);
  const text = `${general(path)} ${JSON.stringify(value)}`;
  return kind === 'unknown-code' || kind === 'unknown-place' ? text : `${kind} ${text}`;
}

const eventsOf = (results: readonly TryResult[]) =>
  results.flatMap(({ result }) => (result.kind === 'events' ? result.events : []));

function milestonesOf(
  results: readonly TryResult[],
  proves: readonly string[],
): readonly MilestoneCoverage[] {
  const fresh = () => ({
    seen: {} as Record<string, number>,
    takenBack: 0,
    roles: new Set<string>(),
    withoutRole: 0,
  });
  const found = new Map(proves.map((milestone) => [milestone, fresh()]));
  for (const { milestone, classifier, occurrence, retracted } of eventsOf(results)) {
    const entry = found.get(milestone) ?? fresh();
    found.set(milestone, entry);
    if (retracted) {
      entry.takenBack += 1;
      continue;
    }
    entry.seen[classifier] = (entry.seen[classifier] ?? 0) + 1;
    if (occurrence.role === undefined) entry.withoutRole += 1;
    else entry.roles.add(occurrence.role);
  }
  return [...found].map(([milestone, { roles, ...entry }]) => ({
    milestone,
    ...entry,
    roles: [...roles].sort(),
    proves: proves.includes(milestone),
  }));
}

const attributesOf = (results: readonly TryResult[]): ReadonlySet<string> =>
  new Set(eventsOf(results).flatMap(({ attributes }) => Object.keys(attributes)));

function idsOf(results: readonly TryResult[]): readonly IdCoverage[] {
  const byType = new Map<string, Map<string, { readonly fit: boolean; readonly why?: string }>>();
  for (const { refs } of eventsOf(results)) {
    for (const ref of refs) {
      const values = byType.get(ref.type) ?? new Map();
      byType.set(ref.type, values);
      if (values.has(ref.value)) continue;
      const check = checkRef(ref);
      const why = check.result === 'invalid' ? `${check.reason}: ${check.detail}` : undefined;
      values.set(ref.value, { fit: check.result === 'valid', ...(why !== undefined && { why }) });
    }
  }
  return [...byType].map(([type, values]) => ({
    type,
    different: values.size,
    fit: [...values.values()].filter(({ fit }) => fit).length,
    wrong: [...values].flatMap(([value, { why }]) => (why === undefined ? [] : [{ value, why }])),
  }));
}

function zonesOf(results: readonly TryResult[]): Readonly<Record<string, number>> {
  const zones: Record<string, number> = {};
  for (const { occurredAt, retracted } of eventsOf(results))
    if (!retracted) zones[occurredAt.zoneFrom] = (zones[occurredAt.zoneFrom] ?? 0) + 1;
  return zones;
}
