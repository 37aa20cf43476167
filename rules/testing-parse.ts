import { type ChannelSource, VIAS } from './channels-channel.ts';
import type { AttributeValue } from './event.ts';
import type { MilestoneCode } from './milestone.ts';
import type { Problem } from './problem.ts';
import { readMilestoneRefs } from './sla-milestone.ts';
import type { Scenario, TestFile } from './testing.ts';
import { readExpectations } from './testing-expect.ts';
import { readSteps } from './testing-steps.ts';
import { readReportingLag } from './yaml-lag.ts';
import { type Fields, readFields, readYaml } from './yaml-reader.ts';
import type { YamlReport } from './yaml-report.ts';
import { readExpression, readZone } from './yaml-terms.ts';
import type { Place, YamlEntry, YamlNode } from './yaml-tree.ts';

/** Name of the shipment of a scenario that names none. */
export const ONLY_SHIPMENT = 'shipment';

/**
 * Reads a `*.test.yaml` file (see rules/README.md, "Testing a pack"). Every problem is reported with its place; `testFile` is
 * absent when the file cannot be run.
 */
export function parseTestFile(
  text: string,
  file: string,
): { testFile?: TestFile; problems: readonly Problem[] } {
  const { root, report } = readYaml(text, file, 'a test of rules');
  if (root === undefined) return { problems: report.problems };
  const zoneNode = root.get('zone');
  const zone = (zoneNode && readZone(zoneNode, report, 'zone')) ?? 'UTC';
  const rules = root.texts('rules', 'eu-import.yaml');
  const shared = readAttributes(root, report);
  const scenarios = root
    .named('scenarios')
    .flatMap((entry) => readScenario(entry, zone, shared, report) ?? []);
  if (!root.has('scenarios')) {
    report.error(
      { line: 1, column: 1, length: 1 },
      'missing-key',
      'a test of rules needs "scenarios"',
      'add scenarios:',
    );
  }
  root.end();
  if (report.hasErrors) return { problems: report.problems };
  const own = file.replace(/^.*\//, '').replace(/\.test\.ya?ml$/, '.yaml');
  const testFile = { file, rules: rules.length === 0 ? [own] : rules, zone, scenarios };
  return { testFile, problems: report.problems };
}

function readScenario(
  { key, keyPlace, value }: YamlEntry,
  zone: string,
  shared: Readonly<Record<string, AttributeValue>>,
  report: YamlReport,
): Scenario | undefined {
  const fields = readFields(value, report, `scenario "${key}"`);
  if (fields === undefined) return undefined;
  const attributes = { ...shared, ...readAttributes(fields, report) };
  const channels = fields.named('channels').flatMap((entry) => readChannel(entry, report) ?? []);
  const shipments = readShipments(fields, attributes, report);
  const context = { zone, report, shipments: [...shipments.keys()], channels };
  const steps = readSteps(fields.list('timeline'), context);
  const expectations = readExpectations(fields.list('expect'), context);
  if (expectations.length === 0 && !report.hasErrors) {
    report.warning(keyPlace, 'nothing-expected', `scenario "${key}" expects nothing`, 'add expect:');
  }
  fields.end();
  return { name: key, place: keyPlace, shipments, channels, steps, expectations };
}

function readShipments(
  fields: Fields,
  attributes: Readonly<Record<string, AttributeValue>>,
  report: YamlReport,
): Scenario['shipments'] {
  const shipments = new Map<string, Readonly<Record<string, AttributeValue>>>();
  for (const { key, value } of fields.named('shipments')) {
    const own = value.kind === 'scalar' && value.value === null ? {} : attributesOf(value, report, key);
    shipments.set(key, { ...attributes, ...own });
  }
  if (shipments.size === 0) shipments.set(ONLY_SHIPMENT, attributes);
  return shipments;
}

export function readAttributes(fields: Fields, report: YamlReport): Readonly<Record<string, AttributeValue>> {
  const node = fields.get('attributes');
  return node === undefined ? {} : attributesOf(node, report, 'attributes');
}

function attributesOf(
  node: YamlNode,
  report: YamlReport,
  what: string,
): Readonly<Record<string, AttributeValue>> {
  const out: Record<string, AttributeValue> = {};
  for (const { key, value } of readFields(node, report, what)?.all() ?? []) {
    if (value.kind === 'scalar' && value.value !== null) out[key] = value.value;
    else report.error(value.place, 'wrong-type', `${key}: an attribute is a text, a number, true or false`);
  }
  return out;
}

/**
 * A source as the configuration would have it, cut down to what hearing needs. It proves itself at all times unless the
 * timeline says that it is blind.
 */
function readChannel({ key, value }: YamlEntry, report: YamlReport): ChannelSource | undefined {
  const fields = readFields(value, report, `channel ${key}`);
  if (fields === undefined) return undefined;
  const proves = fields.required(
    'proves',
    (node) => readMilestoneRefs(node, report, 'proves'),
    'customs.released',
  );
  const partners = fields.texts('partners');
  const expectEveryMs = fields.duration('expect_every');
  const lag = readReportingLag(fields);
  const via = fields.oneOf('via', VIAS);
  const serves = fields.get('serves');
  const condition = serves === undefined ? undefined : readExpression(serves, report, 'serves');
  fields.end();
  return {
    name: key,
    partners: partners.length === 0 ? [key] : partners,
    proves: (proves ?? []).map(({ milestone }): MilestoneCode => milestone),
    ...(expectEveryMs !== undefined && { expectEveryMs }),
    ...lag,
    ...(via !== undefined && { via }),
    bestEffort: false,
    ...(condition && { serves: condition }),
    provenBy: 'heartbeats',
  };
}

/** What steps and expectations may name. */
export interface TestContext {
  readonly zone: string;
  readonly report: YamlReport;
  readonly shipments: readonly string[];
  readonly channels: readonly ChannelSource[];
}

export function readShipmentName(fields: Fields, { report, shipments }: TestContext): string {
  const name = fields.text('shipment');
  if (name === undefined) return shipments[0]!;
  const place: Place = fields.get('shipment')!.place;
  if (!shipments.includes(name))
    report.unknown(place, 'unknown-shipment', `there is no shipment "${name}" here`, name, shipments);
  return name;
}

export function checkChannel(name: string, place: Place, { report, channels }: TestContext): void {
  const known = channels.map((channel) => channel.name);
  if (!known.includes(name))
    report.unknown(place, 'unknown-channel', `there is no channel "${name}" here`, name, known);
}
