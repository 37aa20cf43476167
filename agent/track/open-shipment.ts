import { NOT_FOR_IT } from '../../rules/evaluate.ts';
import type { Ref } from '../../rules/refs.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Statement, Trace, TraceEntry } from '../../rules/trace.ts';
import { type Absorption, absorb } from '../../rules/trace-absorb.ts';
import { TraceFold } from '../../rules/trace-fold.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { ClockMemory } from './clocks.ts';
import type { IndexedRule } from './unchanged.ts';

/** What each rule made of a shipment when it last had a say, by the rule's index. */
export interface Judged {
  /** The rules by whose index the rest is. */
  readonly rules: readonly IndexedRule[];
  trace: Trace;
  /** Undefined for rules that do not concern the shipment. */
  readonly byRule: (readonly Verdict[] | undefined)[];
  /** Which conditions of rules hold. */
  holds: readonly boolean[];
  /** Indexes of the rules whose condition does not leave the shipment out. */
  forIt: readonly number[];
  /** Until when the verdicts follow from the facts alone; `-Infinity` when they hang on what channels are heard, too. */
  readonly standsUntil: EpochMs[];
  /** When the verdicts may change although nothing is heard; `Infinity` when they cannot. */
  readonly nextAt: EpochMs[];
  /** Of clocks whose rule is not in force any more. */
  readonly orphans: readonly Verdict[];
}

/** Indexes of rules that have, or may yet get, a clock in a shipment with these attributes. */
export function forIt({ byRule }: Pick<Judged, 'byRule'>): readonly number[] {
  const indexes: number[] = [];
  for (let i = 0; i < byRule.length; i += 1) if (byRule[i] !== NOT_FOR_IT) indexes.push(i);
  return indexes;
}

/** Whether a rule's condition does not hold. */
export function isLeftOut({ rules, holds }: Judged, index: number): boolean {
  const { condition } = rules[index]!;
  return condition !== undefined && !holds[condition]!;
}

/** A rule is not for the shipment, and has no clock in it. */
export function leaveOut({ byRule, standsUntil, nextAt }: Judged, index: number): void {
  byRule[index] = NOT_FOR_IT;
  standsUntil[index] = Number.POSITIVE_INFINITY;
  nextAt[index] = Number.POSITIVE_INFINITY;
}

/** A shipment at hand, unpacked. */
export class OpenShipment {
  /** Its index everywhere in memory. */
  readonly slot: number;
  readonly id: string;
  readonly clocks: Map<string, ClockMemory>;
  /** Undefined when identity must be asked. */
  refs: readonly Ref[] | undefined;
  /** Undefined when it was not judged since it was unpacked. */
  judged: Judged | undefined;
  /** What is packed is older than this. */
  unsaved = true;
  usedIn: number;
  readonly #entries: Map<string, TraceEntry>;
  #fold: TraceFold | undefined;

  constructor(
    slot: number,
    id: string,
    entries: Map<string, TraceEntry>,
    clocks: Map<string, ClockMemory>,
    turn: number,
  ) {
    this.slot = slot;
    this.id = id;
    this.#entries = entries;
    this.clocks = clocks;
    this.usedIn = turn;
  }

  /** By key. */
  get entries(): ReadonlyMap<string, TraceEntry> {
    return this.#entries;
  }

  absorb(event: Statement): Absorption {
    const before = this.#entries.get(event.key);
    const result = absorb(this.#entries, event);
    // The others leave what the fold sees as it was.
    if (result === 'added' || result === 'revised') this.#fold?.replace(before, this.#entries.get(event.key));
    return result;
  }

  put(entry: TraceEntry): void {
    this.#fold?.replace(this.#entries.get(entry.key), entry);
    this.#entries.set(entry.key, entry);
  }

  /** False when there was none. */
  drop(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#fold?.replace(entry, undefined);
    return true;
  }

  /** The trace that its entries amount to. */
  trace(tenant: string, refs: readonly Ref[], sourceRank: (source: string) => number): Trace {
    this.#fold ??= new TraceFold(sourceRank, this.#entries.values());
    return this.#fold.trace(this.id, tenant, refs);
  }
}
