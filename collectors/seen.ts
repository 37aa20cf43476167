import { createHash } from 'node:crypto';

/** So many records of a source are remembered at least, so many twice over at most. */
const GENERATION = 50_000;

/** 128 bits of SHA-256, in base64url: tells contents apart, is small to keep. */
export function contentHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url').slice(0, 22);
}

/**
 * The content each record had when it was last delivered, so that a poll with an overlap does not send the unchanged
 * again. Bounded: two generations of maps, the older one dropped whole. Forgetting is harmless, the log knows repeats;
 * `set` is called only after the sink has the record.
 */
export class LastContents {
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  readonly #generation: number;

  constructor(generation = GENERATION) {
    this.#generation = generation;
  }

  get(id: string): string | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  set(id: string, hash: string): void {
    if (this.#young.size >= this.#generation && !this.#young.has(id)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, hash);
  }
}

/**
 * Contents of records that have no id. Nothing says that A, B, A are three states of one thing, so only what the last
 * complete poll contained (or this one already did) counts as known: an A that went away and came back is news.
 */
export class AnonymousContents {
  #last: ReadonlySet<string> = new Set();
  #current = new Set<string>();

  has(hash: string): boolean {
    return this.#last.has(hash) || this.#current.has(hash);
  }

  add(hash: string): void {
    if (this.#current.size < 4 * GENERATION) this.#current.add(hash);
  }

  turn(): void {
    this.#last = this.#current;
    this.#current = new Set();
  }
}
