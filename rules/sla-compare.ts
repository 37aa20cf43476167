import { isMilestone, MILESTONES } from './milestone.ts';
import type { Reconcile, ValueRef } from './sla.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import { oneOrMore, type ValueType } from './yaml-type.ts';
import { readText, readTextNodes } from './yaml-values.ts';

const ATTRIBUTE_PATTERN = '[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*';
const ATTRIBUTE = new RegExp(`^${ATTRIBUTE_PATTERN}$`);

/** `values:` of a `reconcile` rule. */
export const VALUES: ValueType<readonly ValueRef[]> = {
  name: 'values',
  words:
    'a list of `<attribute> [of <milestone>] [from <source>]`: `duty.amount of duty.assessed`, `goods.hs from sap`',
  schema: {
    type: 'array',
    minItems: 2,
    items: {
      type: 'string',
      pattern: `^\\s*${ATTRIBUTE_PATTERN}(\\s+of\\s+(${Object.keys(MILESTONES).join('|').replaceAll('.', '\\.')}))?(\\s+from\\s+\\S+)?\\s*$`,
    },
  },
  read: (node, report, key, example) => {
    const nodes = readTextNodes(node, report, key, example);
    if (nodes.length < 2) {
      const message = `${key}: one value has nothing to agree with`;
      report.error(node.place, 'one-value', message, `write ${example}`);
    }
    return nodes.flatMap(({ text, node: item }) => readValueRef(text, item, report, key) ?? []);
  },
};

function readValueRef(text: string, node: YamlNode, report: YamlReport, key: string): ValueRef | undefined {
  const m = /^(\S+)(?:\s+of\s+(\S+))?(?:\s+from\s+(\S+))?$/.exec(text.trim());
  const at = (word: string): ReturnType<typeof placeWithin> =>
    placeWithin(node, Math.max(0, text.indexOf(word)), word.length);
  if (m === null || !ATTRIBUTE.test(m[1]!)) {
    const fix = 'write duty.amount, duty.amount of duty.assessed, or goods.hs from sap';
    report.error(at(text), 'bad-value', `${key}: "${text}" names no attribute`, fix);
    return undefined;
  }
  const [, attribute, milestone, source] = m;
  if (milestone !== undefined && !isMilestone(milestone)) {
    const message = `${key}: "${milestone}" is no milestone`;
    report.unknown(at(milestone), 'unknown-milestone', message, milestone, Object.keys(MILESTONES));
    return undefined;
  }
  return { attribute: attribute!, milestone, source, text: text.trim() };
}

/** How much numbers may differ: what is within either agrees. */
export const TOLERANCE: ValueType<Reconcile['tolerance']> = {
  name: 'tolerance',
  words: 'a share `0.5%`, an amount `5`, or what is within either: `0.5% or 5`',
  schema: {
    anyOf: [
      { type: 'number', minimum: 0 },
      {
        type: 'string',
        pattern: '^\\s*(\\d+(\\.\\d+)?\\s*%(\\s*or\\s+\\d+(\\.\\d+)?)?|\\d+(\\.\\d+)?)\\s*$',
      },
    ],
  },
  read: (node, report, key, example) => {
    const text = readText(node, report, key, example);
    if (text === undefined) return undefined;
    const m = /^(?:(\d+(?:\.\d+)?)\s*%)?(?:\s*or\s+)?(\d+(?:\.\d+)?)?$/.exec(text.trim());
    const both = m?.[1] !== undefined && m[2] !== undefined;
    if (m === null || (m[1] === undefined && m[2] === undefined) || both !== /\bor\b/.test(text)) {
      const fix = 'write 0.5%, 5, or 0.5% or 5';
      report.error(node.place, 'bad-tolerance', `${key}: "${text}" is no tolerance`, fix);
      return undefined;
    }
    return { share: Number(m[1] ?? 0) / 100, amount: Number(m[2] ?? 0), text: text.trim() };
  },
};

/** Attributes by which goods are known to be the same. */
export const ATTRIBUTE_NAMES: ValueType<readonly string[]> = {
  name: 'attributes',
  words: 'an attribute, or a list of them',
  schema: oneOrMore({ type: 'string', pattern: `^${ATTRIBUTE_PATTERN}$` }, 1),
  read: (node, report, key, example) =>
    readTextNodes(node, report, key, example).flatMap(({ text, node: item }) => {
      if (ATTRIBUTE.test(text)) return [text];
      const place = placeWithin(item, 0, text.length);
      report.error(place, 'bad-value', `${key}: "${text}" is no attribute`, `write ${example}`);
      return [];
    }),
};
