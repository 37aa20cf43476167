import type { Classifier } from '../../rules/event.ts';
import { isMilestone, MILESTONES, type MilestoneCode } from '../../rules/milestone.ts';
import { type Fields, readFields } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readOneOf } from '../../rules/yaml-values.ts';
import { compileAttributes } from './attributes-of.ts';
import { compileCondition } from './condition.ts';
import { type MapContext, readPath, readTable } from './context.ts';
import type { EventReader } from './event-of.ts';
import type { Path } from './path.ts';
import { compileLocation, compileRole, firstRole, type RoleOf } from './place-of.ts';
import { compileAllRefs, compileId } from './record-of.ts';
import type { Scope, TextOf } from './scope.ts';
import { compileText } from './value.ts';
import { compileWhen } from './when.ts';

/** An event entry, and the list whose every element it is about (`for_each`), if any. */
export interface EventEntry {
  readonly reader: EventReader;
  readonly each: Path | undefined;
  /** Milestones that it can state as actual. */
  readonly proves: readonly MilestoneCode[];
}

const CLASSIFIERS = ['planned', 'estimated', 'actual'] as const satisfies readonly Classifier[];
const MILESTONE_CODES = Object.keys(MILESTONES) as MilestoneCode[];

/** What a map says for all of its events. */
export interface EventDefaults {
  readonly snapshot: boolean;
  readonly zone: TextOf | undefined;
  /** Roles by place, for events that say none. */
  readonly places: RoleOf | undefined;
  /** Names taken so far. */
  readonly names: Set<string>;
}

export function compileEvent(node: YamlNode, outer: MapContext, map: EventDefaults): EventEntry | undefined {
  const fields = readFields(node, outer.report, 'an event');
  if (fields === undefined) return undefined;
  const { report } = outer;
  const name = fields.requiredText('name', 'goods-issued') ?? '';
  if (map.names.has(name)) {
    report.error(
      fields.get('name')?.place ?? fields.place,
      'duplicate-event',
      `there are two events "${name}"`,
      'give each its own name',
    );
  }
  map.names.add(name);
  const { each, context } = readForEach(fields, outer);
  const snapshot = fields.flag('snapshot') ?? map.snapshot;
  const milestone = compileWord(fields, 'milestone', context, snapshot, MILESTONE_CODES, isMilestone);
  const classifier = fields.has('classifier')
    ? compileWord(fields, 'classifier', context, snapshot, CLASSIFIERS, isClassifier)
    : { of: () => 'actual' as const, all: ['actual' as const] };
  const time = fields.required('time', (n) => compileWhen(n, context, map.zone), 'eventDateTime');
  const occurrence = fields.fields('occurrence');
  const timeRequired = fields.flag('time_required') ?? !snapshot;
  const reader: EventReader = {
    name,
    snapshot,
    when: read(fields, 'when', (n) => compileCondition(n, context)),
    retracted: read(fields, 'retracted_when', (n) => compileCondition(n, context)),
    milestone: milestone.of,
    anyMilestone: milestone.all[0],
    classifier: classifier.of,
    time: time ?? (() => 'absent'),
    timeRequired,
    id: compileId(fields.get('id'), context),
    itemId: readItemId(fields, each, context),
    location: read(fields, 'location', (n) => compileLocation(n, context)),
    role: firstRole(occurrence && read(occurrence, 'role', (n) => compileRole(n, context)), map.places),
    leg:
      occurrence === undefined ? undefined : read(occurrence, 'leg', (n) => compileText(n, context, 'leg')),
    subject:
      occurrence === undefined
        ? undefined
        : read(occurrence, 'subject', (n) => compileText(n, context, 'subject')),
    refs: hasRefs(fields) ? compileAllRefs(fields, context) : undefined,
    attributes: fields.has('attributes') ? compileAttributes(fields.named('attributes'), context) : undefined,
  };
  occurrence?.end();
  for (const key of ['refs', 'ref_lists', 'ref_object', 'attributes']) fields.entry(key);
  fields.end();
  return { reader, each, proves: classifier.all.includes('actual') ? milestone.all : [] };
}

const read = <T>(fields: Fields, key: string, compile: (node: YamlNode) => T): T | undefined => {
  const node = fields.get(key);
  return node === undefined ? undefined : compile(node);
};

const hasRefs = (fields: Fields): boolean =>
  fields.has('refs') || fields.has('ref_lists') || fields.has('ref_object');

const isClassifier = (text: string): text is Classifier => CLASSIFIERS.some((c) => c === text);

/** `for_each: stop in stops`: paths that begin with `stop.` are then about one element of `stops`. */
function readForEach(fields: Fields, outer: MapContext): { each: Path | undefined; context: MapContext } {
  const node = fields.get('for_each');
  if (node === undefined) return { each: undefined, context: outer };
  const text = node.kind === 'scalar' ? node.source : '';
  const [, item, list] = /^([a-z_][\w]*) in (\S+)$/i.exec(text) ?? [];
  if (item === undefined || list === undefined || node.kind !== 'scalar') {
    outer.report.error(
      node.place,
      'bad-for-each',
      'for_each names an element and a list',
      'for_each: stop in stops',
    );
    return { each: undefined, context: outer };
  }
  const each = readPath({ ...node, value: list, source: list }, outer, 'for_each');
  return { each, context: { ...outer, item } };
}

/** Elements of a list need an id of their own: their place in the list changes when one is put before them. */
function readItemId(fields: Fields, each: Path | undefined, context: MapContext): TextOf | undefined {
  const itemId = compileId(fields.get('item_id'), context);
  if (each !== undefined && itemId === undefined) {
    const fix = 'add item_id: with a path to what names the element, such as stop.sequence';
    context.report.error(
      fields.keyPlace('for_each'),
      'missing-item-id',
      'an event with for_each needs item_id',
      fix,
    );
  }
  return itemId;
}

/**
 * A word of a fixed vocabulary, or a text from the message by way of a code table. `all` are the words it can be. In a snapshot it must
 * be fixed: what is not met still has to be named.
 */
function compileWord<T extends string>(
  fields: Fields,
  key: string,
  context: MapContext,
  snapshot: boolean,
  words: readonly T[],
  is: (text: string) => text is T,
): { readonly of: (scope: Scope) => T | undefined; readonly all: readonly T[] } {
  const nothing = { of: (): T | undefined => undefined, all: [] };
  const node = fields.required(key, (n) => n, words[0]);
  if (node === undefined) return nothing;
  if (node.kind === 'scalar') {
    const word = readOneOf(node, context.report, key, words);
    return word === undefined ? nothing : { of: () => word, all: [word] };
  }
  if (snapshot) {
    const fix = 'write one event for each, with the code in its when';
    context.report.error(node.place, 'snapshot-needs-word', `in a snapshot ${key} must be fixed`, fix);
  }
  const text = compileText(node, context, key);
  const before = context.report.problems.length;
  const inner = readFields(node, context.report, key);
  const table = inner === undefined ? undefined : readTable(inner, context);
  context.report.problems.length = before;
  if (context.segmented && key === 'milestone' && table?.anyMessage === true) {
    const fix = 'make it a list of { message: IFTSTA, codes: … }';
    context.report.error(
      node.place,
      'bare-codes',
      `the codes of ${table.name} do not say in which message they hold`,
      fix,
    );
  }
  for (const target of table?.targets ?? []) {
    if (!is(target.text))
      readOneOf(target.node, context.report, `${key} in code table ${table?.name}`, words);
  }
  const all = table === undefined ? words : [...new Set(table.targets.map((t) => t.text))].filter(is);
  return {
    of: (scope) => {
      const found = text(scope);
      return found !== undefined && is(found) ? found : undefined;
    },
    all,
  };
}
