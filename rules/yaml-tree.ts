import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLError } from 'yaml';
import type { Problem } from './problem.ts';

/** Characters in a file: 1-based line and column (UTF-16 units); `length` ends at the line's end at the latest. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A YAML value that knows where it was written. Aliases share the node they name. */
export type YamlNode = YamlMap | YamlList | YamlScalar;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written, without quotes: `0815` stays `0815` although YAML reads a number. */
  readonly source: string;
  readonly place: Place;
}
export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly place: Place;
}
export interface YamlMap {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
  readonly place: Place;
}
export interface YamlEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

/** No hand-written file comes near these; a file beyond them is refused instead of eating memory or stack. */
const MAX_CHARACTERS = 4_000_000;
const MAX_NODES = 200_000;
const MAX_DEPTH = 64;

/**
 * Parses one YAML 1.2 document (core schema, text keys). Every syntax error becomes a problem; `root` is what could
 * still be read, undefined when nothing could (also for an empty file, which is no problem here). Duplicate keys, custom tags,
 * several documents, and aliases that would multiply beyond {@link MAX_NODES} are refused.
 */
export function parseYamlTree(text: string, file: string): { root?: YamlNode; problems: Problem[] } {
  const problems: Problem[] = [];
  const refuse = (message: string): { problems: Problem[] } => {
    problems.push({
      severity: 'error',
      code: 'yaml-too-large',
      message,
      file,
      line: 1,
      column: 1,
      length: 1,
    });
    return { problems };
  };
  if (text.length > MAX_CHARACTERS) return refuse(`the file has more than ${MAX_CHARACTERS} characters`);
  // The parser recurses on nested flow collections: look before it leaps.
  if (flowDepthExceeds(text, 1000)) return refuse(`values are nested more than ${MAX_DEPTH} levels deep`);
  const doc = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    strict: true,
    // The library compares every pair of keys; entries() does it in one pass.
    uniqueKeys: false,
    version: '1.2',
    schema: 'core',
    merge: false,
  });
  const tree = new TreeBuilder(text, file, problems);
  for (const error of firstErrors([...doc.errors, ...doc.warnings], text)) {
    tree.problem(
      syntaxCode(error.code),
      syntaxMessage(error.code, error.message),
      error.pos[0],
      error.pos[1],
    );
  }
  if (doc.contents === null) return { problems };
  const root = tree.convert(doc.contents, 0);
  return root === undefined ? { problems } : { root, problems };
}

const MAX_SYNTAX_ERRORS = 5;

/**
 * One forgotten quote makes the parser stumble over every token that follows. A person needs the place where it began: one error
 * a line, up to the first token that makes no sense, and at most {@link MAX_SYNTAX_ERRORS}.
 */
function firstErrors(errors: readonly YAMLError[], text: string): YAMLError[] {
  const out: YAMLError[] = [];
  let lineEnd = -1;
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    if (out.length === MAX_SYNTAX_ERRORS) break;
    const at = error.pos[0];
    if (at <= lineEnd && out.length > 0) continue;
    const newline = text.indexOf('\n', at);
    lineEnd = newline < 0 ? text.length : newline;
    out.push(error);
    if (error.code === 'UNEXPECTED_TOKEN') break;
  }
  return out;
}

/** Offsets at which lines begin. Counted here: the library's counter misses line ends inside tokens it cannot read. */
function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

const syntaxCode = (code: string): string => (code === 'TAG_RESOLVE_FAILED' ? 'yaml-tag' : 'yaml-syntax');

function syntaxMessage(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds several documents; put each in a file of its own';
  if (code === 'UNEXPECTED_TOKEN') {
    return 'this makes no sense here: a quote or bracket before it is not closed, or a line is indented wrongly';
  }
  if (message.startsWith('Maximum call stack')) return `values are nested more than ${MAX_DEPTH} levels deep`;
  return message.replace('closing "quote', 'closing "quote"');
}

function flowDepthExceeds(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) {
      if (++depth > limit) return true;
    } else if ((c === 0x5d || c === 0x7d) && depth > 0) depth--;
  }
  return false;
}

class TreeBuilder {
  private readonly text: string;
  private readonly file: string;
  private readonly lineStarts: readonly number[];
  private readonly problems: Problem[];
  private readonly anchors = new Map<string, { node: YamlNode; size: number }>();
  private nodes = 0;
  private refused = false;

  constructor(text: string, file: string, problems: Problem[]) {
    this.text = text;
    this.file = file;
    this.lineStarts = lineStartsOf(text);
    this.problems = problems;
  }

  problem(code: string, message: string, start: number, end: number): void {
    const place = this.placeOf(start, end);
    this.problems.push({ severity: 'error', code, message, file: this.file, ...place });
  }

  placeOf(start: number, end: number): Place {
    // Offsets at the very end of a file point behind its last line; the last character is what a person can look at.
    const from = Math.min(start, Math.max(0, this.text.length - 1));
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle]! <= from) low = middle;
      else high = middle - 1;
    }
    const newline = this.text.indexOf('\n', from);
    const stop = Math.min(end, newline < 0 ? this.text.length : newline);
    return { line: low + 1, column: from - this.lineStarts[low]! + 1, length: Math.max(1, stop - from) };
  }

  convert(node: Node, depth: number): YamlNode | undefined {
    if (this.refused) return undefined;
    const [start, end] = node.range ?? [0, 0];
    if (depth > MAX_DEPTH) {
      return this.refuse(
        'yaml-too-large',
        `values are nested more than ${MAX_DEPTH} levels deep`,
        start,
        end,
      );
    }
    if (isAlias(node)) return this.alias(node.source, start, end);
    const before = this.nodes;
    if (++this.nodes > MAX_NODES) return this.refuse('yaml-too-large', 'too many values', start, end);
    const place = this.placeOf(start, end);
    let out: YamlNode | undefined;
    if (isMap(node)) out = { kind: 'map', entries: this.entries(node.items as Pair[], depth), place };
    else if (isSeq(node)) {
      const items = (node.items as Node[]).map((item) => this.convert(item, depth + 1));
      out = { kind: 'list', items: items.filter((i) => i !== undefined), place };
    } else if (isScalar(node)) out = this.scalar(node.value, node.source, start, end, place);
    const anchor = (node as { anchor?: string }).anchor;
    if (out !== undefined && anchor !== undefined) {
      this.anchors.set(anchor, { node: out, size: this.nodes - before });
    }
    return out;
  }

  private entries(pairs: readonly Pair[], depth: number): YamlEntry[] {
    const out: YamlEntry[] = [];
    const lineOfKey = new Map<string, number>();
    for (const pair of pairs) {
      const key = pair.key as Node | null;
      if (key === null || !isScalar(key) || key.range == null) continue;
      const keyPlace = this.placeOf(key.range[0], key.range[1]);
      const name = String(key.value);
      const earlier = lineOfKey.get(name);
      if (earlier !== undefined) {
        const message = `"${name}" was already written on line ${earlier}`;
        this.problem('duplicate-key', message, key.range[0], key.range[1]);
        continue;
      }
      lineOfKey.set(name, keyPlace.line);
      const value = this.valueOf(pair.value as Node | null, keyPlace, depth);
      if (value !== undefined) out.push({ key: name, keyPlace, value });
    }
    return out;
  }

  private valueOf(value: Node | null, keyPlace: Place, depth: number): YamlNode | undefined {
    if (value === null) return { kind: 'scalar', value: null, source: '', place: keyPlace };
    const node = this.convert(value, depth + 1);
    // An empty value has no characters of its own: point at its key.
    if (node?.kind === 'scalar' && node.value === null && node.source === '')
      return { ...node, place: keyPlace };
    return node;
  }

  private scalar(
    value: unknown,
    source: string | undefined,
    start: number,
    end: number,
    place: Place,
  ): YamlScalar {
    const plain =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
        ? value
        : String(value);
    return {
      kind: 'scalar',
      value: plain,
      source: source ?? this.text.slice(start, end),
      place,
    };
  }

  private alias(name: string, start: number, end: number): YamlNode | undefined {
    const found = this.anchors.get(name);
    if (found === undefined) {
      this.problem('yaml-alias', `*${name} names no anchor before it (or itself)`, start, end);
      return undefined;
    }
    this.nodes += found.size;
    if (this.nodes > MAX_NODES) {
      return this.refuse('alias-bomb', `aliases multiply to more than ${MAX_NODES} values`, start, end);
    }
    return found.node;
  }

  private refuse(code: string, message: string, start: number, end: number): undefined {
    this.refused = true;
    this.problem(code, message, start, end);
    return undefined;
  }
}
