import type { Calendar } from '../../rules/calendar.ts';
import { type FeedRule, isFeedRule } from '../../rules/evaluate-feed.ts';
import type { Expr } from '../../rules/expression.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Trace } from '../../rules/trace.ts';
import type { ClockMemory } from './clocks.ts';
import { type IndexedRule, indexRule, presentBits } from './unchanged.ts';

/** As JSON. */
export interface SavedRules {
  /** What each rule means, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Log time at which a rule came into force, by name; absent for those that were there from the first. */
  readonly since: Readonly<Record<string, EpochMs>>;
}

/** What decides over verdicts and over whether anybody is told. */
const meaningOf = ({ version, mode }: Rule): string => `${version} ${mode}`;

/** The rules by which shipments are judged, since when, and which shipments other ones concern. */
export class RulesInForce {
  #ruleSet: RuleSet;
  #byName: ReadonlyMap<string, Rule> = new Map();
  #indexed: readonly IndexedRule[] = [];
  #conditions: readonly Expr[] = [];
  #reads: ReadonlySet<string> = new Set();
  #feeds: RulesInForce['feeds'] = [];
  #since = new Map<string, EpochMs>();
  #changed: ReadonlySet<string> = new Set();
  /** Milestones without any of which no changed rule has a clock. */
  #changedStarts = 0;

  /** `saved` and `at`: those by which shipments were judged until then. */
  constructor(ruleSet: RuleSet, saved?: SavedRules, at: EpochMs = Number.NEGATIVE_INFINITY) {
    this.#ruleSet = ruleSet;
    this.#index();
    if (saved === undefined) return;
    this.#since = new Map(Object.entries(saved.since));
    this.#change(new Map(Object.entries(saved.versions)), at);
  }

  /** Those that watch channels. */
  get feeds(): readonly { readonly rule: FeedRule; readonly calendar: Calendar | undefined }[] {
    return this.#feeds;
  }

  get ruleSet(): RuleSet {
    return this.#ruleSet;
  }

  /** Another list after every change: whoever keeps something by a rule's index keeps the list, too. */
  get indexed(): readonly IndexedRule[] {
    return this.#indexed;
  }

  /** Conditions of rules, each once: many rules are for the same shipments. See {@link IndexedRule}. */
  get conditions(): readonly Expr[] {
    return this.#conditions;
  }

  /** Attributes on which it hangs whether some rule applies. */
  get reads(): ReadonlySet<string> {
    return this.#reads;
  }

  /** False when nothing is left to be judged again. */
  get anyChanged(): boolean {
    return this.#changed.size > 0;
  }

  byName(name: string): Rule | undefined {
    return this.#byName.get(name);
  }

  /** `-Infinity` for a rule that was there from the first. */
  since(name: string): EpochMs {
    return this.#since.get(name) ?? Number.NEGATIVE_INFINITY;
  }

  /** Puts others in force; true when shipments have to be judged again. */
  use(ruleSet: RuleSet, at: EpochMs): boolean {
    const before = new Map([...this.#byName].map(([name, rule]) => [name, meaningOf(rule)]));
    this.#ruleSet = ruleSet;
    this.#index();
    this.#change(before, at);
    return this.anyChanged;
  }

  /** Whether a rule that changed, came or went has, had or may have a clock in a shipment. */
  concern(trace: Trace, clocks: Iterable<ClockMemory>): boolean {
    if ((presentBits(trace) & this.#changedStarts) !== 0) return true;
    for (const { rule } of clocks) if (this.#changed.has(rule)) return true;
    return false;
  }

  dump(): SavedRules {
    return {
      versions: Object.fromEntries([...this.#byName].map(([name, rule]) => [name, meaningOf(rule)])),
      since: Object.fromEntries(this.#since),
    };
  }

  #index(): void {
    const { rules, calendars } = this.#ruleSet;
    const judged = rules.filter(({ mode }) => mode !== 'off');
    this.#byName = new Map(judged.map((rule) => [rule.name, rule]));
    const calendarOf = ({ calendar }: Rule): Calendar | undefined => calendars.get(calendar ?? '');
    const conditions: Expr[] = [];
    this.#indexed = judged
      .filter((rule) => !isFeedRule(rule))
      .map((rule) => indexRule(rule, calendarOf(rule), conditions));
    this.#conditions = conditions;
    this.#reads = new Set(this.#indexed.flatMap(({ compiled }) => compiled.reads));
    this.#feeds = judged.filter(isFeedRule).map((rule) => ({ rule, calendar: calendarOf(rule) }));
  }

  #change(before: ReadonlyMap<string, string>, at: EpochMs): void {
    const changed = new Set<string>();
    for (const [name, rule] of this.#byName) {
      if (before.get(name) === meaningOf(rule)) continue;
      changed.add(name);
      this.#since.set(name, at);
    }
    for (const name of before.keys()) {
      if (this.#byName.has(name)) continue;
      changed.add(name);
      this.#since.delete(name);
    }
    this.#changed = changed;
    this.#changedStarts = 0;
    for (const { rule, startBits } of this.#indexed)
      if (changed.has(rule.name)) this.#changedStarts |= startBits;
  }
}
