import { hashId } from './hash.ts';
import { type Ref, refText } from './refs.ts';

/** An operator's decision, a fact in the log. `position` orders decisions, whatever order they are read in. */
export type IdentityOverride = {
  /** Names the decision; a later one with the same key replaces it. */
  readonly key: string;
  readonly position: number;
} & (
  | { readonly kind: 'merge'; readonly shipmentId: string; readonly into: string }
  /** `ref` does not belong to the shipment. The principal ref of a merged shipment: the merge is undone. */
  | { readonly kind: 'split'; readonly ref: Ref; readonly shipmentId: string }
);

export const shipmentIdOf = (tenant: string, principal: Ref): string =>
  hashId('shipment', tenant, refText(principal));

/** The operators' decisions, folded in log order into merges that hold and pairs that were split. */
export class Overrides {
  readonly #tenant: string;
  readonly #facts = new Map<string, IdentityOverride>();
  #into = new Map<string, string>();
  #splits = new Map<string, Set<string>>();

  constructor(tenant: string) {
    this.#tenant = tenant;
  }

  get empty(): boolean {
    return this.#facts.size === 0;
  }

  get(key: string): IdentityOverride | undefined {
    return this.#facts.get(key);
  }

  set(override: IdentityOverride): void {
    this.#facts.set(override.key, override);
    this.#fold();
  }

  delete(key: string): boolean {
    const known = this.#facts.delete(key);
    if (known) this.#fold();
    return known;
  }

  all(): IdentityOverride[] {
    return [...this.#facts.values()].sort((a, b) => a.position - b.position || (a.key < b.key ? -1 : 1));
  }

  #fold(): void {
    this.#into = new Map();
    this.#splits = new Map();
    for (const fact of this.all()) {
      if (fact.kind === 'merge') this.#merge(fact.shipmentId, fact.into);
      else this.#split(fact.ref, fact.shipmentId);
    }
  }

  #merge(shipmentId: string, into: string): void {
    // Merging back into something already merged here would make a ring; they are one shipment already.
    if (!this.chain(into).includes(shipmentId)) this.#into.set(shipmentId, into);
  }

  #split(ref: Ref, shipmentId: string): void {
    const own = shipmentIdOf(this.#tenant, ref);
    if (own !== shipmentId && this.chain(own).includes(shipmentId)) this.#into.delete(own);
    const text = refText(ref);
    const of = this.#splits.get(text);
    if (of === undefined) this.#splits.set(text, new Set([shipmentId]));
    else of.add(shipmentId);
  }

  /** The shipment and everything it is merged into, step by step. */
  chain(shipmentId: string): string[] {
    const out = [shipmentId];
    for (let at = this.#into.get(shipmentId); at !== undefined; at = this.#into.get(at)) out.push(at);
    return out;
  }

  /**
   * What merged shipments are part of, in the caller's numbers: the last shipment of their chain that is known.
   * `find` gives a number below 0 for a shipment of which nothing is known.
   */
  roots(find: (shipmentId: string) => number): Map<number, number> {
    const roots = new Map<number, number>();
    for (const shipmentId of this.#into.keys()) {
      const shipment = find(shipmentId);
      const known = this.chain(shipmentId)
        .map(find)
        .filter((number) => number >= 0);
      if (shipment >= 0) roots.set(shipment, known.at(-1)!);
    }
    return roots;
  }

  isSplit(ref: string, shipmentIds: readonly string[]): boolean {
    const of = this.#splits.get(ref);
    return of !== undefined && shipmentIds.some((id) => of.has(id));
  }

  hasSplits(ref: string): boolean {
    return this.#splits.has(ref);
  }

  splitRefs(): Iterable<string> {
    return this.#splits.keys();
  }
}
