import type { ShipmentEvent } from '../../rules/event.ts';
import { refText } from '../../rules/refs.ts';
import type { TimeSpan } from '../../rules/time.ts';
import { type Fields, readFields, readYaml } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import type { CompiledMap, LoggedMessage, MapResult, SourceIdentity } from './map.ts';
import { readTime } from './time-text.ts';

/** One difference between what a test expects and what the map made. */
export interface TestOutcome {
  readonly name: string;
  readonly line: number;
  readonly differences: readonly string[];
}

/** Opens the file that a test names (`message_file`), relative to the test file. */
export type ReadFile = (name: string) => Uint8Array;

/**
 * Runs a `*.test.yaml` that lies beside a map. Each test has a `message` (text) or `message_file`, optional `headers`,
 * `source` and `observed_at`, and `expect`: a list of events (only the fields written are compared, all events must be there, in
 * order), or `{dead_letter: code}`, or `ignored`; `unmapped` lists the kinds and values of what was noted.
 */
export function runMapTests(
  text: string,
  file: string,
  map: CompiledMap,
  readFile: ReadFile,
): readonly TestOutcome[] {
  const { root, report } = readYaml(text, file, 'the map test');
  const outcomes: TestOutcome[] = [];
  if (root !== undefined) {
    root.text('map');
    const source = root.get('source');
    for (const node of root.list('tests')) {
      const fields = readFields(node, report, 'a test');
      if (fields !== undefined) outcomes.push(runTest(fields, source, map, readFile));
    }
    root.end();
  }
  const broken = report.problems.map((p) => `${p.file}:${p.line}:${p.column}: ${p.message}`);
  return broken.length === 0
    ? outcomes
    : [...outcomes, { name: 'the file itself', line: 1, differences: broken }];
}

function runTest(
  test: Fields,
  source: YamlNode | undefined,
  map: CompiledMap,
  readFile: ReadFile,
): TestOutcome {
  const name = test.requiredText('name') ?? '';
  const file = test.text('message_file');
  const data = file === undefined ? new TextEncoder().encode(test.text('message') ?? '') : readFile(file);
  const headers = test.fields('headers');
  const observed = readTime(test.text('observed_at') ?? '2026-01-01T00:00:00Z', 'iso')?.at ?? 0;
  const sourceId = headers?.text('source_id');
  const partner = headers?.text('partner');
  const correlationId = headers?.text('correlation_id');
  const order = headers?.number('revision');
  const message: LoggedMessage = {
    stream: 'TEST',
    sequence: 1,
    subject: 'test',
    observedAt: observed,
    contentType: headers?.text('content_type') ?? 'application/json',
    ...(sourceId !== undefined && { sourceId }),
    ...(partner !== undefined && { partner }),
    ...(correlationId !== undefined && { correlationId }),
    ...(order !== undefined && { revision: { order, tag: '' } }),
    data,
  };
  headers?.end();
  const result = map.map(message, sourceOf(plain(test.get('source') ?? source)));
  const differences: string[] = [];
  compareResult(plain(test.get('expect')), result, differences);
  const unmapped = plain(test.get('unmapped'));
  if (unmapped !== undefined) compareNotes(unmapped, result, differences);
  test.end();
  return { name, line: test.place.line, differences };
}

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

function plain(node: YamlNode | undefined): Plain | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map((item) => plain(item) ?? null);
  return Object.fromEntries(node.entries.map((e) => [e.key, plain(e.value) ?? null]));
}

const isRecord = (value: Plain | undefined): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sourceOf(written: Plain | undefined): SourceIdentity {
  const fields = isRecord(written) ? written : {};
  const text = (key: string, otherwise: string): string => String(fields[key] ?? otherwise);
  const name = text('name', 'test');
  const base = {
    name,
    tenant: text('tenant', 'default'),
    partner: text('partner', name),
    fallbackZone: text('fallback_zone', 'UTC'),
  };
  return fields.zone === undefined ? base : { ...base, zone: String(fields.zone) };
}

function compareResult(expected: Plain | undefined, result: MapResult, differences: string[]): void {
  if (isRecord(expected) && expected.dead_letter !== undefined) {
    const made = result.kind === 'dead-letter' ? result.code : result.kind;
    if (made !== expected.dead_letter)
      differences.push(`expected the dead letter ${expected.dead_letter}, got ${made}`);
    return;
  }
  if (expected === 'ignored') {
    if (result.kind !== 'ignored') differences.push(`expected ignored, got ${result.kind}`);
    return;
  }
  if (result.kind !== 'events') {
    differences.push(`expected events, got ${result.kind}: ${result.reason}`);
    return;
  }
  const list = Array.isArray(expected) ? expected : [];
  if (list.length !== result.events.length) {
    differences.push(`expected ${list.length} events, got ${result.events.length}:`);
    for (const event of result.events) differences.push(`  ${JSON.stringify(describeEvent(event))}`);
  }
  list.forEach((want: Plain, i: number) => {
    const event = result.events[i];
    if (event === undefined || !isRecord(want)) return;
    const made = describeEvent(event);
    for (const [key, value] of Object.entries(want)) {
      const [a, b] = [JSON.stringify(value), JSON.stringify(made[key] ?? null)];
      if (a !== b) differences.push(`event ${i + 1} (${made.milestone}): ${key} should be ${a}, is ${b}`);
    }
  });
}

function compareNotes(expected: Plain, result: MapResult, differences: string[]): void {
  const made = result.kind === 'dead-letter' ? [] : result.unmapped.map((n) => `${n.kind} ${n.value}`);
  const [a, b] = [JSON.stringify(expected), JSON.stringify(made)];
  if (a !== b) differences.push(`unmapped should be ${a}, is ${b}`);
}

/** An event in the words of a map test; also what `sources try` shows. */
export function describeEvent(event: ShipmentEvent): { readonly [key: string]: Plain } {
  const { occurrence, location } = event;
  return {
    milestone: event.milestone,
    classifier: event.classifier,
    at: spanText(event.occurredAt),
    zone: event.occurredAt.zone,
    zone_from: event.occurredAt.zoneFrom,
    ...(occurrence.role !== undefined && { role: occurrence.role }),
    ...(occurrence.leg !== undefined && { leg: occurrence.leg }),
    ...(occurrence.subject !== undefined && { subject: occurrence.subject }),
    ...(location !== undefined && { place: location.unlocode ?? location.name ?? location.country ?? '' }),
    partner: event.partner,
    refs: event.refs.map(refText),
    ...(event.aliases !== undefined && { aliases: event.aliases.map(refText) }),
    attributes: event.attributes,
    retracted: event.retracted,
    revision: event.revision.order,
  };
}

/** A moment in UTC, or the day when only that is known: `2026-03-01T09:06:00Z`, `2026-03-01`. */
export function spanText(span: TimeSpan): string {
  if (span.from === span.to) {
    return new Date(span.from).toISOString().replace('.000Z', 'Z');
  }
  return Temporal.Instant.fromEpochMilliseconds(span.from)
    .toZonedDateTimeISO(span.zone)
    .toPlainDate()
    .toString();
}
