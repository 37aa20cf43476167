/** JSON. */
export type SavedLetters = readonly (readonly [name: string, ids: readonly string[]])[];

/** Dead letters that nobody has mended or dismissed, by the source's own id of the record. */
export class OpenLetters {
  readonly #ids: Map<string, readonly string[]>;

  constructor(saved: SavedLetters = []) {
    this.#ids = new Map(saved);
  }

  dump(): SavedLetters {
    return [...this.#ids];
  }

  add(source: string, sourceId: string, id: string): void {
    // Without an id of its own, no later record can be known to be the same.
    if (sourceId === '') return;
    const name = nameOf(source, sourceId);
    // A broken message that came twice is two letters; the one that mends it settles both.
    this.#ids.set(name, [...new Set([...(this.#ids.get(name) ?? []), id])]);
  }

  /** Ids of the letters that readable records with these ids of the source mend; they are open no more. */
  mend(source: string, sourceIds: readonly string[]): readonly string[] {
    if (this.#ids.size === 0) return NONE;
    return sourceIds.flatMap((sourceId) => {
      const name = nameOf(source, sourceId);
      const ids = this.#ids.get(name) ?? NONE;
      this.#ids.delete(name);
      return ids;
    });
  }

  /** Letters that are settled one by one: dismissed, or read again. */
  settle(ids: ReadonlySet<string>): void {
    for (const [name, open] of this.#ids) {
      const rest = open.filter((id) => !ids.has(id));
      if (rest.length === 0) this.#ids.delete(name);
      else if (rest.length < open.length) this.#ids.set(name, rest);
    }
  }
}

const NONE: readonly string[] = [];
const nameOf = (source: string, sourceId: string): string => `${source}\u001f${sourceId}`;
