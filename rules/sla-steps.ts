import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlReport } from './yaml-report.ts';
import type { Place, YamlEntry, YamlMap, YamlNode } from './yaml-tree.ts';
import { readKey, required, TEXT } from './yaml-type.ts';

/** What a step has beside the keys of a rule. */
export const STEP_KEYS = {
  step: required(TEXT, 'the name of the step; the rule is called `<rule>.<step>`', 'filed'),
};

/** One rule as it stands in a file, or as a step of one stands for it. */
export interface WrittenRule {
  readonly name: string;
  readonly place: Place;
  readonly node: YamlNode;
}

/**
 * A rule with `steps:` is several, one for each step, so that a chain of milestones is written once:
 *
 *     uk-import:
 *       when: destination.country == "GB"
 *       steps:
 *         - { step: filed, from: arrived at destination, to: customs.filed, within: 4bh }
 *         - { step: released, to: customs.released, within: 8bh }     # from customs.filed
 *
 * Each is named after the rule and its step (`uk-import.filed`), has the keys of the rule unless it has its own, and starts where the step before
 * it ends unless it says where.
 */
export function stepsOf(rule: WrittenRule, report: YamlReport): readonly WrittenRule[] {
  if (rule.node.kind !== 'map') return [rule];
  const steps = rule.node.entries.find(({ key }) => key === 'steps');
  if (steps === undefined) return [rule];
  if (steps.value.kind !== 'list' || steps.value.items.length === 0) {
    report.error(
      steps.keyPlace,
      'wrong-type',
      'steps: expected a list of steps',
      'write - { step: filed, … }',
    );
    return [];
  }
  const shared = rule.node.entries.filter(({ key }) => key !== 'steps');
  const out: WrittenRule[] = [];
  let before: YamlNode | undefined;
  for (const item of steps.value.items) {
    const fields = readFields(item, report, `a step of rule ${rule.name}`);
    if (fields === undefined) continue;
    const name = readKey(fields, 'step', STEP_KEYS.step);
    const own = fields.node.entries.filter(({ key }) => key !== 'step');
    if (name !== undefined) {
      const node = merged(
        item.place,
        shared,
        own,
        startAfter(fields, before),
        titleOf(shared, name, item.place),
      );
      out.push({ name: `${rule.name}.${name}`, place: fields.get('step')!.place, node });
    }
    before = endOf(own) ?? before;
  }
  return out;
}

const endOf = (entries: readonly YamlEntry[]): YamlNode | undefined =>
  entries.find(({ key }) => key === 'to' || key === 'answered_by' || key === 'event')?.value;

/** A step that says where it ends and not where it starts begins where the one before it ended. */
function startAfter(fields: Fields, before: YamlNode | undefined): YamlEntry | undefined {
  if (before === undefined || !fields.has('to') || fields.has('from')) return undefined;
  return { key: 'from', keyPlace: fields.place, value: before };
}

function titleOf(shared: readonly YamlEntry[], step: string, place: Place): YamlEntry | undefined {
  const title = shared.find(({ key }) => key === 'title')?.value;
  if (title?.kind !== 'scalar') return undefined;
  const text = `${title.source}: ${step}`;
  return { key: 'title', keyPlace: place, value: { kind: 'scalar', value: text, source: text, place } };
}

/** The first of each key counts: a step's own, what follows from the chain, the rule's. */
function merged(
  place: Place,
  shared: readonly YamlEntry[],
  own: readonly YamlEntry[],
  ...implied: readonly (YamlEntry | undefined)[]
): YamlMap {
  const entries: YamlEntry[] = [...own];
  for (const entry of [...implied, ...shared]) {
    if (entry !== undefined && !entries.some(({ key }) => key === entry.key)) entries.push(entry);
  }
  return { kind: 'map', entries, place };
}
