import type { Calendar } from '../../rules/calendar.ts';
import { hashId } from '../../rules/hash.ts';
import type { Rule, RuleSet } from '../../rules/sla.ts';

export type Side = 'in-force' | 'tried';

/** Two rule sets as one: every rule has a name that tells its side. */
export interface Sides {
  readonly ruleSet: RuleSet;
  /** By the name in {@link ruleSet}; a rule that means the same on both sides stands for both. */
  readonly of: ReadonlyMap<string, { readonly rule: Rule; readonly sides: readonly Side[] }>;
}

/** No rule file can have a name with this character. */
const MARK = '\u001f';

/**
 * The rules named, of both sets, as one set to judge in one pass. `names`: only these; a rule that one side lacks, or has
 * switched off, is judged for the other alone.
 */
export function sidesOf(inForce: RuleSet, tried: RuleSet, names: ReadonlySet<string>): Sides {
  const of = new Map<string, { rule: Rule; sides: readonly Side[] }>();
  const rules: Rule[] = [];
  const calendars = new Map<string, Calendar>();
  const add = (set: RuleSet, rule: Rule, sides: readonly Side[]): void => {
    const side = sides[0]!;
    const calendar = rule.calendar === undefined ? undefined : `${side}${MARK}${rule.calendar}`;
    if (calendar !== undefined) calendars.set(calendar, set.calendars.get(rule.calendar!)!);
    const name = `${side}${MARK}${rule.name}`;
    of.set(name, { rule, sides });
    rules.push({ ...rule, name, calendar });
  };
  const before = judged(inForce, names);
  const after = judged(tried, names);
  for (const rule of after.values()) {
    const same = before.get(rule.name)?.version === rule.version;
    add(tried, rule, same ? ['tried', 'in-force'] : ['tried']);
  }
  for (const rule of before.values()) {
    if (after.get(rule.name)?.version !== rule.version) add(inForce, rule, ['in-force']);
  }
  const hash = hashId('sides', inForce.hash, tried.hash, ...names);
  return { ruleSet: { rules, calendars, hash }, of };
}

const judged = ({ rules }: RuleSet, names: ReadonlySet<string>): ReadonlyMap<string, Rule> =>
  new Map(
    rules.filter(({ name, mode }) => names.has(name) && mode !== 'off').map((rule) => [rule.name, rule]),
  );
