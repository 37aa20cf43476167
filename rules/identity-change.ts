import type { Claim } from './identity-alias.ts';
import type { IdentityEngine } from './identity-engine.ts';
import type { IdentityGraph } from './identity-graph.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';
import { compareRefs, type Ref } from './refs.ts';
import type { EpochMs } from './time.ts';

/** What an event says about refs belonging together; `key` is the event's key. Refs are canonical. */
export interface Statement {
  readonly key: string;
  readonly at: EpochMs;
  readonly refs: readonly Ref[];
  /** Refs that are 1:1 with the principal ref of this statement. */
  readonly aliases?: readonly Ref[];
}

/** Refs that contradict each other. Nothing is dropped: the event speaks of everything it may speak of. */
export type IdentityConflict =
  /** The refs of a statement have no shipment in common; it is linked to all of them. */
  | {
      readonly kind: 'ambiguous';
      readonly key: string;
      readonly refs: readonly Ref[];
      readonly shipments: readonly string[];
    }
  /** A claim that `alias` is the shipment `refused`, while one that is said more often excludes it. */
  | {
      readonly kind: 'alias-refused';
      readonly alias: Ref;
      readonly refused: string;
      /** What the alias does stand for, if anything. */
      readonly holds?: string;
    };

export interface IdentityChange {
  /** Sorted by key, then shipment. */
  readonly links: { readonly key: string; readonly shipmentId: string; readonly linked: boolean }[];
  /** Shipments that were created, or whose refs or links changed. */
  readonly shipments: string[];
  /** Those of `shipments` of whose refs identity must be asked again. */
  readonly reshaped: string[];
  /** Refs that the others of `shipments` have from now on, those that they had already among them. */
  readonly gained: readonly Ref[];
  /** What the statement that was put speaks of, sorted; as `linksOf` would say. */
  readonly linked: readonly string[];
  /** Conflicts that are new, or changed. */
  readonly conflicts: IdentityConflict[];
  /** The statement that was put speaks of no known shipment yet. */
  readonly waiting: boolean;
}

/** What a change has done so far, until it is reported. */
export class Changes {
  /** The statement that was added under a new key, or -1. */
  fresh: StatementId = NONE;
  /** Key → shipments before, for every other statement whose shipments may have changed. */
  readonly before = new Map<string, readonly RefId[]>();
  /** Shipments that may have gained or lost a ref, by whatever it was. */
  readonly touched = new Set<RefId>();
  /** Shipments that gained no more than refs of the fresh statement. */
  readonly grown = new Set<RefId>();
  /** Shipments that became part of another, or a shipment again. */
  readonly moved = new Set<RefId>();
  readonly newlyAmbiguous = new Set<StatementId>();
  readonly newlyRefused = new Set<Claim>();

  clear(): void {
    this.fresh = NONE;
    // Clearing an empty set allocates, and most are empty.
    if (this.before.size > 0) this.before.clear();
    if (this.touched.size > 0) this.touched.clear();
    if (this.grown.size > 0) this.grown.clear();
    if (this.moved.size > 0) this.moved.clear();
    if (this.newlyAmbiguous.size > 0) this.newlyAmbiguous.clear();
    if (this.newlyRefused.size > 0) this.newlyRefused.clear();
  }
}

export const shipmentIds = (graph: IdentityGraph, shipments: readonly RefId[]): string[] => {
  const ids = shipments.map((shipment) => graph.shipmentId(shipment));
  return ids.length > 1 ? ids.sort() : ids;
};

/** The usual change: one new statement, and nothing else moved. */
function reportFresh(engine: IdentityEngine, { key, refs, aliases }: Statement): IdentityChange {
  const { graph, changes } = engine;
  const { fresh, touched } = changes;
  const roots = graph.shipmentsOf(fresh);
  const linked = shipmentIds(graph, roots);
  const links = linked.map((shipmentId) => ({ key, shipmentId, linked: true }));
  const reshaped: string[] = [];
  for (const shipment of touched) reshaped.push(graph.shipmentId(graph.root(shipment)));
  // Each of several shipments has another part of the statement's refs, and an alias is its own shipment's alone.
  const plain = linked.length === 1 && graph.overrides.empty && graph.aliases.size === 0;
  if (!plain) reshaped.push(...linked);
  const shipments = touched.size === 0 ? [...linked] : [...new Set([...linked, ...reshaped])];
  const gained = !plain ? [] : aliases === undefined ? refs : [...refs, ...aliases];
  engine.finish();
  return { links, shipments, reshaped, gained, linked, conflicts: [], waiting: linked.length === 0 };
}

/** What the change since the last report brought about; `said` and `put` are the statement it was about. Starts a new change. */
export function report(engine: IdentityEngine, put: StatementId = NONE, said?: Statement): IdentityChange {
  const { graph, changes } = engine;
  const others =
    changes.before.size + changes.moved.size + changes.newlyAmbiguous.size + changes.newlyRefused.size;
  if (said !== undefined && put === changes.fresh && others === 0) return reportFresh(engine, said);
  const links: { key: string; shipmentId: string; linked: boolean }[] = [];
  const touched = new Set(changes.moved);
  for (const shipment of changes.grown) touched.add(graph.root(shipment));
  for (const shipment of changes.touched) touched.add(graph.root(shipment));
  if (changes.fresh !== NONE) {
    const key = graph.statements.key(changes.fresh);
    for (const shipment of graph.shipmentsOf(changes.fresh)) push(key, shipment, true);
  }
  for (const [key, old] of changes.before) {
    const id = graph.statements.find(key);
    const now = id < 0 ? [] : graph.shipmentsOf(id);
    const [had, has] = [new Set(old), new Set(now)];
    for (const shipment of had) if (!has.has(shipment)) push(key, shipment, false);
    for (const shipment of has) if (!had.has(shipment)) push(key, shipment, true);
  }
  function push(key: string, shipment: RefId, linked: boolean): void {
    touched.add(shipment);
    links.push({ key, shipmentId: graph.shipmentId(shipment), linked });
  }
  if (links.length > 1) {
    links.sort((a, b) => (a.key === b.key ? order(a.shipmentId, b.shipmentId) : order(a.key, b.key)));
  }
  const conflicts = [...changes.newlyAmbiguous].map((id) => ambiguity(engine, id));
  for (const claim of changes.newlyRefused) conflicts.push(refusal(engine, claim));
  const shipments = shipmentIds(graph, [...touched]);
  const linked = put === NONE ? [] : shipmentIds(graph, graph.shipmentsOf(put));
  const waiting = put !== NONE && linked.length === 0;
  engine.finish();
  return {
    ...{ links, shipments, reshaped: shipments, gained: [], linked },
    ...{ conflicts: sorted(conflicts), waiting },
  };
}

function ambiguity({ graph }: IdentityEngine, id: StatementId): IdentityConflict {
  const refs = graph.statements.refs(id).map((ref) => graph.refs.ref(ref));
  return {
    kind: 'ambiguous',
    key: graph.statements.key(id),
    refs: refs.sort(compareRefs),
    shipments: shipmentIds(graph, graph.shipmentsOf(id)),
  };
}

function refusal({ graph }: IdentityEngine, { alias, principal }: Claim): IdentityConflict {
  const holds = graph.aliases.get(alias);
  return {
    kind: 'alias-refused',
    alias: graph.refs.ref(alias),
    refused: graph.shipmentId(principal),
    ...(holds === undefined ? {} : { holds: graph.shipmentId(holds) }),
  };
}
/** All conflicts there are, sorted. */
export function conflictsOf(engine: IdentityEngine): IdentityConflict[] {
  const out = [...engine.ambiguous].map((id) => ambiguity(engine, id));
  for (const claims of engine.refused.values()) {
    for (const claim of claims) out.push(refusal(engine, claim));
  }
  return sorted(out);
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sorted = (conflicts: IdentityConflict[]): IdentityConflict[] =>
  conflicts.length < 2 ? conflicts : conflicts.sort((a, b) => order(JSON.stringify(a), JSON.stringify(b)));
