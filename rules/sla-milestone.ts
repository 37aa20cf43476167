import type { PlaceRole } from './event.ts';
import { isMilestone, MILESTONES } from './milestone.ts';
import type { MilestoneRef } from './sla.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import { oneOrMore, type ValueType } from './yaml-type.ts';
import { readTextNodes } from './yaml-values.ts';

export const ROLES: readonly PlaceRole[] = ['origin', 'transshipment', 'destination'];
const CODES = Object.keys(MILESTONES);
const SHAPE = 'a milestone such as "customs.released" or "planned loaded at origin"';

/** The pattern of one milestone as it is written. */
const milestonePattern = (classifiers: string): string =>
  `^\\s*${classifiers}(${CODES.map((code) => code.replaceAll('.', '\\.')).join('|')})(\\s+at\\s+(${ROLES.join('|')}))?\\s*$`;

/** Milestones as their names alone, for editors to offer, or with a place and a classifier. */
export const MILESTONE_SCHEMA = {
  anyOf: [
    { enum: CODES },
    { type: 'string', pattern: milestonePattern('(((first\\s+)?planned|actual)\\s+)?') },
  ],
} as const;

export const PLAN_SCHEMA = {
  anyOf: [
    { enum: ['planned', 'first planned'].flatMap((plan) => CODES.map((code) => `${plan} ${code}`)) },
    { type: 'string', pattern: milestonePattern('(first\\s+)?planned\\s+') },
  ],
} as const;

/** Milestones: one or alternatives. */
export const MILESTONE_REFS: ValueType<readonly MilestoneRef[]> = {
  name: 'milestones',
  words:
    '`[[first] planned] <milestone> [at origin|transshipment|destination]`, or a list of alternatives; with a place, only what is tied to it counts',
  schema: oneOrMore(MILESTONE_SCHEMA, 1),
  read: readSomeMilestones,
};

/** Planned milestones: what a deadline hangs on. */
export const PLANS: ValueType<readonly MilestoneRef[]> = {
  name: 'plans',
  words:
    '`[first] planned <milestone> [at origin|transshipment|destination]`, or a list of alternatives; the plan as it stands, or the one that was stated first',
  schema: oneOrMore(PLAN_SCHEMA, 1),
  read: (node, report, key) => {
    const refs = readSomeMilestones(node, report, key);
    for (const ref of refs) {
      if (ref.classifier === 'planned') continue;
      const text = milestoneRefText(ref);
      const message = `${key}: nothing can be due before "${text}" has been planned`;
      report.error(node.place, 'not-planned', message, `write planned ${text}`);
    }
    return refs;
  },
};

function readSomeMilestones(node: YamlNode, report: YamlReport, key: string): MilestoneRef[] {
  if (node.kind === 'list' && node.items.length === 0)
    report.error(node.place, 'wrong-type', `${key}: expected ${SHAPE}, found an empty list`);
  return readMilestoneRefs(node, report, key);
}

/**
 * `[[first] planned] <milestone> [at origin|transshipment|destination]`; one text or a list of alternatives. What is wrong is
 * reported at the very word.
 */
export function readMilestoneRefs(node: YamlNode, report: YamlReport, what: string): MilestoneRef[] {
  const out: MilestoneRef[] = [];
  for (const { text, node: item } of readTextNodes(node, report, what, 'customs.released')) {
    const ref = readMilestoneRef(text, item, report, what);
    if (ref !== undefined) out.push(ref);
  }
  return out;
}

function readMilestoneRef(
  text: string,
  node: YamlNode,
  report: YamlReport,
  what: string,
): MilestoneRef | undefined {
  const words = [...text.matchAll(/\S+/g)].map((m) => ({ text: m[0], at: m.index }));
  const fail = (word: { text: string; at: number }, code: string, message: string, fix?: string): undefined =>
    report.error(placeWithin(node, word.at, word.text.length), code, `${what}: ${message}`, fix) as undefined;
  let said: Pick<MilestoneRef, 'classifier' | 'first'> = { classifier: 'actual' };
  const opening = words[0]!;
  if (opening.text === 'planned' || opening.text === 'actual') {
    said = { classifier: opening.text };
    words.shift();
  } else if (opening.text === 'first') {
    if (words[1]?.text !== 'planned')
      return fail(opening, 'unknown-classifier', 'there is a first of plans only', 'write first planned');
    said = { classifier: 'planned', first: true };
    words.splice(0, 2);
  } else if (opening.text === 'estimated') {
    return fail(opening, 'unknown-classifier', 'an estimate is no deadline', 'write planned or actual');
  }
  const [code, at, role, extra] = words;
  if (code === undefined) return fail(opening, 'wrong-type', `expected ${SHAPE}`);
  if (!isMilestone(code.text)) {
    const place = placeWithin(node, code.at, code.text.length);
    report.unknown(place, 'unknown-milestone', `${what}: "${code.text}" is no milestone`, code.text, CODES);
    return undefined;
  }
  if (at === undefined) return { milestone: code.text, ...said };
  if (at.text !== 'at' || role === undefined) {
    return fail(
      at,
      'wrong-type',
      `expected ${SHAPE}`,
      `write "${code.text} at destination" or only "${code.text}"`,
    );
  }
  const found = ROLES.find((r) => r === role.text);
  if (found === undefined) {
    const place = placeWithin(node, role.at, role.text.length);
    report.unknown(place, 'unknown-place', `${what}: "${role.text}" is no role of a place`, role.text, ROLES);
    return undefined;
  }
  if (extra !== undefined) return fail(extra, 'wrong-type', `nothing is expected after "at ${found}"`);
  return { milestone: code.text, role: found, ...said };
}

/** `arrived at destination`: the text that {@link readMilestoneRefs} reads back. */
export const milestoneRefText = (ref: MilestoneRef): string =>
  `${ref.first ? 'first ' : ''}${ref.classifier === 'planned' ? 'planned ' : ''}${ref.milestone}${ref.role === undefined ? '' : ` at ${ref.role}`}`;
