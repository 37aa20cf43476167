import { murmur128, parseHashId, textOfWords } from './hash.ts';
import { HashIndex, IntColumn } from './identity-bytes.ts';

/**
 * Keys of numbered records, and the record of a key. Keys are hashes (hash.ts) nearly always: 16 bytes each, and any of their bits
 * will do to find them again. Another key is hashed for the search and kept as it is beside.
 */
export class KeyColumn {
  readonly #words = new IntColumn();
  readonly #others = new Map<number, string>();
  readonly #wanted = new Int32Array(4);
  readonly #index = new HashIndex(
    (id) => this.#words.data[4 * id]! >>> 0,
    (id, key) => this.#isWanted(id, key),
  );

  /** The record with this key, or -1. */
  find(key: string): number {
    this.#want(key);
    return this.#index.find(this.#wanted[0]! >>> 0, key, 0);
  }

  /** The key is not known yet. */
  add(key: string, id: number): void {
    if (!this.#want(key)) this.#others.set(id, key);
    this.#words.reach(4 * id + 3);
    this.#words.data.set(this.#wanted, 4 * id);
    this.#index.add(this.#wanted[0]! >>> 0, id);
  }

  delete(id: number): void {
    this.#index.delete(this.#words.data[4 * id]! >>> 0, id);
    if (this.#others.size > 0) this.#others.delete(id);
  }

  key(id: number): string {
    const other = this.#others.size > 0 ? this.#others.get(id) : undefined;
    return other ?? textOfWords(this.#words.data, 4 * id);
  }

  /** False when the key is none of our hashes. */
  #want(key: string): boolean {
    if (parseHashId(key, this.#wanted)) return true;
    this.#wanted.set(murmur128(key));
    return false;
  }

  #isWanted(id: number, key: string): boolean {
    const [words, wanted, at] = [this.#words.data, this.#wanted, 4 * id];
    for (let i = 0; i < 4; i++) if (words[at + i] !== wanted[i]) return false;
    return this.#others.size === 0 || (this.#others.get(id) ?? key) === key;
  }

  /** Without the keys that are none of our hashes. */
  get bytes(): number {
    return this.#words.bytes + this.#index.bytes;
  }
}
