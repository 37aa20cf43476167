import {
  compareRefs,
  normaliseRef,
  REF_TYPES,
  type Ref,
  type RefFlag,
  type RefType,
} from '../../rules/refs.ts';
import { readFields } from '../../rules/yaml-reader.ts';
import { wrongType } from '../../rules/yaml-report.ts';
import type { YamlEntry, YamlNode } from '../../rules/yaml-tree.ts';
import type { Value } from '../formats/format.ts';
import { type MapContext, readPath, readPaths } from './context.ts';
import type { Path } from './path.ts';
import { type Scope, textOf } from './scope.ts';
import { compileText, compileTexts } from './value.ts';

/** Adds the refs that a record names to `out`, in canonical form; what is odd about them goes to the notes. */
export type RefsOf = (scope: Scope, out: Ref[]) => void;

const TYPES = Object.keys(REF_TYPES) as RefType[];
const isRefType = (text: string): text is RefType => Object.hasOwn(REF_TYPES, text);

/** Flags that a person should see; a normalisation that only removed padding is no news. */
const WHY: Readonly<Partial<Record<RefFlag, string>>> = {
  'check-digit-wrong': 'the check digit is wrong: kept as it is',
  'shape-unusual': 'not the usual shape of such a number: kept as it is',
};

/** `refs:` type → path or paths; every value found counts. */
export function compileRefs(entries: readonly YamlEntry[], context: MapContext): RefsOf {
  const readers = entries.flatMap(({ key, keyPlace, value }) => {
    if (isRefType(key))
      return [{ type: key, texts: compileTexts(value, context, key), at: pathsIn(value, context) }];
    context.report.unknown(keyPlace, 'unknown-ref-type', `there is no ref type "${key}"`, key, TYPES);
    return [];
  });
  const found: string[] = [];
  return (scope, out) => {
    for (const { type, texts, at } of readers) {
      texts(scope, found);
      for (const text of found) addRef(type, text, at, scope, out);
      found.length = 0;
    }
  };
}

/** Only for the pointer in a note: the first path of the value. */
function pathsIn(node: YamlNode, context: MapContext): Path | undefined {
  if (node.kind === 'list') return node.items[0] === undefined ? undefined : pathsIn(node.items[0], context);
  if (node.kind === 'scalar') return readPathQuietly(node, context);
  const from = node.entries.find((e) => e.key === 'from')?.value;
  return from === undefined ? undefined : pathsIn(from, context);
}

function readPathQuietly(node: YamlNode, context: MapContext): Path | undefined {
  const before = context.report.problems.length;
  const path = readPath(node, context, 'path');
  context.report.problems.length = before;
  return path;
}

function addRef(type: RefType, text: string, at: Path | undefined, scope: Scope, out: Ref[]): void {
  const { ref, flags } = normaliseRef(type, text);
  for (const flag of flags) {
    const why = WHY[flag];
    if (why === undefined) continue;
    scope.notes.push({
      kind: 'bad-ref',
      path: at?.pointer(scope) ?? scope.recordAt,
      value: `${type}:${text}`,
      why,
    });
  }
  if (ref !== undefined) out.push(ref);
}

/**
 * `ref_lists:` for messages that carry their references as a list of type and value:
 * `{each: documentReferences, type: {from: documentReferenceType, codes: documents}, value: documentReferenceValue}`.
 */
export function compileRefLists(nodes: readonly YamlNode[], context: MapContext): RefsOf {
  const readers = nodes.flatMap((node) => {
    const reader = compileRefList(node, context);
    return reader === undefined ? [] : [reader];
  });
  return (scope, out) => {
    for (const reader of readers) reader(scope, out);
  };
}

function compileRefList(node: YamlNode, context: MapContext): RefsOf | undefined {
  const fields = readFields(node, context.report, 'a ref list');
  if (fields === undefined) return undefined;
  const each = fields.required('each', (n) => readPaths(n, context, 'each'), 'references');
  const inside: MapContext = { ...context, item: 'ref' };
  const own = (n: YamlNode): YamlNode => n;
  const typeNode = fields.required('type', own, 'referenceType');
  const valueNode = fields.required('value', own, 'referenceValue');
  fields.end();
  if (each === undefined || typeNode === undefined || valueNode === undefined) return undefined;
  const type = compileText(typeNode, inside, 'type');
  const value = compileText(valueNode, inside, 'value');
  return (scope, out) => {
    const { record, recordAt } = scope;
    for (const path of each) {
      const at = path.pointer(scope);
      path.nodes(scope).forEach((element: Value, i) => {
        scope.record = element;
        scope.recordAt = `${at}/${i}`;
        const [typeText, text] = [type(scope), value(scope)];
        if (typeText !== undefined && text !== undefined) addTyped(typeText, text, scope, out);
        scope.record = record;
        scope.recordAt = recordAt;
      });
    }
  };
}

function addTyped(typeText: string, text: string, scope: Scope, out: Ref[]): void {
  if (isRefType(typeText)) {
    addRef(typeText, text, undefined, scope, out);
    return;
  }
  const why = 'not a ref type; a code table can translate it';
  scope.notes.push({ kind: 'unknown-code', path: scope.recordAt, value: typeText, why });
}

/**
 * `ref_object:` for messages that carry references under their types: `{"container": ["MSCU1234566"], "booking": "B1"}`, as a list of
 * `{"type", "value"}`, or as texts `container:MSCU1234566`.
 */
export function compileRefObject(node: YamlNode | undefined, context: MapContext): RefsOf {
  if (node === undefined) return () => {};
  if (node.kind === 'map') {
    wrongType(node, context.report, 'ref_object', 'a path');
    return () => {};
  }
  const paths = readPaths(node, context, 'ref_object');
  return (scope, out) => {
    for (const path of paths) {
      for (const value of path.nodes(scope)) addAny(value, scope, out);
    }
  };
}

function addAny(value: Value, scope: Scope, out: Ref[]): void {
  if (typeof value === 'string') {
    const colon = value.indexOf(':');
    if (colon > 0) addTyped(value.slice(0, colon), value.slice(colon + 1), scope, out);
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const fields = value as { readonly [name: string]: Value };
  const [type, single] = [textOf(fields.type), textOf(fields.value)];
  if (type !== undefined && single !== undefined) {
    addTyped(type, single, scope, out);
    return;
  }
  for (const [name, values] of Object.entries(fields)) {
    for (const one of Array.isArray(values) ? values : [values]) {
      const text = textOf(one);
      if (text !== undefined) addTyped(name, text, scope, out);
    }
  }
}

/** Without duplicates, sorted by type then value: the order in which ShipmentEvent wants them. */
export function sortedRefs(refs: Ref[]): readonly Ref[] {
  if (refs.length < 2) return refs;
  refs.sort(compareRefs);
  let kept = 1;
  for (let i = 1; i < refs.length; i++) {
    const ref = refs[i]!;
    if (compareRefs(ref, refs[kept - 1]!) !== 0) refs[kept++] = ref;
  }
  refs.length = kept;
  return refs;
}
