import type { DurationMs } from './time.ts';
import { describe, wrongType, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';

/** A text. A number is taken as it was written (`0815`, `1.10`): identifiers look like numbers and are none. */
export function readText(
  node: YamlNode,
  report: YamlReport,
  what: string,
  example?: string,
): string | undefined {
  const expected = example === undefined ? 'a text' : `a text such as ${example}`;
  if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'boolean') {
    const quoted =
      node.kind === 'scalar' && node.value !== null ? `put quotes around it: "${node.source}"` : undefined;
    return wrongType(node, report, what, expected, quoted);
  }
  const text = typeof node.value === 'number' ? node.source : node.value;
  if (text.trim() === '') return wrongType(node, report, what, expected);
  return text;
}

/** One text or a list of texts; always a list. Elements that are no text are reported and left out. */
export function readTexts(node: YamlNode, report: YamlReport, what: string, example?: string): string[] {
  return readTextNodes(node, report, what, example).map((t) => t.text);
}

/** Like {@link readTexts}, each text with its node, for checks of one's own. */
export function readTextNodes(
  node: YamlNode,
  report: YamlReport,
  what: string,
  example?: string,
): { text: string; node: YamlNode }[] {
  const items = node.kind === 'list' ? node.items : [node];
  const out: { text: string; node: YamlNode }[] = [];
  for (const item of items) {
    const text = readText(item, report, what, example);
    if (text !== undefined) out.push({ text, node: item });
  }
  return out;
}

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}

export function readNumber(
  node: YamlNode,
  report: YamlReport,
  what: string,
  limits: NumberLimits = {},
): number | undefined {
  const { min = -Infinity, max = Infinity, integer = false } = limits;
  const kind = integer ? 'a whole number' : 'a number';
  const range =
    min > -Infinity && max < Infinity
      ? ` from ${min} to ${max}`
      : min > -Infinity
        ? ` of at least ${min}`
        : '';
  if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isFinite(node.value)) {
    return wrongType(node, report, what, kind + range);
  }
  if ((integer && !Number.isInteger(node.value)) || node.value < min || node.value > max) {
    return wrongType(node, report, what, kind + range);
  }
  return node.value;
}

export function readFlag(node: YamlNode, report: YamlReport, what: string): boolean | undefined {
  if (node.kind !== 'scalar' || typeof node.value !== 'boolean') {
    return wrongType(node, report, what, 'true or false');
  }
  return node.value;
}

export function readOneOf<T extends string>(
  node: YamlNode,
  report: YamlReport,
  what: string,
  choices: readonly T[],
): T | undefined {
  // `mode: off` is a text in YAML 1.2, but people write `mode: false` or get it from a formatter.
  const text = node.kind === 'scalar' ? node.source : undefined;
  const found = choices.find((c) => c === text);
  if (found === undefined) {
    report.unknown(
      node.place,
      'unknown-value',
      `${what}: expected one of ${choices.join(', ')}, found ${describe(node)}`,
      text ?? '',
      choices,
    );
  }
  return found;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `30m`, `1h30m`, `500ms`, `7d`, `PT36H` → milliseconds; undefined when it is none. A day is 24 hours. */
export function parseDuration(text: string): DurationMs | undefined {
  const trimmed = text.trim();
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(trimmed);
  if (iso !== null && /\d/.test(trimmed) && !trimmed.endsWith('T')) {
    const [, w = '0', d = '0', h = '0', m = '0', s = '0'] = iso;
    return Math.round(
      Number(w) * 604_800_000 +
        Number(d) * 86_400_000 +
        Number(h) * 3_600_000 +
        Number(m) * 60_000 +
        Number(s) * 1000,
    );
  }
  if (trimmed.length > 40 || !/^(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*)+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g)) {
    total += Number(amount) * UNIT_MS[unit!]!;
  }
  return Math.round(total);
}

/** A length of elapsed time (see {@link parseDuration}), in milliseconds. */
export function readDuration(
  node: YamlNode,
  report: YamlReport,
  what: string,
  limits: { readonly minMs?: number; readonly maxMs?: number } = {},
): DurationMs | undefined {
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
  const ms = text === undefined ? undefined : parseDuration(text);
  if (ms === undefined) {
    const bare = node.kind === 'scalar' && typeof node.value === 'number';
    const fix = bare ? `write the unit: ${node.source}s, ${node.source}m or ${node.source}h` : undefined;
    return wrongType(node, report, what, 'a duration such as 30m, 2h or 1d', fix);
  }
  const { minMs = 0, maxMs = Number.MAX_SAFE_INTEGER } = limits;
  if (ms < minMs || ms > maxMs) {
    const bound = ms < minMs ? `at least ${durationText(minMs)}` : `at most ${durationText(maxMs)}`;
    report.error(node.place, 'out-of-range', `${what}: ${text} is out of range`, `write ${bound}`);
    return undefined;
  }
  return ms;
}

/** `90000` → `1m30s`; the opposite of {@link parseDuration}. */
export function durationText(ms: DurationMs): string {
  let rest = Math.round(ms);
  let out = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit]!;
    const n = Math.floor(rest / size);
    if (n > 0) out += `${n}${unit}`;
    rest -= n * size;
  }
  return out === '' ? '0s' : out;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `512KiB`, `10MB`, or a bare number of bytes; in bytes, at least 1. */
export function readSize(node: YamlNode, report: YamlReport, what: string): number | undefined {
  const m = node.kind === 'scalar' ? /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(node.source.trim()) : null;
  const unit = SIZE_UNITS[m?.[2] ?? ''];
  if (m === null || unit === undefined || Number(m[1]) * unit < 1) {
    return wrongType(node, report, what, 'a size such as 512KiB or 10MB');
  }
  return Math.round(Number(m[1]) * unit);
}
