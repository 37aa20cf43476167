import type { Calendar } from './calendar.ts';
import type { Via } from './channels-channel.ts';
import type { DateRule } from './date-rule.ts';
import type { PlaceRole } from './event.ts';
import type { Expr } from './expression.ts';
import { hashId } from './hash.ts';
import type { Duty } from './incoterm.ts';
import type { MilestoneCode } from './milestone.ts';
import { compareProblems, type Problem } from './problem.ts';
import { type CalendarSource, compileCalendars, readCalendars } from './sla-calendar.ts';
import { FILE_KEYS } from './sla-keys.ts';
import type { RuleKind } from './sla-kind.ts';
import { applyOverride, type Override, readOverrides } from './sla-override.ts';
import { canonicalTerms, type RuleDraft, readRule } from './sla-rule.ts';
import { stepsOf } from './sla-steps.ts';
import type { DurationMs } from './time.ts';
import { readYaml } from './yaml-reader.ts';
import { YamlReport } from './yaml-report.ts';
import type { Place, YamlNode } from './yaml-tree.ts';
import { readKeys } from './yaml-type.ts';

export type Budget =
  | { readonly unit: 'elapsed'; readonly ms: DurationMs; readonly text: string } // 24h, 30m, 7d, PT36H
  | { readonly unit: 'business-hours'; readonly ms: DurationMs; readonly text: string } // 24bh
  | { readonly unit: 'business-days'; readonly days: number; readonly text: string } // 3bd
  | { readonly unit: 'calendar-days'; readonly days: number; readonly text: string }; // 10cd

/** `arrived at destination`, `planned loaded at origin`, `first planned delivered`, `customs.released`. */
export interface MilestoneRef {
  readonly milestone: MilestoneCode;
  readonly role?: PlaceRole;
  readonly classifier: 'actual' | 'planned';
  /** Of what was planned, what was planned first, and not the plan as it stands. */
  readonly first?: true;
}

/** A promise. `from` is what starts its clock or what its deadline hangs on (for `before` the planned event), `to` what ends it. A `dwell`
 *  rule's `from`/`to` are the open/close milestones of the state; its `agency:` is part of `when`, as `hold.agency`. An `ack` rule's `to` may
 *  list alternatives (accepted or rejected): the first of them ends the clock. */
export interface Rule {
  readonly name: string;
  /** Hash of what a verdict depends on: the rule's terms and the calendar it uses; titles and routes left out. */
  readonly version: string;
  readonly title: string;
  readonly kind: RuleKind;
  readonly mode: 'live' | 'shadow' | 'off';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly legal: boolean; // a legal cut-off: its at-risk warnings and breach are never withheld
  readonly when: Expr | undefined;
  readonly from: readonly MilestoneRef[]; // alternatives, in order of preference: the first that has a fact starts the clock
  readonly to: readonly MilestoneRef[]; // alternatives: any ends the clock
  readonly within: Budget; // for 'before': at least this long before `to`
  readonly on: DateRule | undefined; // 'calendar-date': instead of `within`
  readonly dates: readonly DateRef[]; // 'by': in order of preference; those that are plans are in `from` too
  readonly reconcile: Reconcile | undefined;
  readonly same: readonly string[]; // 'duplicate': attributes by which goods are known to be the same
  readonly count: Count | undefined;
  readonly feed: FeedTerms | undefined; // 'feed': a channel, not a shipment
  readonly warn: readonly Budget[]; // before dueAt
  readonly calendar: string | undefined; // name in the same RuleSet; undefined = 24x7 UTC
  readonly pauseWhile: readonly PauseCondition[];
  readonly provedBy: readonly string[]; // only these sources can prove; empty: all whose maps state the milestone
  readonly waitForFeedsMs: DurationMs;
  readonly notify: readonly string[];
  readonly owner: string | undefined; // who should act, in the reader's words
  readonly responsible: Duty | undefined; // what the Incoterms rule decides: whose duty this is
  readonly notifyBy: ReadonlyMap<string, readonly string[]>; // by Incoterms rule, `seller` or `buyer`; see incoterm.ts
  readonly ownerBy: ReadonlyMap<string, string>;
  readonly basis: string | undefined; // legal or practical source
  readonly place: { readonly file: string; readonly line: number; readonly column: number };
}
/** What a `reconcile` rule compares. */
export interface Reconcile {
  readonly values: readonly ValueRef[];
  /** Numbers may differ by either; both 0: not at all. */
  readonly tolerance: { readonly share: number; readonly amount: number; readonly text: string };
  /** Texts are compared by so many of their first letters and digits; undefined: whole. */
  readonly firstDigits: number | undefined;
}

/** `duty.amount of duty.assessed from broker`: an attribute, and of whose statements. */
export interface ValueRef {
  readonly attribute: string;
  readonly milestone: MilestoneCode | undefined;
  readonly source: string | undefined;
  readonly text: string;
}

/** How often something may happen. */
export interface Count {
  readonly atMost: number;
  readonly warnAt: number | undefined;
  readonly per: 'subject' | 'shipment';
}

/** Which channels a `feed` rule watches (empty: all), and what it expects of each. One of the two is there. */
export interface FeedTerms {
  readonly sources: readonly string[];
  readonly partners: readonly string[];
  readonly vias: readonly Via[];
  readonly silentFor: Budget | undefined;
  readonly lag: FeedLag | undefined;
}

/** Of the reports of a channel at least this share is known within `ms`. */
export interface FeedLag {
  readonly share: number;
  readonly ms: DurationMs;
  readonly text: string;
}

/** A date that was agreed: a planned milestone, or one that a document states. */
export type DateRef = MilestoneRef | { readonly attribute: string };

/** A state in which a clock stands still: a hold, of one agency where it is named; or the goods are between two stops. */
export type PauseCondition =
  | { readonly state: 'customs.hold'; readonly agency?: string }
  | { readonly state: 'under-way' };
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly hash: string;
}

/** A rule with its keys' values as they are written, for checks that look at several files (lint.ts). */
export interface RuleSource {
  readonly rule: Rule;
  /** Place of the rule's name. */
  readonly place: Place;
  readonly nodes: Readonly<Record<string, YamlNode>>;
  /** Places of keys that another file overrides. */
  readonly overridden: Readonly<Record<string, Place & { readonly file: string }>>;
}

export interface ParsedRules {
  /** Rules and calendars without errors; usable only when `problems` has no error. */
  readonly ruleSet: RuleSet;
  readonly sources: readonly RuleSource[];
  readonly calendars: readonly CalendarSource[];
  /** Names of calendars that rules ask for, rules with errors too. */
  readonly usedCalendars: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** A rule file: its name in messages, and its text. */
export interface RuleFile {
  readonly file: string;
  readonly text: string;
  /** What it defines takes the place of what other files define under the same name; for trying rules out. */
  readonly replaces?: boolean;
}

/**
 * Parses rule files into one set: rules may use calendars of any of the files, names are unique over all of them.
 * Calendars are compiled for the years around `year`, and for others when asked. Every problem is reported; a rule with one is left out of the set.
 */
export function parseRules(files: readonly RuleFile[], year: number): ParsedRules {
  const problems: Problem[] = [];
  let drafts: RuleDraft[] = [];
  let overrides: Override[] = [];
  let calendars: CalendarSource[] = [];
  const declared = new Set<string>();
  const usedCalendars = new Set<string>();
  for (const { file, text, replaces = false } of files) {
    const { root, report } = readYaml(text, file, file);
    if (root !== undefined) {
      const { calendars: entries, rules, override: changes } = readKeys(root, FILE_KEYS);
      if (replaces) {
        const [redefined, again] = [namesOf(rules), namesOf(changes)];
        drafts = drafts.filter(({ rule }) => !redefined.has(rule.name));
        overrides = overrides.filter(({ rule }) => !redefined.has(rule) && !again.has(rule));
        const calendarsAnew = namesOf(entries);
        calendars = calendars.filter(({ name }) => !calendarsAnew.has(name));
      }
      for (const { key } of entries) declared.add(key);
      calendars.push(...readCalendars(entries, report));
      for (const { key, keyPlace, value } of rules) {
        const asked = value.kind === 'map' ? value.entries.find((e) => e.key === 'calendar') : undefined;
        if (asked?.value.kind === 'scalar') usedCalendars.add(asked.value.source);
        for (const { name, place, node } of stepsOf({ name: key, place: keyPlace, node: value }, report)) {
          const draft = readRule(name, place, node, report);
          if (draft !== undefined) drafts.push(draft);
        }
      }
      overrides.push(...readOverrides(changes, file));
      root.end();
    }
    problems.push(...report.problems);
  }
  const late = new YamlReport('');
  const compiled = compileCalendars(calendars, year, late.problems);
  const specs = new Map(calendars.map((c) => [c.name, c.canonical]));
  // A rule on a calendar that is there and wrong has no problem of its own.
  const names = uniqueRules(drafts, late.problems);
  override(names, overrides, late.problems);
  const sources = withCalendars([...names.values()], specs, declared, late.problems);
  for (const { rule } of sources) if (rule.calendar !== undefined) usedCalendars.add(rule.calendar);
  problems.push(...late.problems);
  problems.sort(compareProblems);
  const rules = sources.map((s) => s.rule);
  const hash = hashId(
    'rules',
    ...rules.map((r) =>
      JSON.stringify([
        r.name,
        r.version,
        r.title,
        r.mode,
        r.severity,
        r.notify,
        [...r.notifyBy],
        r.owner,
        [...r.ownerBy],
        r.responsible,
        r.basis,
      ]),
    ),
  );
  return { ruleSet: { rules, calendars: compiled, hash }, sources, calendars, usedCalendars, problems };
}

const namesOf = (entries: readonly { readonly key: string }[]): ReadonlySet<string> =>
  new Set(entries.map(({ key }) => key));

/** Rules by name; a name that is taken is refused. */
function uniqueRules(drafts: readonly RuleDraft[], problems: Problem[]): Map<string, RuleSource> {
  const out = new Map<string, RuleSource>();
  for (const draft of drafts) {
    const { name, place: at } = draft.rule;
    const earlier = out.get(name)?.rule.place;
    if (earlier === undefined) {
      out.set(name, { ...draft, overridden: {} });
      continue;
    }
    const message = `a rule "${name}" is already in ${earlier.file}:${earlier.line}`;
    const fix = 'choose another name, or change that rule under override:';
    new YamlReport(at.file, problems).error(draft.place, 'duplicate-rule', message, fix);
  }
  return out;
}

function override(rules: Map<string, RuleSource>, overrides: readonly Override[], problems: Problem[]): void {
  const done = new Set<string>();
  for (const change of overrides) {
    const { rule: name, place, report } = change;
    const source = rules.get(name);
    if (source === undefined) {
      report.unknown(place, 'unknown-rule', `override: there is no rule "${name}"`, name, [...rules.keys()]);
    } else if (done.has(name)) {
      report.error(place, 'duplicate-override', `rule ${name} is overridden twice`, 'keep one of them');
    } else rules.set(name, applyOverride(source, change));
    done.add(name);
    problems.push(...report.problems);
  }
}

/** Joins rules with their calendars and gives them their version; rules without their calendar are left out. */
function withCalendars(
  rules: readonly RuleSource[],
  specs: ReadonlyMap<string, string>,
  declared: ReadonlySet<string>,
  problems: Problem[],
): RuleSource[] {
  const out: RuleSource[] = [];
  for (const source of rules) {
    const { rule, nodes, place, overridden } = source;
    const { calendar } = rule;
    const spec = calendar === undefined ? '' : specs.get(calendar);
    if (spec === undefined && !declared.has(calendar!)) {
      const report = new YamlReport(overridden.calendar?.file ?? rule.place.file, problems);
      const at = overridden.calendar ?? nodes.calendar?.place ?? place;
      const message = `no calendar "${calendar}" in these rule files`;
      report.unknown(at, 'unknown-calendar', message, calendar!, [...declared]);
    }
    if (spec === undefined) continue;
    const version = hashId('rule', rule.name, canonicalTerms(rule), spec);
    out.push({ ...source, rule: { ...rule, version } });
  }
  return out;
}
