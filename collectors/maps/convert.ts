import { RE2JS } from 're2js';
import { normaliseRef, REF_TYPES, type RefType } from '../../rules/refs.ts';
import { wrongType, type YamlReport } from '../../rules/yaml-report.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { airportOf, placeOf } from '../places.ts';
import type { Path } from './path.ts';
import type { Scope } from './scope.ts';
import { readTime, writtenAt } from './time-text.ts';

/** What `as:` can make of a text, besides the canonical form of a ref type. `country` takes a country code or a UN/LOCODE. */
const CONVERTERS = {
  text: (text: string): string | undefined => text,
  lower: (text: string): string | undefined => text.toLowerCase(),
  upper: (text: string): string | undefined => text.toUpperCase(),
  /** `0080001234` as SAP stores it and `80001234` as it prints it are one number. */
  unpadded: (text: string): string | undefined => text.replace(/^0+(?=.)/, ''),
  country: (text: string): string | undefined => {
    const code = text.trim().toUpperCase();
    return /^[A-Z]{2}$/.test(code) ? code : placeOf(code)?.country;
  },
  unlocode: (text: string): string | undefined => (placeOf(text) ?? airportOf(text))?.unlocode,
  /** Canonical decimal text; the attribute becomes a number. */
  number: (text: string): string | undefined => (DECIMAL.test(text) ? text : undefined),
  /** An amount without its decimal point, as X12 writes type N2: `12345` is 123.45. */
  hundredths: (text: string): string | undefined =>
    /^-?\d{1,17}$/.test(text)
      ? text.replace(
          /^(-?)(\d*?)(\d{1,2})$/,
          (_whole, sign, units, rest) => `${sign}${units || '0'}.${rest.padStart(2, '0')}`,
        )
      : undefined,
  /** The day of a time, as `2026-03-01`: in its zone (see `zone`) when it has an offset, else as it is written. */
  date: (text: string): string | undefined => dayText(text, undefined),
  flag: (text: string): string | undefined => (FLAG.test(text) ? String(TRUE.test(text)) : undefined),
} as const;

/** The day that a time falls on in `zone`; without one, the day that is written. Undefined when the text is no time. */
export function dayText(text: string, zone: string | undefined): string | undefined {
  const read = readTime(text, 'any');
  if (read === undefined) return undefined;
  if (read.kind === 'instant' && zone !== undefined) {
    const at = Temporal.Instant.fromEpochMilliseconds(read.at);
    return at.toZonedDateTimeISO(zone).toPlainDate().toString();
  }
  return new Date(writtenAt(read)).toISOString().slice(0, 10);
}

type Convert = (text: string) => string | undefined;

/** Every word that `as:` knows. */
export const CONVERT_NAMES: readonly string[] = [...Object.keys(CONVERTERS), ...Object.keys(REF_TYPES)];

export function converter(name: string): Convert {
  if (Object.hasOwn(CONVERTERS, name)) return CONVERTERS[name as keyof typeof CONVERTERS];
  const type = name as RefType;
  return (text) => normaliseRef(type, text).ref?.value;
}

const DECIMAL = /^[-+]?\d{1,30}(?:\.\d{1,30})?$/;
const FLAG = /^(?:true|false|x|yes|no|1|0)$/i;
const TRUE = /^(?:true|x|yes|1)$/i;

/** `match:` takes the first group of a regular expression, or the whole match when it has none (RE2: linear time). */
export function compileMatch(
  node: YamlNode | undefined,
  report: YamlReport,
): ((text: string) => string | undefined) | undefined {
  const expression = compileExpression(node, report);
  if (expression === undefined) return undefined;
  return remembering((text) => {
    const matcher = expression.matcher(text);
    if (!matcher.find()) return undefined;
    return (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0)) ?? undefined;
  });
}

const MOST_REMEMBERED = 500;
const LONGEST_REMEMBERED = 100;

/** Texts that are matched are mostly names of events and codes, the same few for ever; RE2 takes some 5 µs for each. */
function remembering(match: (text: string) => string | undefined): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found;
    const result = match(text);
    if (text.length > LONGEST_REMEMBERED) return result;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(text, result);
    return result;
  };
}

export function compileExpression(node: YamlNode | undefined, report: YamlReport): RE2JS | undefined {
  if (node === undefined) return undefined;
  if (node.kind !== 'scalar') return wrongType(node, report, 'match', 'a regular expression');
  try {
    return RE2JS.compile(node.source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const fix = 'RE2 syntax: no look-around, no back-references';
    report.error(node.place, 'bad-regex', `"${node.source}" is not a regular expression: ${why}`, fix);
    return undefined;
  }
}

/** The exact decimal sum of all amounts there; undefined when there is none or one is not a number. */
export function sumOf(paths: readonly Path[], scope: Scope): string | undefined {
  const texts = paths.flatMap((path) => path.each(scope));
  if (texts.length === 0 || !texts.every((text) => DECIMAL.test(text))) return undefined;
  const scale = Math.max(...texts.map((text) => fraction(text).length));
  let total = 0n;
  for (const text of texts) {
    const whole = text.split('.')[0] ?? '0';
    const digits = BigInt(whole.replace(/^[-+]/, '') + fraction(text).padEnd(scale, '0'));
    total += whole.startsWith('-') ? -digits : digits;
  }
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, '0');
  const sign = total < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const fraction = (text: string): string => text.split('.')[1] ?? '';
