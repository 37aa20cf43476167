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
  /** The same, added to a list. */
  addEach(scope: Scope, out: string[]): void;
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
  /** Which elements, when the value is a list: every one, the n-th, or those that a test picks. */
  readonly pick: 'all' | number | { readonly test: (element: Value) => boolean };
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
        pick = { test: hasField(bracket[2].trim(), bracket[3] ?? '') };
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

/** `[type=EQ|SI]`: an element whose field has one of the values. */
function hasField(key: string, values: string): (element: Value) => boolean {
  const equals = values.split('|').map((value) => value.trim());
  return (element) => {
    if (typeof element !== 'object' || element === null) return false;
    const value = (element as { readonly [name: string]: Value })[key];
    return equals.includes(textOf(value) ?? '');
  };
}

function build(text: string, start: Start, steps: readonly Step[]): Path {
  const origin = originOf(start);
  const names = steps.every((s) => s.pick === 'all') ? steps.map((s) => s.name) : undefined;
  const nodes = (scope: Scope): readonly Value[] => {
    const out: Value[] = [];
    const from = origin(scope);
    if (from !== undefined) collect(from, steps, 0, out, itself);
    return out;
  };
  const addEach = (scope: Scope, out: string[]): void => {
    const from = origin(scope);
    if (from !== undefined) collect(from, steps, 0, out, textOf);
  };
  const suffix = steps.map((s) => `/${s.name}`).join('');
  return {
    text,
    nodes,
    says: (scope) =>
      nodes(scope).some((n) => (typeof n === 'object' && n !== null) || textOf(n) !== undefined),
    present: (scope) => (names === undefined ? nodes(scope).length > 0 : reaches(origin(scope), names)),
    first: (scope) => {
      const from = origin(scope);
      return from === undefined ? undefined : firstText(from, steps, 0);
    },
    each: (scope) => {
      const out: string[] = [];
      addEach(scope, out);
      return out;
    },
    addEach,
    pointer: (scope) =>
      (start === 'root' ? '' : start === 'item' ? scope.itemAt : scope.recordAt) + suffix || '/',
  };
}

function originOf(start: Start): (scope: Scope) => Value | undefined {
  switch (start) {
    case 'record':
      return (scope) => scope.record;
    case 'root':
      return (scope) => scope.root;
    case 'item':
      return (scope) => scope.item;
  }
}

/** The first text there, without making a list: nearly every field of a map is read this way. */
function firstText(from: Value, steps: readonly Step[], start: number): string | undefined {
  let at: Value | undefined = from;
  for (let i = start; i < steps.length; i++) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) return firstOfList(at, steps, i);
    const step: Step = steps[i]!;
    at = (at as { readonly [name: string]: Value })[step.name];
    if (at === undefined) return undefined;
    if (step.pick !== 'all') return firstPicked(at, step.pick, steps, i + 1);
  }
  return Array.isArray(at) ? firstOfList(at, steps, steps.length) : textOf(at);
}

function firstOfList(list: readonly Value[], steps: readonly Step[], i: number): string | undefined {
  for (const element of list) {
    const found = firstText(element, steps, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstPicked(
  child: Value,
  pick: Exclude<Step['pick'], 'all'>,
  steps: readonly Step[],
  i: number,
): string | undefined {
  if (child === null) return undefined;
  const list = listOf(child);
  if (typeof pick === 'number') {
    const element = list[pick];
    return element === undefined ? undefined : firstText(element, steps, i);
  }
  for (const element of list) {
    const found = pick.test(element) ? firstText(element, steps, i) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One XML element and a list of one look alike: a picked single value is a list of itself. */
const listOf = (child: Value): readonly Value[] => (Array.isArray(child) ? child : [child]);

function reaches(from: Value | undefined, names: readonly string[], i = 0): boolean {
  let at: Value | undefined = from;
  for (; i < names.length; i++) {
    if (typeof at !== 'object' || at === null) return false;
    if (Array.isArray(at)) return at.some((element) => reaches(element, names, i));
    at = (at as { readonly [name: string]: Value })[names[i]!];
  }
  return at !== undefined && at !== null;
}

const itself = (value: Value): Value => value;

/** Adds what `leaf` makes of every value there. */
function collect<T>(
  value: Value,
  steps: readonly Step[],
  i: number,
  out: T[],
  leaf: (value: Value) => T | undefined,
): void {
  if (Array.isArray(value)) {
    for (const element of value) collect(element, steps, i, out, leaf);
    return;
  }
  const step = steps[i];
  if (step === undefined) {
    const found = leaf(value);
    if (found !== undefined) out.push(found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const child = (value as { readonly [name: string]: Value })[step.name];
  if (child === undefined || child === null) return;
  const { pick } = step;
  if (pick === 'all') {
    collect(child, steps, i + 1, out, leaf);
    return;
  }
  const list = listOf(child);
  if (typeof pick === 'number') {
    const element = list[pick];
    if (element !== undefined) collect(element, steps, i + 1, out, leaf);
    return;
  }
  for (const element of list) if (pick.test(element)) collect(element, steps, i + 1, out, leaf);
}
