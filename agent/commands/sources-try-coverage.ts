import type { Unmapped } from '../../collectors/maps/map.ts';
import { checkRef } from '../../rules/refs.ts';
import type { Rule } from '../../rules/sla.ts';
import { milestoneRefText } from '../../rules/sla-milestone.ts';
import type { FieldSeen } from './sources-try-fields.ts';
import type { TryReport, TryResult } from './sources-try-report.ts';

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
  /** Events in these messages, by classifier. */
  readonly seen: Readonly<Record<string, number>>;
  /** How many of them name no stop: they satisfy no rule that does. */
  readonly withoutRole: number;
  /** The source's silence means that it did not happen. */
  readonly proves: boolean;
}

export interface RuleCoverage {
  readonly rule: string;
  readonly title: string;
  /** What of the rule's start and end other sources must tell; empty: this one tells both. */
  readonly needs: readonly string[];
}

/** What a source's messages cover, and what they leave open: everything a partner needs to be told. */
export interface Coverage {
  readonly messages: number;
  readonly understood: number;
  readonly leftOut: number;
  readonly deadLetters: readonly Counted[];
  readonly milestones: readonly MilestoneCoverage[];
  readonly unknownCodes: readonly Counted[];
  readonly places: readonly Counted[];
  readonly otherNotes: readonly Counted[];
  readonly ids: readonly IdCoverage[];
  /** Times by where their zone came from: text, place, partner, assumed. */
  readonly zones: Readonly<Record<string, number>>;
  readonly unreadFields: readonly FieldSeen[];
  /** Rules whose end this source can prove. */
  readonly rules: readonly RuleCoverage[];
}

/** Counts over all messages. `rules` are those that might be watched with the source. */
export function coverageOf({ trial, results, unread }: TryReport, rules: readonly Rule[]): Coverage {
  const letters = new Counter();
  const notes = new Map<'codes' | 'places' | 'other', Counter>();
  for (const kind of ['codes', 'places', 'other'] as const) notes.set(kind, new Counter());
  for (const { message, result } of results) {
    const bad =
      result.kind === 'dead-letter' ? [result] : result.kind === 'events' ? (result.rejected ?? []) : [];
    for (const { code, reason, path } of bad)
      letters.add(`${code}${path === undefined ? '' : ` at ${general(path)}`}`, reason, message.subject);
    for (const note of result.kind === 'dead-letter' ? [] : result.unmapped)
      notes.get(groupOf(note))!.add(textOfNote(note), note.why, message.subject);
  }
  const milestones = milestonesOf(results, trial.map.proves);
  return {
    messages: results.length,
    understood: results.filter(({ result }) => result.kind === 'events').length,
    leftOut: results.filter(({ result }) => result.kind === 'ignored').length,
    deadLetters: letters.list(),
    milestones,
    unknownCodes: notes.get('codes')!.list(),
    places: notes.get('places')!.list(),
    otherNotes: notes.get('other')!.list(),
    ids: idsOf(results),
    zones: zonesOf(results),
    unreadFields: unread,
    rules: rulesOf(rules, milestones),
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

const groupOf = ({ kind }: Unmapped): 'codes' | 'places' | 'other' =>
  kind === 'unknown-code' ? 'codes' : kind === 'unknown-place' ? 'places' : 'other';

function textOfNote({ kind, path, value }: Unmapped): string {
  const text = `${general(path)} ${JSON.stringify(value)}`;
  if (kind === 'zone-assumed') return `zone-assumed ${general(path)}`;
  return kind === 'unknown-code' || kind === 'unknown-place' ? text : `${kind} ${text}`;
}

const eventsOf = (results: readonly TryResult[]) =>
  results.flatMap(({ result }) => (result.kind === 'events' ? result.events : []));

function milestonesOf(
  results: readonly TryResult[],
  proves: readonly string[],
): readonly MilestoneCoverage[] {
  const found = new Map<string, { seen: Record<string, number>; withoutRole: number }>();
  for (const milestone of proves) found.set(milestone, { seen: {}, withoutRole: 0 });
  for (const { milestone, classifier, occurrence } of eventsOf(results)) {
    const entry = found.get(milestone) ?? { seen: {}, withoutRole: 0 };
    entry.seen[classifier] = (entry.seen[classifier] ?? 0) + 1;
    if (occurrence.role === undefined) entry.withoutRole += 1;
    found.set(milestone, entry);
  }
  return [...found].map(([milestone, entry]) => ({
    milestone,
    ...entry,
    proves: proves.includes(milestone),
  }));
}

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

/** A plan that starts a clock must have been seen: maps declare only what they can prove to have happened. */
function rulesOf(rules: readonly Rule[], milestones: readonly MilestoneCoverage[]): readonly RuleCoverage[] {
  const proves = new Set(milestones.filter((each) => each.proves).map(({ milestone }) => milestone));
  const planned = new Set(
    milestones.filter(({ seen }) => (seen.planned ?? 0) > 0).map(({ milestone }) => milestone),
  );
  return rules.flatMap(({ name, title, mode, from, to }) => {
    if (mode === 'off' || !to.some(({ milestone }) => proves.has(milestone))) return [];
    const starts = from.some(({ milestone, classifier }) =>
      (classifier === 'planned' ? planned : proves).has(milestone),
    );
    return [{ rule: name, title, needs: starts ? [] : from.map(milestoneRefText) }];
  });
}
