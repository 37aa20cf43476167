import type { PauseCondition } from './sla.ts';
import { readFields } from './yaml-reader.ts';
import type { YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import {
  mappingSchema,
  oneOf,
  oneOrMore,
  optional,
  readKeys,
  required,
  TEXT,
  type ValueType,
} from './yaml-type.ts';
import { readOneOf } from './yaml-values.ts';

/** States that have a ledger: who opened them, and when they were closed. */
export const HOLD_STATES = ['customs.hold'] as const;

const PAUSE_STATES = ['customs.hold', 'under-way'] as const;

/** Keys of a state that is written as a mapping. */
const STATE_KEYS = {
  state: required(oneOf(HOLD_STATES), 'the state', 'customs.hold'),
  agency: optional(TEXT, 'only holds of this agency', 'FDA'),
};

/** States in which a clock stands still. */
export const PAUSES: ValueType<readonly PauseCondition[]> = {
  name: 'states',
  words:
    '`customs.hold` (of one agency: `{ state: customs.hold, agency: FDA }`), `under-way` (the goods are between two stops), or a list of them',
  schema: oneOrMore({
    anyOf: [{ enum: PAUSE_STATES }, mappingSchema(STATE_KEYS)],
  }),
  read: (node, report, key) =>
    (node.kind === 'list' ? node.items : [node]).flatMap((item) => readPause(item, report, key) ?? []),
};

function readPause(node: YamlNode, report: YamlReport, key: string): PauseCondition | undefined {
  if (node.kind !== 'map') {
    const state = readOneOf(node, report, key, PAUSE_STATES);
    return state && { state };
  }
  const fields = readFields(node, report, key)!;
  const { state, agency } = readKeys(fields, STATE_KEYS);
  fields.end();
  return state && { state, ...(agency !== undefined && { agency }) };
}
