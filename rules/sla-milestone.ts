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
  anyOf: [{ enum: CODES }, { type: 'string', pattern: milestonePattern('((planned|actual)\\s+)?') }],
} as const;

export const PLAN_SCHEMA = {
  anyOf: [
    { enum: CODES.map((code) => `planned ${code}`) },
    { type: 'string', pattern: milestonePattern('planned\\s+') },
  ],
} as const;

/** Milestones: one or alternatives. */
export const MILESTONE_REFS: ValueType<readonly MilestoneRef[]> = {
  name: 'milestones',
  words:
    '`[planned] <milestone> [at origin|transshipment|destination]`, or a list of alternatives; with a place, only what is tied to it counts',
  schema: oneOrMore(MILESTONE_SCHEMA, 1),
  read: readSomeMilestones,
};

/** Planned milestones: what a deadline hangs on. */
export const PLANS: ValueType<readonly MilestoneRef[]> = {
  name: 'plans',
  words: '`planned <milestone> [at origin|transshipment|destination]`, or a list of alternatives',
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
 * `[planned] <milestone> [at origin|transshipment|destination]`; one text or a list of alternatives. What is wrong is
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
  let classifier: MilestoneRef['classifier'] = 'actual';
  const first = words[0]!;
  if (first.text === 'planned' || first.text === 'actual') {
    classifier = first.text;
    words.shift();
  } else if (first.text === 'estimated') {
    return fail(first, 'unknown-classifier', 'an estimate is no deadline', 'write planned or actual');
  }
  const [code, at, role, extra] = words;
  if (code === undefined) return fail(first, 'wrong-type', `expected ${SHAPE}`);
  if (!isMilestone(code.text)) {
    const place = placeWithin(node, code.at, code.text.length);
    report.unknown(place, 'unknown-milestone', `${what}: "${code.text}" is no milestone`, code.text, CODES);
    return undefined;
  }
  if (at === undefined) return { milestone: code.text, classifier };
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
  return { milestone: code.text, role: found, classifier };
}

/** `arrived at destination`: the text that {@link readMilestoneRefs} reads back. */
export const milestoneRefText = (ref: MilestoneRef): string =>
  `${ref.classifier === 'planned' ? 'planned ' : ''}${ref.milestone}${ref.role === undefined ? '' : ` at ${ref.role}`}`;
