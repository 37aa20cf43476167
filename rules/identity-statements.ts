import { Arena, HashIndex, hashText, IntColumn } from './identity-bytes.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';

/** What a statement speaks of, as kept beside it. */
export const DIRECT = -1;
/** Direct through a 1:1 alias. */
export const ALIASED = -2;
export const WAITING = -3;

const KEY_SEED = 77;

/**
 * Known statements, one record each: key, time to the minute, refs. A record is written once; a changed statement is a
 * new record. The outcome is one shipment (0 and above), one of the names above, or the number of a set (below -3).
 */
export class StatementTable {
  readonly #offsets = new IntColumn();
  readonly #outcomes = new IntColumn();
  readonly #index = new HashIndex(
    (id) => this.#arena.hashAt(this.#offsets.data[id]!, KEY_SEED),
    (id, key) => this.#arena.sameText(this.#offsets.data[id]!, key),
  );
  readonly #sets: (readonly RefId[] | undefined)[] = [];
  readonly #freeSets: number[] = [];
  readonly #free: number[] = [];
  #arena = new Arena();
  length = 0;
  live = 0;

  find(key: string): StatementId {
    return this.#index.find(hashText(key, KEY_SEED), key, 0);
  }

  /** `refs` ascending, each doubled, plus one when it is an alias. The key is not known yet. */
  add(key: string, minute: number, refs: readonly number[]): StatementId {
    const id = this.#free.pop() ?? this.length++;
    this.live++;
    this.#offsets.reach(id);
    this.#outcomes.reach(id);
    this.#offsets.data[id] = this.#arena.length;
    this.#outcomes.data[id] = WAITING;
    this.#arena.text(key);
    this.#arena.int32(minute);
    this.#arena.varint(refs.length);
    let previous = 0;
    for (const marked of refs) {
      this.#arena.varint(marked - previous);
      previous = marked & ~1;
    }
    this.#index.add(hashText(key, KEY_SEED), id);
    return id;
  }

  free(id: StatementId): void {
    this.setOutcome(id, WAITING);
    const at = this.#offsets.data[id]!;
    this.#index.delete(this.#arena.hashAt(at, KEY_SEED), id);
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
    this.#refsAt(at);
    let count = this.#arena.readVarint(this.#arena.cursor);
    while (count-- > 0) this.#arena.readVarint(this.#arena.cursor);
    return this.#arena.cursor;
  }

  #refsAt(at: number): void {
    this.#arena.skipText(at);
    this.#arena.cursor += 4;
  }

  isFree(id: StatementId): boolean {
    return this.#offsets.data[id]! < 0;
  }

  key(id: StatementId): string {
    return this.#arena.readText(this.#offsets.data[id]!);
  }

  minute(id: StatementId): number {
    this.#arena.skipText(this.#offsets.data[id]!);
    return this.#arena.readInt32(this.#arena.cursor);
  }

  /** As given to {@link add}. */
  marked(id: StatementId): number[] {
    this.#refsAt(this.#offsets.data[id]!);
    const count = this.#arena.readVarint(this.#arena.cursor);
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
    this.#refsAt(this.#offsets.data[id]!);
    let count = this.#arena.readVarint(this.#arena.cursor);
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
    return this.#offsets.bytes + this.#outcomes.bytes + this.#index.bytes + this.#arena.data.byteLength;
  }
}
