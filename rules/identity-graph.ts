import { HashIndex, hashText } from './identity-bytes.ts';
import { type Overrides, shipmentIdOf } from './identity-override.ts';
import { type SolverView, union } from './identity-solve.ts';
import { ALIASED, DIRECT, StatementTable, WAITING } from './identity-statements.ts';
import { Bags, NONE, type RefId, RefTable, type StatementId } from './identity-tables.ts';
import { REF_TYPES, REUSED_AFTER, type RefType, refText } from './refs.ts';

const MINUTE_MS = 60_000;

/**
 * Statements, refs, and who is evidence for what; all questions about them, nothing that decides.
 * Shipments are numbers of principal refs. `root` is what a shipment is merged into; outcomes hold roots only.
 */
export class IdentityGraph implements SolverView {
  readonly tenant: string;
  readonly principalType: RefType;
  readonly bags = new Bags();
  readonly refs = new RefTable(this.bags);
  readonly statements = new StatementTable();
  readonly overrides: Overrides;
  /** Alias → shipment, for claims that hold. */
  readonly aliases = new Map<RefId, RefId>();
  roots: ReadonlyMap<RefId, RefId> = new Map();
  /** Group ref → statements that only group refs can place. */
  readonly byGroup = new Map<RefId, Set<StatementId>>();
  readonly #shipmentIndex = new HashIndex((id) => hashText(this.shipmentId(id), 1));

  constructor(settings: { readonly tenant: string; readonly shipmentIs: RefType }, overrides: Overrides) {
    this.tenant = settings.tenant;
    this.principalType = settings.shipmentIs;
    this.overrides = overrides;
  }

  shipmentId(shipment: RefId): string {
    return shipmentIdOf(this.tenant, this.refs.ref(shipment));
  }

  /** The live shipment with this id, or -1. */
  findShipment(shipmentId: string): RefId {
    return this.#shipmentIndex.find(hashText(shipmentId, 1), (id) => this.shipmentId(id) === shipmentId);
  }

  root(shipment: RefId): RefId {
    return this.roots.get(shipment) ?? shipment;
  }

  isPrincipal(ref: RefId): boolean {
    return this.refs.type(ref) === this.principalType;
  }

  isGroup(ref: RefId): boolean {
    return REF_TYPES[this.refs.type(ref)].power === 'group';
  }

  window(ref: RefId): number {
    const window = REUSED_AFTER[this.refs.type(ref)];
    return window === undefined ? Infinity : window / MINUTE_MS;
  }

  minute(statement: StatementId): number {
    return this.statements.minute(statement);
  }

  linkingRefs(statement: StatementId): readonly RefId[] {
    return this.statements.refs(statement).filter((ref) => !this.isGroup(ref));
  }

  groupRefs(statement: StatementId): readonly RefId[] {
    return this.statements.refs(statement).filter((ref) => this.isGroup(ref));
  }

  principals(refs: readonly RefId[]): RefId[] {
    return refs.filter((ref) => this.isPrincipal(ref));
  }

  /** Shipments whose other names are among the refs. */
  aliased(refs: readonly RefId[]): RefId[] {
    if (this.aliases.size === 0) return [];
    return [
      ...new Set(refs.map((ref) => this.aliases.get(ref)).filter((shipment) => shipment !== undefined)),
    ];
  }

  indirect(ref: RefId): readonly StatementId[] {
    return this.refs.bags
      .values(this.refs.statements(ref))
      .filter((statement) => this.statements.outcome(statement) !== ALIASED);
  }

  direct(ref: RefId, minute: number): readonly RefId[] {
    const out: RefId[] = [];
    const window = this.window(ref);
    for (let bag = this.refs.shipments(ref); bag !== NONE; bag = this.bags.rest(bag)) {
      const shipment = this.bags.value(bag);
      if (this.gives(ref, shipment, minute, window)) out.push(this.root(shipment));
    }
    return out.length < 2 ? out : union([out, []]);
  }

  /** Whether the evidence that the ref belongs to the shipment holds at that time. */
  gives(ref: RefId, shipment: RefId, minute: number, window = this.window(ref)): boolean {
    if (this.isSplit(ref, shipment)) return false;
    if (window === Infinity) return true;
    const { from, to } = this.span(ref, shipment);
    return minute >= from - window && minute <= to + window;
  }

  /** First and last time at which direct statements tie the ref to the shipment, in minutes. */
  span(ref: RefId, shipment: RefId): { readonly from: number; readonly to: number } {
    let from = Infinity;
    let to = -Infinity;
    for (let bag = this.refs.statements(shipment); bag !== NONE; bag = this.bags.rest(bag)) {
      const statement = this.bags.value(bag);
      if (!this.statements.carries(statement, ref)) continue;
      const minute = this.statements.minute(statement);
      if (minute < from) from = minute;
      if (minute > to) to = minute;
    }
    return { from, to };
  }

  isSplit(ref: RefId, shipment: RefId): boolean {
    if (this.overrides.empty) return false;
    const text = refText(this.refs.ref(ref));
    if (!this.overrides.hasSplits(text)) return false;
    return this.overrides.isSplit(text, this.overrides.chain(this.shipmentId(shipment)));
  }

  allowed(ref: RefId, shipments: readonly RefId[]): readonly RefId[] {
    if (this.overrides.empty) return shipments;
    const text = refText(this.refs.ref(ref));
    if (!this.overrides.hasSplits(text)) return shipments;
    return shipments.filter((shipment) => !this.overrides.isSplit(text, [this.shipmentId(shipment)]));
  }

  /** Everything that travels under a group ref at that time: direct evidence, and statements placed by linking refs. */
  groupMembers(group: RefId, minute: number): readonly RefId[] {
    const window = this.window(group);
    const unplaced = this.byGroup.get(group);
    const sets = [this.direct(group, minute)];
    for (let bag = this.refs.statements(group); bag !== NONE; bag = this.bags.rest(bag)) {
      const statement = this.bags.value(bag);
      const outcome = this.statements.outcome(statement);
      if (outcome === ALIASED || outcome === WAITING || unplaced?.has(statement)) continue;
      if (Math.abs(this.statements.minute(statement) - minute) > window) continue;
      sets.push(this.allowed(group, this.statements.resolved(statement)));
    }
    return union(sets);
  }

  isUnplaced(statement: StatementId): boolean {
    return this.groupRefs(statement).some((group) => this.byGroup.get(group)?.has(statement));
  }

  /** Shipments (roots, ascending) that the statement speaks of. */
  shipmentsOf(statement: StatementId): readonly RefId[] {
    const outcome = this.statements.outcome(statement);
    if (outcome !== DIRECT && outcome !== ALIASED) return this.statements.resolved(statement);
    const refs = this.statements.refs(statement);
    const own = outcome === DIRECT ? this.principals(refs) : this.aliased(refs);
    return own.length === 1 ? [this.root(own[0]!)] : union([own.map((shipment) => this.root(shipment)), []]);
  }

  /**
   * Adds a direct statement to a shipment. Calls `onEvidence` for refs whose evidence is new (`fresh`), or may now reach
   * further in time.
   */
  join(
    statement: StatementId,
    refs: readonly RefId[],
    shipment: RefId,
    onEvidence: (ref: RefId, fresh: boolean) => void,
  ): void {
    if (this.refs.statements(shipment) === NONE) {
      this.#shipmentIndex.add(hashText(this.shipmentId(shipment), 1), shipment);
    }
    for (const ref of refs) {
      if (this.isPrincipal(ref)) continue;
      const fresh = !this.#isEvidence(ref, shipment);
      if (fresh) this.refs.addShipment(ref, shipment);
      onEvidence(ref, fresh);
    }
    this.refs.addStatement(shipment, statement);
  }

  /** Takes a direct statement from a shipment; `gone` says that nothing else ties the ref to it. */
  leave(
    statement: StatementId,
    refs: readonly RefId[],
    shipment: RefId,
    onEvidence: (ref: RefId, gone: boolean) => void,
  ): void {
    this.refs.removeStatement(shipment, statement);
    for (const ref of refs) {
      if (this.isPrincipal(ref)) continue;
      const gone = !this.#carried(ref, shipment);
      if (gone) this.refs.removeShipment(ref, shipment);
      onEvidence(ref, gone);
    }
    if (this.refs.statements(shipment) === NONE) {
      this.#shipmentIndex.delete(hashText(this.shipmentId(shipment), 1), shipment);
    }
  }

  /** Searches the ref's shipments and the shipment's statements in step: one may be long, both seldom are. */
  #isEvidence(ref: RefId, shipment: RefId): boolean {
    let shipments = this.refs.shipments(ref);
    let statements = this.refs.statements(shipment);
    while (shipments !== NONE && statements !== NONE) {
      if (this.bags.value(shipments) === shipment) return true;
      if (this.statements.carries(this.bags.value(statements), ref)) return true;
      shipments = this.bags.rest(shipments);
      statements = this.bags.rest(statements);
    }
    return false;
  }

  #carried(ref: RefId, shipment: RefId): boolean {
    for (let bag = this.refs.statements(shipment); bag !== NONE; bag = this.bags.rest(bag)) {
      if (this.statements.carries(this.bags.value(bag), ref)) return true;
    }
    return false;
  }

  /** Bytes of the tables (not of the maps for aliases, groups and decisions). */
  get bytes(): number {
    return this.refs.bytes + this.statements.bytes + this.bags.bytes + this.#shipmentIndex.bytes;
  }
}
