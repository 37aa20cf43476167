import type { Value } from '../../collectors/formats/format.ts';
import type { Unmapped } from '../../collectors/maps/map.ts';

/** So many windows are learned from before anything counts as a change. */
const LEARNED = 4;
/** Fields of one partner that are remembered; a partner with more writes data where names should be. */
const MOST_FIELDS = 400;
const DEEPEST = 8;
/** Of a list, so many elements are looked at. */
const OF_A_LIST = 3;
const LONGEST_NAME = 40;

const TYPES = ['text', 'number', 'boolean', 'object', 'list'] as const;

/** JSON. One field of a partner's messages: types met (bit by place in {@link TYPES}), and whether every window had it. */
type Field = readonly [path: string, types: number, always: 0 | 1];
export interface SavedShape {
  readonly windows: number;
  readonly fields: readonly Field[];
  /** The window that is not full yet. */
  readonly messages: number;
  readonly seen: readonly (readonly [path: string, seen: Seen])[];
}

interface Seen {
  messages: number;
  /** In how many of the window's messages each type was met. */
  readonly types: number[];
}

const NEVER_SEEN: SavedShape = { windows: 0, fields: [], messages: 0, seen: [] };

/** What a place in a list, or a name that is data, is called. */
const ANY = '*';

/** The fields of a message and their types (null says nothing of a type). */
function fieldsOf(value: Value): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  lookInto(value, '', 0, found);
  return found;
}

/** Adds a value and what is inside of it. For each field of many messages: nothing is made that is not kept. */
function lookInto(value: Value, path: string, depth: number, found: Map<string, number>): void {
  if (value === null || found.size > MOST_FIELDS) return;
  if (path !== '') found.set(path, (found.get(path) ?? 0) | typeOf(value));
  if (depth >= DEEPEST || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    const many = Math.min(value.length, OF_A_LIST);
    for (let i = 0; i < many; i += 1) lookInto(value[i], `${path}/${ANY}`, depth + 1, found);
    return;
  }
  const fields = value as { readonly [name: string]: Value };
  for (const name in fields)
    lookInto(fields[name]!, `${path}/${isData(name) ? ANY : name}`, depth + 1, found);
}

/** A number or an id: no name of a field has four digits in a row, or is that long. */
function isData(name: string): boolean {
  if (name.length > LONGEST_NAME) return true;
  let digits = 0;
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    digits = code >= 0x30 && code <= 0x39 ? digits + 1 : 0;
    if (digits === 4) return true;
  }
  return false;
}

function typeOf(value: Exclude<Value, null>): number {
  switch (typeof value) {
    case 'string':
      return 1;
    case 'number':
      return 2;
    case 'boolean':
      return 4;
    default:
      return Array.isArray(value) ? 16 : 8;
  }
}

/**
 * The shape of one partner's messages, learned window by window: which fields they have, of which types. Tells each change once: a field
 * that is new in half of a window's messages, one that every window had and this one has not, a type never met in a field before.
 */
export class Shape {
  #windows: number;
  readonly #fields: Map<string, { types: number; always: boolean }>;
  #messages: number;
  #seen: Map<string, Seen>;

  constructor(saved: SavedShape = NEVER_SEEN) {
    this.#windows = saved.windows;
    this.#messages = saved.messages;
    this.#seen = new Map(structuredClone(saved.seen));
    this.#fields = new Map(
      saved.fields.map(([path, types, always]) => [path, { types, always: always === 1 }]),
    );
  }

  dump(): SavedShape {
    const fields = [...this.#fields].map(([path, { types, always }]): Field => [path, types, always ? 1 : 0]);
    return {
      windows: this.#windows,
      fields,
      messages: this.#messages,
      seen: structuredClone([...this.#seen]),
    };
  }

  look(value: Value): void {
    this.#messages += 1;
    for (const [path, types] of fieldsOf(value)) {
      let seen = this.#seen.get(path);
      if (seen === undefined) {
        seen = { messages: 0, types: TYPES.map(() => 0) };
        this.#seen.set(path, seen);
      }
      seen.messages += 1;
      for (let type = 0; type < TYPES.length; type += 1) if ((types >> type) & 1) seen.types[type]! += 1;
    }
  }

  /** The window is full. */
  conclude(): Unmapped[] {
    const changes: Unmapped[] = [];
    const enough = this.#messages / 2;
    const learned = this.#windows >= LEARNED;
    for (const [path, seen] of this.#seen) {
      const field = this.#fields.get(path);
      const fresh = typesIn(seen.types, enough) & ~(field?.types ?? 0);
      const told = { path, value: namesOf(fresh) };
      const room = this.#fields.size < MOST_FIELDS;
      if (learned && field === undefined && room && seen.messages >= enough)
        changes.push({ kind: 'new-field', ...told, why: 'no message had it before' });
      else if (learned && field !== undefined && fresh !== 0)
        changes.push({ kind: 'changed-type', ...told, why: `it was ${namesOf(field.types)}` });
      this.#learn(path, seen, enough);
    }
    for (const [path, field] of this.#fields) {
      // A list may be empty.
      if (!field.always || this.#seen.has(path) || path.includes(`/${ANY}`)) continue;
      field.always = false;
      const told = { path, value: namesOf(field.types), why: 'every message had it' };
      if (learned && this.#messages > 0) changes.push({ kind: 'missing-field', ...told });
    }
    this.#windows += 1;
    this.#messages = 0;
    this.#seen = new Map();
    // What is inside of a new or missing field goes without saying.
    const paths = new Set(changes.map(({ path }) => path));
    return changes.filter(({ path }) => !paths.has(path.slice(0, path.lastIndexOf('/'))));
  }

  #learn(path: string, seen: Seen, enough: number): void {
    const field = this.#fields.get(path);
    const types = typesIn(seen.types, 1);
    if (field !== undefined) {
      field.types |= types;
      field.always &&= seen.messages >= enough;
    } else if (this.#fields.size < MOST_FIELDS) {
      this.#fields.set(path, { types, always: this.#windows === 0 && seen.messages >= enough });
    }
  }
}

const typesIn = (counts: readonly number[], atLeast: number): number =>
  counts.reduce((mask, count, type) => (count >= atLeast && count > 0 ? mask | (1 << type) : mask), 0);

const namesOf = (types: number): string => TYPES.filter((_, type) => (types >> type) & 1).join(' or ');
