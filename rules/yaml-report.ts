import { closest, type Problem } from './problem.ts';
import type { Place, YamlNode } from './yaml-tree.ts';

/** Collects every problem of one file, each with its place; none stops the reading of the rest. */
export class YamlReport {
  readonly file: string;
  readonly problems: Problem[];

  constructor(file: string, problems: Problem[] = []) {
    this.file = file;
    this.problems = problems;
  }

  error(place: Place, code: string, message: string, fix?: string): void {
    this.add('error', place, code, message, fix);
  }

  warning(place: Place, code: string, message: string, fix?: string): void {
    this.add('warning', place, code, message, fix);
  }

  /** `"blu" is not a colour` with "did you mean blue?" or, for a short list, all that there are. */
  unknown(place: Place, code: string, message: string, word: string, known: readonly string[]): void {
    const near = closest(word, known);
    const all = known.length > 0 && known.length <= 16 ? `one of ${known.join(', ')}` : undefined;
    this.error(place, code, message, near === undefined ? all : `did you mean ${near}?`);
  }

  get hasErrors(): boolean {
    return this.problems.some((p) => p.severity === 'error');
  }

  private add(
    severity: Problem['severity'],
    place: Place,
    code: string,
    message: string,
    fix: string | undefined,
  ): void {
    const { line, column, length } = place;
    const problem = { severity, code, message, file: this.file, line, column, length };
    this.problems.push(fix === undefined ? problem : { ...problem, fix });
  }
}

/** What a node is, in words: `a list`, `the number 3`, `the text "x"`, `nothing`. */
export function describe(node: YamlNode): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${JSON.stringify(shorten(node.value))}`;
  if (typeof node.value === 'number') return `the number ${node.source}`;
  return `${node.source}`;
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}...` : text);

/** Reports "expected X, found Y" at a node. */
export function wrongType(
  node: YamlNode,
  report: YamlReport,
  what: string,
  expected: string,
  fix?: string,
): undefined {
  report.error(
    node.place,
    'wrong-type',
    `${what}: expected ${expected}, found ${describe(node)}`,
    fix ?? (expected.includes('such as') ? undefined : `write ${expected}`),
  );
  return undefined;
}

/**
 * The place of some characters of a text value (`start` is 0-based in the value). For texts with escapes or over
 * several lines, where counting would point astray, the place of the whole value.
 */
export function placeWithin(node: YamlNode, start: number, length: number): Place {
  const { place } = node;
  if (node.kind !== 'scalar') return place;
  const quotes = place.length - node.source.length;
  if (quotes !== 0 && quotes !== 2) return place;
  const offset = quotes / 2 + Math.min(start, node.source.length);
  return { line: place.line, column: place.column + offset, length: Math.max(1, length) };
}
