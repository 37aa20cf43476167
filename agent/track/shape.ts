import type { Value } from '../../collectors/formats/format.ts';
import type { Unmapped } from '../../collectors/maps/map.ts';

/** So many windows are learned from before anything counts as a change. */
const LEARNED = 4;
/** Fields of one partner that are remembered; a partner with more writes data where names should be. */
const MOST_FIELDS = 400;
const DEEPEST = 8;
/** Of a list, so many elements are looked at. */
const OF_A_LIST = 3;
/** A name that is data: a number, an id. */
const DATA = /\d{4}|.{41}/;

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
  const look = (one: Value, path: string, depth: number): void => {
    if (one === null || found.size > MOST_FIELDS) return;
    if (path !== '') found.set(path, (found.get(path) ?? 0) | typeOf(one));
    if (depth >= DEEPEST || typeof one !== 'object') return;
    const inside: readonly (readonly [string, Value])[] = Array.isArray(one)
      ? one.slice(0, OF_A_LIST).map((each: Value) => [ANY, each])
      : Object.entries(one).map(([name, each]) => [DATA.test(name) ? ANY : name, each]);
    for (const [name, each] of inside) look(each, `${path}/${name}`, depth + 1);
  };
  look(value, '', 0);
  return found;
}

function typeOf(value: Exclude<Value, null>): number {
  if (Array.isArray(value)) return 1 << TYPES.indexOf('list');
  const type = typeof value;
  return 1 << TYPES.indexOf(type === 'string' ? 'text' : (type as (typeof TYPES)[number]));
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
