import { compileExpression, type Expr } from './expression.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import type { ValueType } from './yaml-type.ts';
import { readText, readTextNodes } from './yaml-values.ts';

/** A condition (expression.ts); a syntax error is reported at its own characters. */
export function readExpression(node: YamlNode, report: YamlReport, what: string): Expr | undefined {
  const text = readText(node, report, what, `'mode == "sea"'`);
  if (text === undefined) return undefined;
  const result = compileExpression(text);
  if ('expr' in result) return result.expr;
  const place = placeWithin(node, result.column - 1, result.length);
  report.error(place, 'bad-condition', `${what}: ${result.error}`, result.fix);
  return undefined;
}

/** A condition on a shipment's attributes. */
export const CONDITION: ValueType<Expr> = {
  name: 'condition',
  words: 'an expression over attributes: `mode == "sea" and destination.country in ["NL", "BE"]`',
  schema: { type: 'string', minLength: 1 },
  read: readExpression,
};

/** An IANA time zone. */
export const ZONE: ValueType<string> = {
  name: 'zone',
  words: 'an IANA name such as `Europe/Amsterdam`, or `UTC`; abbreviations such as EST hide the summer time',
  schema: { type: 'string', pattern: '/|^UTC$' },
  read: readZone,
};

/** An IANA time zone that this machine knows. */
export function readZone(node: YamlNode, report: YamlReport, what: string): string | undefined {
  const [zone] = readTextNodes(node, report, what, 'Europe/Amsterdam');
  if (zone === undefined) return undefined;
  if (isZone(zone.text)) return zone.text;
  const fix = 'write an IANA name such as Europe/Amsterdam';
  report.error(node.place, 'unknown-zone', `${what}: "${zone.text}" is no time zone`, fix);
  return undefined;
}

/** Abbreviations such as EST are refused although some systems know them: they hide the summer time. */
function isZone(zone: string): boolean {
  if (!zone.includes('/') && zone !== 'UTC') return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}
