import { isMilestone, MILESTONES } from './milestone.ts';
import type { Count, Reconcile, ValueRef } from './sla.ts';
import type { Fields } from './yaml-reader.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import { readText, readTextNodes } from './yaml-values.ts';

const ATTRIBUTE = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/;

/** `values:`, `tolerance:` and `first_digits:` of a `reconcile` rule. */
export function readReconcile(fields: Fields): Reconcile {
  const { report } = fields;
  const example = '[duty.amount of duty.assessed, duty.posted.amount]';
  const nodes = fields.required('values', (n) => readTextNodes(n, report, 'values', example), example) ?? [];
  const values = nodes.flatMap(({ text, node }) => readValueRef(text, node, report) ?? []);
  const node = fields.get('values');
  if (node !== undefined && nodes.length === 1) {
    report.error(node.place, 'one-value', 'values: one value has nothing to agree with', `write ${example}`);
  }
  const tolerance = fields.get('tolerance');
  return {
    values,
    tolerance: (tolerance && readTolerance(tolerance, report)) ?? { share: 0, amount: 0, text: '' },
    firstDigits: fields.number('first_digits', { min: 1, max: 20, integer: true }),
  };
}

/** `duty.amount`, `goods.hs of customs.filed`, `goods.hs from sap-deliveries`, `duty.amount of duty.invoiced from broker`. */
function readValueRef(text: string, node: YamlNode, report: YamlReport): ValueRef | undefined {
  const m = /^(\S+)(?:\s+of\s+(\S+))?(?:\s+from\s+(\S+))?$/.exec(text.trim());
  const at = (word: string): ReturnType<typeof placeWithin> =>
    placeWithin(node, Math.max(0, text.indexOf(word)), word.length);
  if (m === null || !ATTRIBUTE.test(m[1]!)) {
    const fix = 'write duty.amount, duty.amount of duty.assessed, or goods.hs from sap';
    report.error(at(text), 'bad-value', `values: "${text}" names no attribute`, fix);
    return undefined;
  }
  const [, attribute, milestone, source] = m;
  if (milestone !== undefined && !isMilestone(milestone)) {
    const message = `values: "${milestone}" is no milestone`;
    report.unknown(at(milestone), 'unknown-milestone', message, milestone, Object.keys(MILESTONES));
    return undefined;
  }
  return { attribute: attribute!, milestone, source, text: text.trim() };
}

/** `0.5%`, `5`, `0.5% or 5`: what is within either agrees. */
function readTolerance(node: YamlNode, report: YamlReport): Reconcile['tolerance'] | undefined {
  const text = readText(node, report, 'tolerance', '0.5% or 5');
  if (text === undefined) return undefined;
  const m = /^(?:(\d+(?:\.\d+)?)\s*%)?(?:\s*or\s+)?(\d+(?:\.\d+)?)?$/.exec(text.trim());
  const both = m?.[1] !== undefined && m[2] !== undefined;
  if (m === null || (m[1] === undefined && m[2] === undefined) || both !== /\bor\b/.test(text)) {
    const fix = 'write 0.5%, 5, or 0.5% or 5';
    report.error(node.place, 'bad-tolerance', `tolerance: "${text}" is no tolerance`, fix);
    return undefined;
  }
  return { share: Number(m[1] ?? 0) / 100, amount: Number(m[2] ?? 0), text: text.trim() };
}

/** `same:` of a `duplicate` rule: attributes by which goods are known to be the same. */
export function readSame(fields: Fields): readonly string[] {
  const { report } = fields;
  const example = '[goods.hs, goods.quantity, goods.value]';
  const nodes = fields.required('same', (n) => readTextNodes(n, report, 'same', 'goods.hs'), example) ?? [];
  return nodes.flatMap(({ text, node }) => {
    if (ATTRIBUTE.test(text)) return [text];
    report.error(
      placeWithin(node, 0, text.length),
      'bad-value',
      `same: "${text}" is no attribute`,
      `write ${example}`,
    );
    return [];
  });
}

/** `at_most:`, `warn_at:` and `per:` of a `count` rule. */
export function readCount(fields: Fields): Count {
  const { report } = fields;
  const whole = { min: 0, integer: true } as const;
  if (!fields.has('at_most')) fields.required('at_most', () => undefined, '2');
  const atMost = fields.number('at_most', whole) ?? 0;
  const warnAt = fields.number('warn_at', { min: 1, integer: true });
  if (warnAt !== undefined && warnAt > atMost) {
    const message = `warn_at: ${warnAt} is too many already (at_most: ${atMost})`;
    report.error(fields.get('warn_at')!.place, 'warn-after-breach', message, `write ${atMost} or less`);
  }
  return { atMost, warnAt, per: fields.oneOf('per', ['subject', 'shipment']) ?? 'subject' };
}
