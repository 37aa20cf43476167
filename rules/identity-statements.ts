import { Arena, IntColumn } from './identity-bytes.ts';
import { KeyColumn } from './identity-keys.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';

/** What a statement speaks of, as kept beside it. */
export const DIRECT = -1;
/** Direct through a 1:1 alias. */
export const ALIASED = -2;
export const WAITING = -3;

/** A record begins with its minute. */
const MINUTE_BYTES = 4;

/** A statement with numbered refs; each number doubled, plus one when the ref is declared an alias. */
export interface NumberedStatement {
  readonly key: string;
  readonly minute: number;
  readonly marked: readonly number[];
}

/**
 * Known statements, one record each: key, time to the minute, refs. A record is written once; a changed statement is a
 * new record. The outcome is one shipment (0 and above), one of the names above, or the number of a set (below -3).
 */
export class StatementTable {
  readonly #offsets = new IntColumn();
  readonly #outcomes = new IntColumn();
  readonly #keys = new KeyColumn();
  readonly #sets: (readonly RefId[] | undefined)[] = [];
  readonly #freeSets: number[] = [];
  readonly #free: number[] = [];
  #arena = new Arena();
  length = 0;
  live = 0;

  find(key: string): StatementId {
    return this.#keys.find(key);
  }

  /** `refs` ascending, each doubled, plus one when it is an alias. The key is not known yet. */
  add(key: string, minute: number, refs: readonly number[]): StatementId {
    const id = this.#free.pop() ?? this.length++;
    this.live++;
    this.#offsets.reach(id);
    this.#outcomes.reach(id);
    this.#offsets.data[id] = this.#arena.length;
    this.#outcomes.data[id] = WAITING;
    this.#arena.int32(minute);
    this.#arena.varint(refs.length);
    let previous = 0;
    for (const marked of refs) {
      this.#arena.varint(marked - previous);
      previous = marked & ~1;
    }
    this.#keys.add(key, id);
    return id;
  }

  free(id: StatementId): void {
    this.setOutcome(id, WAITING);
    const at = this.#offsets.data[id]!;
    this.#keys.delete(id);
    this.#arena.dead += this.#end(at) - at;
    this.#offsets.data[id] = NONE;
    this.#free.push(id);
    this.live--;
    this.#compact();
  }

  #compact(): void {
    const { dead, length } = this.#arena;
    if (dead * 3 < length || length < 65_536) return;
    const fresh = new Arena();
    for (let id = 0; id < this.length; id++) {
      const from = this.#offsets.data[id]!;
      if (from >= 0) this.#offsets.data[id] = this.#arena.moveTo(fresh, from, this.#end(from));
    }
    this.#arena = fresh;
  }

  #end(at: number): number {
    let count = this.#arena.readVarint(at + MINUTE_BYTES);
    while (count-- > 0) this.#arena.readVarint(this.#arena.cursor);
    return this.#arena.cursor;
  }

  isFree(id: StatementId): boolean {
    return this.#offsets.data[id]! < 0;
  }

  key(id: StatementId): string {
    return this.#keys.key(id);
  }

  minute(id: StatementId): number {
    return this.#arena.readInt32(this.#offsets.data[id]!);
  }

  /** As given to {@link add}. */
  marked(id: StatementId): number[] {
    const count = this.#arena.readVarint(this.#offsets.data[id]! + MINUTE_BYTES);
    const out: number[] = [];
    let previous = 0;
    for (let i = 0; i < count; i++) {
      const marked = previous + this.#arena.readVarint(this.#arena.cursor);
      out.push(marked);
      previous = marked & ~1;
    }
    return out;
  }

  refs(id: StatementId): RefId[] {
    const out = this.marked(id);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! >>> 1;
    return out;
  }

  carries(id: StatementId, ref: RefId): boolean {
    let count = this.#arena.readVarint(this.#offsets.data[id]! + MINUTE_BYTES);
    let previous = 0;
    while (count-- > 0) {
      const marked = previous + this.#arena.readVarint(this.#arena.cursor);
      if (marked >>> 1 === ref) return true;
      previous = marked & ~1;
    }
    return false;
  }

  outcome(id: StatementId): number {
    return this.#outcomes.data[id]!;
  }

  setOutcome(id: StatementId, outcome: typeof DIRECT | typeof ALIASED | typeof WAITING): void {
    this.#dropSet(id);
    this.#outcomes.data[id] = outcome;
  }

  /** Shipments of an indirect statement, ascending. */
  resolved(id: StatementId): readonly RefId[] {
    const outcome = this.#outcomes.data[id]!;
    if (outcome >= 0) return [outcome];
    return outcome < WAITING ? this.#sets[-4 - outcome]! : [];
  }

  setResolved(id: StatementId, shipments: readonly RefId[]): void {
    this.#dropSet(id);
    if (shipments.length === 0) this.#outcomes.data[id] = WAITING;
    else if (shipments.length === 1) this.#outcomes.data[id] = shipments[0]!;
    else {
      const set = this.#freeSets.pop() ?? this.#sets.length;
      this.#sets[set] = shipments;
      this.#outcomes.data[id] = -4 - set;
    }
  }

  #dropSet(id: StatementId): void {
    const outcome = this.#outcomes.data[id]!;
    if (outcome >= WAITING) return;
    this.#sets[-4 - outcome] = undefined;
    this.#freeSets.push(-4 - outcome);
  }

  get bytes(): number {
    return this.#offsets.bytes + this.#outcomes.bytes + this.#keys.bytes + this.#arena.data.byteLength;
  }
}
