import type { Classifier } from './event.ts';
import { readMilestoneRefs } from './sla-milestone.ts';
import type { Step } from './testing.ts';
import { checkChannel, readAttributes, readShipmentName, type TestContext } from './testing-parse.ts';
import { readTime } from './testing-time.ts';
import type { EpochMs } from './time.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlNode } from './yaml-tree.ts';

const CHANNEL_STEPS = {
  blind: 'blind',
  returns: 'returns',
  dead_letter: 'dead-letter',
  resolved: 'resolved',
} as const;

/** Reads `timeline:` and puts it in order of log time; steps of one moment keep their order. */
export function readSteps(nodes: readonly YamlNode[], context: TestContext): readonly Step[] {
  const steps = nodes.flatMap((node, index) => readStep(node, index + 1, context) ?? []);
  const heard = steps.map((step) => (step.kind === 'event' ? whenHeard(step, steps) : step));
  return heard.sort((a, b) => a.at - b.at);
}

function readStep(node: YamlNode, number: number, context: TestContext): Step | undefined {
  const { report, zone } = context;
  const fields = readFields(node, report, 'a step of the timeline');
  if (fields === undefined) return undefined;
  const at = fields.required('at', (value) => readTime(value, report, 'at', zone), '2026-06-01 09:00');
  if (at === undefined) return undefined;
  for (const [key, kind] of Object.entries(CHANNEL_STEPS)) {
    const channel = fields.text(key);
    if (channel === undefined) continue;
    checkChannel(channel, fields.get(key)!.place, context);
    fields.end();
    return { kind, at: at.to, channel };
  }
  if (fields.has('reports')) return readReports(fields, at.to, context);
  const rule = fields.text('waive');
  if (rule !== undefined) {
    const shipment = readShipmentName(fields, context);
    fields.end();
    return { kind: 'waive', at: at.to, shipment, rule };
  }
  return readEvent(fields, number, at, context);
}

function readReports(fields: Fields, at: EpochMs, context: TestContext): Step {
  const channel = fields.text('reports') ?? '';
  checkChannel(channel, fields.get('reports')!.place, context);
  const step = {
    kind: 'reports',
    at,
    channel,
    partner: fields.text('partner') ?? partnerOf(channel, context),
    lagMs: fields.duration('lag') ?? 0,
    times: fields.number('times', { min: 1, max: 10_000, integer: true }) ?? 1,
  } as const;
  fields.end();
  return step;
}

/** Who speaks through a channel when a step does not tell. */
function partnerOf(source: string, { channels }: TestContext): string {
  const channel = channels.find(({ name }) => name === source);
  return (
    (channel === undefined || channel.partners === 'from-messages' ? [] : channel.partners)[0] ?? 'partner'
  );
}

function readEvent(
  fields: Fields,
  number: number,
  occurredAt: NonNullable<ReturnType<typeof readTime>>,
  context: TestContext,
): Step | undefined {
  const { report, zone, channels } = context;
  const estimated = fields.flag('estimated') ?? false;
  const refs = fields.required(
    'event',
    (node) => readMilestoneRefs(node, report, 'event'),
    'arrived at destination',
  );
  const ref = refs?.[0];
  const observed = fields.get('observed');
  const observedAt = observed && readTime(observed, report, 'observed', zone);
  const source = fields.text('source') ?? channels[0]?.name ?? 'test';
  const agency = fields.text('agency');
  const reason = fields.text('reason');
  const leg = fields.text('leg');
  const subject = fields.text('subject');
  const unlocode = fields.text('place');
  const id = fields.text('id') ?? `step-${number}`;
  const partner = fields.text('partner') ?? partnerOf(source, context);
  const attributes = readAttributes(fields, report);
  const retracted = fields.flag('retracted') ?? false;
  const shipment = readShipmentName(fields, context);
  fields.end();
  if (ref === undefined) return undefined;
  if (ref.first) {
    const message = 'event: which plan was the first follows from the steps';
    report.error(fields.get('event')!.place, 'unknown-classifier', message, 'write planned');
  }
  const classifier: Classifier = estimated ? 'estimated' : ref.classifier;
  return {
    kind: 'event',
    at: observedAt?.to ?? occurredAt.to,
    shipment,
    id,
    order: number,
    milestone: ref.milestone,
    occurrence: {
      ...(ref.role && { role: ref.role }),
      ...(leg !== undefined && { leg }),
      ...(subject !== undefined && { subject }),
    },
    classifier,
    occurredAt,
    source,
    partner,
    place: unlocode === undefined ? {} : { unlocode },
    attributes: {
      ...(agency !== undefined && { 'hold.agency': agency }),
      ...(reason !== undefined && { 'hold.reason': reason }),
      ...attributes,
    },
    retracted,
    text: fields.text('event') ?? ref.milestone,
  };
}

/** What a blind channel would have told is heard when it returns, unless the test says when; what never returns is never heard. */
function whenHeard(step: Extract<Step, { kind: 'event' }>, steps: readonly Step[]): Step {
  if (step.at !== step.occurredAt.to) return step;
  let since: EpochMs | undefined;
  for (const other of [...steps].sort((a, b) => a.at - b.at)) {
    if ((other.kind !== 'blind' && other.kind !== 'returns') || other.channel !== step.source) continue;
    if (other.kind === 'blind' && other.at <= step.at) since = other.at;
    if (other.kind === 'returns' && other.at <= step.at) since = undefined;
    if (other.kind === 'returns' && other.at > step.at && since !== undefined)
      return { ...step, at: other.at };
  }
  return since === undefined ? step : { ...step, at: Number.POSITIVE_INFINITY };
}
