import { Arena, HashIndex, hashText, IntColumn } from './identity-bytes.ts';
import { REF_TYPES, type Ref, type RefType } from './refs.ts';

/** Number of a ref while it is known. A shipment is the number of its principal ref. */
export type RefId = number;
/** Number of a statement while it is known. */
export type StatementId = number;
/** A set of numbers: -1 is empty, 0 and above holds that one number, below -1 names a cell (number, rest). */
export type Bag = number;

export const TYPES: readonly RefType[] = Object.keys(REF_TYPES) as RefType[];
const CODES = new Map(TYPES.map((type, code) => [type, code]));
export const NONE = -1;

/** Many small sets of numbers in one array. A set of one costs nothing. */
export class Bags {
  readonly #cells = new IntColumn();
  #length = 0;
  #free = NONE;

  /** Number at the front of a non-empty bag. */
  value(bag: Bag): number {
    return bag >= 0 ? bag : this.#cells.data[2 * (-2 - bag)]!;
  }

  /** The bag without its front. */
  rest(bag: Bag): Bag {
    return bag >= 0 ? NONE : this.#cells.data[2 * (-2 - bag) + 1]!;
  }

  /** The caller knows that `value` is not in it. */
  add(bag: Bag, value: number): Bag {
    if (bag === NONE) return value;
    let cell = this.#free;
    if (cell === NONE) {
      cell = this.#length++;
      this.#cells.reach(2 * cell + 1);
    } else this.#free = this.#cells.data[2 * cell + 1]!;
    this.#cells.data[2 * cell] = value;
    this.#cells.data[2 * cell + 1] = bag;
    return -2 - cell;
  }

  remove(bag: Bag, value: number): Bag {
    if (bag >= 0) return bag === value ? NONE : bag;
    let previous = NONE;
    for (let at = bag; at !== NONE; at = this.rest(at)) {
      if (this.value(at) === value) return this.#cut(bag, previous, at);
      previous = at;
    }
    return bag;
  }

  #cut(bag: Bag, previous: Bag, at: Bag): Bag {
    const rest = this.rest(at);
    let result = bag;
    if (previous === NONE) result = rest;
    else if (rest !== NONE) this.#cells.data[2 * (-2 - previous) + 1] = rest;
    else {
      // The last number lies in its predecessor's link; the predecessor's own number takes its place.
      this.#cells.data[2 * (-2 - previous) + 1] = NONE;
      const number = this.value(previous);
      result = this.#relink(bag, previous, number);
      this.#release(previous);
      return result;
    }
    if (at < NONE) this.#release(at);
    return result;
  }

  /** Lets whatever points to the cell `target` point to `to`. */
  #relink(bag: Bag, target: Bag, to: Bag): Bag {
    if (bag === target) return to;
    let at = bag;
    while (this.rest(at) !== target) at = this.rest(at);
    this.#cells.data[2 * (-2 - at) + 1] = to;
    return bag;
  }

  #release(at: Bag): void {
    const cell = -2 - at;
    this.#cells.data[2 * cell + 1] = this.#free;
    this.#free = cell;
  }

  values(bag: Bag): number[] {
    const out: number[] = [];
    for (let at = bag; at !== NONE; at = this.rest(at)) out.push(this.value(at));
    return out;
  }

  get bytes(): number {
    return this.#cells.bytes;
  }
}

/** Rewrites an arena when more than a third of it is dead. Offsets below zero are free records. */
function compact(arena: Arena, offsets: IntColumn, count: number, endOf: (at: number) => number): Arena {
  if (arena.dead * 3 < arena.length || arena.length < 65_536) return arena;
  const fresh = new Arena();
  for (let i = 0; i < count; i++) {
    const from = offsets.data[i]!;
    if (from >= 0) offsets.data[i] = arena.moveTo(fresh, from, endOf(from));
  }
  return fresh;
}

/** Known refs. Each has a bag of statements and a bag of shipments that direct statements gave it. */
export class RefTable {
  readonly bags: Bags;
  readonly #offsets = new IntColumn();
  readonly #statements = new IntColumn();
  readonly #shipments = new IntColumn();
  readonly #index = new HashIndex(
    (id) => this.#hashOf(id),
    (id, value, code) => {
      const at = this.#offsets.data[id]!;
      return this.#arena.data[at] === code && this.#arena.sameText(at + 1, value);
    },
  );
  #arena = new Arena();
  readonly #free: number[] = [];
  length = 0;

  constructor(bags: Bags) {
    this.bags = bags;
  }

  #hashOf(id: RefId): number {
    const at = this.#offsets.data[id]!;
    return this.#arena.hashAt(at + 1, this.#arena.data[at]!);
  }

  find(ref: Ref): RefId {
    const code = CODES.get(ref.type)!;
    return this.#index.find(hashText(ref.value, code), ref.value, code);
  }

  intern(ref: Ref): RefId {
    const code = CODES.get(ref.type)!;
    const hash = hashText(ref.value, code);
    const known = this.#index.find(hash, ref.value, code);
    if (known >= 0) return known;
    const id = this.#free.pop() ?? this.length++;
    this.#offsets.reach(id);
    this.#statements.reach(id);
    this.#shipments.reach(id);
    this.#offsets.data[id] = this.#arena.length;
    this.#arena.byte(code);
    this.#arena.text(ref.value);
    this.#statements.data[id] = NONE;
    this.#shipments.data[id] = NONE;
    this.#index.add(hash, id);
    return id;
  }

  free(id: RefId): void {
    this.#index.delete(this.#hashOf(id), id);
    const at = this.#offsets.data[id]!;
    this.#arena.dead += this.#end(at) - at;
    this.#offsets.data[id] = NONE;
    this.#free.push(id);
    this.#arena = compact(this.#arena, this.#offsets, this.length, (from) => this.#end(from));
  }

  #end(at: number): number {
    this.#arena.skipText(at + 1);
    return this.#arena.cursor;
  }

  isFree(id: RefId): boolean {
    return this.#offsets.data[id]! < 0;
  }

  /** Position of the ref's type in {@link TYPES}. */
  code(id: RefId): number {
    return this.#arena.data[this.#offsets.data[id]!]!;
  }

  type(id: RefId): RefType {
    return TYPES[this.code(id)]!;
  }

  ref(id: RefId): Ref {
    return { type: this.type(id), value: this.#arena.readText(this.#offsets.data[id]! + 1) };
  }

  /** Principal ref: its direct statements. Any other: the statements without a principal ref that carry it. */
  statements(id: RefId): Bag {
    return this.#statements.data[id]!;
  }

  addStatement(id: RefId, statement: StatementId): void {
    this.#statements.data[id] = this.bags.add(this.#statements.data[id]!, statement);
  }

  removeStatement(id: RefId, statement: StatementId): void {
    this.#statements.data[id] = this.bags.remove(this.#statements.data[id]!, statement);
  }

  /** Shipments (unmerged) for which direct statements carry the ref. */
  shipments(id: RefId): Bag {
    return this.#shipments.data[id]!;
  }

  addShipment(id: RefId, shipment: RefId): void {
    this.#shipments.data[id] = this.bags.add(this.#shipments.data[id]!, shipment);
  }

  removeShipment(id: RefId, shipment: RefId): void {
    this.#shipments.data[id] = this.bags.remove(this.#shipments.data[id]!, shipment);
  }

  get bytes(): number {
    const columns = this.#offsets.bytes + this.#statements.bytes + this.#shipments.bytes;
    return columns + this.#index.bytes + this.#arena.data.byteLength;
  }
}
