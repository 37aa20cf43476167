import type { DateRef } from './sla.ts';
import { milestoneRefText, PLAN_SCHEMA, readMilestoneRefs } from './sla-milestone.ts';
import { placeWithin } from './yaml-report.ts';
import { oneOrMore, type ValueType } from './yaml-type.ts';
import { readTextNodes } from './yaml-values.ts';

const ATTRIBUTE_PATTERN = '^[a-z][a-z0-9_.]*$';
const ATTRIBUTE = new RegExp(ATTRIBUTE_PATTERN);

/** Dates that were agreed, in order of preference: `planned delivered`, `first planned delivered`, or an attribute that holds a date. */
export const DATES: ValueType<readonly DateRef[]> = {
  name: 'dates',
  words: '`[first] planned <milestone>`, or an attribute that holds a date; or a list in order of preference',
  schema: oneOrMore({ anyOf: [...PLAN_SCHEMA.anyOf, { type: 'string', pattern: ATTRIBUTE_PATTERN }] }),
  read: (node, report, key, example) => {
    const dates: DateRef[] = [];
    for (const { text, node: item } of readTextNodes(node, report, key, example)) {
      if (ATTRIBUTE.test(text)) {
        dates.push({ attribute: text });
        continue;
      }
      const refs = readMilestoneRefs(item, report, key);
      const plain = refs.find((ref) => ref.classifier !== 'planned');
      if (plain !== undefined) {
        const message = `${key}: "${milestoneRefText(plain)}" is no date that was agreed`;
        const fix = `write planned ${milestoneRefText(plain)}, or the attribute that holds the date`;
        report.error(placeWithin(item, 0, text.length), 'not-planned', message, fix);
      }
      dates.push(...refs);
    }
    return dates;
  },
};
