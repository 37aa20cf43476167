import type { AlertChangeKind } from './alert.ts';
import type { Expectation } from './testing.ts';
import { checkChannel, readShipmentName, type TestContext } from './testing-parse.ts';
import { readTime } from './testing-time.ts';
import type { ClockState, VerdictReason } from './verdict.ts';
import { REASON_TEXTS, STATE_TEXTS } from './verdict-text.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlEntry, YamlNode } from './yaml-tree.ts';
import { readOneOf, readTextNodes } from './yaml-values.ts';

const CLOCK_STATES = Object.keys(STATE_TEXTS) as readonly ClockState[];
const VERDICT_REASONS = Object.keys(REASON_TEXTS) as readonly VerdictReason[];

const ALERT_KINDS: readonly AlertChangeKind[] = [
  'at-risk',
  'fired',
  'fired-unconfirmed',
  'confirmed',
  'resolved',
  'withdrawn',
  'reopened',
];

const SHAPE = /^(clock|alerts?|channel)(?: +(\S+))?$/;

/**
 * Reads `expect:`. One entry says of one moment what must then be so:
 *
 *     - { at: 2026-06-02 09:00, clock eu-import-release: breached, alert eu-import-release: fired }
 */
export function readExpectations(nodes: readonly YamlNode[], context: TestContext): readonly Expectation[] {
  const expectations = nodes.flatMap((node) => {
    const fields = readFields(node, context.report, 'an expectation');
    return fields === undefined ? [] : readMoment(fields, context);
  });
  return expectations.sort((a, b) => a.at - b.at);
}

function readMoment(fields: Fields, context: TestContext): Expectation[] {
  const { report, zone } = context;
  const at = fields.required('at', (node) => readTime(node, report, 'at', zone), '2026-06-01 09:00');
  const shipment = readShipmentName(fields, context);
  const out: Expectation[] = [];
  for (const entry of fields.node.entries) {
    const words = SHAPE.exec(entry.key);
    if (words === null) continue;
    fields.entry(entry.key);
    const expects = readExpects(words[1]!, words[2], entry, context);
    if (at !== undefined && expects !== undefined)
      out.push({ at: at.to, place: entry.keyPlace, shipment, expects });
  }
  if (out.length === 0 && at !== undefined && !report.hasErrors) {
    report.error(
      fields.place,
      'nothing-expected',
      'nothing is expected here',
      'add clock <rule>: <state> or alert <rule>: <change>',
    );
  }
  fields.end();
  return out;
}

function readExpects(
  of: string,
  name: string | undefined,
  { key, keyPlace, value }: YamlEntry,
  context: TestContext,
): Expectation['expects'] | undefined {
  const { report } = context;
  if (of === 'clock') return readClock(name, key, value, context);
  if (of === 'alert') {
    const last = readOneOf(value, report, key, [...ALERT_KINDS, 'none']);
    return last === undefined ? undefined : { of, rule: name, last };
  }
  if (of === 'alerts') {
    const all = readTextNodes(value, report, key, 'fired').map(({ node }) =>
      readOneOf(node, report, key, ALERT_KINDS),
    );
    return { of, rule: name, all: all.flatMap((kind) => kind ?? []) };
  }
  if (name === undefined) {
    report.error(keyPlace, 'missing-key', 'which channel?', 'write channel <name>: blind');
    return undefined;
  }
  checkChannel(name, keyPlace, context);
  const status = readOneOf(value, report, key, ['hearing', 'blind', 'never-heard']);
  return status === undefined ? undefined : { of: 'channel', channel: name, status };
}

function readClock(
  rule: string | undefined,
  key: string,
  value: YamlNode,
  { report, zone }: TestContext,
): Expectation['expects'] | undefined {
  const states = [...CLOCK_STATES, 'none'] as const;
  if (value.kind === 'scalar') {
    const state = readOneOf(value, report, key, states);
    return state === undefined ? undefined : { of: 'clock', rule, state };
  }
  const fields = readFields(value, report, key);
  if (fields === undefined) return undefined;
  const state = fields.required('state', (node) => readOneOf(node, report, 'state', states), 'breached');
  const reason = fields.oneOf('reason', VERDICT_REASONS);
  const dueNode = fields.get('due');
  const due = dueNode && readTime(dueNode, report, 'due', zone);
  const subject = fields.text('subject');
  fields.end();
  if (state === undefined) return undefined;
  return {
    of: 'clock',
    rule,
    state,
    ...(reason && { reason }),
    ...(due && { due: due.to }),
    ...(subject !== undefined && { subject }),
  };
}
