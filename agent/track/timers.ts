import type { EpochMs } from '../../rules/time.ts';

/**
 * One timer per slot (a shipment's index), earliest first: an indexed binary heap in typed arrays, 20 bytes a slot, so that a
 * million of them cost no garbage. Ties fire in slot order: the order of firing is a function of the content.
 */
export class Timers {
  #at = new Float64Array(1024).fill(Number.POSITIVE_INFINITY);
  /** heap position of a slot, -1 when not scheduled */
  #position = new Int32Array(1024).fill(-1);
  #heap = new Int32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When the earliest timer fires; Infinity when there is none. */
  nextAt(): EpochMs {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#at[this.#heap[0]!]!;
  }

  /** Sets, moves or (with undefined) clears a slot's timer. */
  set(slot: number, at: EpochMs | undefined): void {
    this.#grow(slot + 1);
    const position = this.#position[slot]!;
    if (at === undefined || at === Number.POSITIVE_INFINITY) {
      if (position >= 0) this.#remove(position);
      return;
    }
    this.#at[slot] = at;
    if (position >= 0) {
      this.#down(this.#up(position));
      return;
    }
    this.#heap[this.#size] = slot;
    this.#position[slot] = this.#size;
    this.#size += 1;
    this.#up(this.#size - 1);
  }

  /** When a slot's timer fires; undefined when it has none. */
  at(slot: number): EpochMs | undefined {
    return this.#position[slot] === undefined || this.#position[slot]! < 0 ? undefined : this.#at[slot];
  }

  /** Takes the earliest timer off and returns its slot; -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const slot = this.#heap[0]!;
    this.#remove(0);
    return slot;
  }

  #remove(position: number): void {
    const slot = this.#heap[position]!;
    this.#position[slot] = -1;
    this.#at[slot] = Number.POSITIVE_INFINITY;
    this.#size -= 1;
    if (position === this.#size) return;
    const moved = this.#heap[this.#size]!;
    this.#heap[position] = moved;
    this.#position[moved] = position;
    this.#down(this.#up(position));
  }

  #before(a: number, b: number): boolean {
    const difference = this.#at[a]! - this.#at[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  #up(from: number): number {
    let position = from;
    const slot = this.#heap[position]!;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const other = this.#heap[parent]!;
      if (!this.#before(slot, other)) break;
      this.#heap[position] = other;
      this.#position[other] = position;
      position = parent;
    }
    this.#heap[position] = slot;
    this.#position[slot] = position;
    return position;
  }

  #down(from: number): void {
    let position = from;
    const slot = this.#heap[position]!;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child += 1;
      const other = this.#heap[child]!;
      if (!this.#before(other, slot)) break;
      this.#heap[position] = other;
      this.#position[other] = position;
      position = child;
    }
    this.#heap[position] = slot;
    this.#position[slot] = position;
  }

  #grow(slots: number): void {
    const old = this.#at.length;
    if (slots <= old) return;
    const length = Math.max(slots, old * 2);
    const at = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    at.set(this.#at);
    const position = new Int32Array(length).fill(-1);
    position.set(this.#position);
    const heap = new Int32Array(length);
    heap.set(this.#heap);
    this.#at = at;
    this.#position = position;
    this.#heap = heap;
  }
}
