import type { RefId, StatementId } from './identity-tables.ts';

/** What solving needs to know of the statements and refs around it. */
export interface SolverView {
  /** Time of the statement in minutes. */
  minute(statement: StatementId): number;
  linkingRefs(statement: StatementId): readonly RefId[];
  /** Shipments (merged, ascending) that direct statements give the ref at that time. */
  direct(ref: RefId, minute: number): readonly RefId[];
  /** Without the shipments that an operator split from the ref. */
  allowed(ref: RefId, shipments: readonly RefId[]): readonly RefId[];
  /** Statements without a direct shipment that carry the ref. */
  indirect(ref: RefId): Iterable<StatementId>;
  /** No linking ref of the statement is known so far. */
  isOpen(statement: StatementId): boolean;
  /** Shipments of a statement without a direct one. */
  resolved(statement: StatementId): readonly RefId[];
  /** For how many minutes the ref keeps its meaning. */
  window(ref: RefId): number;
}

export interface Agreement {
  /** Ascending. */
  readonly shipments: readonly RefId[];
  /** The sets had nothing in common, so this is all of them. */
  readonly ambiguous: boolean;
}

/** What all the sets have in common; when that is nothing, everything in them. Sets are ascending and not empty. */
export function agree(sets: readonly (readonly RefId[])[]): Agreement {
  const [first = [], ...others] = sets;
  let common = first;
  for (const set of others) {
    const has = new Set(set);
    common = common.filter((shipment) => has.has(shipment));
  }
  if (common.length > 0 || sets.length === 0) return { shipments: common, ambiguous: false };
  return { shipments: union(sets), ambiguous: true };
}

export function union(sets: readonly (readonly RefId[])[]): readonly RefId[] {
  if (sets.length === 1) return sets[0]!;
  return [...new Set(sets.flat())].sort((a, b) => a - b);
}

/** One linking ref on one statement. */
interface Incidence {
  readonly ref: RefId;
  readonly on: Node;
  /** Level at which the ref became known to this statement; -1: not yet. */
  level: number;
  shipments: readonly RefId[];
}

interface Node {
  readonly statement: StatementId;
  readonly minute: number;
  readonly incidences: Incidence[];
  level: number;
  base: readonly RefId[];
}

export interface Solution extends Agreement {
  readonly statement: StatementId;
  /** The refs that had a say, how far from a direct statement each was learned, and what it said. */
  readonly because: readonly {
    readonly ref: RefId;
    readonly level: number;
    readonly shipments: readonly RefId[];
  }[];
}

/** What was made of a statement without a principal ref; `known`: one of its linking refs is. */
export interface Decided extends Agreement {
  readonly statement: StatementId;
  readonly known: boolean;
}

/** What {@link solve} makes of the statement and those around it, by the shortest way; `settled` as at {@link solveAlone}. */
export const decide = (view: SolverView, statement: StatementId, settled: boolean): readonly Decided[] =>
  solveAlone(view, statement, settled) ??
  solveUniform(view, statement) ??
  solve(view, statement).map((solution) => ({ ...solution, known: solution.because.length > 0 }));

/**
 * Resolves the statement and all those it hangs together with through linking refs that only indirect statements know.
 *
 * A direct statement makes its refs known (level 0). An indirect statement that carries refs known at level n speaks of
 * what they agree on, and makes its other linking refs known at level n + 1; what a ref meant at its first level stays.
 *
 * ```text
 *   direct    delivery 1 ── bill B            B: {1}   level 0
 *   indirect            B ── MRN M            M: {1}   level 1
 *   indirect                 M ── entry E     E: {1}   level 2
 * ```
 */
export function solve(view: SolverView, start: StatementId): Solution[] {
  const nodes = component(view, start);
  const byRef = new Map<RefId, Incidence[]>();
  for (const node of nodes) {
    for (const incidence of node.incidences) {
      if (incidence.level === 0) continue;
      const of = byRef.get(incidence.ref);
      if (of === undefined) byRef.set(incidence.ref, [incidence]);
      else of.push(incidence);
    }
  }
  settleNodes(nodes, 0);
  for (let level = 1; spread(view, byRef, level); level++) settleNodes(nodes, level);
  return nodes.map((node) => {
    const known = node.incidences.filter((incidence) => incidence.level >= 0);
    return { statement: node.statement, ...agree(known.map(({ shipments }) => shipments)), because: known };
  });
}

/**
 * Shortcuts that make the usual case cost one look: undefined where {@link solve} must be asked. `settled` says that no
 * other statement is being decided again.
 *
 * A statement without a known ref, whose neighbours wait as well, waits and changes nothing for them. One with a single
 * linking ref tells the others nothing; it speaks of what a settled statement like it speaks of.
 */
function solveAlone(view: SolverView, statement: StatementId, settled: boolean): Decided[] | undefined {
  if (!view.isOpen(statement)) return undefined;
  const minute = view.minute(statement);
  const refs = view.linkingRefs(statement);
  if (refs.some((ref) => view.direct(ref, minute).length > 0)) return undefined;
  const [only, second] = refs;
  const alone = settled && only !== undefined && second === undefined && view.window(only) === Infinity;
  for (const ref of refs) {
    let looks = 0;
    for (const other of view.indirect(ref)) {
      if (other === statement) continue;
      if (!view.isOpen(other)) {
        if (!alone || ++looks > 8) return undefined;
        if (view.linkingRefs(other).length > 1) continue;
        const shipments = view.resolved(other);
        return [{ statement, shipments, ambiguous: false, known: true }];
      }
    }
    if (looks > 0) return undefined;
  }
  return [{ statement, shipments: [], ambiguous: false, known: false }];
}

const MOST_UNIFORM = 32;

/**
 * The usual case of {@link solve}: everything that the statement hangs together with is tied to one shipment by direct statements.
 * Then all of it speaks of that shipment, at whatever level it is learned. Undefined where {@link solve} must be asked.
 */
function solveUniform(view: SolverView, start: StatementId): Decided[] | undefined {
  const statements = [start];
  const spreadRefs: RefId[] = [];
  let shipment: RefId | undefined;
  for (let at = 0; at < statements.length; at++) {
    const statement = statements[at]!;
    const minute = view.minute(statement);
    for (const ref of view.linkingRefs(statement)) {
      const direct = view.direct(ref, minute);
      if (direct.length > 1 || (shipment !== undefined && direct[0] !== undefined && direct[0] !== shipment))
        return undefined;
      shipment ??= direct[0];
      if (direct.length > 0 || spreadRefs.includes(ref)) continue;
      // What may mean one thing here and another there has to be looked at closely.
      if (view.window(ref) !== Infinity) return undefined;
      spreadRefs.push(ref);
      for (const other of view.indirect(ref)) if (!statements.includes(other)) statements.push(other);
      if (statements.length > MOST_UNIFORM) return undefined;
    }
  }
  const known = shipment !== undefined;
  const shipments = shipment === undefined ? [] : [shipment];
  if (known && spreadRefs.some((ref) => view.allowed(ref, shipments).length === 0)) return undefined;
  return statements.map((statement) => ({ statement, shipments, ambiguous: false, known }));
}

/** Statements reachable through refs that mean nothing directly at the statements' times. */
function component(view: SolverView, start: StatementId): Node[] {
  const seen = new Set([start]);
  const queue = [start];
  const spreadRefs = new Set<RefId>();
  const nodes: Node[] = [];
  for (let statement = queue.pop(); statement !== undefined; statement = queue.pop()) {
    const minute = view.minute(statement);
    const node: Node = { statement, minute, incidences: [], level: -1, base: [] };
    nodes.push(node);
    for (const ref of view.linkingRefs(statement)) {
      const shipments = view.direct(ref, minute);
      node.incidences.push({ ref, on: node, level: shipments.length > 0 ? 0 : -1, shipments });
      if (shipments.length > 0 || spreadRefs.has(ref)) continue;
      // All statements of a ref at once: too many is only slow, too few would be wrong.
      spreadRefs.add(ref);
      for (const other of view.indirect(ref)) {
        if (seen.has(other)) continue;
        seen.add(other);
        queue.push(other);
      }
    }
  }
  return nodes;
}

/** Gives a level to the statements that got their first known ref at this one. */
function settleNodes(nodes: readonly Node[], level: number): void {
  for (const node of nodes) {
    if (node.level >= 0) continue;
    const known = node.incidences.filter((incidence) => incidence.level === level);
    if (known.length === 0) continue;
    node.level = level;
    node.base = agree(known.map(({ shipments }) => shipments)).shipments;
  }
}

/** Makes refs known that statements of the level before give. False when nothing became known. */
function spread(view: SolverView, byRef: ReadonlyMap<RefId, readonly Incidence[]>, level: number): boolean {
  const known: { incidence: Incidence; shipments: readonly RefId[] }[] = [];
  for (const [ref, incidences] of byRef) {
    const givers = incidences
      .filter(({ on, level: own }) => on.level === level - 1 && own < 0)
      .map(({ on }) => ({ minute: on.minute, base: view.allowed(ref, on.base) }))
      .filter(({ base }) => base.length > 0);
    if (givers.length === 0) continue;
    const window = view.window(ref);
    const everywhere = window === Infinity ? agree(givers.map(({ base }) => base)).shipments : undefined;
    for (const incidence of incidences) {
      if (incidence.level >= 0) continue;
      let shipments = everywhere;
      if (shipments === undefined) {
        const near = givers.filter(({ minute }) => Math.abs(minute - incidence.on.minute) <= window);
        if (near.length === 0) continue;
        shipments = agree(near.map(({ base }) => base)).shipments;
      }
      known.push({ incidence, shipments });
    }
  }
  for (const { incidence, shipments } of known) {
    incidence.level = level;
    incidence.shipments = shipments;
  }
  return known.length > 0;
}
