import { hashId } from './hash.ts';
import { AliasClaims, type Claim, claimedAliases } from './identity-alias.ts';
import { Changes } from './identity-change.ts';
import { IdentityGraph } from './identity-graph.ts';
import { type IdentityOverride, Overrides } from './identity-override.ts';
import { type Decided, decide } from './identity-solve.ts';
import { ALIASED, DIRECT, type NumberedStatement, WAITING } from './identity-statements.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';
import { parseRef, type RefType, refText } from './refs.ts';

/**
 * Keeps outcomes in step with statements. A change marks what it may touch; `settle` decides again exactly that:
 * aliases, then merges, then statements hanging together by linking refs, then those that only group refs can place.
 */
export class IdentityEngine {
  readonly graph: IdentityGraph;
  readonly claims: AliasClaims;
  readonly refused = new Map<RefId, Claim[]>();
  readonly ambiguous = new Set<StatementId>();
  readonly changes = new Changes();
  /** While loading nothing is compared with what was before, and everything is resolved once at the end. */
  quiet = false;
  readonly #statements = new Set<StatementId>();
  readonly #refs = new Set<RefId>();
  readonly #groups = new Set<RefId>();
  readonly #unplaced = new Set<StatementId>();
  readonly #aliases = new Set<RefId>();
  readonly #loose = new Set<RefId>();
  #rootsStale = false;

  constructor(settings: { readonly tenant: string; readonly shipmentIs: RefType }) {
    const graph = new IdentityGraph(settings, new Overrides(settings.tenant));
    this.graph = graph;
    this.claims = new AliasClaims({
      typeOf: (ref) => graph.refs.type(ref),
      hashOf: (alias, principal) =>
        hashId('alias', graph.tenant, refText(graph.refs.ref(alias)), refText(graph.refs.ref(principal))),
      allowed: (alias, principal) => !graph.isSplit(alias, principal),
    });
  }

  /** `replaces`: a statement with this key was deleted in the same change. */
  insert(statement: NumberedStatement, replaces = false): StatementId {
    const id = this.graph.statements.add(statement.key, statement.minute, statement.marked);
    if (!this.quiet && !replaces) this.changes.fresh = id;
    this.#attach(id, statement.marked);
    return id;
  }

  delete(id: StatementId): void {
    const { statements } = this.graph;
    this.#record(id);
    // The same shipments with other refs are no change of links.
    for (const shipment of this.graph.shipmentsOf(id)) this.changes.touched.add(shipment);
    this.#detach(id);
    for (const ref of statements.refs(id)) this.#loose.add(ref);
    statements.free(id);
  }

  override(key: string, override: IdentityOverride | undefined): void {
    const { overrides } = this.graph;
    const named = new Set(overrides.splitRefs());
    for (const fact of [overrides.get(key), override]) {
      const shipment = fact === undefined ? NONE : this.graph.findShipment(fact.shipmentId);
      if (shipment !== NONE) this.changes.touched.add(shipment);
    }
    if (override === undefined) overrides.delete(key);
    else overrides.set(override);
    for (const text of overrides.splitRefs()) named.add(text);
    for (const text of named) this.#markSplit(text);
    this.#rootsStale = true;
  }

  #markSplit(text: string): void {
    const ref = this.graph.refs.find(parseRef(text));
    if (ref < 0) return;
    this.#markRef(ref);
    for (const shipment of this.graph.bags.values(this.graph.refs.shipments(ref)))
      this.changes.touched.add(shipment);
    for (const alias of this.claims.rivals([ref])) this.#aliases.add(alias);
  }

  #record(id: StatementId): void {
    if (this.quiet || id === this.changes.fresh) return;
    const key = this.graph.statements.key(id);
    if (!this.changes.before.has(key)) this.changes.before.set(key, this.graph.shipmentsOf(id));
  }

  #attach(id: StatementId, marked: readonly number[]): void {
    const { statements, refs: table } = this.graph;
    const refs = marked.map((mark) => mark >>> 1);
    const principals = this.graph.principals(refs);
    if (principals.length > 0) {
      statements.setOutcome(id, DIRECT);
      for (const shipment of principals) this.#join(id, refs, shipment);
      this.#claim(marked, principals, (alias, principal) => this.claims.add(alias, principal));
      return;
    }
    for (const ref of refs) table.addStatement(ref, id);
    const shipments = this.graph.aliased(refs);
    if (shipments.length > 0) {
      statements.setOutcome(id, ALIASED);
      for (const shipment of shipments) this.#join(id, refs, shipment);
    } else this.#statements.add(id);
  }

  #detach(id: StatementId): void {
    const { statements, refs: table } = this.graph;
    const marked = statements.marked(id);
    const refs = marked.map((mark) => mark >>> 1);
    const outcome = statements.outcome(id);
    if (outcome === DIRECT) {
      const principals = this.graph.principals(refs);
      for (const shipment of principals) this.#leave(id, refs, shipment);
      this.#claim(marked, principals, (alias, principal) => this.claims.remove(alias, principal));
      return;
    }
    for (const ref of refs) table.removeStatement(ref, id);
    if (outcome === ALIASED) {
      for (const shipment of this.graph.aliased(refs)) this.#leave(id, refs, shipment);
    } else {
      for (const ref of refs) this.#markRef(ref);
      this.graph.dropUnplaced(id, refs);
      this.#statements.delete(id);
      this.#unplaced.delete(id);
      this.ambiguous.delete(id);
      this.changes.newlyAmbiguous.delete(id);
    }
    statements.setOutcome(id, WAITING);
  }

  #claim(
    marked: readonly number[],
    principals: readonly RefId[],
    change: (alias: RefId, principal: RefId) => void,
  ): void {
    for (const alias of claimedAliases(marked, principals)) {
      for (const rival of this.claims.rivals([alias])) this.#aliases.add(rival);
      change(alias, principals[0]!);
    }
  }

  #join(id: StatementId, refs: readonly RefId[], shipment: RefId): void {
    if (!this.graph.overrides.empty && this.graph.refs.statements(shipment) === NONE) this.#rootsStale = true;
    // With nothing split or merged, what a shipment gains by a statement is what stands in it.
    const gains = this.graph.overrides.empty ? this.changes.grown : this.changes.touched;
    if (this.graph.refs.statements(shipment) === NONE) gains.add(shipment);
    this.graph.join(id, refs, shipment, (ref, fresh) => {
      if (fresh) gains.add(shipment);
      this.#evidence(ref, fresh);
    });
  }

  #leave(id: StatementId, refs: readonly RefId[], shipment: RefId): void {
    this.graph.leave(id, refs, shipment, (ref, gone) => {
      if (gone) this.changes.touched.add(shipment);
      this.#evidence(ref, gone);
    });
    if (!this.graph.overrides.empty && this.graph.refs.statements(shipment) === NONE) this.#rootsStale = true;
  }

  #evidence(ref: RefId, changed: boolean): void {
    if (changed || this.graph.window(ref) !== Infinity) this.#markRef(ref);
  }

  #markRef(ref: RefId): void {
    if (this.graph.refs.statements(ref) === NONE || this.graph.isPrincipal(ref)) return;
    if (!this.graph.isGroup(ref)) this.#refs.add(ref);
    else if (this.graph.byGroup.has(ref)) this.#groups.add(ref);
  }

  settle(): void {
    this.#settleAliases();
    this.#settleRoots();
    if (this.#statements.size + this.#refs.size + this.#groups.size === 0) return;
    if (!this.quiet) {
      for (const ref of this.#refs) for (const id of this.graph.indirect(ref)) this.#statements.add(id);
    }
    this.#refs.clear();
    for (const id of this.#statements) {
      // Deciding takes the whole component out of the set.
      const settled = this.#statements.size === 1;
      for (const decided of decide(this.graph, id, settled)) this.#apply(decided);
    }
    for (const group of this.#groups) {
      for (const id of this.graph.byGroup.get(group) ?? []) this.#unplaced.add(id);
    }
    this.#groups.clear();
    for (const id of this.#unplaced) this.#applyGroup(id);
    this.#unplaced.clear();
  }

  #settleAliases(): void {
    if (this.#aliases.size === 0) return;
    const all = this.claims.rivals(this.#aliases);
    this.#aliases.clear();
    const { held, refused } = this.claims.decide(all);
    const { aliases, refs, bags } = this.graph;
    const changed = [...all].filter((alias) => aliases.get(alias) !== held.get(alias));
    const moving = new Set(changed.flatMap((alias) => bags.values(refs.statements(alias))));
    for (const id of moving) {
      this.#record(id);
      this.#detach(id);
    }
    for (const alias of changed) {
      for (const shipment of [aliases.get(alias), held.get(alias), ...bags.values(refs.shipments(alias))]) {
        if (shipment !== undefined) this.changes.touched.add(shipment);
      }
      if (held.has(alias)) aliases.set(alias, held.get(alias)!);
      else aliases.delete(alias);
    }
    for (const id of moving) this.#attach(id, this.graph.statements.marked(id));
    const old = new Set([...all].flatMap((alias) => this.refused.get(alias) ?? []));
    for (const alias of all) this.refused.delete(alias);
    for (const claim of refused) {
      if (!old.has(claim)) this.changes.newlyRefused.add(claim);
      const of = this.refused.get(claim.alias);
      if (of === undefined) this.refused.set(claim.alias, [claim]);
      else of.push(claim);
    }
  }

  /** A merge holds while something is known of its target. */
  #settleRoots(): void {
    if (!this.#rootsStale) return;
    this.#rootsStale = false;
    const { overrides, roots: old, bags, refs, statements } = this.graph;
    const roots = overrides.roots((shipmentId) => this.graph.findShipment(shipmentId));
    const moved = [...new Set([...old.keys(), ...roots.keys()])].filter(
      (id) => old.get(id) !== roots.get(id),
    );
    for (const shipment of moved) {
      for (const id of bags.values(refs.statements(shipment))) {
        this.#record(id);
        for (const ref of statements.refs(id)) this.#markRef(ref);
      }
      this.changes.moved.add(shipment);
      this.changes.moved.add(this.graph.root(shipment));
      this.changes.touched.add(shipment);
    }
    this.graph.roots = roots;
  }

  #apply({ statement: id, shipments, ambiguous, known }: Decided): void {
    this.#statements.delete(id);
    const isPlain = known && !ambiguous && this.graph.unplaced.size + this.ambiguous.size === 0;
    if (isPlain && shipments.length === 1 && this.graph.statements.outcome(id) === shipments[0]) return;
    const refs = this.graph.statements.refs(id);
    if (known) {
      const wasUnplaced = this.graph.dropUnplaced(id, refs);
      this.#unplaced.delete(id);
      const changed = this.#resolve(id, shipments, ambiguous);
      if (changed || wasUnplaced) this.#markGroups(refs);
      return;
    }
    const groups = this.graph.placing(refs);
    if (groups.length === 0) {
      if (this.#resolve(id, [], false)) this.#markGroups(refs);
      return;
    }
    if (this.graph.addUnplaced(id, groups)) this.#markGroups(refs);
    this.#unplaced.add(id);
  }

  #markGroups(refs: readonly RefId[]): void {
    for (const ref of refs) if (this.graph.byGroup.has(ref)) this.#groups.add(ref);
  }

  #applyGroup(id: StatementId): void {
    const { shipments, ambiguous } = this.graph.placedByGroups(id);
    this.#resolve(id, shipments, ambiguous);
  }

  #resolve(id: StatementId, shipments: readonly RefId[], ambiguous: boolean): boolean {
    const { statements } = this.graph;
    const old = statements.resolved(id);
    const same = old.length === shipments.length && old.every((shipment, i) => shipment === shipments[i]);
    if (ambiguous && !(same && this.ambiguous.has(id))) this.changes.newlyAmbiguous.add(id);
    if (!ambiguous) this.changes.newlyAmbiguous.delete(id);
    if (ambiguous) this.ambiguous.add(id);
    else this.ambiguous.delete(id);
    if (same) return false;
    this.#record(id);
    statements.setResolved(id, shipments);
    return true;
  }

  /** Forgets refs that nothing carries any more. Call when the change has been reported. */
  finish(): void {
    const { refs } = this.graph;
    for (const ref of this.#loose) {
      if (refs.isFree(ref) || refs.statements(ref) !== NONE || refs.shipments(ref) !== NONE) continue;
      this.graph.freeRef(ref);
    }
    if (this.#loose.size > 0) this.#loose.clear();
    this.changes.clear();
  }
}
