import type { RefId } from './identity-tables.ts';

/** That an alias and a principal ref are the same shipment, said by `count` statements. */
export interface Claim {
  readonly alias: RefId;
  readonly principal: RefId;
  count: number;
  /** Computed when it is first needed: most claims are never contested. */
  hash?: string;
}

/** What deciding about aliases needs to know of refs. */
export interface AliasView {
  typeOf(ref: RefId): string;
  /** A durable hash of the claim, the same on every machine. */
  hashOf(alias: RefId, principal: RefId): string;
  /** False when an operator split the two. */
  allowed(alias: RefId, principal: RefId): boolean;
}

/**
 * Claims that a ref is another name of a shipment. A claim holds when it is 1:1: no other shipment for the alias, no other
 * alias of that type for the shipment. Of claims that exclude each other the one said by more statements holds, then the
 * one with the smaller hash; so the same claims give the same answer, whatever order they came in.
 */
export class AliasClaims {
  readonly #byAlias = new Map<RefId, Claim[]>();
  readonly #byPrincipal = new Map<RefId, Claim[]>();
  readonly #view: AliasView;

  constructor(view: AliasView) {
    this.#view = view;
  }

  has(alias: RefId): boolean {
    return this.#byAlias.has(alias);
  }

  add(alias: RefId, principal: RefId): void {
    const known = this.#byAlias.get(alias)?.find((claim) => claim.principal === principal);
    if (known !== undefined) known.count++;
    else {
      const claim: Claim = { alias, principal, count: 1 };
      push(this.#byAlias, alias, claim);
      push(this.#byPrincipal, principal, claim);
    }
  }

  remove(alias: RefId, principal: RefId): void {
    const claim = this.#byAlias.get(alias)?.find((known) => known.principal === principal);
    if (claim === undefined || --claim.count > 0) return;
    drop(this.#byAlias, alias, claim);
    drop(this.#byPrincipal, principal, claim);
  }

  /** Aliases whose claims can exclude each other with claims on these, themselves included. */
  rivals(aliases: Iterable<RefId>): Set<RefId> {
    const found = new Set(aliases);
    for (const alias of found) {
      for (const { principal } of this.#byAlias.get(alias) ?? []) {
        for (const other of this.#sameType(principal, alias)) found.add(other.alias);
      }
    }
    return found;
  }

  #hash(claim: Claim): string {
    claim.hash ??= this.#view.hashOf(claim.alias, claim.principal);
    return claim.hash;
  }

  #sameType(principal: RefId, alias: RefId): Claim[] {
    const type = this.#view.typeOf(alias);
    return (this.#byPrincipal.get(principal) ?? []).filter(
      (claim) => this.#view.typeOf(claim.alias) === type,
    );
  }

  /** Decides the claims on these aliases, which must be all {@link rivals} of each other. */
  decide(aliases: ReadonlySet<RefId>): { readonly held: Map<RefId, RefId>; readonly refused: Claim[] } {
    const claims: Claim[] = [];
    for (const alias of aliases) {
      for (const claim of this.#byAlias.get(alias) ?? []) {
        if (this.#view.allowed(claim.alias, claim.principal)) claims.push(claim);
      }
    }
    const held = new Map<RefId, RefId>();
    if (claims.length === 1) return { held: held.set(claims[0]!.alias, claims[0]!.principal), refused: [] };
    claims.sort((a, b) => b.count - a.count || (this.#hash(a) < this.#hash(b) ? -1 : 1));
    const taken = new Set<string>();
    const refused: Claim[] = [];
    for (const claim of claims) {
      const place = `${claim.principal} ${this.#view.typeOf(claim.alias)}`;
      if (held.has(claim.alias) || taken.has(place)) refused.push(claim);
      else {
        held.set(claim.alias, claim.principal);
        taken.add(place);
      }
    }
    return { held, refused };
  }
}

/** Aliases that a statement declares; they say something only beside exactly one principal ref. */
export function claimedAliases(marked: readonly number[], principals: readonly RefId[]): RefId[] {
  if (principals.length !== 1) return [];
  return marked.filter((mark) => (mark & 1) === 1 && mark >>> 1 !== principals[0]).map((mark) => mark >>> 1);
}

function push(map: Map<RefId, Claim[]>, key: RefId, claim: Claim): void {
  const claims = map.get(key);
  if (claims === undefined) map.set(key, [claim]);
  else claims.push(claim);
}

function drop(map: Map<RefId, Claim[]>, key: RefId, claim: Claim): void {
  const rest = map.get(key)!.filter((other) => other !== claim);
  if (rest.length === 0) map.delete(key);
  else map.set(key, rest);
}
