import type { IdentityGraph } from './identity-graph.ts';
import { solve, union } from './identity-solve.ts';
import { ALIASED, DIRECT, WAITING } from './identity-statements.ts';
import { NONE, type RefId, type StatementId } from './identity-tables.ts';
import { compareRefs, type Ref } from './refs.ts';
import type { EpochMs } from './time.ts';

const MINUTE_MS = 60_000;

/** Why a statement speaks of its shipments, for people. */
export interface Explanation {
  readonly key: string;
  /**
   * `direct`: it carries what a shipment is; `alias`: another name of it; `linking`: its refs are tied to shipments by other
   * statements; `group`: it speaks of all that travel under an order or voyage; `waiting`: nothing is known of its refs.
   */
  readonly how: 'direct' | 'alias' | 'linking' | 'group' | 'waiting';
  readonly shipments: readonly string[];
  /** The refs have no shipment in common. */
  readonly ambiguous: boolean;
  readonly because: readonly ExplainedRef[];
}

export interface ExplainedRef {
  readonly ref: Ref;
  readonly shipments: readonly string[];
  /** 0: a statement with a principal ref says so. 1 and above: learned from that many statements in a row. */
  readonly distance: number;
  /** First and last time of the direct evidence, to the minute. */
  readonly evidence?: { readonly from: EpochMs; readonly to: EpochMs };
}

export function explain(graph: IdentityGraph, id: StatementId): Explanation {
  const shipments = graph.shipmentsOf(id);
  const base = { key: graph.statements.key(id), shipments: names(graph, shipments), ambiguous: false };
  const outcome = graph.statements.outcome(id);
  const refs = graph.statements.refs(id);
  if (outcome === DIRECT) {
    return {
      ...base,
      how: 'direct',
      because: inOrder(graph.principals(refs).map((ref) => own(graph, ref, ref))),
    };
  }
  if (outcome === ALIASED) {
    const because = refs.filter((ref) => graph.aliases.has(ref));
    return {
      ...base,
      how: 'alias',
      because: inOrder(because.map((ref) => own(graph, ref, graph.aliases.get(ref)!))),
    };
  }
  if (outcome === WAITING) return { ...base, how: 'waiting', because: [] };
  const minute = graph.minute(id);
  if (!graph.unplaced.has(id)) {
    const solution = solve(graph, id).find(({ statement }) => statement === id)!;
    const because = solution.because.map(({ ref, level, shipments }) =>
      tell(graph, ref, level, shipments, minute),
    );
    return { ...base, how: 'linking', ambiguous: solution.ambiguous, because: inOrder(because) };
  }
  const { because, ambiguous } = graph.placedByGroups(id);
  const told = because.map((ref) => tell(graph, ref, 0, graph.groupMembers(ref, minute), minute));
  return { ...base, how: 'group', ambiguous, because: inOrder(told) };
}

function own(graph: IdentityGraph, ref: RefId, shipment: RefId): ExplainedRef {
  return { ref: graph.refs.ref(ref), shipments: names(graph, [graph.root(shipment)]), distance: 0 };
}

function tell(
  graph: IdentityGraph,
  ref: RefId,
  distance: number,
  shipments: readonly RefId[],
  minute: number,
): ExplainedRef {
  const spans = graph.bags
    .values(graph.refs.shipments(ref))
    .filter((shipment) => graph.gives(ref, shipment, minute))
    .map((shipment) => graph.span(ref, shipment));
  const explained = { ref: graph.refs.ref(ref), shipments: names(graph, shipments), distance };
  if (spans.length === 0 || distance > 0) return explained;
  const from = Math.min(...spans.map((span) => span.from)) * MINUTE_MS;
  const to = Math.max(...spans.map((span) => span.to)) * MINUTE_MS;
  return { ...explained, evidence: { from, to } };
}

const names = (graph: IdentityGraph, shipments: readonly RefId[]): string[] =>
  shipments.map((shipment) => graph.shipmentId(shipment)).sort();

const inOrder = (refs: ExplainedRef[]): ExplainedRef[] => refs.sort((a, b) => compareRefs(a.ref, b.ref));

/** Every shipment that the ref belongs to at any time. */
export function shipmentsOfRef(graph: IdentityGraph, wanted: Ref): readonly RefId[] {
  const ref = graph.refs.find(wanted);
  if (ref < 0) return [];
  if (graph.isPrincipal(ref)) return graph.refs.statements(ref) === NONE ? [] : [graph.root(ref)];
  const alias = graph.aliases.get(ref);
  if (alias !== undefined) return [graph.root(alias)];
  const direct = graph.bags
    .values(graph.refs.shipments(ref))
    .filter((shipment) => !graph.isSplit(ref, shipment));
  const sets: (readonly RefId[])[] = [direct.map((shipment) => graph.root(shipment))];
  for (const statement of graph.indirect(ref)) {
    sets.push(graph.allowed(ref, graph.statements.resolved(statement)));
  }
  return union([...sets, []]);
}

/** Refs on the statements that speak of the shipment, except what names another one. */
export function refsOfShipment(graph: IdentityGraph, shipmentId: string): Ref[] {
  const shipment = graph.findShipment(shipmentId);
  if (shipment < 0 || graph.root(shipment) !== shipment) return [];
  const out = new Set<RefId>();
  const queue: RefId[] = [];
  const reached = new Set<RefId>();
  const reach = (ref: RefId): void => {
    if (reached.has(ref)) return;
    reached.add(ref);
    queue.push(ref);
  };
  const merged = [...graph.roots].filter(([, root]) => root === shipment).map(([raw]) => raw);
  for (const raw of [shipment, ...merged]) {
    out.add(raw);
    for (const statement of graph.bags.values(graph.refs.statements(raw))) {
      for (const ref of graph.statements.refs(statement)) {
        if (graph.isPrincipal(ref)) continue;
        reach(ref);
        if (!graph.isSplit(ref, raw)) out.add(ref);
      }
    }
  }
  const seen = new Set<StatementId>();
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    // A statement placed by linking refs is met through those; a voyage may carry thousands.
    const statements = graph.isGroup(ref) ? (graph.byGroup.get(ref) ?? []) : graph.indirect(ref);
    for (const statement of statements) {
      if (seen.has(statement)) continue;
      seen.add(statement);
      follow(graph, statement, shipment, reach, out);
    }
  }
  return [...out].filter((ref) => isOwn(graph, ref, shipment)).map((ref) => graph.refs.ref(ref));
}

/** Goes on along refs that the statement passes on, whether or not it ended up speaking of the shipment itself. */
function follow(
  graph: IdentityGraph,
  statement: StatementId,
  shipment: RefId,
  reach: (ref: RefId) => void,
  out: Set<RefId>,
): void {
  const linked = graph.statements.resolved(statement).includes(shipment);
  const minute = graph.minute(statement);
  for (const ref of graph.statements.refs(statement)) {
    if (linked && graph.allowed(ref, [shipment]).length > 0) out.add(ref);
    if (linked || (!graph.isGroup(ref) && graph.direct(ref, minute).length === 0)) reach(ref);
  }
}

function isOwn(graph: IdentityGraph, ref: RefId, shipment: RefId): boolean {
  const alias = graph.aliases.get(ref);
  return alias === undefined || graph.root(alias) === shipment;
}
