import type { Budget, FeedLag, Rule, RuleSource } from './sla.ts';
import { BUDGET, DATE_RULE } from './sla-budget.ts';
import { checkFeed } from './sla-feed.ts';
import { RULE_KEYS } from './sla-keys.ts';
import { KINDS, kindInfo } from './sla-kind.ts';
import { type People, readPeople } from './sla-people.ts';
import type { Fields } from './yaml-reader.ts';
import { readFields } from './yaml-reader.ts';
import { YamlReport } from './yaml-report.ts';
import type { Place, YamlEntry } from './yaml-tree.ts';
import { type Key, readKeys } from './yaml-type.ts';

/** What is said of a key; nothing counts in its place. */
const said = <T>({ type, meaning, example }: Key<T>): Key<T> => ({ type, meaning, example });

/** What an override may change in any rule, beside people and the key of its kind's length of time. */
export const OVERRIDE_KEYS = {
  mode: said(RULE_KEYS.mode),
  severity: said(RULE_KEYS.severity),
  title: said(RULE_KEYS.title),
  calendar: said(RULE_KEYS.calendar),
  warn: said(RULE_KEYS.warn),
  wait_for_feeds: said(RULE_KEYS.wait_for_feeds),
  proved_by: said(RULE_KEYS.proved_by),
};

const FEED_KEYS = {
  source: said(KINDS.feed.keys.source),
  partner: said(KINDS.feed.keys.partner),
  via: said(KINDS.feed.keys.via),
  silent_for: said<Budget>(KINDS.feed.keys.silent_for),
  lag: said<FeedLag>(KINDS.feed.keys.lag),
};

/** What a rule file changes in a rule of another file (a ready pack): switching it on, whom it tells, how long it allows. */
export interface Override {
  readonly rule: string;
  readonly fields: Fields;
  readonly place: Place;
  readonly report: YamlReport;
}

/** The entries of `override:` in a rule file; read when the rule that they change is known. */
export function readOverrides(entries: readonly YamlEntry[], file: string): Override[] {
  const out: Override[] = [];
  for (const { key, keyPlace, value } of entries) {
    const report = new YamlReport(file);
    const fields = readFields(value, report, `override ${key}`);
    if (fields !== undefined) out.push({ rule: key, fields, place: keyPlace, report });
    else out.push({ rule: key, fields: EMPTY(report), place: keyPlace, report });
  }
  return out;
}

/** What an override says of people replaces all that the rule said of them. */
function readPeopleChanges(fields: Fields, rule: Rule): Partial<People> {
  const { notify, notifyBy, owner, ownerBy, responsible } = readPeople(fields, rule.responsible);
  return {
    ...(fields.has('notify') && { notify, notifyBy }),
    ...(fields.has('owner') && { ownerBy, ...(owner !== undefined && { owner }) }),
    ...(responsible !== undefined && { responsible }),
  };
}

/** The length of time that a rule allows, or the day, under the key of its kind; what it says of channels. */
function readLength(
  fields: Fields,
  { kind, feed }: Rule,
): { readonly [K in 'within' | 'on' | 'feed']?: Rule[K] | undefined } {
  if (feed !== undefined) {
    const { source, partner, via, silent_for: silentFor, lag } = readKeys(fields, FEED_KEYS);
    checkFeed(fields, feed);
    const changed = {
      sources: source ?? feed.sources,
      partners: partner ?? feed.partners,
      vias: via ?? feed.vias,
      silentFor: silentFor ?? feed.silentFor,
      lag: lag ?? feed.lag,
    };
    return { feed: changed, within: changed.silentFor };
  }
  const key = kindInfo(kind).budget;
  const node = fields.get(key);
  if (node === undefined) return {};
  const { report } = fields;
  if (kind === 'calendar-date') return { on: DATE_RULE.read(node, report, key, '') };
  return { within: BUDGET.read(node, report, key, '') };
}

const EMPTY = (report: YamlReport): Fields => readFields(EMPTY_MAP, report, 'override')!;
const EMPTY_MAP = { kind: 'map', entries: [], place: { line: 1, column: 1, length: 1 } } as const;

/** The rule with the overridden keys replaced; what is wrong with them is in the override's report. */
export function applyOverride(source: Omit<RuleSource, 'overridden'>, override: Override): RuleSource {
  const { fields, report } = override;
  const { rule } = source;
  const { wait_for_feeds: waitForFeedsMs, proved_by: provedBy, ...rest } = readKeys(fields, OVERRIDE_KEYS);
  const changes: { -readonly [K in keyof Rule]?: Rule[K] | undefined } = {
    ...{ ...rest, waitForFeedsMs, provedBy },
    ...readPeopleChanges(fields, rule),
    ...readLength(fields, rule),
  };
  fields.end();
  const changed = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const overridden = Object.fromEntries(
    fields.node.entries.map((e) => [e.key, { ...e.value.place, file: report.file }]),
  );
  return { ...source, rule: { ...rule, ...changed }, overridden };
}
