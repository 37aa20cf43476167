import type { LoggedMessage, MapResult } from '../../collectors/maps/map.ts';
import { describeEvent, spanText } from '../../collectors/maps/testing.ts';
import type { ShipmentEvent } from '../../rules/event.ts';
import { checkRef, type Ref, refText } from '../../rules/refs.ts';
import type { Trial } from './sources-try.ts';
import type { Coverage } from './sources-try-coverage.ts';
import type { FieldSeen } from './sources-try-fields.ts';
import { coverageText } from './sources-try-text.ts';
import { plural } from './table.ts';

export interface TryResult {
  readonly message: LoggedMessage;
  readonly result: MapResult;
}

export interface TryReport {
  readonly trial: Trial;
  readonly target: string;
  readonly results: readonly TryResult[];
  /** Fields at which the map never looked. */
  readonly unread: readonly FieldSeen[];
  /** Tell what came of every message, and not only the sums. */
  readonly details: boolean;
}

/** Distinct refs of all events, with what their check digits say. */
function refsOf(results: readonly TryResult[]): readonly { readonly ref: Ref; readonly verdict: string }[] {
  const seen = new Map<string, Ref>();
  for (const { result } of results) {
    const refs = result.kind === 'events' ? result.events.flatMap((e) => e.refs) : [];
    for (const ref of refs) seen.set(refText(ref), ref);
  }
  return [...seen.values()].map((ref) => {
    const check = checkRef(ref);
    return { ref, verdict: check.result === 'invalid' ? `${check.reason}: ${check.detail}` : check.result };
  });
}

const eventsOf = (results: readonly TryResult[]): readonly ShipmentEvent[] =>
  results.flatMap(({ result }) => (result.kind === 'events' ? result.events : []));

export function reportJson({ trial, target, results, details }: TryReport, coverage: Coverage): unknown {
  const events = eventsOf(results);
  return {
    map: trial.map.name,
    mapVersion: trial.map.version,
    source: trial.identity.name,
    partner: trial.identity.partner,
    target,
    messages: results.length,
    events: events.length,
    zonesAssumed: events.filter((e) => e.occurredAt.zoneFrom === 'assumed').length,
    refs: refsOf(results).map(({ ref, verdict }) => ({ ref: refText(ref), verdict })),
    coverage,
    results: (details ? results : []).map(({ message, result }) => ({
      origin: message.subject,
      bytes: message.data.byteLength,
      contentType: message.contentType,
      ...(result.kind === 'events'
        ? { ...result, events: result.events.map((e) => ({ id: e.id, key: e.key, ...describeEvent(e) })) }
        : result),
    })),
  };
}

export function reportText({ trial, target, results, details }: TryReport, coverage: Coverage): string {
  const events = eventsOf(results);
  const bytes = results.reduce((sum, { message }) => sum + message.data.byteLength, 0);
  const lines = [
    `map      ${trial.map.name}, source ${trial.identity.name}, partner ${trial.identity.partner}`,
    `read     ${plural(results.length, 'message')}, ${bytes} bytes, from ${target}`,
    `mapped   ${plural(events.length, 'event')}`,
  ];
  for (const { message, result } of details ? results : []) lines.push('', ...messageLines(message, result));
  const refs = details ? refsOf(results) : [];
  if (refs.length > 0) lines.push('', 'references');
  for (const { ref, verdict } of refs)
    lines.push(`  ${refText(ref).padEnd(40)} ${CHECK_WORDS[verdict] ?? verdict}`);
  lines.push('', ...coverageText(coverage));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

const CHECK_WORDS: Readonly<Record<string, string>> = { valid: 'check digit fits', 'no-check': '' };

function messageLines(message: LoggedMessage, result: MapResult): readonly string[] {
  const lines = [`${message.subject} (${message.contentType}, ${message.data.byteLength} bytes)`];
  if (result.kind === 'dead-letter') {
    const at = result.path === undefined ? '' : ` at ${result.path}`;
    return [...lines, `  dead letter  ${result.code}${at}: ${result.reason}`];
  }
  if (result.kind === 'ignored') lines.push(`  left out     ${result.reason}`);
  else {
    for (const event of result.events) lines.push(...eventLines(event));
    for (const reason of result.ignored ?? []) lines.push(`  left out     ${reason}`);
    for (const bad of result.rejected ?? []) {
      lines.push(`  dead letter  ${bad.code} at ${bad.path}: ${bad.reason}`);
    }
  }
  for (const note of result.unmapped) {
    lines.push(`  ${note.kind.padEnd(12)} ${note.path} ${JSON.stringify(note.value)}: ${note.why}`);
  }
  return lines;
}

function eventLines(event: ShipmentEvent): readonly string[] {
  const { occurrence, location, occurredAt } = event;
  const kind = event.retracted ? 'does not hold' : event.classifier;
  const when = event.retracted ? '' : `${spanText(occurredAt)} ${zoneText(event)}`;
  const place = location?.unlocode ?? location?.name ?? location?.country;
  const where = [occurrence.role, place].filter((x) => x !== undefined).join(' ');
  const first = [`  ${event.milestone.padEnd(24)} ${kind.padEnd(13)} ${when}`, where].filter((x) => x !== '');
  const about = [
    ...event.refs.map(refText),
    occurrence.subject === undefined ? '' : `of ${occurrence.subject}`,
  ];
  const attributes = Object.entries(event.attributes).map(([k, v]) => `${k}=${v}`);
  const more = [about.filter((x) => x !== '').join(' '), attributes.join(', ')].filter((x) => x !== '');
  return [first.join('  ').trimEnd(), ...more.map((line) => `      ${line}`)];
}

function zoneText(event: ShipmentEvent): string {
  const { zone, zoneFrom } = event.occurredAt;
  const how = {
    text: '',
    place: ", the place's zone",
    partner: ", the partner's zone",
    assumed: ', ASSUMED',
  };
  return `(${zone}${how[zoneFrom]})`;
}
