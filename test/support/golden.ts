import type { MapResult } from '../../collectors/maps/map.ts';
import { describeEvent } from '../../collectors/maps/testing.ts';

/** What a map made of a message, as lines that a person can check against the message: events first, then what was left over. */
export function goldenText(result: MapResult): string {
  const lines: string[] = [];
  if (result.kind === 'dead-letter') {
    lines.push(
      `dead letter ${result.code}: ${result.reason}`,
      ...result.refs.map((r) => `  ${r.type}:${r.value}`),
    );
    return `${lines.join('\n')}\n`;
  }
  const events = result.kind === 'events' ? result.events : [];
  for (const event of events) {
    const {
      milestone,
      classifier,
      at,
      zone,
      zone_from: from,
      place,
      role,
      leg,
      subject,
      refs,
      ...rest
    } = describeEvent(event);
    const where = [role, place].filter((word) => word !== undefined).join(' ');
    const what = event.retracted ? 'does not hold' : classifier;
    lines.push(`${milestone} ${what} ${at} (${zone}, ${from})${where === '' ? '' : ` ${where}`}`);
    if (subject !== undefined || leg !== undefined)
      lines.push(`  of ${[subject, leg].filter(Boolean).join(', leg ')}`);
    lines.push(...(refs as readonly string[]).map((ref) => `  ${ref}`));
    if (Array.isArray(rest.aliases)) lines.push(`  is ${rest.aliases.join(' ')}`);
    lines.push(...Object.entries(event.attributes).map(([name, value]) => `  ${name} = ${value}`));
  }
  if (result.kind === 'ignored') lines.push(`left out: ${result.reason}`);
  else if (result.kind === 'events') {
    lines.push(...(result.ignored ?? []).map((reason) => `left out: ${reason}`));
    lines.push(
      ...(result.rejected ?? []).map((bad) => `dead letter ${bad.code} at ${bad.path}: ${bad.reason}`),
    );
  }
  lines.push(
    ...result.unmapped.map((note) => `note ${note.kind} at ${note.path}: "${note.value}" ${note.why}`),
  );
  return `${lines.join('\n')}\n`;
}
