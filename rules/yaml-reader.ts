import type { DurationMs } from './time.ts';
import { wrongType, YamlReport } from './yaml-report.ts';
import { type Place, parseYamlTree, type YamlEntry, type YamlMap, type YamlNode } from './yaml-tree.ts';
import {
  type NumberLimits,
  readDuration,
  readFlag,
  readNumber,
  readOneOf,
  readText,
  readTexts,
} from './yaml-values.ts';

/**
 * Reads a whole YAML file. `root` is its mapping; undefined (with a problem) when the file is empty, is no mapping, or
 * cannot be read at all. `file` is only a name for messages: nothing is opened.
 */
export function readYaml(
  text: string,
  file: string,
  what = 'the file',
): { root?: Fields; report: YamlReport } {
  const { root, problems } = parseYamlTree(text, file);
  const report = new YamlReport(file, problems);
  if (root === undefined) {
    if (problems.length === 0) {
      report.error({ line: 1, column: 1, length: 1 }, 'empty-file', `${what} is empty`);
    }
    return { report };
  }
  const fields = readFields(root, report, what);
  return fields === undefined ? { report } : { root: fields, report };
}

export function readFields(node: YamlNode, report: YamlReport, what: string): Fields | undefined {
  if (node.kind !== 'map') return wrongType(node, report, what, 'a mapping (key: value)');
  return new Fields(node, report, what);
}

/**
 * Reads the fields of one mapping, each by its key. `end()` reports every key that nobody asked for.
 *
 *     const fields = readFields(node, report, 'source broker-nl');
 *     const map = fields.required('map', (n) => readText(n, report, 'map'));
 *     const poll = fields.duration('poll') ?? 300_000;
 *     fields.end();
 */
export class Fields {
  readonly node: YamlMap;
  readonly report: YamlReport;
  /** Names this mapping in messages: `source broker-nl`. */
  readonly what: string;
  private readonly known = new Set<string>();

  constructor(node: YamlMap, report: YamlReport, what: string) {
    this.node = node;
    this.report = report;
    this.what = what;
  }

  get place(): Place {
    return this.node.place;
  }

  /** All entries; marks every key as known. For mappings whose keys are names that a person chose. */
  all(): readonly YamlEntry[] {
    for (const e of this.node.entries) this.known.add(e.key);
    return this.node.entries;
  }

  entry(key: string): YamlEntry | undefined {
    this.known.add(key);
    return this.node.entries.find((e) => e.key === key);
  }

  /** The value of `key`; undefined when it is absent or empty (`key:`). */
  get(key: string): YamlNode | undefined {
    const value = this.entry(key)?.value;
    return value?.kind === 'scalar' && value.value === null ? undefined : value;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keyPlace(key: string): Place {
    return this.entry(key)?.keyPlace ?? this.node.place;
  }

  /** Reports a missing key; returns undefined when it is, else what `read` makes of it. */
  required<T>(key: string, read: (node: YamlNode) => T | undefined, example?: string): T | undefined {
    const node = this.get(key);
    if (node !== undefined) return read(node);
    const fix = example === undefined ? `add ${key}:` : `add ${key}: ${example}`;
    const place = this.entry(key)?.keyPlace ?? this.node.place;
    this.report.error(place, 'missing-key', `${this.what} needs "${key}"`, fix);
    return undefined;
  }

  text(key: string, example?: string): string | undefined {
    return this.read(key, (n) => readText(n, this.report, key, example));
  }
  requiredText(key: string, example?: string): string | undefined {
    return this.required(key, (n) => readText(n, this.report, key, example), example);
  }
  /** One text or a list; `[]` when absent. */
  texts(key: string, example?: string): string[] {
    return this.read(key, (n) => readTexts(n, this.report, key, example)) ?? [];
  }
  number(key: string, limits?: NumberLimits): number | undefined {
    return this.read(key, (n) => readNumber(n, this.report, key, limits));
  }
  flag(key: string): boolean | undefined {
    return this.read(key, (n) => readFlag(n, this.report, key));
  }
  oneOf<T extends string>(key: string, choices: readonly T[]): T | undefined {
    return this.read(key, (n) => readOneOf(n, this.report, key, choices));
  }
  duration(
    key: string,
    limits?: { readonly minMs?: number; readonly maxMs?: number },
  ): DurationMs | undefined {
    return this.read(key, (n) => readDuration(n, this.report, key, limits));
  }
  /** A nested mapping. */
  fields(key: string, what = key): Fields | undefined {
    return this.read(key, (n) => readFields(n, this.report, what));
  }
  /** A nested mapping of chosen names; `[]` when absent or no mapping. */
  named(key: string, what = key): readonly YamlEntry[] {
    return this.fields(key, what)?.all() ?? [];
  }
  /** A list; `[]` when absent or no list. */
  list(key: string): readonly YamlNode[] {
    const node = this.get(key);
    if (node === undefined) return [];
    if (node.kind === 'list') return node.items;
    wrongType(node, this.report, key, 'a list');
    return [];
  }

  /** Reports every key that was never asked for, with the known one it resembles. */
  end(): void {
    for (const { key, keyPlace } of this.node.entries) {
      if (this.known.has(key)) continue;
      this.report.unknown(
        keyPlace,
        'unknown-key',
        `${this.what} has no key "${key}"`,
        key,
        [...this.known].sort(),
      );
    }
  }

  private read<T>(key: string, read: (node: YamlNode) => T | undefined): T | undefined {
    const node = this.get(key);
    return node === undefined ? undefined : read(node);
  }
}
