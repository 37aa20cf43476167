import { type Explanation, explain, refsOfShipment, shipmentsOfRef } from './identity-answers.ts';
import {
  conflictsOf,
  type IdentityChange,
  type IdentityConflict,
  report,
  type Statement,
  shipmentIds,
} from './identity-change.ts';
import { dumpLines, loadLines } from './identity-dump.ts';
import { IdentityEngine } from './identity-engine.ts';
import { type IdentityOverride, shipmentIdOf } from './identity-override.ts';
import { WAITING } from './identity-statements.ts';
import type { RefId, StatementId } from './identity-tables.ts';
import { compareRefs, type Ref, type RefType } from './refs.ts';
import type { EpochMs } from './time.ts';

export type { Explanation } from './identity-answers.ts';
export type { IdentityChange, IdentityConflict, Statement } from './identity-change.ts';
export type { IdentityOverride } from './identity-override.ts';

export interface IdentitySettings {
  readonly tenant: string;
  /** The type of ref that makes a shipment. */
  readonly shipmentIs: RefType;
}

const MINUTE_MS = 60_000;
/** No event has this key: maps build keys from a source's name, which is never empty. */
const QUESTION = '\u0000?';

/**
 * Which shipments events speak of. A function of the set of statements and decisions, never of the order in which they came.
 * Times are kept to the minute. See rules/README.md, "Identity of a shipment".
 */
export class Identity {
  readonly #engine: IdentityEngine;
  readonly #settings: IdentitySettings;

  constructor(settings: IdentitySettings) {
    this.#settings = settings;
    this.#engine = new IdentityEngine(settings);
  }

  /** Adds a statement, or replaces the one with its key. */
  put(statement: Statement): IdentityChange {
    const { statements } = this.#engine.graph;
    const minute = toMinute(statement.at);
    const marked = this.#number(statement);
    const known = statements.find(statement.key);
    if (known >= 0) {
      const old = statements.marked(known);
      if (statements.minute(known) === minute && sameNumbers(old, marked)) return this.#nothing(known);
      this.#engine.delete(known);
    }
    const id = this.#engine.insert({ key: statement.key, minute, marked }, known >= 0);
    this.#engine.settle();
    return report(this.#engine, id, statement);
  }

  /** Takes a statement or an operator's decision back, as if it had never been made. */
  remove(key: string): IdentityChange {
    const known = this.#engine.graph.statements.find(key);
    if (known >= 0) this.#engine.delete(known);
    else this.#engine.override(key, undefined);
    this.#engine.settle();
    return report(this.#engine);
  }

  /** Takes an operator's merge or split into account; a decision with the same key is replaced. */
  override(override: IdentityOverride): IdentityChange {
    this.#engine.override(override.key, override);
    this.#engine.settle();
    return report(this.#engine);
  }

  /** Shipments that a statement with these refs would speak of, sorted. For a statement that was put, see linksOf. */
  resolve(refs: readonly Ref[], at: EpochMs): string[] {
    const { graph } = this.#engine;
    const principals = refs.filter((ref) => ref.type === this.#settings.shipmentIs);
    if (principals.length === 0 && !refs.some((ref) => graph.refs.find(ref) >= 0)) return [];
    if (principals.length === 0 || !graph.overrides.empty) {
      const asked = principals.length > 0 ? principals : refs;
      this.#engine.insert({ key: QUESTION, minute: toMinute(at), marked: this.#number({ refs: asked }) });
      this.#engine.settle();
      const shipments = this.linksOf(QUESTION);
      this.#engine.delete(graph.statements.find(QUESTION));
      this.#engine.settle();
      this.#engine.finish();
      return shipments;
    }
    return [...new Set(principals.map((ref) => shipmentIdOf(this.#settings.tenant, ref)))].sort();
  }

  /** Shipments that a statement speaks of, sorted; empty when it waits or was never put. */
  linksOf(key: string): string[] {
    const { graph } = this.#engine;
    const id = graph.statements.find(key);
    return id < 0 ? [] : this.#ids(graph.shipmentsOf(id));
  }

  has(key: string): boolean {
    return this.#engine.graph.statements.find(key) >= 0;
  }

  /** Every shipment that the ref was ever evidence for, sorted. A principal ref or an alias has at most one. */
  shipmentsOf(ref: Ref): string[] {
    return this.#ids(shipmentsOfRef(this.#engine.graph, ref));
  }

  /** Refs of a shipment, sorted; empty when nothing is known of it, or when it is merged into another. */
  refsOf(shipmentId: string): Ref[] {
    return refsOfShipment(this.#engine.graph, shipmentId).sort(compareRefs);
  }

  /** Keys of the statements that speak of no known shipment. */
  *waiting(): Iterable<string> {
    const { statements } = this.#engine.graph;
    for (let id = 0; id < statements.length; id++) {
      if (!statements.isFree(id) && statements.outcome(id) === WAITING) yield statements.key(id);
    }
  }

  /** All conflicts there are, sorted. */
  conflicts(): IdentityConflict[] {
    return conflictsOf(this.#engine);
  }

  /** Why a statement speaks of its shipments; undefined when it was never put. */
  why(key: string): Explanation | undefined {
    const { graph } = this.#engine;
    const id = graph.statements.find(key);
    return id < 0 ? undefined : explain(graph, id);
  }

  /**
   * Forgets a closed shipment and every statement that speaks of it alone. A statement that speaks of others too stays
   * theirs. The report never names the forgotten shipment.
   */
  forget(shipmentId: string): IdentityChange {
    const { graph } = this.#engine;
    const shipment = graph.findShipment(shipmentId);
    if (shipment < 0 || graph.root(shipment) !== shipment) return report(this.#engine);
    const raw = new Set([
      shipment,
      ...[...graph.roots].filter(([, root]) => root === shipment).map(([id]) => id),
    ]);
    for (const id of this.#linkedTo(shipment, raw)) {
      const others = graph.shipmentsOf(id).some((other) => other !== shipment);
      // Without its principal ref it would no longer be clear whose the aliases are.
      const rest = graph.statements.refs(id).filter((ref) => !raw.has(ref));
      const [key, minute] = [graph.statements.key(id), graph.statements.minute(id)];
      const shrinks = rest.length < graph.statements.refs(id).length;
      if (others && !shrinks) continue;
      this.#engine.delete(id);
      if (others) this.#engine.insert({ key, minute, marked: rest.map((ref) => 2 * ref) }, true);
    }
    this.#engine.settle();
    const { links, shipments, ...change } = report(this.#engine);
    return {
      ...change,
      links: links.filter((link) => link.shipmentId !== shipmentId),
      shipments: shipments.filter((id) => id !== shipmentId),
    };
  }

  #linkedTo(shipment: RefId, raw: ReadonlySet<RefId>): Set<StatementId> {
    const { graph } = this.#engine;
    const found = new Set<StatementId>();
    for (const own of raw) for (const id of graph.bags.values(graph.refs.statements(own))) found.add(id);
    for (const id of found) {
      for (const ref of graph.statements.refs(id)) {
        if (graph.isPrincipal(ref)) continue;
        for (const other of graph.indirect(ref)) {
          if (graph.shipmentsOf(other).includes(shipment)) found.add(other);
        }
      }
    }
    return found;
  }

  /** Everything it knows as lines of text; read them to the end before the next change. */
  dump(): Iterable<string> {
    return dumpLines(this.#engine.graph);
  }

  /** The inverse of {@link dump}. Throws when a line is damaged, with its number. */
  static load(lines: Iterable<string>, settings: IdentitySettings): Identity {
    const identity = new Identity(settings);
    loadLines(lines, identity.#engine);
    return identity;
  }

  /** How much is known and what it costs. `bytes` is what the tables hold, growth included. */
  get size(): { readonly statements: number; readonly bytes: number } {
    const { graph } = this.#engine;
    return { statements: graph.statements.live, bytes: graph.bytes };
  }

  #number({ refs, aliases = [] }: { refs: readonly Ref[]; aliases?: readonly Ref[] }): number[] {
    const table = this.#engine.graph.refs;
    const marked: number[] = [];
    for (const ref of refs) marked.push(2 * table.intern(ref));
    for (const ref of aliases) marked.push(2 * table.intern(ref) + 1);
    for (let i = 1; i < marked.length; i++) {
      const mark = marked[i]!;
      let j = i;
      for (; j > 0 && marked[j - 1]! > mark; j--) marked[j] = marked[j - 1]!;
      marked[j] = mark;
    }
    // An alias is often among the refs as well; its mark, the higher number, stays.
    const twice = marked.some((mark, i) => mark >>> 1 === (marked[i + 1] ?? -1) >>> 1);
    return twice ? marked.filter((mark, i) => mark >>> 1 !== (marked[i + 1] ?? -1) >>> 1) : marked;
  }

  #ids(shipments: readonly RefId[]): string[] {
    return shipmentIds(this.#engine.graph, shipments);
  }

  #nothing(id: StatementId): IdentityChange {
    const linked = this.#ids(this.#engine.graph.shipmentsOf(id));
    const waiting = linked.length === 0;
    return { links: [], shipments: [], reshaped: [], gained: [], linked, conflicts: [], waiting };
  }
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((number, i) => number === b[i]);

/** Clamped: a year 9999 in a message must not wrap round into the past. */
function toMinute(at: EpochMs): number {
  return Math.max(-2147483648, Math.min(2147483647, Math.floor(at / MINUTE_MS)));
}
