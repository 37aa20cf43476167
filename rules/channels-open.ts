import type { EpochMs } from './time.ts';

interface Entry {
  readonly key: string;
  readonly at: EpochMs;
  open: boolean;
}

/** Open matters in the order in which they came, of which only the oldest is asked for. Adding and closing take constant time. */
export class OldestOpen {
  readonly #entries = new Map<string, Entry>();
  #queue: Entry[] = [];
  #head = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Time of the oldest open one; `Infinity` when none is. */
  get oldest(): EpochMs {
    return this.#queue[this.#head]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** A key that is open already keeps its first time. Times come in log order; one that does not is taken as the last one's. */
  add(key: string, at: EpochMs): void {
    if (this.#entries.has(key)) return;
    const last = this.#queue.at(-1)?.at ?? at;
    const entry = { key, at: this.#entries.size === 0 ? at : Math.max(at, last), open: true };
    this.#entries.set(key, entry);
    this.#queue.push(entry);
  }

  /** True when it was open. */
  close(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.open = false;
    this.#entries.delete(key);
    while (this.#queue[this.#head]?.open === false) this.#head += 1;
    if (this.#head > 256 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }

  /** Closes every one that came at or before `at`; their keys. */
  closeUntil(at: EpochMs): readonly string[] {
    const closed: string[] = [];
    while (this.oldest <= at) {
      const { key } = this.#queue[this.#head]!;
      this.close(key);
      closed.push(key);
    }
    return closed;
  }

  *[Symbol.iterator](): Generator<{ readonly key: string; readonly at: EpochMs }> {
    for (const { key, at } of this.#entries.values()) yield { key, at };
  }
}
