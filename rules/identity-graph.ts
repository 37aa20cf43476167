import { HashIndex, hashText } from './identity-bytes.ts';
import { type Overrides, shipmentIdOf } from './identity-override.ts';
import { type Agreement, agree, type SolverView, union } from './identity-solve.ts';
import { ALIASED, DIRECT, StatementTable, WAITING } from './identity-statements.ts';
import { Bags, NONE, type RefId, RefTable, type StatementId, TYPES } from './identity-tables.ts';
import { REF_TYPES, REUSED_AFTER, type RefType, refText, SHARED_TRANSPORT } from './refs.ts';

const MINUTE_MS = 60_000;
const RECENT = 32_768;
const IS_GROUP = TYPES.map((type) => REF_TYPES[type].power === 'group');
/** In minutes. */
const WINDOWS = TYPES.map((type) => (REUSED_AFTER[type] ?? Infinity) / MINUTE_MS);

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
  /** Statements without a known linking ref that group refs may place. */
  readonly unplaced = new Set<StatementId>();
  /** Group ref → those of `unplaced` that it may place. */
  readonly byGroup = new Map<RefId, Set<StatementId>>();
  readonly #shipmentIndex = new HashIndex(
    (id) => hashText(this.shipmentId(id), 1),
    (id, shipmentId) => this.shipmentId(id) === shipmentId,
  );
  /** The last ids asked for, by low bits of the shipment: they cost a hash, and come in runs. */
  readonly #recent = new Int32Array(RECENT).fill(NONE);
  readonly #recentIds: string[] = new Array<string>(RECENT).fill('');
  readonly #principalCode: number;

  constructor(settings: { readonly tenant: string; readonly shipmentIs: RefType }, overrides: Overrides) {
    this.tenant = settings.tenant;
    this.principalType = settings.shipmentIs;
    this.overrides = overrides;
    this.#principalCode = TYPES.indexOf(settings.shipmentIs);
  }

  shipmentId(shipment: RefId): string {
    const place = shipment % RECENT;
    if (this.#recent[place] !== shipment) {
      this.#recentIds[place] = shipmentIdOf(this.tenant, this.refs.ref(shipment));
      this.#recent[place] = shipment;
    }
    return this.#recentIds[place]!;
  }

  /** Frees the number of a ref that nothing carries any more. */
  freeRef(ref: RefId): void {
    if (this.#recent[ref % RECENT] === ref) this.#recent[ref % RECENT] = NONE;
    this.refs.free(ref);
  }

  /** The live shipment with this id, or -1. */
  findShipment(shipmentId: string): RefId {
    return this.#shipmentIndex.find(hashText(shipmentId, 1), shipmentId, 0);
  }

  root(shipment: RefId): RefId {
    return this.roots.get(shipment) ?? shipment;
  }

  isPrincipal(ref: RefId): boolean {
    return this.refs.code(ref) === this.#principalCode;
  }

  isGroup(ref: RefId): boolean {
    return IS_GROUP[this.refs.code(ref)]!;
  }

  window(ref: RefId): number {
    return WINDOWS[this.refs.code(ref)]!;
  }

  minute(statement: StatementId): number {
    return this.statements.minute(statement);
  }

  linkingRefs = (statement: StatementId): readonly RefId[] =>
    this.statements.refs(statement).filter((ref) => !this.isGroup(ref));

  /** What group refs say about a statement of which no linking ref is known. */
  placedByGroups(statement: StatementId): Agreement & { readonly because: readonly RefId[] } {
    const refs = this.statements.refs(statement);
    const minute = this.statements.minute(statement);
    const because: RefId[] = [];
    const sets: (readonly RefId[])[] = [];
    for (const group of this.placing(refs)) {
      const members = this.groupMembers(group, minute);
      if (members.length === 0) continue;
      because.push(group);
      sets.push(members);
    }
    const agreement = agree(sets);
    if (agreement.shipments.length < 2 || refs.every((ref) => this.isGroup(ref)))
      return { ...agreement, because };
    // It is about one thing under the order, and which one is not known: it is not about all of them.
    return { shipments: [], ambiguous: false, because: [] };
  }

  /** False when it was among them already. */
  addUnplaced(statement: StatementId, groups: readonly RefId[]): boolean {
    if (this.unplaced.has(statement)) return false;
    this.unplaced.add(statement);
    for (const group of groups) {
      const of = this.byGroup.get(group);
      if (of === undefined) this.byGroup.set(group, new Set([statement]));
      else of.add(statement);
    }
    return true;
  }

  /** False when it was not among them. */
  dropUnplaced(statement: StatementId, refs: readonly RefId[]): boolean {
    if (!this.unplaced.delete(statement)) return false;
    for (const ref of refs) {
      const of = this.byGroup.get(ref);
      if (of?.delete(statement) && of.size === 0) this.byGroup.delete(ref);
    }
    return true;
  }

  /** Group refs that may place a statement: a strange container on a known voyage is not about everybody on board. */
  placing(refs: readonly RefId[]): RefId[] {
    const groups = refs.filter((ref) => this.isGroup(ref));
    if (groups.length === refs.length) return groups;
    return groups.filter((ref) => !SHARED_TRANSPORT.has(this.refs.type(ref)));
  }

  principals = (refs: readonly RefId[]): RefId[] => refs.filter((ref) => this.isPrincipal(ref));

  /** Shipments whose other names are among the refs. */
  aliased(refs: readonly RefId[]): RefId[] {
    if (this.aliases.size === 0) return [];
    return [
      ...new Set(refs.map((ref) => this.aliases.get(ref)).filter((shipment) => shipment !== undefined)),
    ];
  }

  *indirect(ref: RefId): Iterable<StatementId> {
    for (let bag = this.refs.statements(ref); bag !== NONE; bag = this.bags.rest(bag)) {
      const statement = this.bags.value(bag);
      if (this.statements.outcome(statement) !== ALIASED) yield statement;
    }
  }

  isOpen(statement: StatementId): boolean {
    return this.statements.outcome(statement) === WAITING || this.unplaced.has(statement);
  }

  resolved(statement: StatementId): readonly RefId[] {
    return this.statements.resolved(statement);
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
    const sets = [this.direct(group, minute)];
    for (let bag = this.refs.statements(group); bag !== NONE; bag = this.bags.rest(bag)) {
      const statement = this.bags.value(bag);
      const outcome = this.statements.outcome(statement);
      if (outcome === ALIASED || outcome === WAITING || this.unplaced.has(statement)) continue;
      if (Math.abs(this.statements.minute(statement) - minute) > window) continue;
      sets.push(this.allowed(group, this.statements.resolved(statement)));
    }
    return union(sets);
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
