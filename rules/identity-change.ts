import type { Claim } from './identity-alias.ts';
import type { IdentityEngine } from './identity-engine.ts';
import type { IdentityGraph } from './identity-graph.ts';
import { WAITING } from './identity-statements.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';
import { compareRefs, type Ref } from './refs.ts';

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
  /**
   * Those of `shipments` whose refs may have changed by more than the refs of the statement that was put: the refs of all
   * others are what they were when the statement names none that is new to them.
   */
  readonly reshaped: string[];
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
  /** Shipments that gained or lost a ref. */
  readonly touched = new Set<RefId>();
  /** Shipments that became part of another, or a shipment again. */
  readonly moved = new Set<RefId>();
  readonly newlyAmbiguous = new Set<StatementId>();
  readonly newlyRefused = new Set<Claim>();

  clear(): void {
    this.fresh = NONE;
    // Clearing an empty set allocates, and most are empty.
    if (this.before.size > 0) this.before.clear();
    for (const set of [this.touched, this.moved, this.newlyAmbiguous, this.newlyRefused]) {
      if (set.size > 0) set.clear();
    }
  }
}

export const shipmentIds = (graph: IdentityGraph, shipments: readonly RefId[]): string[] =>
  shipments.map((shipment) => graph.shipmentId(shipment)).sort();

/** The usual change: one new statement, and nothing else moved. */
function reportFresh(engine: IdentityEngine, put: StatementId): IdentityChange {
  const { graph, changes } = engine;
  const { fresh, touched } = changes;
  const key = graph.statements.key(fresh);
  const shipments = shipmentIds(graph, graph.shipmentsOf(fresh));
  const links = shipments.map((shipmentId) => ({ key, shipmentId, linked: true }));
  const reshaped: string[] = [];
  for (const shipment of touched) {
    const id = graph.shipmentId(graph.root(shipment));
    reshaped.push(id);
    if (!shipments.includes(id)) shipments.push(id);
  }
  const waiting = graph.statements.outcome(put) === WAITING;
  engine.finish();
  return { links, shipments, reshaped, conflicts: [], waiting };
}

/** What the change since the last report brought about; `put` is the statement it was about, or -1. Starts a new change. */
export function report(engine: IdentityEngine, put: StatementId): IdentityChange {
  const { graph, changes } = engine;
  const others =
    changes.before.size + changes.moved.size + changes.newlyAmbiguous.size + changes.newlyRefused.size;
  if (put !== NONE && put === changes.fresh && others === 0) return reportFresh(engine, put);
  const links: { key: string; shipmentId: string; linked: boolean }[] = [];
  const touched = new Set(changes.moved);
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
  const waiting = put !== NONE && graph.statements.outcome(put) === WAITING;
  engine.finish();
  return { links, shipments, reshaped: shipments, conflicts: sorted(conflicts), waiting };
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
