import { type Fields, readFields } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { IGNORE } from './codes.ts';
import { compileCondition } from './condition.ts';
import { type MapContext, readPath, readPaths, readTable } from './context.ts';
import { CONVERT_NAMES, compileMatch, converter, dayText, sumOf } from './convert.ts';
import type { Path } from './path.ts';
import type { Scope, TextOf, TextsOf } from './scope.ts';
import { zoneNamed } from './zone-named.ts';

const NOTHING: TextOf = () => undefined;

/**
 * A single text: a path, a list of these (the first that says something), or a mapping
 * `{from | value | sum | join, match, codes, list, agency, as, zone, default, when}`.
 */
export function compileText(node: YamlNode, context: MapContext, what: string): TextOf {
  if (node.kind === 'map') return compileSpec(node, context, what) ?? NOTHING;
  if (node.kind === 'list') return firstOf(node.items.map((item) => compileText(item, context, what)));
  const path = readPath(node, context, what);
  return path === undefined ? NOTHING : (scope) => path.first(scope);
}

/** Several texts: a path (every value there), a list (all of all), or a mapping as in {@link compileText}. */
export function compileTexts(node: YamlNode, context: MapContext, what: string): TextsOf {
  if (node.kind === 'list') {
    const all = node.items.map((n) => compileTexts(n, context, what));
    return (scope, out) => {
      for (const texts of all) texts(scope, out);
    };
  }
  if (node.kind === 'map') {
    const fields = readFields(node, context.report, what);
    if (fields?.has('from') !== true) {
      const one = compileText(node, context, what);
      return (scope, out) => {
        const text = one(scope);
        if (text !== undefined) out.push(text);
      };
    }
    const paths = readPaths(fields.get('from') ?? node, context, what);
    const when = fields.has('when') ? compileCondition(fields.get('when') ?? node, context) : undefined;
    const fallback = fields.text('default');
    const then = compileSteps(fields, context, what);
    return (scope, out) => {
      if (when?.(scope) === false) return;
      const before = out.length;
      for (const path of paths) {
        for (const text of path.each(scope)) {
          const done = then(text, path, scope);
          if (done !== undefined) out.push(done);
        }
      }
      if (out.length === before && fallback !== undefined) out.push(fallback);
    };
  }
  const path = readPath(node, context, what);
  return (scope, out) => path?.addEach(scope, out);
}

function firstOf(texts: readonly TextOf[]): TextOf {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return only;
  return (scope) => {
    for (const text of texts) {
      const found = text(scope);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function compileSpec(node: YamlNode, context: MapContext, what: string): TextOf | undefined {
  const fields = readFields(node, context.report, what);
  if (fields === undefined) return undefined;
  const { report } = context;
  const constant = fields.text('value');
  const sum = fields.has('sum') ? readPaths(fields.get('sum') ?? node, context, 'sum') : undefined;
  const from = fields.get('from');
  const paths = from === undefined ? [] : readPaths(from, context, what);
  const join = fields.has('join') ? readPaths(fields.get('join') ?? node, context, 'join') : undefined;
  const said = [constant, sum, from, join].filter((x) => x !== undefined).length;
  if (said !== 1) {
    const fix = 'write from: with a path, value: with a constant, sum: or join: with paths';
    report.error(node.place, 'bad-value', `${what} needs exactly one of from, value, sum and join`, fix);
  }
  const when = fields.has('when') ? compileCondition(fields.get('when') ?? node, context) : undefined;
  const fallback = fields.text('default');
  const then = compileSteps(fields, context, what);
  const read = readerOf({ constant, sum, join, paths }, then, fallback);
  return when === undefined ? read : (scope) => (when(scope) ? read(scope) : undefined);
}

interface Said {
  readonly constant: string | undefined;
  readonly sum: readonly Path[] | undefined;
  readonly join: readonly Path[] | undefined;
  readonly paths: readonly Path[];
}

function readerOf(said: Said, then: Steps, fallback: string | undefined): TextOf {
  const { constant, sum, join, paths } = said;
  if (constant !== undefined) return () => constant;
  if (sum !== undefined) return (scope) => sumOf(sum, scope);
  const [start] = join ?? [];
  if (join !== undefined && start !== undefined) {
    return (scope) => {
      const text = join
        .map((path) => path.first(scope))
        .filter((part) => part !== undefined)
        .join(' ');
      return text === '' ? fallback : (then(text, start, scope) ?? fallback);
    };
  }
  return (scope) => {
    for (const path of paths) {
      const found = path.first(scope);
      if (found !== undefined) return then(found, path, scope) ?? fallback;
    }
    return fallback;
  };
}

type Steps = (text: string, path: Path, scope: Scope) => string | undefined;

const zoneIn = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : zoneNamed(name);

/** `match`, then `codes`, then `as`. */
function compileSteps(fields: Fields, context: MapContext, what: string): Steps {
  const { report } = context;
  const match = fields.has('match') ? compileMatch(fields.get('match'), report) : undefined;
  const table = readTable(fields, context);
  const listNode = fields.get('list');
  const list = listNode === undefined ? undefined : compileText(listNode, context, 'list');
  const agencyNode = fields.get('agency');
  const agency = agencyNode === undefined ? undefined : compileText(agencyNode, context, 'agency');
  const as = fields.oneOf('as', CONVERT_NAMES) ?? 'text';
  const convert = converter(as);
  const zoneNode = fields.get('zone');
  const zone = zoneNode === undefined ? undefined : compileText(zoneNode, context, 'zone');
  if (zoneNode !== undefined && as !== 'date')
    report.error(zoneNode.place, 'bad-zone', `${what}: only a date has a zone`, 'as: date');
  const quiet = fields.has('default');
  for (const key of ['from', 'value', 'sum', 'join', 'when', 'default']) fields.entry(key);
  fields.end();
  return (text, path, scope) => {
    let out: string | undefined = match === undefined ? text : match(text);
    if (out === undefined) return undefined;
    if (table !== undefined) {
      const code = out;
      out = table.find(code, scope, list?.(scope), agency?.(scope));
      if (out === IGNORE) {
        scope.ignored = code;
        return undefined;
      }
      if (out === undefined) {
        if (!quiet) {
          const why = `${what}: the code table ${table.name} has no such code`;
          scope.notes.push({ kind: 'unknown-code', path: path.pointer(scope), value: code, why });
        }
        return undefined;
      }
    }
    const converted = zone === undefined ? convert(out) : dayText(out, zoneIn(zone(scope)));
    if (converted === undefined) {
      const why = `${what}: not a ${as}`;
      scope.notes.push({ kind: 'unknown-code', path: path.pointer(scope), value: out, why });
    }
    return converted;
  };
}
