import type { Value } from '../formats/format.ts';
import { readQualified } from './qualifier.ts';
import { type Scope, textOf } from './scope.ts';

/** Where a value is in a message; see README.md, "Paths". */
export interface Path {
  readonly text: string;
  /** The first value there that says something, as text. */
  first(scope: Scope): string | undefined;
  /** Every text there, in order. */
  each(scope: Scope): readonly string[];
  /** Every value there, lists taken apart. */
  nodes(scope: Scope): readonly Value[];
  /** Whether anything is said there: a text, or an object. */
  says(scope: Scope): boolean;
  /** Whether anything but null is there, be it an empty list or text. */
  present(scope: Scope): boolean;
  /** For messages: `/events/3/transportCall/UNLocationCode`. */
  pointer(scope: Scope): string;
}

interface Step {
  readonly name: string;
  /** Which elements, when the value is a list: every one, the n-th, those whose field has a value, or those that a test picks. */
  readonly pick:
    | 'all'
    | number
    | { readonly key: string; readonly equals: readonly string[] }
    | { readonly test: (element: Value) => boolean };
}

type Start = 'record' | 'root' | 'item';

/**
 * Compiles `a.b`, `a[0].b`, `a[type=EQ|SI].value`, `a[].b`, `"odd.name".b`, `RFF+BH.01`, `$.a` (from the whole message), `.` (the record
 * itself), and `stop.a` where `stop` is the name of the enclosing `for_each`. Returns the reason when the text is no path.
 */
export function compilePath(text: string, item?: string): Path | { readonly wrong: string } {
  const steps = parseSteps(text.trim());
  if (typeof steps === 'string') return { wrong: steps };
  let start: Start = 'record';
  let rest = steps;
  if (steps[0]?.name === '$') start = 'root';
  else if (item !== undefined && steps[0]?.name === item) start = 'item';
  if (start !== 'record') rest = steps.slice(1);
  return build(text.trim(), start, rest);
}

function parseSteps(text: string): Step[] | string {
  if (text === '.') return [];
  const steps: Step[] = [];
  let at = 0;
  while (at < text.length) {
    const name = /^(?:"([^"]+)"|([^.[\]"\s]+))/.exec(text.slice(at));
    if (name === null) return `"${text}" is not a path: expected a field name at character ${at + 1}`;
    at += name[0].length;
    let pick: Step['pick'] = 'all';
    const bracket = /^\[(?:(\d{1,6})|([^=\]]+)=([^\]]*))?\]/.exec(text.slice(at));
    if (bracket !== null) {
      at += bracket[0].length;
      if (bracket[1] !== undefined) pick = Number(bracket[1]);
      else if (bracket[2] !== undefined) {
        pick = { key: bracket[2].trim(), equals: (bracket[3] ?? '').split('|').map((v) => v.trim()) };
      }
    }
    const qualified = pick === 'all' && name[2] !== undefined ? readQualified(name[2]) : undefined;
    if (qualified !== undefined) steps.push({ name: qualified.tag, pick: { test: qualified.test } });
    else steps.push({ name: name[1] ?? name[2] ?? '', pick });
    if (at === text.length) return steps;
    if (text[at] !== '.') return `"${text}" is not a path: unexpected "${text[at]}" at character ${at + 1}`;
    at++;
  }
  return `"${text}" is not a path: it ends with a dot`;
}

function build(text: string, start: Start, steps: readonly Step[]): Path {
  const origin = (scope: Scope): Value | undefined =>
    start === 'record' ? scope.record : start === 'root' ? scope.root : scope.item;
  const names = steps.every((s) => s.pick === 'all') ? steps.map((s) => s.name) : undefined;
  const nodes = (scope: Scope): readonly Value[] => {
    const out: Value[] = [];
    const from = origin(scope);
    if (from !== undefined) collect(from, steps, 0, out);
    return out;
  };
  const slowFirst = (scope: Scope): string | undefined => {
    for (const node of nodes(scope)) {
      const found = textOf(node);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const suffix = steps.map((s) => `/${s.name}`).join('');
  return {
    text,
    nodes,
    says: (scope) =>
      nodes(scope).some((n) => (typeof n === 'object' && n !== null) || textOf(n) !== undefined),
    present: (scope) => (names === undefined ? nodes(scope).length > 0 : reaches(origin(scope), names)),
    first: names === undefined ? slowFirst : (scope) => plainFirst(origin(scope), names, slowFirst, scope),
    each: (scope) => {
      const out: string[] = [];
      for (const node of nodes(scope)) {
        const found = textOf(node);
        if (found !== undefined) out.push(found);
      }
      return out;
    },
    pointer: (scope) =>
      (start === 'root' ? '' : start === 'item' ? scope.itemAt : scope.recordAt) + suffix || '/',
  };
}

/** The common case, names only: no list is made. As soon as a list is met, the general way takes over. */
function plainFirst(
  from: Value | undefined,
  names: readonly string[],
  general: (scope: Scope) => string | undefined,
  scope: Scope,
): string | undefined {
  let at: Value | undefined = from;
  for (const name of names) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) return general(scope);
    at = (at as { readonly [name: string]: Value })[name];
  }
  return Array.isArray(at) ? general(scope) : textOf(at);
}

function reaches(from: Value | undefined, names: readonly string[]): boolean {
  let at: Value | undefined = from;
  for (const name of names) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return false;
    at = (at as { readonly [name: string]: Value })[name];
  }
  return at !== undefined && at !== null;
}

function collect(value: Value, steps: readonly Step[], i: number, out: Value[]): void {
  if (Array.isArray(value)) {
    for (const element of value) collect(element, steps, i, out);
    return;
  }
  const step = steps[i];
  if (step === undefined) {
    out.push(value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const child = (value as { readonly [name: string]: Value })[step.name];
  if (child === undefined || child === null) return;
  const { pick } = step;
  if (pick === 'all') {
    collect(child, steps, i + 1, out);
    return;
  }
  // One XML element and a list of one look alike: a picked single value is a list of itself.
  const list: readonly Value[] = Array.isArray(child) ? child : [child];
  if (typeof pick === 'number') {
    const element = list[pick];
    if (element !== undefined) collect(element, steps, i + 1, out);
    return;
  }
  if ('test' in pick) {
    for (const element of list) if (pick.test(element)) collect(element, steps, i + 1, out);
    return;
  }
  for (const element of list) {
    if (typeof element !== 'object' || element === null) continue;
    const key = (element as { readonly [name: string]: Value })[pick.key];
    if (pick.equals.includes(textOf(key) ?? '')) collect(element, steps, i + 1, out);
  }
}
